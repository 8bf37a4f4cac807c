"""When a visit, its picture and its single looks are forgotten by the retention in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from peephole.doorbell.visit import VisitRecord
from peephole.store.retention import DAY, Retention
from peephole.time_words import day
from peephole.web.door import Door

_WITHOUT_LOOKS = frozenset({"nobody_seen", "person_removed", "forgotten", "discarded"})
"""Reasons of visits that no single look is left of."""


@dataclass(frozen=True)
class Ends:
    """When a visit is forgotten, when its picture is, and its single looks; seconds since 1970, None: never."""

    visit: float | None
    picture: float | None
    looks: float | None


@dataclass(frozen=True)
class Keeping:
    """How long things are kept.

    Attributes:
        retention: in force.
        waiting: when each stranger who waits in the inbox was seen last, by id; what shows them goes with them.
    """

    retention: Retention
    waiting: Mapping[str, float]

    def ends(self, visit: VisitRecord) -> Ends:
        """Return when a visit that is over goes, and what it shows before it."""
        seen = self.waiting.get(visit.decision.stranger or "")
        whole = _end(visit.last_seen, self.retention.visits)
        picture = _sooner(whole, None if seen is None else _end(seen, self.retention.strangers))
        return Ends(whole, picture, _sooner(picture, _end(visit.last_seen, self.retention.looks)))

    def line(self, visit: VisitRecord, now: datetime) -> str:
        """Return the same in a sentence; empty while the visit lasts."""
        if not visit.closed:
            return ""
        ends = self.ends(visit)
        said = ["Kept for ever" if ends.visit is None else f"Forgotten {_when(ends.visit, now)}"]
        alike = ends.looks == ends.picture or visit.decision.reason in _WITHOUT_LOOKS
        if not alike and ends.looks is not None:
            said.append(f"single looks {_when(ends.looks, now)}")
        if ends.picture != ends.visit and ends.picture is not None:
            what = "picture and looks" if alike else "picture"
            said.append(f"{what} {_when(ends.picture, now)}, unless the stranger comes again")
        return "; ".join(said) + "."


def keeping_of(door: Door) -> Keeping | None:
    """Return how long this door keeps things; None where it does not say."""
    if door.parts is None:
        return None
    waiting = {stranger.id: stranger.last_seen for stranger in door.household.strangers()}
    return Keeping(door.parts.settings.retention, waiting)


def _end(last: float, days: int) -> float | None:
    return last + days * DAY if days else None


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((time for time in (one, other) if time is not None), default=None)


def _when(time: float, now: datetime) -> str:
    """A day to come: `today`, `tomorrow`, `in 30 days, on 3 May`; a time that is over: `in a moment`."""
    days = (datetime.fromtimestamp(time, now.tzinfo).date() - now.date()).days
    if time <= now.timestamp():
        return "in a moment"
    return ("today", "tomorrow")[days] if days < 2 else f"in {days} days, on {day(time, now)}"
