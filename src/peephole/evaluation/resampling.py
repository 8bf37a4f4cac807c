"""How sure is a figure? Bootstrap over people, since the pairs of one person are not independent."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]


def people_weights(people: int, draws: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield, `draws` times, how often each of so many people is drawn, with replacement: float64 [people]."""
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield rng.multinomial(people, np.full(people, 1 / people)).astype(np.float64)


def percentiles(values: NDArray[np.float64]) -> Interval:
    """Return the middle 95 % of bootstrapped values (Efron's percentile interval)."""
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def standard_error(values: NDArray[np.float64]) -> float:
    """Return that of the mean of repeated trials, std(ddof=1) / sqrt(n); 0 for a single trial."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
