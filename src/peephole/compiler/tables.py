"""What a plan says, as tables: buffers, layers with their bytes and MACs, phases of a device."""

from collections.abc import Sequence
from dataclasses import dataclass

from peephole.compiler.memory import ACTIVATIONS, MAIN, Placement, aligned
from peephole.compiler.overlap import need
from peephole.compiler.planner import place
from peephole.compiler.schedule import Passes, Schedule, lower
from peephole.compiler.segments import row_bytes
from peephole.compiler.tiled_schedule import TiledSchedule
from peephole.compiler.tiler import Cost, Tiling
from peephole.fixedpoint.describe import describe
from peephole.fixedpoint.program import IntegerProgram


@dataclass(frozen=True)
class Table:
    """Rows under titles; whole numbers are counts. total: a last row, empty where there is none."""

    title: str
    titles: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    total: tuple[str | int, ...] = ()


def alive_bytes(placement: Placement, steps: int, level: str = MAIN) -> list[int]:
    """Return the bytes of a level that are alive at each step, views not counted."""
    whole = [b for b in placement.buffers if b.level == level and b.alias_of is None]
    return [
        sum(aligned(b.bytes, placement.alignment) for b in whole if b.first_use <= step <= b.last_use)
        for step in range(steps)
    ]


@dataclass(frozen=True)
class LaidOver:
    """A tensor that is written over another, which dies at that step: both are views of one buffer.

    lead_bytes: how far before the other it begins; needed_bytes: how far it must, so that each row of the other is
    read for the last time before anything is written there (`streaming.Segment.lead_bytes`).
    """

    step: int
    written: str
    over: str
    lead_bytes: int
    needed_bytes: int


def laid_over(schedule: Schedule, placement: Placement) -> tuple[LaidOver, ...]:
    """Return which tensors share bytes while both are alive, step by step."""
    owner = {b.name: b.alias_of or b.name for b in placement.buffers}
    rows = {name: row_bytes(tensor) for name, tensor in schedule.tensors.items()}
    found = []
    for number, step in enumerate(schedule.steps):
        written = step.segment.output
        for name in step.reads:
            if name in rows and name != written and owner[name] == owner[written]:
                lead = placement.offset(name) - placement.offset(written)
                needed = step.segment.lead_bytes(name, rows)
                found.append(LaidOver(number, written, name, lead, needed))
    return tuple(found)


def compiled_arena(schedule: Schedule) -> int:
    """Return the bytes that the activations take by themselves, as in emitted C, which plans nothing else."""
    arena = [b for b in schedule.buffers if b.level == MAIN and b.holds == ACTIVATIONS]
    return place(arena).peak_bytes


def pass_table(program: IntegerProgram) -> Table:
    """Return what activations, and L2 in all, need with every pass, without each, and without all of them.

    Segments and overlaps are chosen to make both low, so that a pass may pay a little of one for more of the other.
    """
    chosen = {
        "with all passes": Passes(),
        "without row streaming": Passes(streaming=False),
        "without in place": Passes(in_place=False),
        "without concatenation": Passes(concatenate=False),
        "without all three": Passes(streaming=False, in_place=False, concatenate=False),
    }
    rows: list[tuple[str | int, ...]] = []
    for name, passes in chosen.items():
        schedule = lower(program, passes)
        rows.append((name, compiled_arena(schedule), need(schedule.buffers).total))
    return Table("What each pass saves", ("passes", "arena bytes", "alive in L2"), tuple(rows))


def buffer_table(placement: Placement, steps: Sequence[str]) -> Table:
    """Return the buffers of a plan, in their order."""
    rows = []
    for b in placement.buffers:
        first, last = f"{b.first_use} {steps[b.first_use]}", f"{b.last_use} {steps[b.last_use]}"
        rows.append((b.name, b.level, b.holds, f"0x{b.offset or 0:06x}", b.bytes, first, last, b.alias_of or ""))
    titles = ("buffer", "level", "holds", "offset", "bytes", "first use", "last use", "view of")
    return Table("Buffers", titles, tuple(rows))


