"""A program as steps and the buffers that they need: one step for the image to enter, then one a layer.

Steps are of one pass. A mirrored program runs them twice, in the same memory; the image waits meanwhile, and the first
pass's vector is kept beside the second.
"""

import dataclasses
from dataclasses import dataclass

from peephole.compiler.memory import Buffer
from peephole.fixedpoint.describe import describe
from peephole.fixedpoint.layers import Add, Convolution, Layer, Tensor, tensors_read
from peephole.fixedpoint.program import IntegerProgram

IMAGE, WEIGHTS = "image", "weights"
ENTER, KEPT = "enter", "kept"


@dataclass(frozen=True)
class Step:
    """What runs at one step of time.

    name: the layer's, or `enter`. reads, writes: buffers. macs: multiply-accumulates of one pass.
    """

    name: str
    kind: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    macs: int = 0


@dataclass(frozen=True)
class Schedule:
    """Steps in order and their buffers; lifetimes count the steps from 0."""

    steps: tuple[Step, ...]
    buffers: tuple[Buffer, ...]
    passes: int = 1

    @property
    def step_names(self) -> tuple[str, ...]:
        """Names of the steps in order."""
        return tuple(step.name for step in self.steps)


def lower(program: IntegerProgram) -> Schedule:
    """Return the plainest schedule: tensors exist whole, from the first layer that writes them to the last that reads.

    A sum is written over a summand of its size that nothing reads later. All weights lie in L3; those of a layer are
    in L2 while it runs. The image (uint8 [H,W]) and the descriptor are buffers too.
    """
    image = Buffer(f"{program.input.name}.u8", "L2", program.input.height * program.input.width, 0, 0, holds=IMAGE)
    steps = [Step(ENTER, ENTER, (image.name,), (program.input.name,))]
    for layer, told in zip(program.layers, describe(program).layers, strict=True):
        weights = (f"{layer.name}.weights",) if isinstance(layer, Convolution) else ()
        steps.append(Step(layer.name, layer.kind, (*tensors_read(layer), *weights), (layer.output,), told.macs))
    if program.mirrored:
        image = dataclasses.replace(image, last_use=len(program.layers))
    buffers = (image, *_activations(program), *_weights(program))
    return Schedule(tuple(steps), buffers, program.passes)


def tensor_bytes(tensor: Tensor) -> int:
    """Return the bytes of a whole tensor."""
    return tensor.height * tensor.width * tensor.channels * tensor.bits // 8


def _activations(program: IntegerProgram) -> list[Buffer]:
    last = len(program.layers)
    first_use, last_use = {program.input.name: 0}, {program.input.name: 0, program.output: last}
    for step, layer in enumerate(program.layers, 1):
        first_use.setdefault(layer.output, step)
        for name in (layer.output, *tensors_read(layer)):
            last_use[name] = max(step, last_use.get(name, 0))
    made = [
        Buffer(name, "L2", tensor_bytes(tensor), first_use[name], last_use[name])
        for name, tensor in program.tensor_table.items()
        if name in first_use
    ]
    taken: set[str] = set()
    for step, layer in enumerate(program.layers, 1):
        below = _written_over(program, layer, step, first_use, last_use)
        if below is not None and below not in taken:
            taken.add(below)
            made = [dataclasses.replace(b, alias_of=below) if b.name == layer.output else b for b in made]
    if program.mirrored:
        vector = program.tensor(program.layers[-1].input)
        made.append(Buffer(f"{vector.name}.{KEPT}", "L2", tensor_bytes(vector), 0, last))
    return made


def _written_over(
    program: IntegerProgram, layer: Layer, step: int, first_use: dict[str, int], last_use: dict[str, int]
) -> str | None:
    """Return the summand that the sum may be written over: as large, and dead after."""
    if not isinstance(layer, Add) or first_use[layer.output] != step:
        return None
    size = tensor_bytes(program.tensor(layer.output))
    fits = (n for n in tensors_read(layer) if last_use[n] == step and tensor_bytes(program.tensor(n)) == size)
    return next(fits, None)


def _weights(program: IntegerProgram) -> list[Buffer]:
    made = []
    for step, (layer, told) in enumerate(zip(program.layers, describe(program).layers, strict=True), 1):
        if isinstance(layer, Convolution):
            stored = Buffer(f"{layer.name}.weights.L3", "L3", told.weight_bytes, 0, len(program.layers), holds=WEIGHTS)
            made += [stored, Buffer(f"{layer.name}.weights", "L2", told.weight_bytes, step, step, holds=WEIGHTS)]
    return made
