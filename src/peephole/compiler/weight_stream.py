"""Weights on their way from L3: one stream in the order of the steps that run, chunk by chunk to places in L2.

A chunk is asked for as soon as its place is free, whatever runs then: weights come ahead of their layers. Those of a
step in turns are one chunk with a place of its own. Those of steps that run whole are cut, and pass through a ring.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from peephole.compiler.cost import Target
from peephole.compiler.memory import aligned

CHUNK_BYTES = 16 * 1024  # of the ring
ALIGNMENT = 4
FETCHES = 16  # chunks that may be under way at once: PH_FETCHES of csrc/ports/gap8/machine.h
RING = "weights.ring"

Places = Mapping[str, tuple[int, int]]  # of each layer's weights in L3: the first byte, and how many


@dataclass(frozen=True)
class Chunk:
    """Bytes of weights on their way. Steps are counted as they run, those of a second pass anew.

    begin, size: in L3. buffer, offset: where they go in L2, bytes into a buffer. step: the last one that needs them.
    early: the step in which they may be asked for. after: how many chunks must have been released before.
    """

    begin: int
    size: int
    buffer: str
    offset: int
    step: int
    early: int
    after: int

    @property
    def end(self) -> int:
        """Behind them in L3."""
        return self.begin + self.size


@dataclass(frozen=True)
class Ahead:
    """How far weights come ahead.

    early: the steps in turns whose weights may come during the step before. slots: chunks that the ring holds.
    ring_early: how many steps before the first one that it serves it is there.
    """

    early: frozenset[int] = frozenset()
    slots: int = 1
    ring_early: int = 0


def lay_out(steps: Sequence[Mapping[str, int]]) -> dict[str, tuple[int, int]]:
    """Return where the weights of steps lie in L3, one after the other; steps: bytes by layer."""
    places: dict[str, tuple[int, int]] = {}
    end = 0
    for step in steps:
        for name, size in step.items():
            places[name] = end, size
            end = aligned(end + size, ALIGNMENT)
    return places


def own_buffer(step: int) -> str:
    """Return the name of the place for the weights of a step in turns."""
    return f"step {step}.weights"


def ring_steps(ranges: Sequence[tuple[int, int]], looped: Sequence[bool], ahead: Ahead) -> tuple[int, int] | None:
    """Return the first and the last step at which the ring is there; ranges: of each step's weights in L3."""
    served = [n for n, (begin, end) in enumerate(ranges) if end > begin and not looped[n]]
    return (max(0, served[0] - ahead.ring_early), served[-1]) if served else None


def chunks_of_run(
    ranges: Sequence[tuple[int, int]], looped: Sequence[bool], passes: Sequence[Sequence[int]], ahead: Ahead
) -> list[Chunk]:
    """Return the chunks of a run. passes: the steps of each stretch of the run, which follow each other."""
    chunks: list[Chunk] = []
    occupied = [0] * ahead.slots  # by slot: chunks that are released when it is free
    ring = ring_steps(ranges, looped, ahead)
    turn = begun = 0
    for steps in passes:
        ring_from = begun + next((n for n, step in enumerate(steps) if ring and step >= ring[0]), 0)
        for n, step in enumerate(steps):
            begin, end = ranges[step]
            if end > begin and looped[step]:
                early = begun + n - (step in ahead.early and n > 0)
                chunks.append(Chunk(begin, end - begin, own_buffer(step), 0, begun + n, early, 0))
            while begin < end and not looped[step]:
                size = min(CHUNK_BYTES, end - begin)
                slot = turn % ahead.slots
                early, place = ring_from, slot * CHUNK_BYTES
                chunks.append(Chunk(begin, size, RING, place, begun + n, early, occupied[slot]))
                occupied[slot] = len(chunks)
                turn, begin = turn + 1, begin + size
        begun += len(steps)
    return chunks


@dataclass
class Arrivals:
    """When chunks arrive. Times are cycles since the run began."""

    target: Target
    chunks: Sequence[Chunk]
    step: int = -1
    released: int = 0
    _waited: int = 0
    _arrived: list[int] = field(default_factory=list)

    def begin_step(self, now: int) -> None:
        """Release what earlier steps needed."""
        self.step += 1
        while self.released < len(self.chunks) and self.chunks[self.released].step < self.step:
            self.released += 1
        self._ask(now)

    def wait(self, end: int, now: int) -> int:
        """Return when all that this step needs before this place of L3 is there, not before now."""
        last = self.released
        if last and self.chunks[last - 1].begin < end <= self.chunks[last - 1].end:
            return now  # it was there and went
        while self.chunks[last].end < end:
            last += 1
        for number in range(self._waited, last + 1):
            self._ask(now)
            now = max(now, self._arrived[number])
            self._waited = number + 1
        self._ask(now)
        return now

    def release(self, end: int, now: int) -> None:
        """This step needs nothing before this place of L3 any more."""
        while self.released < len(self.chunks):
            chunk = self.chunks[self.released]
            if chunk.step != self.step or chunk.end > end:
                break
            self.released += 1
        self._ask(now)

    def _ask(self, now: int) -> None:
        for chunk in self.chunks[len(self._arrived) :]:
            full = len(self._arrived) >= self._waited + FETCHES
            if full or chunk.early > self.step or chunk.after > self.released:
                break
            self._arrived.append(max([now, *self._arrived[-1:]]) + self.target.stored(chunk.size))
