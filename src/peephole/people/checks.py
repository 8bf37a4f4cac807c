"""Whether a reference belongs where it is: how near it is to the person's others, and to anybody else.

A wrong reference lets somebody in, so each one is held against the rest. The two faults are those of FaceID's gallery
check, with the doorbell's own bars in the place of its numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from peephole.people.matching import References, distance, median
from peephole.people.records import Descriptor

Fault = Literal["", "cross_risk", "self_outlier"]

_ENOUGH_TO_COMPARE = 3  # of two references that differ nobody can say which one is wrong


@dataclass(frozen=True)
class Place:
    """Where a reference lies among the others, in squared distances.

    Attributes:
        own: Median distance to the person's other references; None when there is no other.
        nearest_own: Distance to the nearest of them.
        other: Id of the nearest other person; None when there is none.
        other_distance: Distance to that person's nearest reference.
        fault: `cross_risk`: so near to somebody else that a look like it may be taken for that person, or nearer to
            somebody else than to any of the person's own; `self_outlier`: most of the person's others are as far away
            as those of a stranger.
    """

    own: int | None
    nearest_own: int | None
    other: str | None
    other_distance: int | None
    fault: Fault


def place_of(descriptor: Descriptor, own: Sequence[Descriptor], others: References, known: int, stranger: int) -> Place:
    """Hold one reference against the person's other ones and against those of other people.

    descriptor: int16 [D]. own: the person's others, int16 [D] each. others: of everybody else. known, stranger: the
    bars, squared distances.
    """
    to_own = [distance(descriptor, one) for one in own]
    to_others = others.distances(descriptor)
    other = min(to_others, key=lambda person: (to_others[person], person), default=None)
    to_other = None if other is None else to_others[other]
    nearest_own = min(to_own, default=None)
    fault: Fault = ""
    if to_other is not None and _mistakable(to_other, nearest_own, known, stranger):
        fault = "cross_risk"
    elif len(own) + 1 >= _ENOUGH_TO_COMPARE and median([0, *to_own]) > stranger:
        fault = "self_outlier"
    return Place(median(to_own) if to_own else None, nearest_own, other, to_other, fault)


def of_owner(references: References, person: str) -> list[Descriptor]:
    """Return the references of one person, int16 [D] each."""
    return [references.descriptors[place] for place, owner in enumerate(references.owners) if owner == person]


def without(references: References, person: str) -> References:
    """Return the references of everybody else."""
    keep = np.array([owner != person for owner in references.owners], bool)
    if not keep.any():
        return References.of([])
    owners = tuple(owner for owner in references.owners if owner != person)
    return References(owners, np.ascontiguousarray(references.descriptors[keep]))


def _mistakable(to_other: int, nearest_own: int | None, known: int, stranger: int) -> bool:
    return to_other <= known or (nearest_own is not None and to_other < nearest_own and to_other <= stranger)
