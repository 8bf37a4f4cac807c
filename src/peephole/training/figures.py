"""Figures as SVG files that are the same for the same data: no date, no random ids."""

from pathlib import Path

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure


def save_svg(figure: Figure, output: Path) -> None:
    """Write a figure as SVG. Raises `OSError` where that fails."""
    with matplotlib.rc_context({"svg.hashsalt": "peephole"}):
        figure.savefig(output, format="svg", metadata={"Date": None})
