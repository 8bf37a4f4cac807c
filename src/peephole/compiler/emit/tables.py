"""The tables of a header's comment: the memory map, and work and bytes by layer."""

from collections.abc import Sequence

from peephole.compiler.memory import Placement
from peephole.compiler.schedule import Schedule
from peephole.fixedpoint.describe import ProgramDescription


def memory_table(placement: Placement, schedule: Schedule) -> list[str]:
    """Return a line for each buffer of the arena, by offset."""
    rows = [("offset", "bytes", "steps", "buffer")]
    for b in sorted(placement.buffers, key=lambda b: (b.offset or 0, b.first_use)):
        steps = f"{b.first_use}" if b.first_use == b.last_use else f"{b.first_use}-{b.last_use}"
        rows.append((f"{b.offset:,}", f"{b.bytes:,}", steps, b.name))
    return _aligned(rows, right=3)


def layer_table(description: ProgramDescription, schedule: Schedule) -> list[str]:
    """Return a line for each layer: the step that it runs in, its output, its MACs and its bytes of weights."""
    step_of = {layer.name: n for n, step in enumerate(schedule.steps) for layer in step.segment.layers}
    rows = [("step", "MACs", "weights", "output", "layer")]
    for layer in description.layers:
        shape = "x".join(map(str, layer.output_shape))
        rows.append((str(step_of[layer.name]), f"{layer.macs:,}", f"{layer.weight_bytes:,}", shape, layer.name))
    return _aligned(rows, right=3)


def _aligned(rows: Sequence[tuple[str, ...]], right: int) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column < right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
