"""The picture of the bars: how far apart the looks of one person and of different people are."""

from dataclasses import dataclass

from peephole.doorbell.policy import Bars
from peephole.people.spread import Spread

WIDTH, HEIGHT, BINS = 640, 180, 48


@dataclass(frozen=True)
class Column:
    """One column of the histogram in its own pixels; `kind` is alike or different."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Histogram:
    """Columns, and the places of the bars; `most` is the distance at the right edge."""

    columns: tuple[Column, ...]
    known: float
    stranger: float
    closest: float | None
    most: int


def histogram(spread: Spread, bars: Bars) -> Histogram:
    """Lay out both kinds of pairs over distance, each as a share of its own kind."""
    most = max([*spread.alike, *spread.different, bars.stranger]) * 1.05
    columns: list[Column] = []
    for kind, distances in (("different", spread.different), ("alike", spread.alike)):
        counts = [0] * BINS
        for distance in distances:
            counts[min(BINS - 1, int(distance / most * BINS))] += 1
        highest = max(counts)
        columns += [
            Column(kind, at * WIDTH / BINS, HEIGHT * (1 - one / highest), WIDTH / BINS, HEIGHT * one / highest)
            for at, one in enumerate(counts)
            if one
        ]
    closest = None if spread.closest is None else spread.closest.distance / most * WIDTH
    return Histogram(tuple(columns), bars.known / most * WIDTH, bars.stranger / most * WIDTH, closest, int(most))
