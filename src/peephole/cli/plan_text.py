"""What `peephole plan` prints: what takes the memory, what each pass saves, and at the end how full each level is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from peephole.cli.output import plain, print_table

if TYPE_CHECKING:
    from peephole.compiler.memory import Placement
    from peephole.compiler.tables import Table
    from peephole.compiler.tiled_schedule import TiledSchedule

# The page has them all; these fit a terminal.
LAYER_COLUMNS = ("step", "layer", "window", "output", "MACs", "weight bytes", "output bytes", "alive in L2")

TILE_COLUMNS = (
    *("step", "layer", "tile", "L1 bytes", "L2 to L1", "L1 to L2", "L3 to L2"),
    *("compute cycles", "L2-L1 cycles", "L3-L2 cycles", "ms"),
)


def print_part(table: "Table", columns: Sequence[str] = ()) -> None:
    """Print a table and an empty line; of its columns only these, if any are named."""
    chosen = [table.titles.index(title) for title in columns or table.titles]
    rows = [[row[column] for column in chosen] for row in (*table.rows, table.total) if row]
    print_table([table.titles[column] for column in chosen], rows)
    print()


def print_buffers(placement: "Placement") -> None:
    """Print every buffer, memory by memory; the steps of one are the first and the last, both included."""
    rows = []
    for level in placement.levels:
        for b in placement.buffers:
            if b.level == level.level:
                steps = f"{b.first_use}" if b.first_use == b.last_use else f"{b.first_use}..{b.last_use}"
                rows.append((b.name, b.level, b.offset, b.bytes, steps, f"in {b.alias_of}" if b.alias_of else ""))
    print_table(("buffer", "level", "offset", "bytes", "steps", ""), rows)
    print()


def print_levels(placement: "Placement") -> None:
    """Print how each memory is used, and whether less is possible."""
    for plan in placement.levels:
        if plan.capacity_bytes is None:
            stored = sum(b.level == plan.level for b in placement.buffers)
            print(f"{plan.level}: {plan.peak_bytes:,} bytes of weights in {stored} buffers, side by side")
            continue
        proof = "the least possible" if plan.optimal else "not proved the least"
        print(
            f"{plan.level}: peak {plan.peak_bytes:,} of {plan.capacity_bytes:,} bytes, "
            f"lower bound {plan.lower_bound_bytes:,}; gap {100 * plan.gap:.2f} %, {proof} ({plan.method})"
        )


def print_arena(name: str, compiled: int, reach: int) -> None:
    """Print what activations take. compiled: by themselves; reach: in the plan, with weights and images among them."""
    spread = "" if reach == compiled else f"; in this plan they reach over {reach:,}, with other buffers between"
    print(f"arena of {plain(name)}: {compiled:,} bytes, its activations alone{spread}")


def print_tiles(tiled: "TiledSchedule") -> None:
    """Print the tiles of every layer with the predicted time."""
    from peephole.compiler.tables import prediction, tile_table

    print_part(tile_table(tiled), TILE_COLUMNS)
    print(f"L1: {tiled.l1_bytes:,} bytes, {tiled.target.reserved_l1_bytes:,} of them for stacks")
    print(prediction(tiled))
