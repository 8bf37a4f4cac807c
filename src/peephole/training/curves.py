"""The curves of a run: what its CSV logs hold, drawn against the images seen."""

import csv
from pathlib import Path

import numpy as np

from peephole.evaluation.figures import empty_figure, save_figure

# What is drawn: title and columns of each panel; a column that a run did not log is left out.
PANELS = (
    ("loss", ("loss",)),
    ("terms of the loss", ("cosine_loss", "norm_loss", "relational_loss", "bank_loss")),
    ("terms of the loss", ("cross_entropy", "cosface", "arcface", "lifted")),
    ("cosine to the teacher", ("cosine", "held_out_cosine")),
    ("true-accept rate at 1 % false accepts, held out", ("held_out_tar", "held_out_tar_l2norm")),
)

Points = dict[float, float]


def read_log(run: Path) -> dict[str, Points]:
    """Return what a run logged: column -> images seen -> value.

    Each stage and each restart has a log of its own; where a restart repeated steps, the later values count.
    Raises `FileNotFoundError` where there is no log, `ValueError` where it is older than its column of images.
    """
    logs = sorted((run / "log").glob("version_*/metrics.csv"), key=lambda path: int(path.parent.name.split("_")[1]))
    if not logs:
        raise FileNotFoundError(f"{run}: no log of a run in it; name the run folder of a training configuration")
    columns: dict[str, Points] = {}
    for path in logs:
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if not row.get("images"):
                    continue
                for name, value in row.items():
                    if value and name not in ("images", "step", "epoch"):
                        columns.setdefault(name, {})[float(row["images"])] = float(value)
    if not columns:
        raise ValueError(f"{run}: its log does not say how many images were seen; train on, and draw the curves then")
    return columns


def draw_curves(run: Path, output: Path) -> None:
    """Draw the curves of a run folder as an SVG. Raises as `read_log` does."""
    columns = read_log(run)
    panels = [(title, chosen) for title, names in PANELS if (chosen := [name for name in names if name in columns])]
    figure = empty_figure(7, 2.2 * len(panels))
    for axes, (title, names) in zip(np.atleast_1d(figure.subplots(len(panels), sharex=True)), panels, strict=True):
        for name in names:
            points = sorted(columns[name].items())
            axes.plot(*zip(*points, strict=True), label=name.replace("_", " "), marker="o" if len(points) < 20 else "")
        axes.set_title(title, fontsize=9, loc="left")
        axes.legend(fontsize=7, frameon=False)
        axes.grid(alpha=0.3)
    axes.set_xlabel("images seen")
    save_figure(figure, output)
