"""From buffers to offsets, memory by memory: a fast heuristic, and a proof or something better where it falls short."""

import dataclasses
import time
from collections.abc import Sequence

from peephole.compiler import heuristic
from peephole.compiler.blocks import Block, live_bound, peak, sides_bound
from peephole.compiler.exact import branch_and_bound, cp_sat
from peephole.compiler.memory import (
    LEVELS,
    Buffer,
    LevelPlan,
    Memory,
    Placement,
    aligned,
    check_placement,
    owners,
    spans,
)

STEPS_A_SECOND = 4000  # that the branch and bound takes, about; counted, so that plans do not depend on the machine


def place(
    buffers: Sequence[Buffer],
    capacity: Memory | int | None = None,
    alignment: int = 4,
    seconds: float = 10,
    steps: Sequence[str] = (),
) -> Placement:
    """Give every buffer an offset, so that the peak of each level is low; the least where `optimal` says so.

    capacity: bytes of the levels; one number is of L2. alignment: of offsets, and what sizes are rounded up to.
    seconds: about how long each of two exact searches may take where the fast planner does not reach the bound.
    steps: names of the steps, for errors. A buffer that has an offset keeps it.

    Raises `ValueError` where a level is too small (level, step, bytes that are missing, what to do), and for buffers
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
        found, plan = _place_level(level, blocks, memory.of(level), seconds)
        offsets |= {b.name: offset for b, offset in zip(whole, found, strict=True)}
        if plan.capacity_bytes is not None and plan.peak_bytes > plan.capacity_bytes:
            raise ValueError(_too_large(plan, whole, blocks, steps))
        plans.append(plan)
    placed = []
    for buffer in buffers:
        owner, inside = table[buffer.name]
        first, last = lifetimes.get(buffer.name, (buffer.first_use, buffer.last_use))
        at = offsets[owner] + inside
        placed.append(dataclasses.replace(buffer, offset=at, first_use=first, last_use=last))
    check_placement(placed, alignment, memory)
    return Placement(tuple(placed), tuple(plans), alignment, time.perf_counter() - began)


def _place_level(
    level: str, blocks: Sequence[Block], capacity: int | None, seconds: float
) -> tuple[list[int], LevelPlan]:
    bound = live_bound(blocks)[0]
    offsets, method = heuristic.plan(blocks, bound)
    height, proved = peak(blocks, offsets), False
    if height > bound:
        bound = sides_bound(blocks, bound, height)
    if height > bound:
        answer = branch_and_bound(blocks, height, bound, round(seconds * STEPS_A_SECOND))
        if answer.offsets is not None:
            offsets, method = answer.offsets, "branch and bound"
        height, proved = peak(blocks, offsets), answer.proved
    if height > bound and not proved:
        second = cp_sat(blocks, offsets, height, bound, seconds)
        if second is not None and second.offsets is not None:
            offsets, method = second.offsets, "CP-SAT"
        height, proved = peak(blocks, offsets), second is not None and second.proved
    return offsets, LevelPlan(level, height, bound, capacity, proved or height == bound, method)


def _too_large(plan: LevelPlan, buffers: Sequence[Buffer], blocks: Sequence[Block], steps: Sequence[str]) -> str:
    assert plan.capacity_bytes is not None  # noqa: S101 - the caller compared with it
    missing = plan.peak_bytes - plan.capacity_bytes
    step = live_bound(blocks)[1]
    there = sorted(
        (b for b, k in zip(buffers, blocks, strict=True) if k.first <= step <= k.last), key=lambda b: -b.bytes
    )
    largest = " and ".join(f"{b.name} ({b.bytes:,})" for b in there[:2])
    where = f"step {step} ({steps[step]})" if step < len(steps) else f"step {step}"
    needs = f"level {plan.level}: {plan.peak_bytes:,} bytes are needed and there are {plan.capacity_bytes:,}"
    if plan.lower_bound_bytes <= plan.capacity_bytes:
        why = f"the buffers of {where} alone would fit, but no plan of all was found that does"
        why += ", and there is none" if plan.optimal else ""
    else:
        why = f"most at {where}, where {largest} are alive together"
    return (
        f"{needs}, {missing:,} too few; {why}; give more of {plan.level}, "
        "or make the input smaller, the layers narrower, or the program 8 bits wide"
    )
