"""What the device tells on its console, as the events of the host's doorbell."""

from dataclasses import dataclass
from typing import Any

from peephole.doorbell.events import Decided, Event, Json, Problem, VisitEnded, VisitStarted
from peephole.doorbell.visit import Kind
from peephole.doorbell.voting import REASONS

# In the order of csrc/app: ph_event_kind, ph_kind, ph_problem.
EVENTS = ("button", "visit_started", "decided", "visit_ended", "door", "problem")
BUTTON, STARTED, DECIDED, ENDED, DOOR, PROBLEM = range(len(EVENTS))
KINDS: tuple[Kind, ...] = ("unsure", "known", "stranger")
PROBLEMS = {
    "camera": "the camera gives no picture",
    "frame": "a picture could not be looked at",
    "storage": "a visit could not be stored",
    "strangers_full": "there is no room for another stranger",
}


@dataclass(frozen=True)
class Rang:
    """Somebody rang."""

    time: float

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "button", "time": self.time}


@dataclass(frozen=True)
class Door:
    """The door was unlocked or locked again; visit: for whom."""

    visit: str
    time: float
    open: bool

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "door", **vars(self)}


ConsoleEvent = Event | Rang | Door


def to_event(told: dict[str, Any]) -> ConsoleEvent | None:
    """Return the event of one line of the console, already read as JSON; None for a line that tells of none.

    Ids are the device's: visits count from 1, people go by the number that the gallery gave them.
    """
    if "event" not in told:
        return None
    kind, visit, time = told["event"], str(told["visit"]), told["time"] / 1000
    if kind == STARTED:
        return VisitStarted(visit, told["first_seen"] / 1000)
    if kind == DECIDED:
        return Decided(visit=visit, time=time, **_decision(told))
    if kind == ENDED:
        seen = {name: told[name] / 1000 for name in ("first_seen", "last_seen")}
        stranger_id = str(told["stranger"]) if told["stranger"] else None
        return VisitEnded(
            visit=visit,
            stranger_id=stranger_id,
            sightings=told["sightings"],
            repeat=bool(told["repeat"]),
            **seen,
            **_decision(told),
        )
    if kind == DOOR:
        return Door(visit, time, bool(told["on"]))
    if kind == PROBLEM:
        slug = list(PROBLEMS)[told["problem"]]
        text = f"{PROBLEMS[slug]} (status {told['status']})" if told["on"] else f"it is over that {PROBLEMS[slug]}"
        return Problem(time, slug if told["on"] else f"{slug}_back", text)
    return Rang(time)


def _decision(told: dict[str, Any]) -> dict[str, Any]:
    reason = list(REASONS)[told["reason"]]
    return {
        "decision": KINDS[told["decision"]],
        "person": told["person"],
        "person_id": str(told["person_id"]) if told["person_id"] else None,
        "stranger": told["stranger"] or None,
        "distance": told["distance"],
        "margin": told["margin"],
        "reason": reason,
        "text": REASONS[reason],
        "silent": bool(told["silent"]),
    }
