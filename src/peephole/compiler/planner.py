"""From buffers to offsets, memory by memory: a fast heuristic, and a proof or something better where it falls short."""

import dataclasses
import time
from collections.abc import Collection, Mapping, Sequence

from peephole.compiler import heuristic
from peephole.compiler.blocks import Block, live_bound, peak
from peephole.compiler.exact import branch_and_bound, cp_sat, window_bound
from peephole.compiler.memory import (
    ACTIVATIONS,
    LEVELS,
    MAIN,
    Buffer,
    LevelPlan,
    Memory,
    Placement,
    aligned,
    check_placement,
    owners,
    spans,
)

HALVINGS = 6
WORK_A_SECOND = 100_000  # that the branch and bound does, about; counted, so that plans do not depend on the machine


class NoRoomError(ValueError):
    """A level is too small for what is to be placed. needed, there: bytes. What to do, the caller may know."""

    def __init__(self, sentence: str, level: str, needed: int, there: int) -> None:
        """Keep the numbers beside the sentence."""
        super().__init__(sentence)
        self.level, self.needed, self.there = level, needed, there


def place(
    buffers: Sequence[Buffer],
    capacity: Memory | int | None = None,
    alignment: int = 4,
    seconds: float = 10,
    steps: Sequence[str] = (),
) -> Placement:
    """Give every buffer an offset, so that the peak of each level is low; the least where `optimal` says so.

    capacity: bytes of the levels; one number is of L2. alignment: of offsets, and what sizes are rounded up to; a view
    begins where its owner and `alias_offset` put it.
    seconds: about how long each of three exact searches may take where the fast planner does not reach the bound.
    steps: names of the steps, for errors. A buffer that has an offset keeps it.

    Raises `NoRoomError` where a level is too small (level, step, bytes that are missing), and `ValueError` for buffers
    that contradict each other, see `memory.owners`.
    """
    if alignment < 1:
        raise ValueError(f"the alignment must be at least 1 byte, not {alignment}")
    if not buffers:
        raise ValueError("there is no buffer to place")
    began = time.perf_counter()
    memory = capacity if isinstance(capacity, Memory) else Memory(l2=capacity)
    table, lifetimes = owners(buffers), spans(buffers)
    offsets: dict[str, int] = {}
    plans: list[LevelPlan] = []
    for level in LEVELS:
        whole = [b for b in buffers if b.level == level and b.alias_of is None]
        if not whole:
            continue
        blocks = [Block(aligned(b.bytes, alignment), *lifetimes[b.name], b.offset) for b in whole]
        found, bound, proved, method = _stack(blocks, seconds)
        plan = LevelPlan(level, peak(blocks, found), bound, memory.of(level), proved, method)
        offsets |= {b.name: offset for b, offset in zip(whole, found, strict=True)}
        if plan.capacity_bytes is not None and plan.peak_bytes > plan.capacity_bytes:
            raise _too_large(plan, whole, blocks, steps)
        plans.append(plan)
    placed = []
    for buffer in buffers:
        owner, inside = table[buffer.name]
        first, last = lifetimes.get(buffer.name, (buffer.first_use, buffer.last_use))
        at = offsets[owner] + inside
        placed.append(dataclasses.replace(buffer, offset=at, first_use=first, last_use=last))
    check_placement(placed, alignment, memory)
    return Placement(tuple(placed), tuple(plans), alignment, time.perf_counter() - began)


def place_arena(
    buffers: Sequence[Buffer],
    capacity: Memory | int | None = None,
    alignment: int = 4,
    seconds: float = 10,
    steps: Sequence[str] = (),
) -> Placement:
    """Place as `place` does, and of plans with the same peak prefer one whose activations reach less high in L2.

    No less than they take alone is tried first, then what lies between that and the plan of `place`, a few halvings of
    it; that the last is the least is not proved.
    """
    free = place(buffers, capacity, alignment, seconds, steps)
    table, lifetimes = owners(buffers), spans(buffers)
    low_ones = {table[b.name][0] for b in buffers if b.level == MAIN and b.holds == ACTIVATIONS}
    arena = [b for b in buffers if table[b.name][0] in low_ones]
    if not arena:
        return free
    began = time.perf_counter()
    whole = [b for b in buffers if b.level == MAIN and b.alias_of is None]
    alone = place(arena, None, alignment, seconds).peak_bytes
    offsets = _lowered(whole, lifetimes, low_ones, free, alone, seconds)
    placed = [
        dataclasses.replace(b, offset=offsets[table[b.name][0]] + table[b.name][1]) if b.level == MAIN else b
        for b in free.buffers
    ]
    check_placement(placed, alignment)
    return dataclasses.replace(free, buffers=tuple(placed), seconds=free.seconds + time.perf_counter() - began)


