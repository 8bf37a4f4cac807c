"""Tensors that lie over each other: which of the chances that segments offer are worth taking, and the memory's shape.

A segment's output may begin a few bytes before an input that dies there (`streaming.Segment.lead_bytes`). The two, and
others that lie over them in turn, are views of one buffer, which then lives as long as any of them: a little more
than the larger of them, all the time. So only those are taken that lower the most that is needed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from peephole.compiler.memory import ACTIVATIONS, MAIN, Buffer, aligned, owners, spans
from peephole.compiler.segments import Costed

WORD = 4


@dataclass(frozen=True)
class Need:
    """The most bytes that are alive at one step, of activations alone and of everything in the main level."""

    arena: int
    total: int

    def exceeds(self, other: "Need") -> bool:
        """Tell whether it is more in any respect."""
        return self.arena > other.arena or self.total > other.total

    @property
    def weighed(self) -> int:
        """What is made least: a byte of an activation counts twice, as it can be nowhere else (`segments.best`)."""
        return self.arena + self.total


def need(buffers: Sequence[Buffer]) -> Need:
    """Return the most bytes alive at one step; no plan can do with fewer."""
    table, lifetimes = owners(buffers), spans(buffers)
    whole = [b for b in buffers if b.level == MAIN and table[b.name][0] == b.name]
    steps = {lifetimes[b.name][0] for b in whole}
    arena = total = 0
    for step in steps:
        alive = [b for b in whole if lifetimes[b.name][0] <= step <= lifetimes[b.name][1]]
        total = max(total, sum(aligned(b.bytes, WORD) for b in alive))
        arena = max(arena, sum(aligned(b.bytes, WORD) for b in alive if b.holds == ACTIVATIONS))
    return Need(arena, total)


def choose(cuts: Sequence[Costed], buffers_of: Callable[[Sequence[Costed]], Sequence[Buffer]]) -> tuple[Costed, ...]:
    """Return the segments with only those overlaps that lower the need: a local search, not proved the best.

    It starts once from none and once from all, and takes or drops one or two at a time as long as that helps.
    buffers_of: the buffers that segments need.
    """
    chances = [number for number, cut in enumerate(cuts) if cut.overlap is not None]
    flips = [*combinations(chances, 1), *combinations(chances, 2)]
    known: dict[frozenset[int], tuple[int, int]] = {}

    def weighed(taken: frozenset[int]) -> tuple[int, int]:
        if taken not in known:
            known[taken] = need(buffers_of(_with(cuts, taken))).weighed, len(taken)
        return known[taken]

    def descend(taken: frozenset[int]) -> frozenset[int]:
        while flips:
            best = min((taken.symmetric_difference(flip) for flip in flips), key=weighed)
            if weighed(best) >= weighed(taken):
                break
            taken = best
        return taken

    return _with(cuts, min((descend(start) for start in (frozenset[int](), frozenset(chances))), key=weighed))


def _with(cuts: Sequence[Costed], taken: frozenset[int]) -> tuple[Costed, ...]:
    return tuple(cut if n in taken else replace(cut, overlap=None, saved=0) for n, cut in enumerate(cuts))


def lay_over(buffers: Sequence[Buffer], cuts: Sequence[Costed]) -> list[Buffer]:
    """Return the buffers of whole tensors with those that lie over each other as views of one.

    That one is a member that holds all others, or else a buffer of its own, named after them.
    """
    position = {buffer.name: (buffer.name, 0) for buffer in buffers}  # group, and bytes after its first member
    for cut in cuts:
        if cut.overlap is not None:
            group, at = position[cut.overlap.name]
            old, offset = position[cut.segment.output]
            shift = at - cut.overlap.lead - offset
            position |= {n: (group, p + shift) for n, (g, p) in position.items() if g == old}
    made: list[Buffer] = []
    for group in dict.fromkeys(group for group, _ in position.values()):
        members = [buffer for buffer in buffers if position[buffer.name][0] == group]
        made += _group(members, {buffer.name: position[buffer.name][1] for buffer in members})
    return made


def _group(members: Sequence[Buffer], position: Mapping[str, int]) -> list[Buffer]:
    if len(members) == 1:
        return list(members)
    low = min(position.values())
    size = max(position[b.name] + b.bytes for b in members) - low
    holder = next((b for b in members if position[b.name] == low and b.bytes == size), None)
    if holder is None:
        name = " over ".join(b.name for b in reversed(members))
        first, last = min(b.first_use for b in members), max(b.last_use for b in members)
        holder = Buffer(name, MAIN, size, first, last)
    views = [replace(b, alias_of=holder.name, alias_offset=position[b.name] - low) for b in members if b is not holder]
    return [holder, *views]
