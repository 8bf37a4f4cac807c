"""`peephole plan`: where every buffer of a program lies in memory, and how near that is to the least possible."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli import plan_text
from peephole.cli.memory_advice import advised
from peephole.cli.options import JsonOption, NoConcatenationOption, NoInPlaceOption, NoStreamingOption, byte_count
from peephole.cli.output import check_output, plain, print_json
from peephole.cli.planned_network import load_planned
from peephole.whole_files import write_whole

if TYPE_CHECKING:
    from peephole.compiler.memory import Memory, Placement
    from peephole.compiler.schedule import Passes
    from peephole.compiler.tables import Table
    from peephole.compiler.tiled_schedule import TiledSchedule
    from peephole.fixedpoint.program import IntegerProgram


def plan(
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="M",
            show_default="the shipped recogniser",
            help="Integer program; or a checkpoint, a .pt2 or .onnx, or a backbone by its name, as squeezenet1_1.",
        ),
    ] = None,
    l2: Annotated[
        str,
        typer.Option("--l2", metavar="BYTES", help="Size of L2, for activations, image and weights at hand."),
    ] = "512K",
    l1: Annotated[
        str, typer.Option("--l1", metavar="BYTES", help="With --tiles: size of L1, the scratchpad, stacks included.")
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
        str, typer.Option("--code", metavar="BYTES", help="With --device: how much its code and constants take.")
    ] = "100K",
    bits: Annotated[
        int | None,
        typer.Option(
            show_default="16", help="Bits of the shipped recogniser, or of a network that is not quantized yet."
        ),
    ] = None,
    side: Annotated[
        int | None,
        typer.Option(
            "--size", min=32, max=512, show_default="128", help="With a backbone by its name: side of the image."
        ),
    ] = None,
    tensor: Annotated[
        bool,
        typer.Option("--tensor", help="With a .pt2 or .onnx of one channel: it takes a tensor, not a grey image."),
    ] = False,
    no_streaming: NoStreamingOption = False,
    no_in_place: NoInPlaceOption = False,
    no_concatenation: NoConcatenationOption = False,
    buffers: Annotated[bool, typer.Option("--buffers", help="Print every buffer too, with its offset.")] = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Write a picture of L2 over time.", show_default=False)
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page: picture, layers, buffers.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Plan the memory of a network: an offset for every buffer, the peak, and what no plan can go below.

    Steps are counted from 0 and lifetimes include their last one. Level L2 holds activations and the weights of the
    layer at hand, L3 all weights. With --device the steps are the phases of looking at one frame of 320x240, and a
    network is one buffer. With --tiles L1 is planned too, and what is told of time is a prediction for GAP8.

    What is not quantized yet is planned by its shapes, before it is trained or calibrated: its weights and formats are
    made up, which changes neither a buffer nor a step. A network of your own that takes [1,H,W] is planned for grey
    images, as bytes; --tensor plans it as calibration on floats makes it.
    """
    from peephole.compiler.memory import Memory
    from peephole.compiler.schedule import Passes

    memory = Memory(l1=byte_count(l1, "--l1"), l2=byte_count(l2, "--l2"))
    if tiles and device:
        raise typer.BadParameter("--tiles is of one program; leave out --device")
    for file, ending in ((svg, ".svg"), (html, ".html")):
        if file is not None:
            check_output(file, ending)
    counts = {"users": users, "strangers": strangers, "code_and_constants_bytes_estimate": byte_count(code, "--code")}
    program, shapes_alone = load_planned(model, bits, side, tensor)
    passes = Passes(not no_streaming, not no_in_place, not no_concatenation)
    with advised(program, passes, device):
        if device:
            planned = _plan_device(program, memory, counts, passes)
        else:
            planned = _plan_program(program, memory, tiles, passes, compare=html is not None or not json)
    if shapes_alone:
        taken = "a grey image" if program.input_kind == "image" else "a tensor"
        planned = replace(planned, title=f"{planned.title}; takes {taken}; by its shapes alone, weights are made up")
    _write(planned, svg, html)
    if json:
        told = planned.facts | {
            "shapes_alone": shapes_alone,
            "input_kind": program.input_kind,
            "passes": asdict(passes),
        }
        print_json(told | record(planned.placement, planned.arena_bytes) | {"steps": planned.steps})
        return
    _print(planned, device or buffers)


@dataclass(frozen=True)
class _Planned:
    """A plan and what there is to say of it. tables: beside those of tiles and buffers.

    arena_bytes: what activations reach over in this plan; compiled_arena_bytes: what they take by themselves.
    """

    program: "IntegerProgram"
    title: str
    placement: "Placement"
    steps: tuple[str, ...]
    arena_bytes: int
    compiled_arena_bytes: int
    facts: dict[str, Any]
    tables: tuple["Table", ...]
    tiled: "TiledSchedule | None" = None