def layer_table(program: IntegerProgram, schedule: Schedule, placement: Placement) -> Table:
    """Return the layers of a program with their work and bytes, and the step that each runs at with what is alive."""
    alive = alive_bytes(placement, len(schedule.steps))
    step_of = {layer.name: n for n, step in enumerate(schedule.steps) for layer in step.segment.layers}
    rows: list[tuple[str | int, ...]] = []
    described = describe(program)
    for layer in described.layers:
        shapes = ("x".join(map(str, layer.input_shape)), "x".join(map(str, layer.output_shape)))
        counts = (layer.macs, layer.weight_bytes, layer.output_bytes)
        step = step_of[layer.name]
        rows.append((step, layer.name, layer.kind, layer.window, *shapes, *counts, alive[step]))
    titles = (
        "step",
        "layer",
        "kind",
        "window",
        "input",
        "output",
        "MACs",
        "weight bytes",
        "output bytes",
        "alive in L2",
    )
    passes = "" if program.passes == 1 else f", {program.passes} passes"
    total = ("", f"total{passes}", "", "", "", "", described.macs, described.weight_bytes, "", max(alive))
    return Table("Layers", titles, tuple(rows), total)


def tile_table(tiled: TiledSchedule) -> Table:
    """Return for each layer its tiles in most of its turns, bytes moved, and predicted cycles, of all passes."""
    rows: list[tuple[str | int, ...]] = []
    for number, step in enumerate(tiled.steps):
        times = tiled.passes_of(number)
        for layer in step.layers:
            size = layer.usual.size
            tile = f"{size.rows}x{size.columns}x{size.channels}"
            sizes = (layer.usual.count, layer.turns * times, layer.l1_bytes, layer.stays)
            cells = (tile, _outer_loop(layer.usual), *sizes, *_cost_cells(tiled, tiled.cost_of(number, layer)))
            rows.append((number, layer.layer.name, *cells))
    titles = (
        *("step", "layer", "tile", "outer loop", "tiles", "turns", "L1 bytes", "weights that stay"),
        *("L2 to L1", "L1 to L2", "L3 to L2", "compute cycles", "L2-L1 cycles", "L3-L2 cycles", "cycles", "ms"),
    )
    passes = "" if tiled.passes == 1 else f", {tiled.passes} passes"
    total = ("", f"total{passes}", "", "", "", "", max(s.l1_bytes for s in tiled.steps), "")
    return Table(f"Tiles, {prediction(tiled)}", titles, tuple(rows), (*total, *_cost_cells(tiled, tiled.cost)))


def _outer_loop(tiling: Tiling) -> str:
    """Return what the outer loop over a layer's tiles runs over; nothing where there is one loop alone."""
    blocks = -(-tiling.work.channels // tiling.size.channels)
    if blocks == 1 or tiling.count <= blocks:
        return ""
    return "channels" if tiling.size.channels_first else "rows"


def prediction(tiled: TiledSchedule) -> str:
    """Return what the prediction comes to, and that it is one."""
    target = tiled.target
    clock = f"{target.clock_hz / 1e6:g} MHz, {target.cores} cores, L3 of {target.l3_bytes_per_second / 1e6:g} MB/s"
    return f"predicted, not measured: {tiled.milliseconds:.1f} ms on {target.name} ({clock})"


def _cost_cells(tiled: TiledSchedule, cost: Cost) -> tuple[str | int, ...]:
    moved = (cost.in_bytes, cost.out_bytes, cost.stored_bytes)
    cycles = (cost.compute, cost.moved, cost.stored, cost.cycles)
    return (*moved, *cycles, f"{tiled.target.milliseconds(cost.cycles):.2f}")


def phase_table(placement: Placement, phases: Sequence[str]) -> Table:
    """Return for each phase of a device what is alive in L2, and the largest of it."""
    rows = []
    for step, (phase, count) in enumerate(zip(phases, alive_bytes(placement, len(phases)), strict=True)):
        there = [b for b in placement.buffers if b.level == MAIN and b.first_use <= step <= b.last_use]
        largest = sorted(there, key=lambda b: -b.bytes)[:3]
        rows.append((step, phase, count, ", ".join(f"{b.name} {b.bytes:,}" for b in largest)))
    return Table("Phases", ("step", "phase", "alive in L2", "largest buffers"), tuple(rows))
