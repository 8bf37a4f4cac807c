"""Which layers are computed together: the partition of a program into segments that needs the least memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from peephole.compiler.streaming import Operation, Segment, is_local
from peephole.fixedpoint.layers import Tensor, tensors_read, weight_bytes

# No network's shape repays longer stretches, and the search grows with their number squared.
LONGEST = 12
# Weights of a layer that is computed whole come in two halves, one at work while the other is fetched.
STAGED_BYTES = 2 * 16 * 1024


def row_bytes(tensor: Tensor) -> int:
    """Return the bytes of one row [width,channels]."""
    return tensor.width * tensor.channels * tensor.bits // 8


@dataclass(frozen=True)
class Overlap:
    """The output of a segment lies over an input that dies there, and begins `lead` bytes before it."""

    name: str
    lead: int


@dataclass(frozen=True)
class Costed:
    """A segment, operations `start` to `stop` - 1, and what must be in memory while it runs.

    given: bytes of what the caller gives, as the image; whole: of the tensors that exist whole; strips: of the others'
    strips; weights: of what is kept of them. saved: bytes less where the output lies over an input, by `overlap`.
    """

    segment: Segment
    start: int
    stop: int
    given: int
    whole: int
    strips: int
    weights: int
    overlap: Overlap | None = None
    saved: int = 0

    @property
    def activations(self) -> int:
        """Bytes of all activations."""
        return self.whole + self.strips - self.saved

    @property
    def bytes(self) -> int:
        """Bytes of all."""
        return self.given + self.activations + self.weights

    @property
    def looped_layers(self) -> int:
        """How many layers run in turns of a few rows."""
        return self.stop - self.start if self.segment.looped else 0


class Partitions:
    """The segments that a sequence of operations can be cut into, each costed once.

    tensors: by name, those that the operations read and write. given: the names of those that the caller gives, which
    nothing may be written over. kept: of those that stay to the end. streaming: whether layers may run in turns of a
    few rows. in_place: whether an output may lie over an input.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        tensors: Mapping[str, Tensor],
        given: frozenset[str],
        kept: frozenset[str],
        streaming: bool = True,
        in_place: bool = True,
    ) -> None:
        self.operations, self.tensors, self.given = tuple(operations), tensors, given
        self.streaming, self.in_place = streaming, in_place
        self.first: dict[str, int] = {}
        self.last: dict[str, int] = {}
        for number, operation in enumerate(operations):
            for name in tensors_read(operation):
                self.first.setdefault(name, 0)  # nothing writes it: it is there from the beginning
                self.last[name] = number
            self.first.setdefault(operation.output, number)
            self.last[operation.output] = number
        self.last |= dict.fromkeys(kept, len(self.operations))
        self.heights = {name: tensor.height for name, tensor in tensors.items()}
        self.row_bytes = {name: row_bytes(tensor) for name, tensor in tensors.items()}

    def bytes_of(self, name: str) -> int:
        """Return the bytes of a whole tensor."""
        return self.row_bytes[name] * self.heights[name]

    @cached_property
    def ending(self) -> list[list[Costed]]:
        """The segments that end before each operation, and before the end."""
        made: list[list[Costed]] = [[] for _ in range(len(self.operations) + 1)]
        for stop in range(1, len(made)):
            longest = LONGEST if self.streaming else 1
            for start in range(stop - 1, max(-1, stop - 1 - longest), -1):
                made[stop] += [self.cost(segment, start, stop) for segment in self._segments(start, stop)]
        return made

    def cost(self, segment: Segment, start: int, stop: int) -> Costed:
        """Return what a segment needs."""
        alive = {n for n in self.last if self.first[n] < stop and self.last[n] >= start} - set(segment.streamed)
        weights = sum(weight_bytes(layer) for layer in segment.layers)
        overlap, saved = self._overlap(segment, start, stop)
        return Costed(
            segment,
            start,
            stop,
            given=sum(self.bytes_of(name) for name in alive & self.given),
            whole=sum(self.bytes_of(name) for name in alive - self.given),
            strips=sum(self.row_bytes[name] * rows for name, rows in segment.capacity.items()),
            weights=weights if segment.looped else min(weights, STAGED_BYTES),
            overlap=overlap,
            saved=saved,
        )

    def _segments(self, start: int, stop: int) -> Iterator[Segment]:
        """The ways to compute the operations start .. stop - 1 together."""
        layers = self.operations[start:stop]
        outputs = {layer.output for layer in layers}
        inside = {name for name in outputs if self.first[name] >= start and self.last[name] < stop}
        left = outputs - inside
        if len(layers) == 1:
            output = layers[0].output
            yield Segment(layers, (), output, self.heights[output], self.heights)
        if len(left) != 1 or not self.streaming or not all(is_local(layer) for layer in layers):
            return
        (output,) = left
        if self.first[output] < start or self.heights[output] == 1:
            return  # a tensor that was written in part before cannot be made in step with the others
        strips = Segment(layers, tuple(sorted(inside, key=self.first.__getitem__)), output, 1, self.heights)
        if inside or self._overlap(strips, start, stop)[1] > 0:
            yield strips

    def _overlap(self, segment: Segment, start: int, stop: int) -> tuple[Overlap | None, int]:
        """Return the input that the output lies over best, and the bytes that it saves."""
        best: tuple[Overlap | None, int] = (None, 0)
        out = segment.output
        if not self.in_place or self.first[out] < start:
            return best
        read = {name for layer in segment.layers for name in tensors_read(layer)}
        for name in sorted(read - self.given):
            if self.first[name] < start and self.last[name] < stop:
                lead = segment.lead_bytes(name, self.row_bytes)
                lead += -lead % 4  # both begin at whole words
                union = max(self.bytes_of(out), lead + self.bytes_of(name))
                saved = self.bytes_of(out) + self.bytes_of(name) - union
                if saved > best[1]:
                    best = Overlap(name, lead), saved
        return best


