"""From a torch network to a float network: `torch.export`, batch norm folded, ReLU fused.

Knows operators, not networks: convolution (plain and depthwise), batch norm, ReLU, addition, max
pool, concatenation, global average pool, flatten. Anything else is named with the module it stands in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from peephole.fixedpoint.float_network import (
    FloatAdd,
    FloatConv2d,
    FloatDepthwiseConv2d,
    FloatGlobalAveragePool,
    FloatL2Normalize,
    FloatLayer,
    FloatNetwork,
    FloatTensor,
)
from peephole.fixedpoint.layers import MaxPool

CONVOLUTIONS = ("conv2d", "depthwise_conv2d")
PASSED_THROUGH = ("flatten", "view", "reshape", "squeeze", "dropout", "contiguous", "clone", "detach")


@dataclass
class _Value:
    """What a node computes. users: how many nodes read it; parts: of a concatenation."""

    kind: str
    name: str
    shape: tuple[int, ...]
    users: int
    inputs: list["_Value"] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)


def import_network(
    network: nn.Module, name: str, size: tuple[int, int] = (128, 128), offset: float = 128, scale: float = 128
) -> FloatNetwork:
    """Import a torch network that takes grey images [1,1,H,W] as (pixel - offset) / scale.

    Raises `ValueError` naming module and operator for what cannot be imported.
    """
    try:
        program = torch.export.export(network.eval(), (torch.zeros(1, 1, *size),))
    except (RuntimeError, TypeError, torch._dynamo.exc.TorchDynamoException) as error:
        first = str(error).strip().partition("\n")[0]
        raise ValueError(f"network {name}: cannot be traced for a grey {size[0]}x{size[1]} image: {first}") from error
    return _Importer(program).network(name, size, offset, scale)


class _Importer:
    """Walks the exported graph once, node by node."""

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        signature = program.graph_signature
        state = dict(program.state_dict) | dict(program.constants)
        names = dict(signature.inputs_to_parameters) | dict(signature.inputs_to_buffers)
        self.arrays = {node: state[name].detach().double().numpy() for node, name in names.items()}
        self.values: dict[str, _Value] = {}
        self.taken: set[str] = set()
        self.order: list[_Value] = []
        self.result: _Value | None = None
        self.image: _Value | None = None
        handlers: dict[str, Callable[[torch.fx.Node], _Value]] = {
            "conv2d": self._conv,
            "linear": self._linear,
            "batch_norm": self._batch_norm,
            "add": self._add,
            "add_": self._add,
            "relu": self._relu,
            "relu_": self._relu,
            "max_pool2d": self._max_pool,
            "cat": self._cat,
            "adaptive_avg_pool2d": self._average,
            "mean": self._average,
            "linalg_vector_norm": self._length,
            "div": self._normalize,
        }
        for node in program.graph.nodes:
            self._visit(node, handlers)

    def _visit(self, node: torch.fx.Node, handlers: dict[str, Callable[[torch.fx.Node], _Value]]) -> None:
        if node.op == "placeholder":
            if node.name not in self.arrays:
                if self.image is not None:
                    raise ValueError(f"the network takes a second input {node.name}; only one grey image is supported")
                self.image = self.values[node.name] = _Value("input", "image", _shape(node), len(node.users))
        elif node.op == "output":
            results = node.args[0]
            if not isinstance(results, (tuple, list)) or len(results) != 1:
                raise ValueError("the network must return one tensor, the descriptor")
            self.result = self._value(results[0])
        else:
            operator = _operator(node)
            if operator in handlers:
                self.values[node.name] = handlers[operator](node)
            elif operator in PASSED_THROUGH or self._is_length(node):
                self.values[node.name] = self._passed(node)
            else:
                raise _unsupported(node, f"operator {operator} is not supported; use one of {', '.join(handlers)}")

    def _is_length(self, node: torch.fx.Node) -> bool:
        """Tell whether a node only guards or spreads the length in `normalize`."""
        source = self.values.get(getattr(node.args[0], "name", ""))
        return source is not None and source.kind == "length" and _operator(node) in ("clamp_min", "expand_as")

    def _value(self, node: Any) -> _Value:
        return self.values[node.name]

    def _array(self, node: Any) -> NDArray[np.float64]:
        return np.asarray(self.arrays[node.name])

    def _name(self, node: torch.fx.Node, kind: str) -> str:
        base = _path(node) or (kind if kind == "l2_normalize" else node.name)  # torch calls that one "div"
        name, number = base, 2
        while name in self.taken:
            name, number = f"{base}.{number}", number + 1
        self.taken.add(name)
        return name

    def _new(self, node: torch.fx.Node, kind: str, inputs: list[_Value], **options: Any) -> _Value:
        value = _Value(kind, self._name(node, kind), _shape(node), len(node.users), inputs, options)
        self.order.append(value)
        return value

    def _conv(self, node: torch.fx.Node) -> _Value:
        x, weight, bias, stride, padding, dilation, groups = _arguments(node, (None, [1, 1], [0, 0], [1, 1], 1), 2)
        kernel = self._array(weight)
        depthwise = groups > 1 and groups == _shape(x)[1] == len(kernel)
        if not (groups == 1 or depthwise) or set(dilation) != {1}:
            what = f"groups {groups} and dilation {dilation} are not supported"
            raise _unsupported(node, f"{what}; use 1, or as many groups as input and output channels")
        if isinstance(padding, str) or len(set(stride)) != 1 or len(set(padding)) != 1:
            raise _unsupported(node, f"stride {stride} and padding {padding} must be the same in both directions")
        return self._new(
            node,
            "depthwise_conv2d" if depthwise else "conv2d",
            [self._value(x)],
            stride=stride[0],
            padding=padding[0],
            relu=False,
            weight=kernel[:, 0] if depthwise else kernel.transpose(0, 2, 3, 1),
            bias=np.zeros(len(kernel)) if bias is None else self._array(bias),
        )

    def _linear(self, node: torch.fx.Node) -> _Value:
        x, weight, bias = _arguments(node, (None,), 2)
        value, kernel = self._value(x), self._array(weight)
        if _spatial(value.shape) != (1, 1):
            raise _unsupported(node, "linear needs an input of height and width 1; pool first, or use a convolution")
        zero = np.zeros(len(kernel))
        weights = {"weight": kernel[:, None, None, :], "bias": zero if bias is None else self._array(bias)}
        return self._new(node, "conv2d", [value], stride=1, padding=0, relu=False, **weights)

    def _batch_norm(self, node: torch.fx.Node) -> _Value:
        x, gain, beta, mean, variance, training, _, eps = node.args[:8]
        conv = self._value(x)
        if conv.kind not in CONVOLUTIONS or conv.users != 1 or conv.options["relu"] or training:
            raise _unsupported(node, "batch norm must follow a convolution directly, alone, in eval mode")
        factor = 1 / np.sqrt(self._array(variance) + float(eps))  # type: ignore[arg-type]
        factor = factor if gain is None else factor * self._array(gain)
        weight = conv.options["weight"]
        conv.options["weight"] = weight * factor.reshape(-1, *[1] * (weight.ndim - 1))
        bias = (conv.options["bias"] - self._array(mean)) * factor
        conv.options["bias"] = bias if beta is None else bias + self._array(beta)
        conv.users = len(node.users)
        return conv

    def _add(self, node: torch.fx.Node) -> _Value:
        values = [self.values.get(getattr(operand, "name", "")) for operand in node.args[:2]]
        first, second = values
        if first is None or second is None or node.kwargs.get("alpha", 1) != 1:
            raise _unsupported(node, "only the sum of two tensors is supported, without a constant or a factor")
        if (first.shape[1], _spatial(first.shape)) != (second.shape[1], _spatial(second.shape)):
            raise _unsupported(node, f"tensors {first.shape} and {second.shape} cannot be added; make the shapes equal")
        if {"input", "length"} & {first.kind, second.kind}:
            raise _unsupported(node, "the image itself cannot be added; put a convolution before")
        if _operator(node) == "add_" and first.users != 1:
            raise _unsupported(node, "a tensor that is added to in place is used elsewhere too; write x + y instead")
        return self._new(node, "add", [first, second], relu=False)

    def _relu(self, node: torch.fx.Node) -> _Value:
        value = self._value(node.args[0])
        if not _fuse_relu(value):
            raise _unsupported(node, "ReLU must follow convolutions, sums, pools or a concatenation used nowhere else")
        value.users = len(node.users)
        return value

    def _max_pool(self, node: torch.fx.Node) -> _Value:
        x, size, stride, padding, dilation, ceil = _arguments(node, ([], [0, 0], [1, 1], False), 2)
        stride = stride or size
        if len(set(size)) != 1 or len(set(stride)) != 1 or set(padding) != {0} or set(dilation) != {1} or ceil:
            raise _unsupported(node, "max pool must be square, without padding, dilation or ceil mode")
        return self._new(node, "max_pool", [self._value(x)], size=size[0], stride=stride[0])

    def _cat(self, node: torch.fx.Node) -> _Value:
        tensors, dimension = _arguments(node, (0,), 1)
        if dimension not in (1, -3):
            raise _unsupported(node, f"concatenation along dimension {dimension} is not supported; only channels are")
        parts = [self._value(tensor) for tensor in tensors]
        if any(part.users != 1 or part.kind == "input" for part in parts):
            raise _unsupported(node, "a concatenated tensor is used elsewhere too; concatenate fresh outputs only")
        return self._new(node, "cat", parts)

    def _average(self, node: torch.fx.Node) -> _Value:
        size: Any = node.args[1]
        value = self._value(node.args[0])
        if _operator(node) == "mean":
            whole = sorted(dimension % 4 for dimension in size) == [2, 3]
        else:
            whole = list(size) == [1, 1]
        if not whole:
            raise _unsupported(node, "only average pooling of the whole height and width is supported")
        return self._new(node, "global_average_pool", [value])

    def _length(self, node: torch.fx.Node) -> _Value:
        x, order, dimensions, keep = _arguments(node, (2, None, False), 1)
        value = self._value(x)
        if order != 2 or list(dimensions or ()) not in ([1], [-1]) or not keep or _spatial(value.shape) != (1, 1):
            raise _unsupported(node, "only the Euclidean length of a descriptor [N,D] is supported, as in normalize")
        return _Value("length", value.name, _shape(node), len(node.users), [value])

    def _normalize(self, node: torch.fx.Node) -> _Value:
        value, length = (self._value(a) if isinstance(a, torch.fx.Node) else None for a in node.args)
        if value is None or length is None or length.kind != "length" or length.inputs[0] is not value:
            raise _unsupported(node, "division is supported by the descriptor's own length only, as in normalize")
        return self._new(node, "l2_normalize", [value])

    def _passed(self, node: torch.fx.Node) -> _Value:
        value = self._value(node.args[0])
        if value.kind == "length":
            return value
        if _operator(node) not in ("dropout", "contiguous", "clone", "detach") and _spatial(value.shape) != (1, 1):
            raise _unsupported(node, "only a tensor of height and width 1 can be flattened")
        value.users = len(node.users)
        return value

    def network(self, name: str, size: tuple[int, int], offset: float, scale: float) -> FloatNetwork:
        """Lay the values out as tensors and layers."""
        if self.result is None or self.result.kind in ("input", "cat") or _spatial(self.result.shape) != (1, 1):
            raise ValueError("the network must end in a descriptor [N,D]; pool and flatten at the end")
        slices: dict[int, tuple[str, int]] = {}
        for value in reversed(self.order):  # a concatenation comes after its parts
            tensor, channel = slices.setdefault(id(value), (value.name, 0))
            if value.kind == "cat":
                for part in value.inputs:
                    slices[id(part)] = (tensor, channel)
                    channel += part.shape[1]
        owners = [value for value in self.order if slices[id(value)][0] == value.name]
        layers = [_layer(value, *slices[id(value)], slices) for value in self.order if value.kind != "cat"]
        tensors = [FloatTensor(value.name, *_spatial(value.shape), value.shape[1]) for value in owners]
        return FloatNetwork(
            name, FloatTensor("image", *size, 1), offset, scale, tuple(tensors), tuple(layers), self.result.name
        )


def _layer(value: _Value, output: str, channel: int, slices: dict[int, tuple[str, int]]) -> FloatLayer:
    sources = [source.name if source.kind == "input" else slices[id(source)][0] for source in value.inputs]
    for name, source in zip(sources, value.inputs, strict=True):
        if name != source.name:
            raise ValueError(
                f"layer {value.name}: reads a part of concatenation {name}; concatenate fresh outputs only"
            )
    name = sources[0]
    if value.kind in CONVOLUTIONS:
        options = value.options | {"weight": np.ascontiguousarray(value.options["weight"], np.float32)}
        layer = FloatConv2d if value.kind == "conv2d" else FloatDepthwiseConv2d
        return layer(value.name, name, output, channel, **options)
    if value.kind == "add":
        return FloatAdd(value.name, name, sources[1], output, channel, **value.options)
    if value.kind == "max_pool":
        return MaxPool(value.name, name, output, channel, **value.options)
    if value.kind == "l2_normalize":
        return FloatL2Normalize(value.name, name, output, channel)
    return FloatGlobalAveragePool(value.name, name, output, channel)


def _fuse_relu(value: _Value) -> bool:
    """Mark the convolutions and additions that make `value` as followed by ReLU, if they are used for nothing else."""
    if value.users != 1:
        return False
    if value.kind in (*CONVOLUTIONS, "add"):
        value.options["relu"] = True
        return True
    return value.kind in ("cat", "max_pool") and all([_fuse_relu(part) for part in value.inputs])


def _operator(node: torch.fx.Node) -> str:
    return str(node.target).removeprefix("aten.").split(".")[0]


def _shape(node: torch.fx.Node) -> tuple[int, ...]:
    return tuple(node.meta["val"].shape)


def _spatial(shape: tuple[int, ...]) -> tuple[int, int]:
    return (shape[2], shape[3]) if len(shape) == 4 else (1, 1)


def _path(node: torch.fx.Node) -> str:
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return str(stack[-1][0]) if stack else ""


def _arguments(node: torch.fx.Node, defaults: tuple[Any, ...], required: int) -> tuple[Any, ...]:
    """Return a node's arguments, filled up with the operator's defaults."""
    given = node.args
    return (*given, *defaults[len(given) - required :]) if len(given) < required + len(defaults) else tuple(given)


def _unsupported(node: torch.fx.Node, what: str) -> ValueError:
    return ValueError(f"module {_path(node) or '(top level)'}: {what}")
