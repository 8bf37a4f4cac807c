"""How far apart the looks of a household are: what an owner needs to see before a bar is moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.people.matching import References, pairwise_distances

_MOST_LOOKS = 1000  # of whom all pairs are counted; a household has some dozens


@dataclass(frozen=True)
class ClosestPair:
    """The two people who are most alike, by their nearest looks (squared distance)."""

    people: tuple[str, str]
    distance: int


@dataclass(frozen=True)
class Spread:
    """Squared distances of pairs of looks.

    Attributes:
        alike: both of the same person, sorted.
        different: of two people, or of a person and a stranger, sorted.
        closest: the two people who are most alike; None for fewer than two.
    """

    alike: tuple[int, ...]
    different: tuple[int, ...]
    closest: ClosestPair | None


def spread_of(people: References, strangers: References) -> Spread:
    """Compare every look of a person with every other one, and with those of strangers."""
    own = people.descriptors[:_MOST_LOOKS].astype(np.int64)
    owners = np.array(people.owners[:_MOST_LOOKS])
    if not len(own):
        return Spread((), (), None)
    between = pairwise_distances(own, own)
    first, second = np.triu_indices(len(own), 1)
    same = owners[first] == owners[second]
    pairs = between[first, second]
    others = pairs[~same]
    closest = None
    if len(others):
        place = int(np.argmin(np.where(same, np.iinfo(np.int64).max, pairs)))
        names = sorted((str(owners[first[place]]), str(owners[second[place]])))
        closest = ClosestPair((names[0], names[1]), int(pairs[place]))
    if len(strangers.owners):
        far = pairwise_distances(own, strangers.descriptors[:_MOST_LOOKS].astype(np.int64)).ravel()
        others = np.concatenate([others, far])
    return Spread(_sorted(pairs[same]), _sorted(others), closest)


def _sorted(distances: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(int(one) for one in np.sort(distances))
