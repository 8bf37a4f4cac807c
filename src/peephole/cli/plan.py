"""`peephole plan`: where every buffer of a program lies in memory, and how near that is to the least possible."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.options import JsonOption
from peephole.cli.output import plain, print_json, print_table
from peephole.cli.programs import load_program

if TYPE_CHECKING:
    from peephole.compiler.memory import Placement
    from peephole.compiler.schedule import Schedule

SIZE = re.compile(r"(\d{1,12}) ?([KM]?)(?:i?B)?", re.IGNORECASE)
UNITS = {"": 1, "K": 1024, "M": 1024 * 1024}


def size(text: str, option: str) -> int:
    """Read a number of bytes: 65536, 64K, 1M. Raises a usage error naming the option for anything else."""
    found = SIZE.fullmatch(text.strip())
    count = int(found[1]) * UNITS[found[2].upper()] if found else 0
    if count < 1:
        raise typer.BadParameter(f"{option} {plain(text)}: no size; give bytes, as 524288, 512K or 1M")
    return count


def plan(
    model: Annotated[
        Path | None, typer.Argument(metavar="[M]", show_default="the shipped recogniser", help="Integer program.")
    ] = None,
    l2: Annotated[
        str,
        typer.Option("--l2", metavar="BYTES", help="Memory for activations; 512K and 1M are sizes too."),
    ] = "512K",
    l1: Annotated[str, typer.Option("--l1", metavar="BYTES", help="Scratchpad for tiles.")] = "64K",
    json: JsonOption = False,
) -> None:
    """Plan the memory of an integer program: an offset for every buffer, the peak, and what no plan can go below.

    Steps are counted from 0 and lifetimes include their last one. Level L2 holds activations and the weights of the
    layer at hand, L3 all weights.
    """
    from peephole.compiler.memory import Memory
    from peephole.compiler.planner import place_arena
    from peephole.compiler.schedule import lower

    memory = Memory(l1=size(l1, "--l1"), l2=size(l2, "--l2"))
    program = load_program(model)
    schedule = lower(program)
    placement = place_arena(schedule.buffers, memory, steps=schedule.step_names)
    if json:
        print_json({"name": program.name, "model": program.model_id} | record(placement))
        return
    print(f"{plain(program.name)}, model {program.model_id}: {len(schedule.steps)} steps")
    print()
    _print_buffers(placement, schedule)
    print()
    _print_levels(placement)


def record(placement: "Placement") -> dict[str, Any]:
    """Return a placement as plain values. Offsets count within a level; the figures without a level are of L2."""
    from peephole.compiler.memory import ACTIVATIONS

    buffers = []
    for b in placement.buffers:
        told: dict[str, Any] = {"name": b.name, "level": b.level, "offset": b.offset, "bytes": b.bytes}
        told |= {"first_use": b.first_use, "last_use": b.last_use, "holds": b.holds}
        buffers.append(told if b.alias_of is None else told | {"alias_of": b.alias_of})
    levels = [
        {
            "level": plan.level,
            "peak_bytes": plan.peak_bytes,
            "lower_bound_bytes": plan.lower_bound_bytes,
            "capacity_bytes": plan.capacity_bytes,
            "optimal": plan.optimal,
            "method": plan.method,
        }
        for plan in placement.levels
    ]
    return {
        "peak_bytes": placement.peak_bytes,
        "lower_bound_bytes": placement.lower_bound_bytes,
        "arena_bytes": placement.extent(ACTIVATIONS),
        "optimal": placement.optimal,
        "alignment": placement.alignment,
        "levels": levels,
        "buffers": buffers,
    }


def _print_buffers(placement: "Placement", schedule: "Schedule") -> None:
    names = schedule.step_names
    rows = [
        (b.name, b.level, f"{b.offset:,}", f"{b.bytes:,}", _steps(b.first_use, b.last_use, names), _view(b.alias_of))
        for b in placement.buffers
    ]
    print_table(("buffer", "level", "offset", "bytes", "steps", ""), rows)


def _steps(first: int, last: int, names: tuple[str, ...]) -> str:
    if first == last:
        return f"{first} {names[first]}"
    return f"{first}..{last} {names[first]} .. {names[last]}"


def _view(owner: str | None) -> str:
    return "" if owner is None else f"in {owner}"


def _print_levels(placement: "Placement") -> None:
    for plan in placement.levels:
        there = "any number of" if plan.capacity_bytes is None else f"{plan.capacity_bytes:,}"
        proof = "the least possible" if plan.optimal else "not proved the least"
        print(
            f"{plan.level}: peak {plan.peak_bytes:,} of {there} bytes, lower bound {plan.lower_bound_bytes:,}; "
            f"gap {100 * plan.gap:.2f} %, {proof} ({plan.method})"
        )
    print(f"planned in {placement.seconds:.2f} s")
