"""Visits to a device's door, put together from the events that it tells of: it counts visits, but keeps none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from peephole.device.events import DeviceEvent
from peephole.doorbell.events import Decided, Event, Problem, VisitEnded, VisitStarted
from peephole.doorbell.visit import Decision, VisitRecord
from peephole.doorbell.voting import REASONS
from peephole.firmware.events import PROBLEMS

MOST = 200
"""Visits that are kept; the oldest go first."""

_OF_A_VISIT = frozenset({"visit_started", "decided", "visit_ended"})
Names = Mapping[str, str]
"""Of people, by id."""


@dataclass(frozen=True)
class VisitBook:
    """The visits that were told of, the newest last, without names.

    Attributes:
        visits: at most MOST.
        round: counts how often the device has begun to count its visits anew.
    """

    visits: tuple[VisitRecord, ...] = ()
    round: int = 1

    def visit_id(self, event: DeviceEvent) -> str:
        """Return what an event's visit goes by."""
        return f"{self.round}-{event.details['visit']}"

    def with_event(self, event: DeviceEvent) -> "VisitBook":
        """Return the book after an event; those of no visit change nothing."""
        if event.kind not in _OF_A_VISIT:
            return self
        before = self.find(self.visit_id(event))
        if before is None:
            return replace(self, visits=(*self.visits, _with_news(None, self.visit_id(event), event))[-MOST:])
        if event.kind == "visit_started":
            return replace(self, round=self.round + 1).with_event(event)
        news = _with_news(before, before.id, event)
        return replace(self, visits=tuple(news if one.id == before.id else one for one in self.visits))

    def find(self, key: str) -> VisitRecord | None:
        """Return the visit of an id."""
        return next((visit for visit in self.visits if visit.id == key), None)

    def without_news(self) -> "VisitBook":
        """Return the book while nobody tells how visits go on: none of them is said to."""
        return replace(self, visits=tuple(replace(visit, closed=True) for visit in self.visits))

    def revised(self, revise: Callable[[Decision], Decision]) -> "VisitBook":
        """Return the book with other decisions, after the owner's verdict on somebody."""
        return replace(self, visits=tuple(replace(visit, decision=revise(visit.decision)) for visit in self.visits))


def _with_news(before: VisitRecord | None, key: str, event: DeviceEvent) -> VisitRecord:
    told = event.details
    ended = event.kind == "visit_ended"
    return VisitRecord(
        id=key,
        closed=ended,
        first_seen=told["first_seen"] if ended or before is None else before.first_seen,
        last_seen=told["last_seen"] if ended else event.time,
        decision=_undecided() if event.kind == "visit_started" else _decision(told),
        sightings=told["sightings"] if ended else 1,
        repeat=ended and told["repeat"],
        silent=told.get("silent", False),
        person_name=None,
        stranger_number=None,
    )


def _undecided() -> Decision:
    return Decision("unsure", None, None, None, "too_few_looks", REASONS["too_few_looks"])


def _decision(told: dict[str, Any]) -> Decision:
    return Decision(
        kind=told["decision"],
        person=_id(told["person"]),
        distance=told["distance"],
        margin=told["margin"],
        reason=told["reason"],
        text=REASONS[told["reason"]],
        stranger=_id(told["stranger"]),
    )


def _id(number: int | None) -> str | None:
    return str(number) if number else None


def named(visit: VisitRecord, names: Names) -> VisitRecord:
    """Return a visit with the name that its person has now; one whose person is gone is nobody's."""
    decision = visit.decision
    if decision.person is not None and decision.person not in names:
        return replace(visit, decision=without_person(decision))
    return replace(
        visit,
        person_name=names[decision.person] if decision.person is not None else None,
        stranger_number=int(decision.stranger) if decision.stranger is not None else None,
    )


def who(visit: VisitRecord) -> str:
    """Return whose visit it is, in words, of one that has its name."""
    if visit.person_name is not None:
        return visit.person_name
    return f"Stranger {visit.stranger_number}" if visit.stranger_number is not None else "somebody"


def without_person(decision: Decision) -> Decision:
    """Return a decision for somebody whom the owner has removed."""
    return replace(decision, kind="unsure", person=None, reason="person_removed", text=REASONS["person_removed"])


def assigned(decision: Decision, stranger: str, person: str) -> Decision:
    """Return a decision after a stranger was named."""
    if decision.stranger != stranger:
        return decision
    return replace(decision, kind="known", person=person, stranger=None, reason="assigned", text=REASONS["assigned"])


def discarded(decision: Decision, stranger: str) -> Decision:
    """Return a decision after a stranger was discarded."""
    if decision.stranger != stranger:
        return decision
    return replace(decision, kind="unsure", stranger=None, reason="discarded", text=REASONS["discarded"])


def to_event(event: DeviceEvent, book: VisitBook, names: Names) -> Event | None:
    """Return an event as the host's doorbell would tell it, `book` knowing of it already; None for any other."""
    if event.kind == "problem":
        return _problem(event)
    found = book.find(book.visit_id(event)) if event.kind in _OF_A_VISIT else None
    if found is None:
        return None
    visit = named(found, names)
    if event.kind == "visit_started":
        return VisitStarted(visit.id, event.time)
    decision = visit.decision
    common: dict[str, Any] = {
        "visit": visit.id,
        "decision": decision.kind,
        "person": visit.person_name,
        "person_id": decision.person,
        "stranger": visit.stranger_number,
        "distance": decision.distance,
        "margin": decision.margin,
        "reason": decision.reason,
        "text": decision.text,
        "silent": visit.silent,
    }
    if event.kind == "decided":
        return Decided(time=event.time, **common)
    return VisitEnded(
        stranger_id=decision.stranger,
        sightings=visit.sightings,
        first_seen=visit.first_seen,
        last_seen=visit.last_seen,
        repeat=visit.repeat,
        **common,
    )


def _problem(event: DeviceEvent) -> Problem:
    slug, status = event.details["problem"], event.details["status"]
    if event.details["over"]:
        return Problem(event.time, f"{slug}_back", f"it is over that {PROBLEMS[slug]}")
    return Problem(event.time, slug, f"{PROBLEMS[slug]} (status {status})")