def _lowered(
    whole: Sequence[Buffer],
    lifetimes: Mapping[str, tuple[int, int]],
    low_ones: Collection[str],
    free: Placement,
    alone: int,
    seconds: float,
) -> dict[str, int]:
    """Return offsets with the peak that the plan `free` has, where some of the whole buffers reach less high.

    alone: what those take without the others.
    """
    sizes = {b.name: aligned(b.bytes, free.alignment) for b in whole}
    span = min(lifetimes[b.name][0] for b in whole), max(lifetimes[b.name][1] for b in whole)
    below = sum(sizes[b.name] for b in whole if lifetimes[b.name] == span and b.name not in low_ones)  # see `_stack`
    offsets = {b.name: free.offset(b.name) for b in whole}
    tried = low = below + alone
    high = max(offsets[name] + sizes[name] for name in low_ones)
    for _ in range(HALVINGS):
        if low >= high:
            break
        above = free.peak_bytes - tried
        blocks = [Block(sizes[b.name], *lifetimes[b.name], b.offset, above if b.name in low_ones else 0) for b in whole]
        found, *_ = _stack(blocks, seconds / 4 / HALVINGS, free.peak_bytes)
        if peak(blocks, found) <= free.peak_bytes:
            offsets = {b.name: offset for b, offset in zip(whole, found, strict=True)}
            high = max(offsets[name] + sizes[name] for name in low_ones)
        else:
            low = tried + free.alignment
        tried = aligned((low + high) // 2, free.alignment)
    return offsets


def _stack(blocks: Sequence[Block], seconds: float, enough: int = 0) -> tuple[list[int], int, bool, str]:
    """Do as `_solve`, but put what lives from the first step to the last at the bottom, which costs nothing."""
    span = min(b.first for b in blocks), max(b.last for b in blocks)
    free = all(b.fixed is None for b in blocks)
    above = [i for i, b in enumerate(blocks) if not free or (b.first, b.last) != span]
    offsets, base = [0] * len(blocks), 0
    for number in sorted(set(range(len(blocks))) - set(above)):
        offsets[number], base = base, base + blocks[number].size
    if not above:
        return offsets, base, True, "all side by side"
    found, bound, proved, method = _solve([blocks[i] for i in above], seconds, enough - base)
    for number, offset in zip(above, found, strict=True):
        offsets[number] = base + offset
    return offsets, base + bound, proved, method


def _solve(blocks: Sequence[Block], seconds: float, enough: int) -> tuple[list[int], int, bool, str]:
    """Return offsets, a lower bound, whether nothing lower is possible, and what found the offsets.

    enough: a height to stop at, which then counts as the bound; then there is no long search either.
    """
    bound = max(live_bound(blocks)[0], enough)
    offsets, method = heuristic.plan(blocks, bound)
    height, proved = peak(blocks, offsets), False
    work = round(seconds * WORK_A_SECOND)
    if height > bound:
        answer = branch_and_bound(blocks, height, bound, work)
        if answer.offsets is not None:
            offsets, method = answer.offsets, "branch and bound"
        height, proved = peak(blocks, offsets), answer.proved
    if enough > 0:
        return offsets, bound, proved or height <= bound, method
    if height > bound and not proved:
        bound = window_bound(blocks, height, bound, work)
    if height > bound and not proved:
        second = cp_sat(blocks, offsets, height, bound, seconds)
        if second is not None and second.offsets is not None:
            offsets, method = second.offsets, "CP-SAT"
        height, proved = peak(blocks, offsets), second is not None and second.proved
    return offsets, bound, proved or height <= bound, method


def _too_large(
    plan: LevelPlan, buffers: Sequence[Buffer], blocks: Sequence[Block], steps: Sequence[str]
) -> NoRoomError:
    assert plan.capacity_bytes is not None  # noqa: S101 - the caller compared with it
    missing = plan.peak_bytes - plan.capacity_bytes
    step = live_bound(blocks)[1]
    there = sorted(
        (b for b, k in zip(buffers, blocks, strict=True) if k.first <= step <= k.last), key=lambda b: -b.bytes
    )
    largest = " and ".join(f"{b.name} ({b.bytes:,})" for b in there[:2])
    largest += " are alive together" if len(there) > 1 else " is alive"
    where = f"step {step} ({steps[step]})" if step < len(steps) else f"step {step}"
    needs = f"level {plan.level}: {plan.peak_bytes:,} bytes are needed and there are {plan.capacity_bytes:,}"
    if plan.lower_bound_bytes <= plan.capacity_bytes:
        why = f"the buffers of {where} alone would fit, but no plan of all was found that does"
        why += ", and there is none" if plan.optimal else ""
    else:
        why = f"most at {where}, where {largest}"
    sentence = f"{needs}, {missing:,} too few; {why}"
    return NoRoomError(sentence, plan.level, plan.peak_bytes, plan.capacity_bytes)
