"""The tracker in plain Python and floating point: what the C of csrc/app/tracking.c is compared with."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from decisions_in_python import distance
from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.visit import Look
from peephole.people.records import Descriptor
from peephole.vision.detector import Box

_LEAST_OVERLAP = 0.3
_MOST_GROWTH = 2.0
_NEAR_CENTRES = 0.6  # of the mean side


@dataclass
class Walk:
    number: int
    first_seen: float
    last_seen: float
    box: Box
    tilt: int = 0
    faces: int = 1
    looks: int = 0
    last_look: float | None = None
    kept: dict[int, Look] = field(default_factory=dict)
    visit: str | None = None

    def add(self, look: Look, policy: Policy) -> bool:
        number = self.looks
        self.looks += 1
        self.last_look = look.time
        if len(self.kept) >= policy.keep_looks:
            worst = min(self.kept, key=lambda key: (_worth(self.kept[key]), -key))
            if _worth(self.kept[worst]) >= _worth(look):
                return False
            del self.kept[worst]
        self.kept[number] = look
        return True

    def wants_look(self, time: float, policy: Policy) -> bool:
        wait = policy.look_seconds if len(self.kept) < policy.keep_looks else policy.later_look_seconds
        return self.last_look is None or time - self.last_look >= wait

    def likeness(self, descriptor: Descriptor) -> int | None:
        return min(
            (distance(look.descriptor, descriptor) for look in self.kept.values() if look.quality.good), default=None
        )


class Tracker:
    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._number = 0
        self.walks: list[Walk] = []

    def place(self, time: float, boxes: Sequence[Box]) -> list[Walk | None]:
        pairs = [
            (near, -walk.number, index, walk)
            for index, box in enumerate(boxes)
            for walk in self.walks
            if time - walk.last_seen <= self._policy.hold_seconds and (near := closeness(walk.box, box)) > 0
        ]
        found: list[Walk | None] = [None] * len(boxes)
        taken: set[int] = set()
        for _, _, index, walk in sorted(pairs, key=lambda pair: pair[:3], reverse=True):
            if found[index] is None and walk.number not in taken:
                found[index] = walk
                taken.add(walk.number)
        return found

    def missing(self, time: float, placed: Sequence[Walk | None]) -> list[Walk]:
        seen = {walk.number for walk in placed if walk is not None}
        return [
            walk
            for walk in self.walks
            if walk.number not in seen and time - walk.last_seen <= self._policy.hold_seconds
        ]

    def is_someone_else(self, walk: Walk, look: Look, bars: Bars) -> bool:
        if look.time - walk.last_seen <= self._policy.blink_seconds or not look.quality.good:
            return False
        distance = walk.likeness(look.descriptor)
        return distance is not None and distance > bars.stranger

    def crossed(self, walk: Walk, look: Look, bars: Bars) -> Walk | None:
        distance = walk.likeness(look.descriptor)
        if distance is None or distance <= bars.stranger:
            return None
        return self.rejoin(look, bars, {walk.number})

    def rejoin(self, look: Look, bars: Bars, busy: set[int]) -> Walk | None:
        if not look.quality.good:
            return None
        near: list[tuple[int, int, Walk]] = []
        for walk in self.walks:
            if walk.number in busy or look.time - walk.last_seen > self._policy.gap_seconds:
                continue
            distance = walk.likeness(look.descriptor)
            if distance is not None and distance <= bars.known:
                near.append((distance, walk.number, walk))
        return min(near)[2] if near else None

    def begin(self, time: float, box: Box) -> Walk:
        self._number += 1
        walk = Walk(self._number, time, time, box)
        self.walks.append(walk)
        return walk

    def follow(self, walk: Walk, time: float, box: Box, tilt: int = 0) -> None:
        walk.last_seen = max(walk.last_seen, time)
        walk.box = box
        walk.tilt = tilt
        walk.faces += 1

    def merge(self, into: Walk, walk: Walk) -> None:
        self.walks.remove(walk)
        into.faces += walk.faces
        into.last_seen = max(into.last_seen, walk.last_seen)
        into.box, into.tilt = walk.box, walk.tilt
        for look in walk.kept.values():
            into.add(look, self._policy)

    def forget(self, walk: Walk) -> None:
        self.walks.remove(walk)

    def over(self, time: float) -> list[Walk]:
        return [walk for walk in self.walks if self._is_over(walk, time)]

    def _is_over(self, walk: Walk, time: float) -> bool:
        away = time - walk.last_seen
        if walk.visit is None:
            return away > self._policy.hold_seconds
        return away > self._policy.gap_seconds or time - walk.first_seen > self._policy.longest_seconds


def _worth(look: Look) -> tuple[bool, int]:
    return look.quality.good, look.quality.value


def closeness(before: Box, now: Box) -> float:
    if max(before.width, now.width) > _MOST_GROWTH * min(before.width, now.width):
        return 0.0
    shared = overlap(before, now)
    if shared >= _LEAST_OVERLAP:
        return 1 + shared
    side = (before.width + before.height + now.width + now.height) / 4
    across = abs((before.x + before.width / 2) - (now.x + now.width / 2)) / side
    down = abs((before.y + before.height / 2) - (now.y + now.height / 2)) / side
    return max(0.0, 1 - math.hypot(across, down) / _NEAR_CENTRES)


def overlap(a: Box, b: Box) -> float:
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(width, 0) * max(height, 0)
    return shared / (a.width * a.height + b.width * b.height - shared)
