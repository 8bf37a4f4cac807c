"""What a plan says, as tables: buffers, layers with their bytes and MACs, phases of a device."""

from collections.abc import Sequence
from dataclasses import dataclass

from peephole.compiler.memory import MAIN, Placement, aligned
from peephole.compiler.schedule import Schedule
from peephole.compiler.tiled_schedule import TiledSchedule
from peephole.compiler.tiler import Cost
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
            usual = layer.usual
            tile = f"{usual.size.rows}x{usual.size.columns}x{usual.size.channels}"
            outer = "channels" if usual.size.channels_first else "rows"
            if usual.size.channels >= usual.work.channels or usual.count <= -(
                -usual.work.channels // usual.size.channels
            ):
                outer = ""  # one direction is not cut
            sizes = (usual.count, layer.turns * times, layer.l1_bytes, layer.stays)
            rows.append((number, layer.layer.name, tile, outer, *sizes, *_cost_cells(tiled, layer.cost * times)))
    titles = (
        *("step", "layer", "tile", "outer loop", "tiles", "turns", "L1 bytes", "weights that stay"),
        *("L2 to L1", "L1 to L2", "L3 to L2", "compute cycles", "L2-L1 cycles", "L3-L2 cycles", "cycles", "ms"),
    )
    passes = "" if tiled.passes == 1 else f", {tiled.passes} passes"
    total = ("", f"total{passes}", "", "", "", "", max(s.l1_bytes for s in tiled.steps), "")
    return Table(f"Tiles, {prediction(tiled)}", titles, tuple(rows), (*total, *_cost_cells(tiled, tiled.cost)))


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
