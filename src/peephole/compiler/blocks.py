"""The planning problem as both solvers see it: blocks of bytes over steps, and what no plan can go below.

Each block gets an offset so that blocks that are alive together do not overlap and the highest end is least: dynamic
storage allocation, NP-hard (Garey and Johnson, 1979, problem SR2), but networks give small and kind cases of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd


@dataclass(frozen=True)
class Block:
    """Bytes, in whole words of the alignment, from step `first` to step `last`; `fixed` where it lies already."""

    size: int
    first: int
    last: int
    fixed: int | None = None

    def meets(self, other: "Block") -> bool:
        """Tell whether both are alive at some step."""
        return self.first <= other.last and other.first <= self.last


def peak(blocks: Sequence[Block], offsets: Sequence[int]) -> int:
    """Return the highest end."""
    return max(offset + block.size for block, offset in zip(blocks, offsets, strict=True))


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
    """Return the most bytes that are alive at one step, and the step; an end that is fixed higher counts too."""
    most, where = 0, 0
    for step in sorted({block.first for block in blocks}):
        alive = [block for block in blocks if block.first <= step <= block.last]
        bound = max(sum(b.size for b in alive), *(b.fixed + b.size if b.fixed is not None else 0 for b in alive))
        if bound > most:
            most, where = bound, step
    return most, where


def sides_bound(blocks: Sequence[Block], bound: int, peak_bytes: int) -> int:
    """Return a bound from `bound` (which must hold) to `peak_bytes` (which was reached) that may be the stronger.

    At every step of a block's life each other block lies wholly below it or wholly above. So its offset must, at every
    step, have room below for some of the others and above for the rest: sums of subsets, kept as bits of an integer.
    The least height at which every block still has an offset that suits all its steps is a bound. O(n * steps * n)
    operations on integers of peak/unit bits, for each halving of the gap.
    """
    unit = gcd(*(b.size for b in blocks), *(b.fixed for b in blocks if b.fixed is not None))
    groups = crowds(blocks)
    for number, block in enumerate(blocks):
        rows = []
        for group in groups:
            if number in group:
                others = [blocks[i].size // unit for i in group if i != number]
                rows.append((_sums(others), sum(others)))
        low, high = bound // unit, peak_bytes // unit
        while low < high:  # the least height at which the block has a place
            middle = (low + high) // 2
            if _has_offset(block.size // unit, rows, middle):
                high = middle
            else:
                low = middle + 1
        bound = max(bound, low * unit)
    return min(bound, peak_bytes)


def _sums(sizes: Sequence[int]) -> int:
    """Return the sums of all subsets, as bits."""
    bits = 1
    for size in sizes:
        bits |= bits << size
    return bits


def _has_offset(size: int, rows: Sequence[tuple[int, int]], height: int) -> bool:
    possible = -1
    for sums, total in rows:
        slack = height - size - total
        if slack < 0:
            return False
        # With a sum s below, the offsets s .. s + slack leave room for the rest above.
        smeared, width = sums, 1
        while width <= slack:
            step = min(width, slack + 1 - width)
            smeared |= smeared << step
            width += step
        possible &= smeared
    return possible != 0
