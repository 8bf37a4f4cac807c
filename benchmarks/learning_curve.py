"""Draw the learning curve of the weights that ship, from the first image of the first run to the last of the last.

    python benchmarks/learning_curve.py docs/data/learning-curve.csv docs/images/learning-curve.svg

The table has a row for each look at the held-out people: run, images seen since the first weights, side of the images,
learning rate, cosine to the teacher, and true-accept rate at 1 % false accepts after scaling to length one.
"""

import argparse
import csv
from itertools import groupby
from pathlib import Path

from peephole.evaluation.figures import empty_figure, save_figure


def draw(table: Path, output: Path) -> None:
    """Read the table and write the picture."""
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    figure = empty_figure(7, 4.4)
    panels = figure.subplots(2, sharex=True)
    for axes, column, title in zip(
        panels,
        ("cosine", "true_accept_rate"),
        ("cosine to the teacher, held-out people", "true-accept rate at 1 % false accepts, held-out people"),
        strict=True,
    ):
        for run, group in groupby(rows, key=lambda row: row["run"]):
            points = list(group)
            images = [float(row["images"]) / 1e6 for row in points]
            axes.plot(images, [float(row[column]) for row in points], marker=".", label=run)
        axes.set_title(title, fontsize=9, loc="left")
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize=7, frameon=False)
    panels[1].set_xlabel("million images seen")
    save_figure(figure, output)


def main() -> None:
    """Read the arguments and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    draw(arguments.table, arguments.output)


if __name__ == "__main__":
    main()
