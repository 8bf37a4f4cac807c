"""Faces of one frame after another -> walks of one person each. Pure: no clock of its own, no storage, no pixels.

A `Walk` follows one face by its place and, after a gap, by its look. It becomes a visit after `opening_faces` faces.
All of it is csrc/app/tracking.c, which counts in whole milliseconds; looks with their pictures stay here, by number.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from peephole import _core
from peephole.doorbell.policy import Bars, Policy, milliseconds, whole_numbers
from peephole.doorbell.visit import Decision, Sighting
from peephole.people.records import Descriptor
from peephole.vision.detector import Box


class Walk:
    """One person in view, or out of view for less than the gap.

    Attributes:
        number: Tells the walks of one tracker apart.
        kept: The best looks so far with their running numbers, at most `policy.keep_looks`.
        visit: Id of the visit, once there is one.
        decision: The newest decision.
        announced: (kind, person, stranger) as the owner last heard it.
        saved: Time of the last write, None when there is something to write.
    """

    def __init__(self, core: _core.Walk, numbers: Iterator[int]) -> None:
        """Look at a walk of the core; `numbers` are those of the looks to come."""
        self.core = core
        self.kept: dict[int, Sighting] = {}
        self.decision: Decision | None = None
        self.announced: tuple[str, str | None, str | None] | None = None
        self.saved: float | None = None
        self._numbers = numbers
        self._visit: str | None = None

    @property
    def number(self) -> int:
        """What tells it apart."""
        return self.core.number

    @property
    def visit(self) -> str | None:
        """Id of the visit."""
        return self._visit

    @visit.setter
    def visit(self, visit: str | None) -> None:
        self._visit = visit
        self.core.visit = int(visit is not None)

    @property
    def first_seen(self) -> float:
        """Time of the first face in seconds, to the millisecond."""
        return self.core.first_seen / 1000

    @property
    def last_seen(self) -> float:
        """Time of the newest face in seconds, to the millisecond."""
        return self.core.last_seen / 1000

    @property
    def box(self) -> Box:
        """Where the face was seen last."""
        return Box(*self.core.box)

    @property
    def tilt(self) -> int:
        """By how many degrees the face leans clockwise."""
        return self.core.tilt

    @property
    def faces(self) -> int:
        """Frames in which the face was found."""
        return self.core.faces

    def add(self, look: Sighting, policy: Policy) -> bool:
        """Keep a look if it is among the best; return whether it was kept."""
        number = next(self._numbers)
        kept = self.core.add(_core_look(look, number), whole_numbers(policy))
        self.keep({**self.kept, number: look})
        return kept

    def keep(self, looks: dict[int, Sighting]) -> None:
        """Take those of the looks that the core has kept."""
        self.kept = {number: looks[number] for number in self.core.pictures}

    def wants_look(self, time: float, policy: Policy) -> bool:
        """Say whether it is time to describe the face again."""
        return self.core.wants_look(milliseconds(time), whole_numbers(policy))


class Tracker:
    """The walks in view. Feed it each frame's boxes in the order of time, then the looks at them."""

    def __init__(self, policy: Policy) -> None:
        """Start with an empty view."""
        self._policy = policy
        self._core = _core.Tracker()
        self._numbers = count()
        self._walks: dict[int, Walk] = {}

    @property
    def walks(self) -> list[Walk]:
        """The walks in view, the oldest first."""
        return list(self._walks.values())

    def place(self, time: float, boxes: Sequence[Box]) -> list[Walk | None]:
        """Find each box's walk by its place in the last frames; the closest pairs first, each walk once."""
        found = self._core.place(milliseconds(time), [box.values() for box in boxes], whole_numbers(self._policy))
        return [self._of(walk) for walk in found]

    def missing(self, time: float, placed: Sequence[Walk | None]) -> list[Walk]:
        """Return the walks whose face was in view just now and was not found in this frame."""
        there = [walk.core for walk in placed if walk is not None]
        lost = self._core.missing(milliseconds(time), there, whole_numbers(self._policy))
        return [self._walks[walk.number] for walk in lost]

    def is_someone_else(self, walk: Walk, look: Sighting, bars: Bars) -> bool:
        """Say whether a look taken at the place of a walk after a blink cannot be the same person."""
        return walk.core.is_someone_else(_core_look(look), dataclasses.astuple(bars), whole_numbers(self._policy))

    def crossed(self, walk: Walk, look: Sighting, bars: Bars) -> Walk | None:
        """Find the other walk that a look belongs to: clearly not this one, and clearly that one."""
        numbers = whole_numbers(self._policy)
        return self._of(self._core.crossed(walk.core, _core_look(look), dataclasses.astuple(bars), numbers))

    def rejoin(self, look: Sighting, bars: Bars, busy: set[int]) -> Walk | None:
        """Find the walk, out of view for less than the gap, that a good look belongs to by its likeness."""
        taken = [self._walks[number].core for number in busy if number in self._walks]
        numbers = whole_numbers(self._policy)
        return self._of(self._core.rejoin(_core_look(look), dataclasses.astuple(bars), taken, numbers))

    def begin(self, time: float, box: Box) -> Walk:
        """Follow a new face."""
        walk = Walk(self._core.begin(milliseconds(time), box.values()), self._numbers)
        self._walks[walk.number] = walk
        return walk

    def follow(self, walk: Walk, time: float, box: Box, tilt: int = 0) -> None:
        """Note that a walk's face is in view."""
        walk.core.follow(milliseconds(time), box.values(), tilt)

    def merge(self, into: Walk, walk: Walk) -> None:
        """Turn a walk without a visit into the continuation of another."""
        del self._walks[walk.number]
        self._core.merge(into.core, walk.core, whole_numbers(self._policy))
        into.saved = None
        into.keep({**into.kept, **walk.kept})

    def forget(self, walk: Walk) -> None:
        """Drop a walk that has ended."""
        del self._walks[walk.number]
        self._core.forget(walk.core)

    def over(self, time: float) -> list[Walk]:
        """Return the walks that have ended, oldest first; a flicker ends sooner than a visit."""
        ended = self._core.over(milliseconds(time), whole_numbers(self._policy))
        return [self._walks[walk.number] for walk in ended]

    def _of(self, walk: _core.Walk | None) -> Walk | None:
        return None if walk is None else self._walks[walk.number]


def _core_look(look: Sighting, number: int = 0) -> _core.Look:
    descriptor: Descriptor = np.ascontiguousarray(look.descriptor)
    return _core.Look(milliseconds(look.time), look.quality.value, look.quality.good, number, descriptor)
