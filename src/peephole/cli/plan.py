"""`peephole plan`: where every buffer of a program lies in memory, and how near that is to the least possible."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.options import JsonOption
from peephole.cli.output import check_folder_of, plain, print_json, print_table, write_whole
from peephole.cli.programs import load_program

if TYPE_CHECKING:
    from peephole.compiler.memory import Memory, Placement
    from peephole.compiler.tables import Table
    from peephole.compiler.tiled_schedule import TiledSchedule
    from peephole.fixedpoint.program import IntegerProgram

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
    l1: Annotated[
        str, typer.Option("--l1", metavar="BYTES", help="With --tiles: scratchpad for them, stacks included.")
    ] = "64K",
    tiles: Annotated[
        bool, typer.Option("--tiles", help="Cut every layer into tiles for L1, and predict cycles and transfers.")
    ] = False,
    device: Annotated[
        bool, typer.Option("--device", help="Plan the whole device over time: frame, detector, networks, galleries.")
    ] = False,
    users: Annotated[int, typer.Option(min=1, help="With --device: people that it knows.")] = 20,
    strangers: Annotated[int, typer.Option(min=1, help="With --device: strangers that it remembers.")] = 20,
    code: Annotated[
        str, typer.Option("--code", metavar="BYTES", help="With --device: estimate of its code and constants.")
    ] = "48K",
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Write a picture of L2 over time.", show_default=False)
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page: picture, layers, buffers.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Plan the memory of an integer program: an offset for every buffer, the peak, and what no plan can go below.

    Steps are counted from 0 and lifetimes include their last one. Level L2 holds activations and the weights of the
    layer at hand, L3 all weights. With --device the steps are the phases of looking at one frame of 320x240, and a
    network is one buffer. With --tiles L1 is planned too, and what is told of time is a prediction for GAP8.
    """
    from peephole.compiler.memory import Memory

    memory = Memory(l1=size(l1, "--l1"), l2=size(l2, "--l2"))
    if tiles and device:
        raise typer.BadParameter("--tiles is of one program; leave out --device")
    for file in (svg, html):
        if file is not None:
            check_folder_of(file)
    program = load_program(model)
    if device:
        counts = {"users": users, "strangers": strangers, "code_and_constants_bytes_estimate": size(code, "--code")}
        planned = _plan_device(program, memory, counts)
    else:
        planned = _plan_program(program, memory, tiles)
    _write(planned, svg, html)
    if json:
        print_json(planned.facts | record(planned.placement, planned.arena_bytes) | {"steps": planned.steps})
        return
    print(plain(planned.title))
    print()
    _print_buffers(planned.placement, planned.steps)
    print()
    _print_levels(planned.placement)
    print(f"activations of {plain(program.name)}: {planned.arena_bytes:,} bytes")
    if planned.tiled is not None:
        _print_tiles(planned.tiled)


@dataclass(frozen=True)
class _Planned:
    """A plan and what there is to say of it. tables: for the page, beside that of the buffers."""

    title: str
    placement: "Placement"
    steps: tuple[str, ...]
    arena_bytes: int
    facts: dict[str, Any]
    tables: tuple["Table", ...]
    tiled: "TiledSchedule | None" = None


def _plan_program(program: "IntegerProgram", memory: "Memory", tiles: bool) -> _Planned:
    from peephole.compiler.memory import ACTIVATIONS
    from peephole.compiler.planner import place_arena
    from peephole.compiler.schedule import lower
    from peephole.compiler.tables import layer_table, tile_table
    from peephole.compiler.tiled_schedule import l1_buffers, record_tiles, tile

    schedule = lower(program)
    tiled = tile(schedule, memory.l1 or 0) if tiles else None
    buffers = (*schedule.buffers, *(l1_buffers(tiled) if tiled else ()))
    placement = place_arena(buffers, memory, steps=schedule.step_names)
    facts: dict[str, Any] = {"name": program.name, "model": program.model_id}
    return _Planned(
        title=f"{program.name}, model {program.model_id}: {len(schedule.steps)} steps",
        placement=placement,
        steps=schedule.step_names,
        arena_bytes=placement.extent(ACTIVATIONS),
        facts=facts | ({"tiles": record_tiles(tiled)} if tiled else {}),
        tables=(layer_table(program, schedule, placement), *((tile_table(tiled),) if tiled else ())),
        tiled=tiled,
    )


def _plan_device(program: "IntegerProgram", memory: "Memory", counts: dict[str, int]) -> _Planned:
    from peephole.compiler.device import PHASES, Device, plan_device
    from peephole.compiler.tables import phase_table
    from peephole.fixedpoint.program import IntegerProgram
    from peephole.weights import landmark_program

    landmarks = IntegerProgram.load(landmark_program())
    plan = plan_device(program, landmarks, Device(**counts), memory)
    built = plan.device
    return _Planned(
        title=f"device with {program.name}: {built.width}x{built.height} camera, {built.users} users of "
        f"{built.references} references, {built.strangers} strangers of {built.looks} looks",
        placement=plan.placement,
        steps=PHASES,
        arena_bytes=plan.arena_bytes,
        facts={"name": program.name, "model": program.model_id, "device": asdict(built)},
        tables=(phase_table(plan.placement, PHASES),),
    )


def _write(planned: _Planned, svg: Path | None, html: Path | None) -> None:
    from peephole.compiler import picture
    from peephole.compiler.tables import buffer_table

    if svg is not None:
        drawn = picture.svg(planned.placement, planned.steps, planned.title)
        write_whole(svg, lambda stream: stream.write(drawn.encode()))
    if html is not None:
        tables = (*planned.tables, buffer_table(planned.placement, planned.steps))
        written = picture.page(planned.placement, planned.steps, planned.title, tables)
        write_whole(html, lambda stream: stream.write(written.encode()))


def record(placement: "Placement", arena_bytes: int) -> dict[str, Any]:
    """Return a placement as plain values. Offsets count within a level; the figures without a level are of L2."""
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
        "arena_bytes": arena_bytes,
        "optimal": placement.optimal,
        "alignment": placement.alignment,
        "levels": levels,
        "buffers": buffers,
    }


def _print_buffers(placement: "Placement", names: Sequence[str]) -> None:
    rows = [
        (b.name, b.level, f"{b.offset:,}", f"{b.bytes:,}", _steps(b.first_use, b.last_use, names), _view(b.alias_of))
        for b in placement.buffers
    ]
    print_table(("buffer", "level", "offset", "bytes", "steps", ""), rows)


def _steps(first: int, last: int, names: Sequence[str]) -> str:
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


def _print_tiles(tiled: "TiledSchedule") -> None:
    from peephole.compiler.tables import prediction, tile_table

    table = tile_table(tiled)
    print()
    rows = [tuple(f"{cell:,}" if isinstance(cell, int) else cell for cell in row) for row in (*table.rows, table.total)]
    print_table(table.titles, rows)
    print(f"L1: {tiled.l1_bytes:,} bytes, {tiled.target.reserved_l1_bytes:,} of them for stacks")
    print(prediction(tiled))
