"""Faces of one frame after another -> walks of one person each. Pure: no clock of its own, no storage, no pixels.

A `Walk` follows one face by its place and, after a gap, by its look. It becomes a visit after `opening_faces` faces.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.tilt import overlap
from peephole.doorbell.visit import Decision, Sighting
from peephole.people.matching import References
from peephole.people.records import Descriptor
from peephole.vision.detector import Box

_LEAST_OVERLAP = 0.3
_MOST_GROWTH = 2.0
_NEAR_CENTRES = 0.6  # of the mean side


@dataclass
class Walk:
    """One person in view, or out of view for less than the gap.

    Attributes:
        number: Tells the walks of one tracker apart.
        tilt: By how many degrees the face leans clockwise.
        kept: The best looks so far with their running numbers, at most `policy.keep_looks`.
        looks: Looks described so far (the next running number).
        visit: Id of the visit, once there is one.
        decision: The newest decision.
        announced: (kind, person, stranger) as the owner last heard it.
        saved: Time of the last write, None when there is something to write.
    """

    number: int
    first_seen: float
    last_seen: float
    box: Box
    tilt: int = 0
    faces: int = 1
    looks: int = 0
    last_look: float | None = None
    kept: dict[int, Sighting] = field(default_factory=dict)
    visit: str | None = None
    decision: Decision | None = None
    announced: tuple[str, str | None, str | None] | None = None
    saved: float | None = None

    def add(self, look: Sighting, policy: Policy) -> bool:
        """Keep a look if it is among the best; return whether it was kept."""
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
        """Say whether it is time to describe the face again."""
        wait = policy.look_seconds if len(self.kept) < policy.keep_looks else policy.later_look_seconds
        return self.last_look is None or time - self.last_look >= wait

    def likeness(self, descriptor: Descriptor) -> int | None:
        """Return the squared distance to the nearest good look kept; None when there is none to compare with."""
        return (
            References.of(("", look.descriptor) for look in self.kept.values() if look.quality.good)
            .distances(descriptor)
            .get("")
        )


class Tracker:
    """The walks in view. Feed it each frame's boxes in the order of time, then the looks at them."""

    def __init__(self, policy: Policy) -> None:
        """Start with an empty view."""
        self._policy = policy
        self._number = 0
        self.walks: list[Walk] = []

    def place(self, time: float, boxes: Sequence[Box]) -> list[Walk | None]:
        """Find each box's walk by its place in the last frames; the closest pairs first, each walk once."""
        pairs = [
            (closeness, -walk.number, index, walk)
            for index, box in enumerate(boxes)
            for walk in self.walks
            if time - walk.last_seen <= self._policy.hold_seconds and (closeness := _closeness(walk.box, box)) > 0
        ]
        found: list[Walk | None] = [None] * len(boxes)
        taken: set[int] = set()
        for _, _, index, walk in sorted(pairs, key=lambda pair: pair[:3], reverse=True):
            if found[index] is None and walk.number not in taken:
                found[index] = walk
                taken.add(walk.number)
        return found

    def missing(self, time: float, placed: Sequence[Walk | None]) -> list[Walk]:
        """Return the walks whose face was in view just now and was not found in this frame."""
        seen = {walk.number for walk in placed if walk is not None}
        return [
            walk
            for walk in self.walks
            if walk.number not in seen and time - walk.last_seen <= self._policy.hold_seconds
        ]

    def is_someone_else(self, walk: Walk, look: Sighting, bars: Bars) -> bool:
        """Say whether a look taken at the place of a walk after a blink cannot be the same person."""
        if look.time - walk.last_seen <= self._policy.blink_seconds or not look.quality.good:
            return False
        distance = walk.likeness(look.descriptor)
        return distance is not None and distance > bars.stranger

    def crossed(self, walk: Walk, look: Sighting, bars: Bars) -> Walk | None:
        """Find the other walk that a look belongs to: clearly not this one, and clearly that one."""
        distance = walk.likeness(look.descriptor)
        if distance is None or distance <= bars.stranger:
            return None
        return self.rejoin(look, bars, {walk.number})

    def rejoin(self, look: Sighting, bars: Bars, busy: set[int]) -> Walk | None:
        """Find the walk, out of view for less than the gap, that a good look belongs to by its likeness."""
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
        """Follow a new face."""
        self._number += 1
        walk = Walk(self._number, time, time, box)
        self.walks.append(walk)
        return walk

    def follow(self, walk: Walk, time: float, box: Box, tilt: int = 0) -> None:
        """Note that a walk's face is in view."""
        walk.last_seen = max(walk.last_seen, time)
        walk.box = box
        walk.tilt = tilt
        walk.faces += 1

    def merge(self, into: Walk, walk: Walk) -> None:
        """Turn a walk without a visit into the continuation of another."""
        self.walks.remove(walk)
        into.faces += walk.faces
        into.last_seen = max(into.last_seen, walk.last_seen)
        into.box, into.tilt = walk.box, walk.tilt
        into.saved = None
        for look in walk.kept.values():
            into.add(look, self._policy)

    def forget(self, walk: Walk) -> None:
        """Drop a walk that has ended."""
        self.walks.remove(walk)

    def over(self, time: float) -> list[Walk]:
        """Return the walks that have ended, oldest first; a flicker ends sooner than a visit."""
        return [walk for walk in self.walks if self._is_over(walk, time)]

    def _is_over(self, walk: Walk, time: float) -> bool:
        away = time - walk.last_seen
        if walk.visit is None:
            return away > self._policy.hold_seconds
        return away > self._policy.gap_seconds or time - walk.first_seen > self._policy.longest_seconds


def _worth(look: Sighting) -> tuple[bool, int]:
    return look.quality.good, look.quality.value


def _closeness(before: Box, now: Box) -> float:
    """Return how well two boxes fit one face: 1 to 2 for overlap, 0 to 1 for near centres, 0 for neither."""
    if max(before.width, now.width) > _MOST_GROWTH * min(before.width, now.width):
        return 0.0
    shared = overlap(before, now)
    if shared >= _LEAST_OVERLAP:
        return 1 + shared
    side = (before.width + before.height + now.width + now.height) / 4
    across = abs((before.x + before.width / 2) - (now.x + now.width / 2)) / side
    down = abs((before.y + before.height / 2) - (now.y + now.height / 2)) / side
    return max(0.0, 1 - math.hypot(across, down) / _NEAR_CENTRES)
