"""Plots of the protocols."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from peephole.evaluation.figures import BLUE, GREY, RED, new_figure, save_figure
from peephole.evaluation.openset import Estimate, OpenSet
from peephole.evaluation.strangers import Deduplication
from peephole.evaluation.thirds import Part


def check_plot(path: Path) -> None:
    """Raise `ValueError` for a file that is no SVG, or where matplotlib is missing: before the work, not after it."""
    if path.suffix.lower() != ".svg":
        raise ValueError(f"{path}: plots are SVG files; name one that ends in .svg")
    new_figure()


def _with_band(axes: Any, x: Sequence[float], y: Sequence[Estimate], colour: str, label: str) -> None:
    """Draw a line with a band of one deviation from trial to trial, cut off at 0 and 1."""
    axes.plot(x, [one.mean for one in y], color=colour, label=label)
    low = [max(0.0, one.mean - one.deviation) for one in y]
    high = [min(1.0, one.mean + one.deviation) for one in y]
    axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)


def plot_openset(path: Path, found: OpenSet) -> None:
    """Draw false rejects over false accepts, and where the program's own bars lie."""
    figure, axes = new_figure()
    one, household = axes[0][0], found.household
    x = [max(rate.mean, 1e-5) for rate in found.curve.false_accept]
    _with_band(one, x, found.curve.false_reject, BLUE, "not named, or named wrongly")
    _with_band(one, x, found.curve.wrong_person, RED, "named wrongly")
    if found.rates is not None:
        accepts, right = max(found.rates["false_accept"].mean, 1e-5), found.rates["right"].mean
        one.plot([accepts], [1 - right], "o", color="black", label="at the program's bars")
    title = f"{household.users} people with {household.references} pictures each, everybody else a stranger"
    one.set(xscale="log", xlabel="strangers' looks that are given a name", ylabel="household's looks", title=title)
    one.set_ylim(0, 1)
    one.grid(alpha=0.3)
    one.legend(loc="upper right", frameon=False)
    save_figure(figure, path)


def plot_strangers(path: Path, found: Deduplication) -> None:
    """Draw people merged and people split over the bar; squared distances are drawn in millions."""
    figure, axes = new_figure()
    one = axes[0][0]
    x = [at.bar / 1e6 for at in found.curve]
    _with_band(one, x, [at.figures["merged"] for at in found.curve], RED, "people merged with somebody else")
    _with_band(one, x, [at.figures["split"] for at in found.curve], BLUE, "people split, of those who came again")
    if found.own is not None:
        one.axvline(found.own.bar / 1e6, color="black", linewidth=1, linestyle=":", label="the program's bar")
    title = f"{found.strangers} strangers, every look a visit"
    one.set(xlabel="bar for the same stranger (squared distance, millions)", ylabel="people", title=title)
    one.set_ylim(0, 1)
    one.grid(alpha=0.3)
    one.legend(loc="upper left", framealpha=1, edgecolor="none")
    save_figure(figure, path)


def plot_parts(path: Path, parts: Sequence[Part], title: str) -> None:
    """Draw the false rejects of the thirds of every measure, with two standard errors."""
    parts = [part for part in parts if part.false_reject is not None]
    measures = list(dict.fromkeys(part.measure for part in parts))
    columns = 3
    rows = -(-len(measures) // columns)
    figure, axes = new_figure(columns, rows, 8.0, 2.2 * rows)
    rejects = [(part.false_reject.mean, 2 * part.false_reject.stderr) for part in parts if part.false_reject]
    most = max((mean + error for mean, error in rejects), default=0.0) or 1.0
    for number, measure in enumerate(measures):
        one = axes[number // columns][number % columns]
        some = [(part, *reject) for part, reject in zip(parts, rejects, strict=True) if part.measure == measure]
        names = [f"{part.low} to {part.high}" if part.low < part.high else f"{part.low}" for part, _, _ in some]
        one.bar(names, [mean for _, mean, _ in some], yerr=[error for *_, error in some], color=BLUE, ecolor=GREY)
        one.set_title(measure, fontsize=10)
        one.set_ylim(0, most * 1.05)
        one.tick_params(labelsize=8)
    for number in range(len(measures), rows * columns):
        axes[number // columns][number % columns].axis("off")
    figure.suptitle(title)
    save_figure(figure, path)
