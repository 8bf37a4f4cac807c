"""What of the happenings at a door could be told: each visit once, rings with the name that comes a moment later."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from peephole.doorbell.events import Decided, LockedOut, Opened, Problem, Rang, Refused, VisitEnded, VisitStarted
from peephole.live import Message, Status
from peephole.notify.rules import Occasion
from peephole.notify.settings import Happening

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
        self._lost: dict[str, tuple[float, str]] = {}
        self._told_lost: set[str] = set()

    def hear(self, message: Message, now: float) -> list[Occasion]:
        """Take a message, heard at `now` (time.monotonic())."""
        if isinstance(message, VisitStarted):
            self._visits[message.visit] = Meanwhile()
        elif isinstance(message, Problem):
            return [_problem(message.reason, message.text, message.time, message.camera)]
        elif isinstance(message, Opened):
            return [_opened(message)]
        elif isinstance(message, Refused):
            return [_refused(message)]
        elif isinstance(message, LockedOut):
            return [_locked_out(message)]
        elif isinstance(message, Status):
            return self._follow_camera(message, now)
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
        for camera, (at, text) in list(self._lost.items()):
            if at <= now:
                found.append(_problem("camera", text, self._clock(), camera))
                del self._lost[camera]
                self._told_lost.add(camera)
        return found

    def next_due(self) -> float | None:
        """Return when `due` has something to return; None: not before the next message."""
        times = [one.until for one in self._visits.values() if one.ring is not None]
        return min([*times, *(at for at, _ in self._lost.values())], default=None)

    def _follow_camera(self, status: Status, now: float) -> list[Occasion]:
        if status.state == "lost":
            self._lost.setdefault(status.camera, (now + LOST_SECONDS, status.text))
            return []
        self._lost.pop(status.camera, None)
        if status.state != "watching" or status.camera not in self._told_lost:
            return []
        self._told_lost.remove(status.camera)
        return [_problem("camera_back", status.text, self._clock(), status.camera)]

    def _rang(self, ring: Rang, now: float) -> list[Occasion]:
        meanwhile = self._visits.get(ring.visit)
        if meanwhile is None:
            return []
        occasion = Occasion("ring", ring.visit, ring.time, reason="ring", text=f"the bell was pressed ({ring.source})")
        occasion = replace(occasion, camera=ring.camera)
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
            return [replace(meanwhile.ring, ended=True)] if meanwhile.ring is not None else []
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
        camera=message.camera,
        visits=message.visits,
    )


def _about(ring: Occasion, visitor: Occasion) -> Occasion:
    """Return a ring with what is known of who rang."""
    return replace(visitor, happening="ring", time=ring.time, reason=ring.reason, text=ring.text, repeat=False)


def _opened(message: Opened) -> Occasion:
    """Return an opening; its reason is who opened, its text says whether the door moved."""
    dry = "the door would have been opened, this is a dry run"
    return _of_the_door("opened", message, message.by, "the door was opened" if message.mode == "on" else dry)


def _refused(message: Refused) -> Occasion:
    """Return a suspicious refusal: about the one whose face it looks like."""
    text = f"{message.text}{'' if message.mode == 'on' else ' (a dry run)'}"
    return _of_the_door("suspicious", message, message.reason, text)


def _of_the_door(happening: Happening, message: Opened | Refused, reason: str, text: str) -> Occasion:
    """Return what the door did, for a face or for nobody's."""
    return Occasion(
        happening,
        message.visit,
        message.time,
        who=None if message.person_id is None else f"person:{message.person_id}",
        person=message.person,
        person_id=message.person_id,
        decision=None if message.person_id is None else "known",
        reason=reason,
        text=text,
        camera=message.camera,
    )


def _locked_out(message: LockedOut) -> Occasion:
    """Return the begin of a lock-out, which is of no visit: that its last refusal was told keeps it from nobody."""
    text = f"{message.text}{'' if message.mode == 'on' else ' (a dry run)'}"
    reason = "locked_out" if message.who == "faces" else "codes_locked_out"
    return Occasion("suspicious", None, message.time, reason=reason, text=text, camera=message.camera)


def _problem(reason: str, text: str, time: float, camera: str) -> Occasion:
    who = f"problem:{reason}:{camera}" if camera else f"problem:{reason}"
    return Occasion("problem", None, time, who=who, reason=reason, text=text, camera=camera)
