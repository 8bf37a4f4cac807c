"""What a torch network costs on a device: parameters, multiply-accumulates, and bytes of activations.

The network is run once without any data (on torch's "meta" device) while every operator it calls is noted, so whatever
runs can be measured, exportable or not.

Activations are counted for the plainest schedule: one operator after the other as written, each tensor kept from the
operator that writes it to the last one that reads it, both included, the image too. Three things need no tensor of
their own, as they need none in an integer program: a view of a tensor, the result of an element-wise operator (batch
norm, ReLU, addition) one of whose inputs is not read again, and a part of a concatenation that nothing else reads,
which is written straight into it. A tiler may need less; padding or scratch buffers of a kernel come on top.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.module_tracker import ModuleTracker

from peephole.models import ARCHITECTURES, build

IN_PLACE = frozenset({"native_batch_norm", "_native_batch_norm_legit_no_training", "relu", "add", "mul", "div"})


@dataclass(frozen=True)
class Cost:
    """Of one image of height x width.

    parameters: weights, biases and batch norm's gains and offsets. macs: multiply-accumulates of convolutions and
    matrix products. peak_bytes: the most bytes of activations alive at one operator; peak_at: the module it stands in,
    and its name. activation_bytes: of all tensors, each written once.
    """

    height: int
    width: int
    parameters: int
    macs: int
    peak_bytes: int
    activation_bytes: int
    peak_at: str


def cost(network: nn.Module, size: tuple[int, int], channels: int = 1, bytes_per_value: int = 2) -> Cost:
    """Measure `network`, left as it is, on one image [1,C,H,W] in eval mode; 2 bytes a value are 16 bits."""
    image = torch.zeros(1, channels, *size, device="meta")
    shadow = copy.deepcopy(network).to("meta").eval()
    modules, counter = ModuleTracker(), FlopCounterMode(display=False)
    calls = _Calls(modules)
    with torch.no_grad(), modules, counter, calls:
        shadow(image)
    buffers = _buffers(image, calls.calls)
    alive = _alive(buffers, len(calls.calls))
    peak = max(range(len(alive)), key=alive.__getitem__)
    return Cost(
        *size,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        macs=counter.get_total_flops() // 2,
        peak_bytes=bytes_per_value * alive[peak],
        activation_bytes=bytes_per_value * sum(buffer.values for buffer in buffers),
        peak_at=calls.calls[peak].name,
    )


def cost_of_all(size: int, width: float = 1.0, descriptor: int = 128) -> dict[str, Cost]:
    """Measure every network of ours on a grey image of size x size."""
    return {name: cost(build(name, descriptor, width=width, size=size), (size, size)) for name in ARCHITECTURES}


@dataclass(frozen=True)
class _Call:
    """One operator: the tensors that it read and the one it made."""

    operator: str
    module: str
    inputs: tuple[Tensor, ...]
    output: Tensor

    @property
    def name(self) -> str:
        """Return module and operator, as blocks.0.conv: convolution."""
        return f"{self.module}: {self.operator}" if self.module else self.operator


class _Calls(TorchDispatchMode):  # type: ignore[no-untyped-call]  # not in torch's stubs
    """Notes every operator that makes a tensor. Keeps the tensors, so that no two ever have one storage in turn."""

    def __init__(self, modules: ModuleTracker) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.modules = modules
        self.calls: list[_Call] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        made = result if isinstance(result, Tensor) else result[0] if _first_is_tensor(result) else None
        if made is not None:
            name = str(func).removeprefix("aten.").split(".")[0].removesuffix("_with_indices")
            module = max(self.modules.parents, key=len).partition(".")[2]
            self.calls.append(_Call(name, module, tuple(_tensors(args)), made))
        return result


@dataclass
class _Buffer:
    """Memory of one or more tensors, from operator `first` to operator `last`; -1 is before all."""

    values: int
    first: int
    last: int
    readers: set[int] = field(default_factory=set)


def _buffers(image: Tensor, calls: list[_Call]) -> list[_Buffer]:
    made: dict[int, _Buffer] = {_storage(image): _Buffer(image.numel(), -1, -1)}
    for number, call in enumerate(calls):
        for tensor in call.inputs:
            if buffer := made.get(_storage(tensor)):  # else a weight
                buffer.readers.add(number)
                buffer.last = number
        made.setdefault(_storage(call.output), _Buffer(prod(call.output.shape), number, number))
    for number, call in enumerate(calls):
        output = made[_storage(call.output)]
        inputs = [made[_storage(tensor)] for tensor in call.inputs if _storage(tensor) in made]
        taken = [buffer for buffer in inputs if buffer is not output and buffer.last == number]
        if call.operator in IN_PLACE:
            taken = [buffer for buffer in taken if buffer.values == output.values][:1]
        elif call.operator == "cat":
            taken = [buffer for buffer in taken if buffer.readers == {number}]
        else:
            continue
        for buffer in taken:
            output.first = min(output.first, buffer.first)
            made = {key: output if value is buffer else value for key, value in made.items()}
    return list({id(buffer): buffer for buffer in made.values()}.values())


def _alive(buffers: list[_Buffer], calls: int) -> list[int]:
    """Return the values alive at each operator."""
    return [sum(b.values for b in buffers if b.first <= number <= b.last) for number in range(calls)]


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _first_is_tensor(result: Any) -> bool:
    return isinstance(result, (tuple, list)) and len(result) > 0 and isinstance(result[0], Tensor)


def _tensors(values: Any) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _tensors(value)
