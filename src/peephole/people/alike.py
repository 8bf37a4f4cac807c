"""Strangers who may be one and the same, and which visits belong to some of a stranger's looks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from peephole.people.matching import References
from peephole.people.records import Descriptor


@dataclass(frozen=True)
class Pair:
    """Two owners of looks and their squared distance."""

    one: str
    other: str
    distance: int


def pairs_within(looks: References, bar: int) -> list[Pair]:
    """Return the pairs of owners within a squared distance, the nearest first.

    Of the looks of one each has a distance to the other: that of the nearest look. Their median counts, of both
    directions the smaller one: a stranger of whom one look is good and one of many is alike must be found.
    """
    if not looks.owners:
        return []
    order = np.argsort(looks.numbers, kind="stable")
    begins = np.searchsorted(looks.numbers[order], np.arange(len(looks.names)))
    middles = np.array([_middles(rows, begins) for rows in _distances(looks.descriptors[order], begins)])
    nearer = np.minimum(middles, middles.T)
    found = [(int(one), int(other)) for one, other in np.argwhere(np.triu(nearer <= bar, 1))]
    names = looks.names
    near = [Pair(names[one], names[other], int(nearer[one, other])) for one, other in found]
    return sorted(near, key=lambda pair: (pair.distance, pair.one, pair.other))


def _distances(descriptors: NDArray[np.int16], begins: NDArray[np.intp]) -> Iterator[NDArray[np.float64]]:
    """Give for each owner the squared distances [L,M] of the owner's looks to all looks.

    Sums of squares of 16-bit differences stay below 2**53 for any network's descriptors, so doubles hold them exactly.
    """
    every = descriptors.astype(np.float64)
    lengths = (every * every).sum(1)
    for begin, end in pairwise([*begins, len(every)]):
        yield lengths[begin:end, None] + lengths[None, :] - 2 * (every[begin:end] @ every.T)


def _middles(rows: NDArray[np.float64], begins: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return [N]: over one owner's looks the median of the distance to each owner's nearest; of two the larger."""
    nearest = np.minimum.reduceat(rows, begins, axis=1)
    return np.asarray(np.sort(nearest, axis=0)[len(nearest) // 2], np.float64)


def visits_that_follow(
    visits: Iterable[str],
    owners: Mapping[int, str | None],
    chosen: Sequence[int],
    descriptors: Mapping[int, Descriptor],
    looks_of: Callable[[str], Sequence[Descriptor]],
) -> list[str]:
    """Return the visits that go with the chosen looks when a stranger is split.

    A visit goes with most of the looks that are from it; where none is, or as many are chosen as are not, it goes with
    the looks that its own are nearer to, most of them. With nothing to compare it stays.

    Args:
        visits: all visits of the stranger.
        owners: the visit that each look at the stranger is from, by the looks' numbers; None: nobody knows.
        chosen: numbers of the looks that become another stranger's.
        descriptors: int16 [D] of the looks, by their numbers.
        looks_of: returns the descriptors that a visit itself kept.
    """
    references = References.of(
        ("chosen" if number in chosen else "rest", descriptor) for number, descriptor in descriptors.items()
    )
    follow = []
    for visit in visits:
        votes = [1 if number in chosen else -1 for number, owner in owners.items() if owner == visit]
        if not sum(votes):
            votes = [_vote(references.distances(look)) for look in looks_of(visit)]
        if sum(votes) > 0:
            follow.append(visit)
    return follow


def _vote(distances: Mapping[str, int]) -> int:
    return 1 if len(distances) == 2 and distances["chosen"] < distances["rest"] else -1
