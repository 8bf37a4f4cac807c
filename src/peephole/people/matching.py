"""Who is nearest: squared Euclidean distances of int16 descriptors, exact in 64 bits; computed by csrc/app/matching.c.

Of several distances the median counts, and of two middle values the larger: at least half of the looks must be near.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.people.records import Descriptor

_MOST_OWNERS = 65_535  # numbers of 16 bits, of which one means nobody


def distance(a: Descriptor, b: Descriptor) -> int:
    """Return the squared distance of two descriptors."""
    return _core.squared_l2_s16(np.ascontiguousarray(a), np.ascontiguousarray(b))


def median(distances: Iterable[int]) -> int:
    """Return the median of one distance or more."""
    return _core.median(np.fromiter(distances, np.uint64))


def pairwise_distances(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the squared distances [N,M] of rows [N,D] and [M,D], exact in 64 bits."""
    return np.asarray((a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * (a @ b.T), np.int64)


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

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Everybody who owns a look, in order; the core knows each by the place in this tuple."""
        return tuple(sorted(set(self.owners)))

    @cached_property
    def numbers(self) -> NDArray[np.uint16]:
        """The place in `names` of each look's owner [M]; raises ValueError for more owners than 16 bits tell apart."""
        if len(self.names) > _MOST_OWNERS:
            raise ValueError(f"{len(self.names)} people are compared with; the most are {_MOST_OWNERS}")
        place = {name: number for number, name in enumerate(self.names)}
        return np.array([place[owner] for owner in self.owners], np.uint16)

    @property
    def columns(self) -> tuple[NDArray[np.uint16], NDArray[np.int16], int]:
        """The same as the core takes it: each look's owner as a number [M], descriptors [M,D], how many owners."""
        return self.numbers, self.descriptors, len(self.names)

    def distances(self, descriptor: Descriptor) -> dict[str, int]:
        """Return each owner's squared distance: that of the nearest of the owner's looks."""
        return {name: distances[0] for name, distances in self.nearest([descriptor]).items()}

    def nearest(self, descriptors: Sequence[Descriptor]) -> dict[str, list[int]]:
        """Return the squared distances of several looks to each owner."""
        if not self.owners:
            return {}
        nearest = np.empty((len(self.names), len(descriptors)), np.uint64)
        _core.nearest_distances(np.ascontiguousarray(descriptors), self.columns, nearest)
        return dict(zip(self.names, nearest.tolist(), strict=True))


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
    names = sorted(distances)
    owner, distance, runner_up = _core.rank(np.array([distances[name] for name in names], np.uint64))
    return Match(None if owner is None else names[owner], distance, runner_up)


def match(descriptor: Descriptor, references: References) -> Match:
    """Compare one descriptor with every reference."""
    return rank(references.distances(descriptor))


def median_distances(descriptors: Sequence[Descriptor], references: References) -> dict[str, int]:
    """Return each owner's median squared distance over several looks: one lucky look brings no stranger near."""
    if not descriptors:
        return {}
    return {name: median(distances) for name, distances in references.nearest(descriptors).items()}
