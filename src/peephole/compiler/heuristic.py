"""A fast plan: greedy placement in several orders, then a local search over orders. Good, but not proved.

One placement is O(n * conflicts * log conflicts). Nothing is random but for a generator with a fixed seed: the same
blocks get the same plan.
"""

import random
from collections.abc import Callable, Sequence

from peephole.compiler.blocks import Block, conflicts, peak

ROUNDS = 4000  # of the local search, or fewer where there are many blocks
MOST_PLACEMENTS = 200_000  # of a block, in all rounds together


def greedy(blocks: Sequence[Block], order: Sequence[int], near: Sequence[Sequence[int]], tight: bool) -> list[int]:
    """Give each block in turn the lowest gap that it fits into, or (`tight`) the smallest; fixed ones come first.

    near: `blocks.conflicts`.
    """
    offsets = [-1 if block.fixed is None else block.fixed for block in blocks]
    for number in order:
        block = blocks[number]
        if block.fixed is not None:
            continue
        taken = sorted((offsets[i], offsets[i] + blocks[i].size) for i in near[number] if offsets[i] >= 0)
        best, spare, floor = -1, 0, 0
        for start, end in taken:
            room = start - floor
            if room >= block.size and (best < 0 or room < spare):
                best, spare = floor, room
                if not tight:
                    break
            floor = max(floor, end)
        offsets[number] = floor if best < 0 else best
    return offsets


def by_size(blocks: Sequence[Block]) -> list[int]:
    """Return the greedy-by-size placement (Pisarchyk and Lee, 2020), what most planners do, for comparison."""
    order = sorted(range(len(blocks)), key=lambda i: (-blocks[i].size, blocks[i].first, i))
    return greedy(blocks, order, conflicts(blocks), tight=True)


def plan(blocks: Sequence[Block], bound: int, rounds: int = ROUNDS) -> tuple[list[int], str]:
    """Return offsets and what found them; stops as soon as the bound is reached."""
    near = conflicts(blocks)
    best: list[int] = []
    method, best_order, least = "", [0], 0
    for name, key in _orders(blocks, near).items():
        order = sorted(range(len(blocks)), key=lambda i: (key(i), i))
        for tight in (True, False):
            offsets = greedy(blocks, order, near, tight)
            height = peak(blocks, offsets)
            if not best or height < least:
                best, least, method, best_order = offsets, height, f"greedy by {name}", order
            if least <= bound:
                return best, method
    found = _local_search(blocks, best_order, near, bound, min(rounds, MOST_PLACEMENTS // len(blocks)))
    return (found, "local search") if peak(blocks, found) < least else (best, method)


def _orders(blocks: Sequence[Block], near: Sequence[Sequence[int]]) -> dict[str, Callable[[int], tuple[int, ...]]]:
    length = [block.last - block.first + 1 for block in blocks]
    weight = [block.size + sum(blocks[i].size for i in near[n]) for n, block in enumerate(blocks)]
    return {
        "size": lambda i: (-blocks[i].size, blocks[i].first),
        "area": lambda i: (-blocks[i].size * length[i], blocks[i].first),
        "lifetime": lambda i: (-length[i], -blocks[i].size),
        "conflicts": lambda i: (-weight[i], -blocks[i].size),
        "time": lambda i: (blocks[i].first, -length[i]),
        "end": lambda i: (-blocks[i].last, -length[i]),
    }


def _local_search(
    blocks: Sequence[Block], order: list[int], near: Sequence[Sequence[int]], bound: int, rounds: int
) -> list[int]:
    """Move a block that reaches the peak, or any, to another place in the order; keep what is no worse."""
    chance = random.Random(0)  # noqa: S311 - a search, no secret
    best = offsets = greedy(blocks, order, near, tight=False)
    least = height = peak(blocks, offsets)
    for _ in range(rounds):
        if least <= bound or len(order) < 2:
            break
        highest = [i for i in order if offsets[i] + blocks[i].reach == height]
        moved = chance.choice(highest if chance.random() < 0.5 else order)
        changed = [i for i in order if i != moved]
        changed.insert(chance.randrange(len(order)), moved)
        tried = greedy(blocks, changed, near, tight=chance.random() < 0.25)
        reached = peak(blocks, tried)
        if reached <= height:
            order, offsets, height = changed, tried, reached
        if reached < least:
            best, least = tried, reached
    return best
