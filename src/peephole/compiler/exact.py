"""The least peak, proved: a branch and bound of our own, and OR-tools' CP-SAT where that is installed.

The branch and bound builds only canonical plans, in which every block rests on the floor or on another, from the lowest
offset to the highest, as MiniMalloc does (Moffitt, ASPLOS 2023). Exponential in the worst case, so its work is
counted and limited, not timed: the same blocks get the same plan on every machine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peephole.compiler.blocks import Block, crowds, peak

MOST_BLOCKS = 400  # deeper than Python recurses
WINDOW = 8  # crowds of a part
CLOCK = 0.1  # CP-SAT's deterministic clock against a real one, about


@dataclass(frozen=True)
class Answer:
    """offsets: of a plan lower than what was to be beaten, if one was found. proved: that nothing is lower still."""

    offsets: list[int] | None
    proved: bool


class _SpentError(Exception):
    """The work that was allowed is done."""


class BranchAndBound:
    """One search. height: the peak to beat; bound: where to stop; work: blocks to look at before giving up."""

    def __init__(self, blocks: Sequence[Block], height: int, bound: int, work: int) -> None:
        self.blocks = blocks
        self.height = height
        self.bound = bound
        self.work = work
        groups = crowds(blocks)
        self.groups = [[g for g, group in enumerate(groups) if i in group] for i in range(len(blocks))]
        self.floor = [0] * len(groups)  # up to where each crowd is full
        self.waiting = [sum(blocks[i].size for i in group) for group in groups]  # bytes yet to be placed in each
        self.near = [sorted({j for g in self.groups[i] for j in groups[g]} - {i}) for i in range(len(blocks))]
        self.offsets = [-1] * len(blocks)
        self.best: list[int] | None = None

    def search(self) -> Answer:
        """Search until nothing lower is left, or the bound is reached, or the work is done."""
        if len(self.blocks) > MOST_BLOCKS:
            return Answer(None, proved=False)
        try:
            self._place(list(range(len(self.blocks))), 0, -1)
        except _SpentError:
            return Answer(self.best, proved=self.height == self.bound)
        return Answer(self.best, proved=True)

    def _place(self, left: list[int], low: int, previous: int) -> None:
        """Place those that are left at `low` or higher; at `low` itself in the order of their numbers."""
        if not left:
            self.best = list(self.offsets)
            self.height = peak(self.blocks, self.best)
            return
        if self.work <= 0:
            raise _SpentError
        self.work -= len(left)
        if self._hopeless(left, low):
            return
        for offset, number in self._candidates(left, low, previous):
            size = self.blocks[number].size
            if offset + self.blocks[number].reach >= self.height:
                continue
            kept = [(g, self.floor[g]) for g in self.groups[number]]
            for g, _ in kept:
                self.floor[g] = offset + size
                self.waiting[g] -= size
            self.offsets[number] = offset
            self._place([i for i in left if i != number], offset, number)
            self.offsets[number] = -1
            for g, floor in kept:
                self.floor[g] = floor
                self.waiting[g] += size
            if self.height <= self.bound:
                return

    def _rest(self, number: int) -> int:
        """Return the lowest offset that a block can have now."""
        return max(self.floor[g] for g in self.groups[number])

    def _hopeless(self, left: list[int], low: int) -> bool:
        """Tell whether some crowd cannot end below the height to beat, wherever its blocks go."""
        lowest: dict[int, int] = {}
        for number in left:
            fixed = self.blocks[number].fixed
            if fixed is not None and fixed < max(low, self._rest(number)):
                return True
            rest = max(low, self._rest(number)) if fixed is None else fixed
            for g in self.groups[number]:
                lowest[g] = min(lowest.get(g, rest), rest)
        return any(start + self.waiting[g] >= self.height for g, start in lowest.items())

    def _candidates(self, left: list[int], low: int, previous: int) -> list[tuple[int, int]]:
        """Return what may come next, as (offset, number), lowest and then largest first."""
        fixed = [(i, block.fixed) for i in left if (block := self.blocks[i]).fixed is not None]
        free, ceiling = [(start, i) for i, start in fixed], self.height
        for number in left:
            block, offset = self.blocks[number], self._rest(number)
            if block.fixed is not None or any(offset + block.size > f and i in self.near[number] for i, f in fixed):
                continue  # what is fixed in its way comes first
            free.append((offset, number))
            # A block that begins above where this one could end would leave room for it, and is never better.
            ceiling = min(ceiling, max(offset, low) + block.size)
        chosen = []
        alike: set[Block] = set()
        for offset, number in free:
            block = self.blocks[number]
            if offset < low or (offset == low and number < previous) or offset >= ceiling or block in alike:
                continue
            if block.fixed is None:
                alike.add(block)
            chosen.append((offset, number))
        return sorted(chosen, key=lambda c: (c[0], -self.blocks[c[1]].size, c[1]))


def branch_and_bound(blocks: Sequence[Block], height: int, bound: int, work: int) -> Answer:
    """Look for a plan lower than `height`, down to `bound`."""
    return BranchAndBound(blocks, height, bound, work).search()


def window_bound(blocks: Sequence[Block], height: int, bound: int, work: int) -> int:
    """Return a bound from `bound` (which must hold) to `height` (which was reached): the least peak of a part.

    The parts are the blocks of a few successive crowds, few enough for a search to come to its end.
    """
    groups = crowds(blocks)
    starts = range(max(1, len(groups) - WINDOW + 1))
    for start in starts:
        part = [blocks[i] for i in sorted({i for group in groups[start : start + WINDOW] for i in group})]
        answer = branch_and_bound(part, height, bound, work // len(starts))
        if answer.proved:
            bound = height if answer.offsets is None else max(bound, peak(part, answer.offsets))
    return bound


def cp_sat(blocks: Sequence[Block], offsets: Sequence[int], height: int, bound: int, seconds: float) -> Answer | None:
    """Do the same by CP-SAT, starting from a plan of this height; None where OR-tools is not installed.

    One worker and its deterministic clock, which counts work: the same blocks get the same plan.
    """
    try:
        from ortools.sat.python import cp_model
    except ModuleNotFoundError:
        return None
    # In units that divide all sizes, so that offsets are multiples of them too.
    unit = math.gcd(*(value for block in blocks for value in (block.size, block.headroom, block.fixed or 0)))
    model = cp_model.CpModel()
    top = model.new_int_var(-(-bound // unit), height // unit, "top")
    lying, standing, starts = [], [], []
    for number, block in enumerate(blocks):
        size, reach = block.size // unit, block.reach // unit
        low, high = (0, height // unit - reach) if block.fixed is None else (block.fixed // unit,) * 2
        start = model.new_int_var(low, high, f"offset{number}")
        lying.append(model.new_fixed_size_interval_var(block.first, block.last + 1 - block.first, f"time{number}"))
        standing.append(model.new_fixed_size_interval_var(start, size, f"bytes{number}"))
        model.add(start + reach <= top)
        model.add_hint(start, offsets[number] // unit)
        starts.append(start)
    model.add_no_overlap_2d(lying, standing)
    model.minimize(top)
    solver: Any = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = seconds * CLOCK
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer(None, proved=False)
    found = [unit * solver.value(start) for start in starts]
    better = peak(blocks, found) < height
    return Answer(found if better else None, proved=status == cp_model.OPTIMAL)
