"""Who is nearest: squared Euclidean distances of int16 descriptors, exact in 64 bits.

Of several distances the median counts, and of two middle values the larger: at least half of the looks must be near.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.people.records import Descriptor


def distance(a: Descriptor, b: Descriptor) -> int:
    """Return the squared distance of two descriptors."""
    return _core.squared_l2_s16(np.ascontiguousarray(a), np.ascontiguousarray(b))


def median(distances: Iterable[int]) -> int:
    """Return the median of one distance or more."""
    order = sorted(distances)
    return order[len(order) // 2]


@dataclass(frozen=True)
class References:
    """Every look that a face is compared with; `owners[i]` is whose `descriptors[i]` is (a person or a stranger)."""

    owners: tuple[str, ...]
    descriptors: NDArray[np.int16]  # [M,D], contiguous

    @classmethod
    def of(cls, looks: Iterable[tuple[str, Descriptor]]) -> "References":
        """Gather (owner, descriptor) pairs; raises ValueError when the descriptors differ in length."""
        pairs = list(looks)
        if not pairs:
            return cls((), np.empty((0, 0), np.int16))
        if len({look.shape for _, look in pairs}) != 1:
            raise ValueError("the stored descriptors differ in length; remove the people enrolled with another model")
        return cls(tuple(owner for owner, _ in pairs), np.ascontiguousarray([look for _, look in pairs], np.int16))

    def distances(self, descriptor: Descriptor) -> dict[str, int]:
        """Return each owner's squared distance: that of the nearest of the owner's looks."""
        if not self.owners:
            return {}
        every = np.empty(len(self.owners), np.uint64)
        _core.squared_l2_many_s16(np.ascontiguousarray(descriptor), self.descriptors, every)
        nearest: dict[str, int] = {}
        for owner, distance in zip(self.owners, every.tolist(), strict=True):
            if distance < nearest.get(owner, distance + 1):
                nearest[owner] = distance
        return nearest


@dataclass(frozen=True)
class Match:
    """The nearest owner, and the nearest of anybody else.

    Attributes:
        person: Id of the nearest owner; None when there is nobody to compare with.
        distance: Squared distance to the nearest owner.
        runner_up: Squared distance to the nearest other owner; None when there is no other.
    """

    person: str | None
    distance: int | None
    runner_up: int | None

    @property
    def margin(self) -> int | None:
        """How much further away the next owner is; never negative."""
        if self.distance is None or self.runner_up is None:
            return None
        return self.runner_up - self.distance


def rank(distances: dict[str, int]) -> Match:
    """Return the match of distances by owner; of equal distances the smaller id wins, so order never matters."""
    order = sorted((distance, owner) for owner, distance in distances.items())
    if not order:
        return Match(None, None, None)
    return Match(order[0][1], order[0][0], order[1][0] if len(order) > 1 else None)


def match(descriptor: Descriptor, references: References) -> Match:
    """Compare one descriptor with every reference."""
    return rank(references.distances(descriptor))


def median_distances(descriptors: Sequence[Descriptor], references: References) -> dict[str, int]:
    """Return each owner's median squared distance over several looks: one lucky look brings no stranger near."""
    looks = [references.distances(descriptor) for descriptor in descriptors]
    if not looks:
        return {}
    return {owner: median(look[owner] for look in looks) for owner in looks[0]}
