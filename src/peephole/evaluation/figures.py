"""Figures as SVG or PNG files that come out the same each time: no date, no random ids."""

from pathlib import Path
from typing import Any

from peephole.extras import missing
from peephole.whole_files import write_whole

RED, BLUE, GREY = "#c0392b", "#2c5f8a", "#777777"


def empty_figure(width: float, height: float) -> Any:
    """Return a figure of so many inches, drawn without a screen. Raises `ValueError` where matplotlib is missing."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ValueError(missing("a plot", error.name, "demo")) from error
    mpl.rcParams["svg.hashsalt"] = "peephole"  # the same ids each time
    return Figure(figsize=(width, height), layout="constrained")


def new_figure(columns: int = 1, rows: int = 1, width: float = 6.4, height: float = 4.2) -> tuple[Any, Any]:
    """Return a figure as `empty_figure` makes it, and its axes [rows][columns]."""
    figure = empty_figure(width, height)
    return figure, figure.subplots(rows, columns, squeeze=False)


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure as SVG or PNG, by the file's ending. Raises `OSError` as `write_whole` does."""
    kind = path.suffix[1:].lower()
    told = {"Date" if kind == "svg" else "Software": None}
    write_whole(path, lambda file: figure.savefig(file, format=kind, dpi=120, metadata=told))
