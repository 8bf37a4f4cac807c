"""How the tables of `peephole bench` show times, and what its commands have in common."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from peephole.evaluation.peers.rows import Row

QuickOption = Annotated[
    bool, typer.Option("--quick", help="A few seconds in all, to see that it works; the figures are worth little.")
]
QUICK_SECONDS = 0.3


def setting(packages: Mapping[str, str]) -> dict[str, str]:
    """Return what times were measured with: the machine, and the versions of packages by what a table calls them."""
    from peephole.cli.bench import machine
    from peephole.evaluation.peers.quantizers import versions

    return machine() | versions({"NumPy": "numpy", "OpenCV": "opencv-python-headless"} | dict(packages))


def print_notes(found: Mapping[str, str], reasons: Mapping[str, str]) -> None:
    """Print under a table why rows have no time, and what it was measured with."""
    print()
    for name, why in reasons.items():
        print(f"{name}: none, {why}")
    print(", ".join(f"{name} {value}" for name, value in found.items()))


def reasons(rows: "Sequence[Row]") -> dict[str, str]:
    """Return why rows have no time, by their names."""
    return {row.name: row.why_not for row in rows if row.timing is None}


def cells(row: "Row", digits: int = 3) -> Sequence[str]:
    """Return milliseconds of a row: median, quartiles, processor time, and the ratio of that to the first's."""
    timing = row.timing
    if timing is None or row.processor is None or row.processor_ratio is None:
        return ("none", "", "", "")
    quartiles = f"{timing.lower * 1e3:.{digits}f} to {timing.upper * 1e3:.{digits}f}"
    processor = f"{row.processor * 1e3:.{digits}f}"
    return (f"{timing.median * 1e3:.{digits}f}", quartiles, processor, f"{row.processor_ratio:.2f}")


def as_json(row: "Row") -> dict[str, Any]:
    """Return a row for --json."""
    timing = row.timing
    if timing is None or row.processor is None or row.processor_ratio is None:
        told: dict[str, Any] = {"median_ms": None, "iqr_ms": None, "ratio": None, "why_not": row.why_not}
    else:
        told = {"median_ms": timing.median * 1e3, "iqr_ms": timing.spread * 1e3, "ratio": timing.ratio}
        told |= {"processor_ms": row.processor * 1e3, "processor_ratio": row.processor_ratio}
    return {"name": row.name} | told | dict(row.found)
