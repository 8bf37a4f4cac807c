"""The results of a grid as a table, a plot and JSON."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from peephole.evaluation.figures import empty_figure, save_figure
from peephole.evaluation.verification import METRICS
from peephole.training.checkpoints import START_AGAIN
from peephole.whole_files import write_text

Result = dict[str, Any]
TITLES = {"l1": "L1", "l2": "L2", "cosine": "cosine", "l2norm": "L2 norm"}
SHOWN = ("l1", "l2", "cosine", "l2norm")


def _cells(result: Result, crop: str) -> dict[str, tuple[float, float]]:
    """Return accuracy and standard error by metric."""
    return {r["metric"]: (r["accuracy"], r["stderr"]) for r in result["measured"] if r["crop"] == crop}


def _crops(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(record["crop"] for result in results for record in result["measured"]))


def markdown(results: Sequence[Result]) -> str:
    """Return the table: a row for each run and crop, a column for each metric, accuracy and its standard error."""
    axes = list(results[0]["levels"])
    metrics = [metric for metric in SHOWN if metric in METRICS]
    lines = [
        "| " + " | ".join([*axes, "crop", *(TITLES[m] for m in metrics)]) + " |",
        "|" + "---|" * (len(axes) + 1 + len(metrics)),
    ]
    for result, crop in itertools.product(results, _crops(results)):
        cells = _cells(result, crop)
        values = [f"{cells[m][0]:.4f} ± {cells[m][1]:.4f}" for m in metrics]
        lines.append("| " + " | ".join([*result["levels"].values(), crop, *values]) + " |")
    return "\n".join(lines) + "\n"


def draw(results: Sequence[Result], output: Path) -> None:
    """Draw accuracies with their standard errors: a panel for each crop and further axis, the first axis across."""
    axes = list(results[0]["levels"])
    across = list(dict.fromkeys(result["levels"][axes[0]] for result in results))
    others = list(dict.fromkeys(tuple(result["levels"][axis] for axis in axes[1:]) for result in results))
    crops = _crops(results)
    figure = empty_figure(max(5.0, 1.1 * len(across)) * len(others), 2.8 * len(crops))
    panels = figure.subplots(len(crops), len(others), sharex=True, sharey=True, squeeze=False)
    for (row, crop), (column, other) in itertools.product(enumerate(crops), enumerate(others)):
        panel = panels[row][column]
        told = [f"{axis}: {level}" for axis, level in zip(axes[1:], other, strict=True)]
        panel.set_title(", ".join([f"crop: {crop}", *told]), fontsize=9, loc="left")
        for number, metric in enumerate(SHOWN):
            places, values, errors = [], [], []
            for result in results:
                if tuple(result["levels"][axis] for axis in axes[1:]) == other:
                    value, error = _cells(result, crop)[metric]
                    places.append(across.index(result["levels"][axes[0]]) + (number - 1.5) * 0.14)
                    values.append(value)
                    errors.append(error)
            panel.errorbar(places, values, errors, fmt="o", markersize=3.5, capsize=2, label=TITLES[metric])
        panel.set_xticks(np.arange(len(across)), across, rotation=20, ha="right", fontsize=8)
        panel.grid(axis="y", alpha=0.3)
        if column == 0:
            panel.set_ylabel("accuracy", fontsize=8)
    panels[0][0].legend(fontsize=7, frameon=False, ncols=2)
    save_figure(figure, output)


def write_results(results: Sequence[Result], folder: Path) -> None:
    """Write results.json, results.md and results.svg into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "results.json", json.dumps(list(results), indent=1, default=str) + "\n", START_AGAIN)
    write_text(folder / "results.md", markdown(results), START_AGAIN)
    draw(results, folder / "results.svg")