def best(partitions: Partitions) -> tuple[Costed, ...]:
    """Return the partition whose activations and whole need, added up, are the least.

    Activations so count twice: they can be in this memory alone, while weights and the image could pass by in smaller
    pieces or lie elsewhere. The least need of all would let activations grow up to the largest layer's weights, the
    least of activations alone would keep any bytes of weights in memory to save one.
    """
    return min((partition(partitions, arena) for arena in _arenas(partitions)), key=_weighed)


def _weighed(cuts: Sequence[Costed]) -> int:
    return max(cut.activations for cut in cuts) + max(cut.bytes for cut in cuts)


def _arenas(partitions: Partitions) -> list[int]:
    """Return what activations can take, from the least that they can do with up."""
    peak = [0]
    for cuts in partitions.ending[1:]:
        peak.append(min(max(peak[cut.start], cut.activations) for cut in cuts))
    possible = {cut.activations for cuts in partitions.ending for cut in cuts}
    return sorted(arena for arena in possible if arena >= peak[-1])


def partition(partitions: Partitions, arena: int) -> tuple[Costed, ...]:
    """Return the partition whose activations take at most `arena` bytes and whose whole need is the least.

    Of several the one with the fewest layers in turns. Dynamic programming over where segments end.
    Raises `ValueError` where nothing takes so few.
    """
    end = len(partitions.operations)
    fitting = [[cut for cut in cuts if cut.activations <= arena] for cuts in partitions.ending]
    infinity = 1 << 62
    peak = [0] + [infinity] * end
    for stop in range(1, end + 1):
        peak[stop] = min((max(peak[cut.start], cut.bytes) for cut in fitting[stop]), default=infinity)
    looped = [0] + [infinity] * end
    chosen: list[Costed | None] = [None] * (end + 1)
    for stop in range(1, end + 1):
        for cut in fitting[stop]:
            layers = looped[cut.start] + cut.looped_layers
            if max(peak[cut.start], cut.bytes) <= peak[end] and layers < looped[stop]:
                looped[stop], chosen[stop] = layers, cut
    return tuple(reversed(list(_way_back(chosen))))


def _way_back(chosen: list[Costed | None]) -> Iterator[Costed]:
    stop = len(chosen) - 1
    while stop:
        cut = chosen[stop]
        if cut is None:
            raise ValueError("no partition into segments fits so few bytes of activations")
        yield cut
        stop = cut.start
