"""A program as steps and the buffers that they need: a step is a segment of layers that run together.

Steps are of one pass. A mirrored program runs them twice, in the same memory; the image waits meanwhile, and the first
pass's vector is kept beside the second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from peephole.compiler.concatenation import with_copies
from peephole.compiler.memory import MAIN, STORED, Buffer
from peephole.compiler.overlap import choose, lay_over, need
from peephole.compiler.segments import STAGED_BYTES, Costed, Partitions, best
from peephole.compiler.streaming import Enter, Operation, Segment
from peephole.fixedpoint.describe import describe
from peephole.fixedpoint.layers import Tensor, tensors_read, weight_bytes
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.validation import TENSOR

IMAGE, WEIGHTS = "image", "weights"
ENTER, KEPT = "enter", "kept"


@dataclass(frozen=True)
class Passes:
    """What is done to a program on its way to a schedule; each can be left out, and none changes a bit.

    streaming: layers run together in turns of a few rows. in_place: an output lies over an input that dies.
    concatenate: layers write into slices of a tensor; else each writes a tensor of its own, which is then copied.
    """

    streaming: bool = True
    in_place: bool = True
    concatenate: bool = True


@dataclass(frozen=True)
class Step:
    """What runs at one step of time.

    name: the layer's, or `enter`, or of the first and the last of several. kind: the layer's, or `segment`. reads,
    writes: buffers. macs: multiply-accumulates of one pass. segment: the layers, and how they run.
    """

    name: str
    kind: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    macs: int
    segment: Segment


@dataclass(frozen=True)
class Schedule:
    """Steps in order and their buffers; lifetimes count the steps from 0.

    A buffer is named after its tensor, whole or a strip of it. tensors: all of them by name, the image too.
    """

    steps: tuple[Step, ...]
    buffers: tuple[Buffer, ...]
    passes: int = 1
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def step_names(self) -> tuple[str, ...]:
        """Names of the steps in order."""
        return tuple(step.name for step in self.steps)


def given_name(program: IntegerProgram) -> str:
    """Return the name of the buffer in which the caller gives the image, or the input itself where it is a tensor."""
    return program.input.name if program.input_kind == TENSOR else f"{program.input.name}.u8"


def stored_weights(layer: str) -> str:
    """Return the name of the buffer in which a layer's weights are stored."""
    return f"{layer}.weights.{STORED}"


def weights_at_work(layer: str) -> str:
    """Return the name of the buffer for a layer's weights while it runs."""
    return f"{layer}.weights"


def kept_vector(program: IntegerProgram) -> str:
    """Return the name of the buffer that keeps the first pass's vector of a mirrored program."""
    return f"{program.layers[-1].input}.{KEPT}"


def lower(program: IntegerProgram, passes: Passes | None = None) -> Schedule:
    """Return a schedule that needs little memory.

    Its segments are those that need the least, activations counted twice (`segments.best`); which tensors lie over each
    other then is searched for, and not proved to be the best choice (`overlap.choose`).

    All weights lie in L3. Those of a layer that runs whole pass by in two halves of `STAGED_BYTES`; those of layers in
    turns stay in L2 while these run. Turns make as many rows as the memory allows that is needed anyway. Raises
    `ValueError` for a mirrored program that takes a tensor.
    """
    if program.mirrored and program.input_kind == TENSOR:
        raise ValueError(f"program {program.name}: takes a tensor, which has no mirror image; quantize it for one pass")
    chosen = passes or Passes()
    if not chosen.concatenate:
        program = with_copies(program)
    given = given_name(program)
    tensors = program.tensor_table
    operations: tuple[Operation, ...] = program.layers
    if program.input_kind != TENSOR:
        tensors = {given: Tensor(given, program.input.height, program.input.width, 1, 0, 8)} | tensors
        operations = (Enter(ENTER, given, program.input.name), *operations)
    kept = frozenset({program.output, given} if program.mirrored else {program.output})
    partitions = Partitions(operations, tensors, frozenset({given}), kept, chosen.streaming, chosen.in_place)

    def buffers_of(cuts: Sequence[Costed]) -> list[Buffer]:
        return _buffers(program, partitions, cuts)

    cuts = choose(best(partitions), buffers_of)
    cuts = _more_rows(partitions, cuts, buffers_of)
    return Schedule(_steps(program, cuts), tuple(buffers_of(cuts)), program.passes, tensors)


