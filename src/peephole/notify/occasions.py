"""What of the happenings at a door could be told: each visit once, rings with the name that comes a moment later."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from peephole.doorbell.events import Decided, Problem, Rang, VisitEnded, VisitStarted
from peephole.live import Message, Status
from peephole.notify.rules import Occasion

RING_PATIENCE_SECONDS = 2.0
"""So long a ring waits for the name of who rang; a face that looks at the camera is made out sooner."""
LOST_SECONDS = 60.0
"""A camera that is away for so long is a problem; shorter gaps are told on the page alone."""


@dataclass(frozen=True)
class Meanwhile:
    """A visit that goes on: who it was decided to be, and a ring that waits until a time (time.monotonic())."""

    decided: Occasion | None = None
    ring: Occasion | None = None
    until: float = 0.0


class Occasions:
    """Turns messages into occasions; belongs to one thread. Visits that an earlier process began are no news."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start with nobody at the door; `clock` tells the time that problems of the camera have, since 1970."""
        self._clock = clock
        self._visits: dict[str, Meanwhile] = {}
        self._lost: tuple[float, str] | None = None

    def hear(self, message: Message, now: float) -> list[Occasion]:
        """Take a message, heard at `now` (time.monotonic())."""
        if isinstance(message, VisitStarted):
            self._visits[message.visit] = Meanwhile()
        elif isinstance(message, Problem):
            return [_problem(message.reason, message.text, message.time)]
        elif isinstance(message, Status):
            self._follow_camera(message, now)
        elif isinstance(message, Rang):
            return self._rang(message, now)
        elif isinstance(message, Decided):
            return self._decided(message)
        elif isinstance(message, VisitEnded):
            return self._ended(message)
        return []

    def due(self, now: float) -> list[Occasion]:
        """Return what has waited long enough."""
        found = []
        for visit, meanwhile in self._visits.items():
            if meanwhile.ring is not None and meanwhile.until <= now:
                found.append(meanwhile.ring)
                self._visits[visit] = replace(meanwhile, ring=None)
        if self._lost is not None and self._lost[0] <= now:
            found.append(_problem("camera", self._lost[1], self._clock()))
            self._lost = None
        return found

    def next_due(self) -> float | None:
        """Return when `due` has something to return; None: not before the next message."""
        times = [one.until for one in self._visits.values() if one.ring is not None]
        return min([*times, *([self._lost[0]] if self._lost else [])], default=None)

    def _follow_camera(self, status: Status, now: float) -> None:
        if status.state != "lost":
            self._lost = None
        elif self._lost is None:
            self._lost = (now + LOST_SECONDS, status.text)

    def _rang(self, ring: Rang, now: float) -> list[Occasion]:
        meanwhile = self._visits.get(ring.visit)
        if meanwhile is None:
            return []
        occasion = Occasion("ring", ring.visit, ring.time, reason="ring", text=f"the bell was pressed ({ring.source})")
        if meanwhile.decided is not None:
            return [_about(occasion, meanwhile.decided)]
        if meanwhile.ring is None:
            until = now + RING_PATIENCE_SECONDS
            self._visits[ring.visit] = replace(meanwhile, ring=occasion, until=until)
        return []

    def _decided(self, message: Decided) -> list[Occasion]:
        meanwhile = self._visits.get(message.visit)
        if meanwhile is None or message.decision == "unsure":
            return []  # while the visit goes on it may still become sure
        occasion = _visitor(message, message.time)
        self._visits[message.visit] = Meanwhile(decided=occasion)
        return [*([_about(meanwhile.ring, occasion)] if meanwhile.ring is not None else []), occasion]

    def _ended(self, message: VisitEnded) -> list[Occasion]:
        meanwhile = self._visits.pop(message.visit, None)
        if meanwhile is None:
            return []
        if message.reason in ("nobody_seen", "person_removed"):
            return [meanwhile.ring] if meanwhile.ring is not None else []
        occasion = replace(_visitor(message, message.last_seen), repeat=message.repeat, ended=True)
        ring = [_about(meanwhile.ring, occasion)] if meanwhile.ring is not None else []
        return [*ring, occasion] if _news(meanwhile.decided, occasion) else ring


def subject(message: Decided | VisitEnded) -> str | None:
    """Return whom a visit is of, the same for the same one; None while a stranger has no number."""
    if message.person_id is not None:
        return f"person:{message.person_id}"
    return None if message.stranger is None else f"stranger:{message.stranger}"


def _news(before: Occasion | None, after: Occasion) -> bool:
    """Say whether the end of a visit tells of somebody else than was told; a number is no news."""
    if before is None or before.happening != after.happening:
        return True
    return before.who is not None and before.who != after.who


def _visitor(message: Decided | VisitEnded, time: float) -> Occasion:
    return Occasion(
        message.decision,
        message.visit,
        time,
        who=subject(message),
        person=message.person,
        person_id=message.person_id,
        stranger=message.stranger,
        decision=message.decision,
        reason=message.reason,
        text=message.text,
        ignored=message.silent,
    )


def _about(ring: Occasion, visitor: Occasion) -> Occasion:
    """Return a ring with what is known of who rang."""
    return replace(visitor, happening="ring", time=ring.time, reason=ring.reason, text=ring.text, repeat=False)


def _problem(reason: str, text: str, time: float) -> Occasion:
    return Occasion("problem", None, time, who=f"problem:{reason}", reason=reason, text=text)
