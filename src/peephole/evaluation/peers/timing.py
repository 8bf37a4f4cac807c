"""Times of things that do the same work, taken in turns, so that a machine that slows down slows all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Work = Callable[[], object]
LONG_TURN = 0.01  # seconds after which a turn ends


@dataclass(frozen=True)
class Timing:
    """Seconds of one call: the median, and the quartiles around it. ratio: to the first, the median over turns."""

    median: float
    lower: float
    upper: float
    ratio: float

    @property
    def spread(self) -> float:
        """Seconds from the lower quartile to the upper one."""
        return self.upper - self.lower


def in_turns(works: Mapping[str, Work], seconds: float, calls: int = 5) -> dict[str, Timing]:
    """Time every work, for about `seconds` in all.

    In each turn each is called once to warm the caches, and then timed `calls` times, of which the median counts; what
    is slow is timed less often. There are at least five turns.
    """
    if not works:
        return {}
    turns: dict[str, list[float]] = {name: [] for name in works}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(next(iter(turns.values()))) < 5:
        for name, work in works.items():
            turns[name].append(_turn(work, calls))
    first = next(iter(turns.values()))
    return {name: _timing(found, first) for name, found in turns.items()}


def _turn(work: Work, calls: int) -> float:
    work()
    taken: list[float] = []
    while len(taken) < calls and sum(taken) < LONG_TURN:
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _timing(found: list[float], first: list[float]) -> Timing:
    lower, median, upper = statistics.quantiles(found, n=4)
    ratio = statistics.median(one / other for one, other in zip(found, first, strict=True))
    return Timing(median, lower, upper, ratio)