def _plan_program(
    program: "IntegerProgram", memory: "Memory", tiles: bool, passes: "Passes", compare: bool
) -> _Planned:
    from peephole.compiler.concatenation import with_copies
    from peephole.compiler.memory import ACTIVATIONS
    from peephole.compiler.planner import place_arena
    from peephole.compiler.schedule import Passes, lower
    from peephole.compiler.tables import compiled_arena, laid_over, layer_table, pass_table
    from peephole.compiler.tiled_schedule import l1_buffers, record_tiles, tile

    schedule = lower(program, passes)
    tiled = tile(schedule, memory.l1 or 0, l2_bytes=memory.l2) if tiles else None
    buffers = (*schedule.buffers, *(l1_buffers(tiled) if tiled else ()))
    placement = place_arena(buffers, memory, steps=schedule.step_names)
    arena = compiled_arena(schedule)
    facts: dict[str, Any] = {"name": program.name, "model": program.model_id, "compiled_arena_bytes": arena}
    facts["laid_over"] = [asdict(pair) for pair in laid_over(schedule, placement)]
    run = program if passes.concatenate else with_copies(program)
    saved = (pass_table(program),) if compare and passes == Passes() else ()
    named = f"{program.name}, model {program.model_id}"
    times = "" if program.passes == 1 else f" in {program.passes} passes"
    return _Planned(
        program=program,
        title=f"{named}, {_widths(program)}: {len(schedule.steps)} steps{times}",
        placement=placement,
        steps=schedule.step_names,
        arena_bytes=placement.extent(ACTIVATIONS),
        compiled_arena_bytes=arena,
        facts=facts | ({"tiles": record_tiles(tiled)} if tiled else {}),
        tables=(layer_table(run, schedule, placement), *saved),
        tiled=tiled,
    )


def _widths(program: "IntegerProgram") -> str:
    from peephole.fixedpoint.layers import Convolution

    bits = sorted({8 * layer.weight.itemsize for layer in program.layers if isinstance(layer, Convolution)})
    return f"weights of {' and '.join(map(str, bits))} bits" if bits else "no weights"


def _plan_device(program: "IntegerProgram", memory: "Memory", counts: dict[str, int], passes: "Passes") -> _Planned:
    from peephole.compiler.device import PHASES, Device, plan_device
    from peephole.compiler.schedule import lower
    from peephole.compiler.tables import compiled_arena, phase_table
    from peephole.fixedpoint.program import IntegerProgram
    from peephole.weights import landmark_program

    landmarks = IntegerProgram.load(landmark_program())
    alone = compiled_arena(lower(program, passes))
    plan = plan_device(program, landmarks, Device(**counts), memory, passes=passes)
    built = plan.device
    return _Planned(
        program=program,
        title=f"device with {program.name}: {built.width}x{built.height} camera, {built.users} users of "
        f"{built.references} references, {built.strangers} strangers of {built.looks} looks",
        placement=plan.placement,
        steps=PHASES,
        arena_bytes=plan.arena_bytes,
        compiled_arena_bytes=alone,
        facts={"name": program.name, "model": program.model_id, "compiled_arena_bytes": alone, "device": asdict(built)},
        tables=(phase_table(plan.placement, PHASES),),
    )


def _print(planned: _Planned, buffers: bool) -> None:
    print(plain(planned.title))
    print()
    for table in planned.tables:
        plan_text.print_part(table, plan_text.LAYER_COLUMNS if "layer" in table.titles else ())
    if buffers:
        plan_text.print_buffers(planned.placement)
    plan_text.print_levels(planned.placement)
    plan_text.print_arena(planned.program.name, planned.compiled_arena_bytes, planned.arena_bytes)
    print(f"planned in {planned.placement.seconds:.2f} s")
    if planned.tiled is not None:
        print()
        plan_text.print_tiles(planned.tiled)


def _write(planned: _Planned, svg: Path | None, html: Path | None) -> None:
    from peephole.compiler import picture
    from peephole.compiler.tables import buffer_table, tile_table

    if svg is not None:
        drawn = picture.svg(planned.placement, planned.steps, planned.title)
        write_whole(svg, lambda stream: stream.write(drawn.encode()))
    if html is not None:
        tiles = (tile_table(planned.tiled),) if planned.tiled else ()
        tables = (*planned.tables, *tiles, buffer_table(planned.placement, planned.steps))
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
