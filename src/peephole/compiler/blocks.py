"""The planning problem as both solvers see it: blocks of bytes over steps, and what no plan can go below.

Each block gets an offset so that blocks that are alive together do not overlap and the highest end is least: dynamic
storage allocation, NP-hard (Garey and Johnson, 1979, problem SR2), but networks give small and kind cases of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """Bytes, in whole words of the alignment, from step `first` to step `last`; `fixed` where it lies already.

    headroom: bytes that count as taken above it, though others may lie there: so a block is kept low.
    """

    size: int
    first: int
    last: int
    fixed: int | None = None
    headroom: int = 0

    @property
    def reach(self) -> int:
        """Bytes with the headroom."""
        return self.size + self.headroom

    def meets(self, other: "Block") -> bool:
        """Tell whether both are alive at some step."""
        return self.first <= other.last and other.first <= self.last


def peak(blocks: Sequence[Block], offsets: Sequence[int]) -> int:
    """Return the highest end, headroom included."""
    return max(offset + block.reach for block, offset in zip(blocks, offsets, strict=True))


def conflicts(blocks: Sequence[Block]) -> list[list[int]]:
    """Return for each block the others that are alive with it."""
    numbers = range(len(blocks))
    return [[j for j in numbers if j != i and blocks[i].meets(blocks[j])] for i in numbers]


def crowds(blocks: Sequence[Block]) -> list[list[int]]:
    """Return the sets of blocks that are alive together, in order of time, without those that another one holds.

    Such a set begins where a block does, and is the largest there just before one ends.
    """
    sets: list[tuple[int, frozenset[int]]] = []
    for step in sorted({block.first for block in blocks}):
        alive = frozenset(i for i, block in enumerate(blocks) if block.first <= step <= block.last)
        if sets and sets[-1][1] < alive:
            sets.pop()
        sets.append((step, alive))
    return [sorted(alive) for _, alive in sets]


def live_bound(blocks: Sequence[Block]) -> tuple[int, int]:
    """Return the most bytes that are alive at one step, and the step.

    The topmost block has its headroom above it; each has its own, and its place if that is fixed, whatever the others.
    """
    most, where = 0, 0
    for step in sorted({block.first for block in blocks}):
        alive = [block for block in blocks if block.first <= step <= block.last]
        together = sum(b.size for b in alive) + min(b.headroom for b in alive)
        bound = max(together, *((b.fixed or 0) + b.reach for b in alive))
        if bound > most:
            most, where = bound, step
    return most, where