def _more_rows(
    partitions: Partitions, cuts: Sequence[Costed], buffers_of: Callable[[Sequence[Costed]], Sequence[Buffer]]
) -> tuple[Costed, ...]:
    """Give every loop the most rows a turn, of 1, 2, 4 ..., that costs no memory."""
    made = list(cuts)
    limit = need(buffers_of(made))
    for number, cut in enumerate(cuts):
        rows = 2
        while rows < cut.segment.heights[cut.segment.output] and cut.segment.looped:
            tried = partitions.cost(replace(cut.segment, rows=rows), cut.start, cut.stop)
            if (tried.overlap is None) != (cut.overlap is None) and cut.overlap is not None:
                break
            tried = tried if cut.overlap is not None else replace(tried, overlap=None, saved=0)
            if need(buffers_of([*made[:number], tried, *made[number + 1 :]])).exceeds(limit):
                break
            made[number], rows = tried, 2 * rows
    return tuple(made)


def _steps(program: IntegerProgram, cuts: Sequence[Costed]) -> tuple[Step, ...]:
    macs = {layer.name: layer.macs for layer in describe(program).layers}
    return tuple(_step(cut.segment, macs) for cut in cuts)


def _step(segment: Segment, macs: Mapping[str, int]) -> Step:
    layers = segment.layers
    written = tuple(dict.fromkeys(layer.output for layer in layers))
    read = tuple(n for n in dict.fromkeys(n for layer in layers for n in tensors_read(layer)) if n not in written)
    weights = tuple(weights_at_work(layer.name) for layer in layers if weight_bytes(layer))
    name, kind = layers[0].name, layers[0].kind
    if len(layers) > 1:
        name, kind = f"{layers[0].name} .. {layers[-1].name}", "segment"
    return Step(name, kind, (*read, *weights), written, sum(macs.get(layer.name, 0) for layer in layers), segment)


def _buffers(program: IntegerProgram, partitions: Partitions, cuts: Sequence[Costed]) -> list[Buffer]:
    """The buffers of these segments: what is given, whole tensors, strips, the kept vector, weights."""
    last = len(cuts) - 1
    step_of = {number: step for step, cut in enumerate(cuts) for number in range(cut.start, cut.stop)}
    step_of[len(partitions.operations)] = last
    streamed = {name for cut in cuts for name in cut.segment.streamed}
    given: list[Buffer] = []
    whole: list[Buffer] = []
    for name in partitions.tensors:
        if name in partitions.last and name not in streamed:
            lifetime = step_of[partitions.first[name]], step_of[partitions.last[name]]
            outside = name in partitions.given
            made = Buffer(name, MAIN, partitions.bytes_of(name), *lifetime)
            (given if outside else whole).append(replace(made, holds=IMAGE) if outside else made)
    buffers = [*given, *lay_over(whole, cuts)]
    for step, cut in enumerate(cuts):
        rows = cut.segment.capacity
        buffers += [Buffer(n, MAIN, partitions.row_bytes[n] * rows[n], step, step) for n in cut.segment.streamed]
    if program.mirrored:
        vector = partitions.bytes_of(program.layers[-1].input)
        buffers.append(Buffer(kept_vector(program), MAIN, vector, 0, last))
    return buffers + _weights(cuts)


def _weights(cuts: Sequence[Costed]) -> list[Buffer]:
    made = []
    for step, cut in enumerate(cuts):
        for layer in cut.segment.layers:
            size = weight_bytes(layer)
            if size:
                here = size if cut.segment.looped else min(size, STAGED_BYTES)
                made.append(Buffer(stored_weights(layer.name), STORED, size, 0, len(cuts) - 1, holds=WEIGHTS))
                made.append(Buffer(weights_at_work(layer.name), MAIN, here, step, step, holds=WEIGHTS))
    return made
