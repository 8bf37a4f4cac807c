"""Row streaming: layers computed together in strips of rows, so that the tensors between them never exist whole.

A segment is a stretch of a program's layers. Each turn of its loop makes a few rows of the tensor in which it ends;
every tensor between keeps the rows that the layers after it still have to see, and no more: what a 3x3 window sees
twice stays in the strip, moved to its beginning, and is not computed twice.

As rows are made in order, and those of the input are done with in order, the output may lie over an input that dies
there: just so far before it that no row is overwritten before its last read (`lead_bytes`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from peephole.fixedpoint.layers import Add, GlobalAveragePool, L2Normalize, Layer, Upsample, tensors_read
from peephole.fixedpoint.window import Windowed


@dataclass(frozen=True)
class Enter:
    """The image's bytes become the program's input, `pixel - offset`: an operation like a layer."""

    kind: ClassVar[str] = "enter"
    name: str
    input: str
    output: str
    channel: int = 0


Operation = Layer | Enter


def is_local(operation: Operation) -> bool:
    """Tell whether a row of the output depends on a few rows of the input, and the layer may run in turns.

    An upsampling could, but its rows come two for one, which no window says; it runs on whole tensors.
    """
    return not isinstance(operation, GlobalAveragePool | L2Normalize | Upsample)


@dataclass(frozen=True)
class Rows:
    """Rows first .. end - 1 of a tensor."""

    first: int
    end: int

    @property
    def count(self) -> int:
        """How many rows."""
        return self.end - self.first


@dataclass(frozen=True)
class Call:
    """One layer on a strip: it writes `rows` of its output and reads `inputs`, the rows of each tensor it reads.

    padding_top: how many rows of the first window hang out above the input.
    """

    layer: Operation
    inputs: tuple[Rows, ...]
    rows: Rows
    padding_top: int


@dataclass(frozen=True)
class Turn:
    """One turn of a segment's loop: rows before `kept` leave each strip, then the calls are made in order."""

    kept: Mapping[str, int]
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Segment:
    """Layers computed together. streamed: the tensors that exist in strips only; none of one layer alone.

    output: the tensor whose rows the loop makes, `rows` at a time. heights: of all tensors that it touches.
    """

    layers: tuple[Operation, ...]
    streamed: tuple[str, ...]
    output: str
    rows: int
    heights: Mapping[str, int]

    @property
    def looped(self) -> bool:
        """Whether there is more than one turn."""
        return self.rows < self.heights[self.output]

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """The loop, turn by turn."""
        return tuple(self._turns())

    @cached_property
    def capacity(self) -> dict[str, int]:
        """The most rows that each streamed tensor holds at once."""
        most = dict.fromkeys(self.streamed, 0)
        for turn in self.turns:
            for call in turn.calls:
                if call.layer.output in most:
                    held = call.rows.end - turn.kept[call.layer.output]
                    most[call.layer.output] = max(most[call.layer.output], held)
        return most

    def lead_bytes(self, name: str, row_bytes: Mapping[str, int]) -> int:
        """Return how many bytes the output must begin before the input `name` so that it may lie over it.

        So that whatever is written lies before all that is read then or later. 0 too where every value is written
        exactly over the summand that it was made of. row_bytes: of a row of either tensor.
        """
        calls = [call for turn in self.turns for call in turn.calls]
        unread = self.heights[name]  # from this row on, calls yet to come read
        lead = lead_in_place = 0
        for call in reversed(calls):
            reads = zip(tensors_read(call.layer), call.inputs, strict=True)
            now = min([unread, *(rows.first for read, rows in reads if read == name)])
            if call.layer.output == self.output:
                written = call.rows.end * row_bytes[self.output]
                lead = max(lead, written - now * row_bytes[name])
                elementwise = isinstance(call.layer, Add) and row_bytes[self.output] == row_bytes[name]
                first = unread if elementwise else now
                lead_in_place = max(lead_in_place, written - first * row_bytes[name])
            unread = now
        return 0 if lead_in_place == 0 else lead

    def _turns(self) -> Iterator[Turn]:
        done = dict.fromkeys((*self.streamed, self.output), 0)
        for end in range(self.rows, self.heights[self.output] + self.rows, self.rows):
            ends = self._ends(min(end, self.heights[self.output]), done)
            kept = self._kept(ends, done)
            starts = {name: max(row, kept.get(name, row)) for name, row in done.items()}
            spans = [(layer, Rows(starts[layer.output], ends[layer.output])) for layer in self.layers]
            yield Turn(kept, tuple(self._call(layer, rows) for layer, rows in spans if rows.count > 0))
            done = ends

    def _ends(self, end: int, done: Mapping[str, int]) -> dict[str, int]:
        """Return up to which row each tensor must be made for rows up to `end` of the output."""
        ends = dict(done) | {self.output: end}
        for layer in reversed(self.layers):
            for name in tensors_read(layer):
                if name in ends and ends[layer.output] > done[layer.output]:
                    made = Rows(done[layer.output], ends[layer.output])
                    ends[name] = max(ends[name], self._read(layer, made, name)[0].end)
        return ends

    def _kept(self, ends: Mapping[str, int], done: Mapping[str, int]) -> dict[str, int]:
        """Return the first row of each strip that is still to be read in this turn or later.

        It may lie beyond what was made so far: rows that no window sees, as of a stride larger than its window, are
        left out.
        """
        kept = {name: ends[name] for name in self.streamed}
        for layer in reversed(self.layers):
            first = max(done[layer.output], kept.get(layer.output, 0))
            for name in tensors_read(layer):
                if name in kept and first < self.heights[layer.output]:
                    kept[name] = min(kept[name], self._read(layer, Rows(first, first + 1), name)[0].first)
        return kept

    def _read(self, operation: Operation, rows: Rows, name: str) -> tuple[Rows, int]:
        """Return the rows of tensor `name` that rows of the output see, and how far the first window hangs out."""
        if not is_local(operation):
            return Rows(0, self.heights[name]), 0
        if not isinstance(operation, Windowed):
            return rows, 0
        start, stop, top = operation.window.strip(rows.first, rows.count, self.heights[name])
        return Rows(start, stop), top

    def _call(self, operation: Operation, rows: Rows) -> Call:
        reads = [self._read(operation, rows, name) for name in tensors_read(operation)]
        return Call(operation, tuple(read for read, _ in reads), rows, reads[0][1])
