"""The walks of csrc/app/tracking.c one step at a time, for tests; a doorbell has csrc/app/watch.c take the steps."""

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from peephole import _core
from peephole.doorbell.policy import Bars, Policy, milliseconds, whole_numbers
from peephole.doorbell.visit import Look
from peephole.people.records import Descriptor
from peephole.vision.detector import Box


class Walk:
    def __init__(self, core: _core.Walk, numbers: Iterator[int]) -> None:
        self.core = core
        self.kept: dict[int, Look] = {}
        self._numbers = numbers
        self._visit: str | None = None

    @property
    def number(self) -> int:
        return self.core.number

    @property
    def visit(self) -> str | None:
        return self._visit

    @visit.setter
    def visit(self, visit: str | None) -> None:
        self._visit = visit
        self.core.visit = int(visit is not None)

    @property
    def first_seen(self) -> float:
        return self.core.first_seen / 1000

    @property
    def last_seen(self) -> float:
        return self.core.last_seen / 1000

    @property
    def box(self) -> Box:
        return Box(*self.core.box)

    @property
    def tilt(self) -> int:
        return self.core.tilt

    @property
    def faces(self) -> int:
        return self.core.faces

    def add(self, look: Look, policy: Policy) -> bool:
        number = next(self._numbers)
        kept = self.core.add(_core_look(look, number), whole_numbers(policy))
        self.keep({**self.kept, number: look})
        return kept

    def keep(self, looks: dict[int, Look]) -> None:
        self.kept = {number: looks[number] for number in self.core.pictures}

    def wants_look(self, time: float, policy: Policy) -> bool:
        return self.core.wants_look(milliseconds(time), whole_numbers(policy))


class Tracker:
    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._core = _core.Tracker()
        self._numbers = count()
        self._walks: dict[int, Walk] = {}

    @property
    def walks(self) -> list[Walk]:
        return list(self._walks.values())

    def place(self, time: float, boxes: Sequence[Box]) -> list[Walk | None]:
        found = self._core.place(milliseconds(time), [box.values() for box in boxes], whole_numbers(self._policy))
        return [self._of(walk) for walk in found]

    def missing(self, time: float, placed: Sequence[Walk | None]) -> list[Walk]:
        there = [walk.core for walk in placed if walk is not None]
        lost = self._core.missing(milliseconds(time), there, whole_numbers(self._policy))
        return [self._walks[walk.number] for walk in lost]

    def is_someone_else(self, walk: Walk, look: Look, bars: Bars) -> bool:
        return walk.core.is_someone_else(_core_look(look), dataclasses.astuple(bars), whole_numbers(self._policy))

    def crossed(self, walk: Walk, look: Look, bars: Bars) -> Walk | None:
        numbers = whole_numbers(self._policy)
        return self._of(self._core.crossed(walk.core, _core_look(look), dataclasses.astuple(bars), numbers))

    def rejoin(self, look: Look, bars: Bars, busy: set[int]) -> Walk | None:
        taken = [self._walks[number].core for number in busy if number in self._walks]
        numbers = whole_numbers(self._policy)
        return self._of(self._core.rejoin(_core_look(look), dataclasses.astuple(bars), taken, numbers))

    def begin(self, time: float, box: Box) -> Walk:
        walk = Walk(self._core.begin(milliseconds(time), box.values()), self._numbers)
        self._walks[walk.number] = walk
        return walk

    def follow(self, walk: Walk, time: float, box: Box, tilt: int = 0) -> None:
        walk.core.follow(milliseconds(time), box.values(), tilt)

    def merge(self, into: Walk, walk: Walk) -> None:
        del self._walks[walk.number]
        self._core.merge(into.core, walk.core, whole_numbers(self._policy))
        into.keep({**into.kept, **walk.kept})

    def forget(self, walk: Walk) -> None:
        del self._walks[walk.number]
        self._core.forget(walk.core)

    def over(self, time: float) -> list[Walk]:
        ended = self._core.over(milliseconds(time), whole_numbers(self._policy))
        return [self._walks[walk.number] for walk in ended]

    def _of(self, walk: _core.Walk | None) -> Walk | None:
        return None if walk is None else self._walks[walk.number]


def _core_look(look: Look, number: int = 0) -> _core.Look:
    descriptor: Descriptor = np.ascontiguousarray(look.descriptor)
    return _core.Look(milliseconds(look.time), look.quality.value, look.quality.good, number, descriptor)
