"""`peephole bench kernels`: every kernel of the shipped recognisers on the portable C and on this machine's vectors."""

from typing import TYPE_CHECKING, Any

from peephole.cli.bench_network import SecondsOption
from peephole.cli.options import JsonOption
from peephole.cli.output import print_json, print_table

if TYPE_CHECKING:
    from peephole.evaluation.peers.kernel_speed import Row

TITLES = ("kernel", "work", "path", "median, us", "quartiles, us", "ratio", "same bits")


def kernels(seconds: SecondsOption = 20, json: JsonOption = False) -> None:
    """Time each kernel of the shipped recognisers of 16 and 8 bits on every path that this machine has.

    The portable C comes first and the others' ratios are to it. Also the distances from one descriptor to 10,000. Exits
    with 1 if a path wrote other bits.
    """
    import typer

    from peephole.cli.bench import machine
    from peephole.cli.programs import program_path
    from peephole.evaluation.peers.kernel_speed import kernel_speed
    from peephole.fixedpoint.program import IntegerProgram

    rows = kernel_speed([IntegerProgram.load(program_path(None, bits)) for bits in (16, 8)], seconds)
    if json:
        print_json({"rows": [_plain(row) for row in rows], "setting": machine()})
    else:
        print_table(TITLES, [_cells(row) for row in rows])
        print()
        print(", ".join(f"{name} {value}" for name, value in machine().items()))
    if not all(row.same for row in rows):
        raise typer.Exit(1)


def _cells(row: "Row") -> tuple[str, ...]:
    timing = row.timing
    quartiles = f"{timing.lower * 1e6:.1f} to {timing.upper * 1e6:.1f}"
    same = "yes" if row.same else "NO"
    return (row.kernel, row.work, row.path, f"{timing.median * 1e6:.1f}", quartiles, f"{timing.ratio:.3f}", same)


def _plain(row: "Row") -> dict[str, Any]:
    timing = row.timing
    name = f"{row.kernel} {row.work}"
    figures = {"median_us": timing.median * 1e6, "iqr_us": timing.spread * 1e6, "ratio": timing.ratio}
    return {"name": name, "path": row.path, **figures, "same_bits": row.same}
