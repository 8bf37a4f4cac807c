"""What a doorbell has to tell: frozen events, each with the JSON object that `peephole run --json` prints."""

from dataclasses import dataclass

from peephole.doorbell.visit import Kind

Json = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class VisitStarted:
    """Somebody came into view; the visit is stored already."""

    visit: str
    time: float

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "visit_started", "visit": self.visit, "time": self.time}


@dataclass(frozen=True)
class Rang:
    """Somebody pressed the bell; `source` says which one ("button", "mqtt", "http").

    The visit is the one that goes on, or one that begins with the ring and that the next face belongs to.
    """

    visit: str
    time: float
    source: str

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "ring", **vars(self)}


@dataclass(frozen=True)
class Decided:
    """What an unfinished visit looks like now; comes again only when kind or person changes."""

    visit: str
    time: float
    decision: Kind
    person: str | None
    person_id: str | None
    stranger: int | None
    distance: int | None
    margin: int | None
    reason: str
    text: str
    silent: bool

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "decision", **vars(self)}


@dataclass(frozen=True)
class VisitEnded:
    """A whole visit; emitted exactly once, after it is stored.

    Attributes:
        person: Name of the person, when known.
        person_id: Opaque id of the person, when known.
        stranger: Running number of the stranger ("Stranger 12"), when it is one.
        stranger_id: Opaque id of the stranger.
        repeat: The same person or stranger was here less than the cool-down ago; notifiers stay silent.
        silent: The owner ignores this stranger; notifiers stay silent.
        rang: The bell was pressed.
    """

    visit: str
    decision: Kind
    person: str | None
    person_id: str | None
    stranger: int | None
    stranger_id: str | None
    distance: int | None
    margin: int | None
    reason: str
    text: str
    sightings: int
    first_seen: float
    last_seen: float
    repeat: bool
    silent: bool
    rang: bool = False

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "visit", **vars(self)}


@dataclass(frozen=True)
class Problem:
    """Something that the owner should know, in one sentence; `reason` is its slug ("storage")."""

    time: float
    reason: str
    text: str

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "problem", **vars(self)}


@dataclass(frozen=True)
class Opened:
    """The door was opened, or would have been (`mode` is "dry-run").

    Attributes:
        visit: The visit whose face opened it; None where a face was not the reason.
        person: Name of the person, when a face opened it.
        person_id: Opaque id of the person.
        by: Who opened it: face, owner, mqtt.
        mode: on or dry-run.
    """

    visit: str | None
    time: float
    person: str | None
    person_id: str | None
    by: str
    mode: str

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "opened", **vars(self)}


Event = VisitStarted | Rang | Decided | VisitEnded | Opened | Problem
