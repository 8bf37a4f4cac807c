"""What a doorbell has to tell: frozen events, each with the JSON object that `peephole run --json` prints.

`camera` is the name of the camera that it happened at; empty where the only one has no name.
"""

from dataclasses import dataclass

from peephole.doorbell.visit import Kind

Json = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class VisitStarted:
    """Somebody came into view; the visit is stored already."""

    visit: str
    time: float
    camera: str = ""

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "visit_started", **vars(self)}


@dataclass(frozen=True)
class Rang:
    """Somebody pressed the bell; `source` says which one ("button", "mqtt", "http").

    The visit is the one that goes on, or one that begins with the ring and that the next face belongs to.
    """

    visit: str
    time: float
    source: str
    camera: str = ""

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "ring", **vars(self)}


@dataclass(frozen=True)
class Decided:
    """What an unfinished visit looks like now; comes again only when kind or person changes.

    Attributes:
        visits: How many visits of the stranger there were until now, this one too; None where it has no number yet.
    """

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
    camera: str = ""
    visits: int | None = None

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
        visits: How many visits of the stranger there were until now, this one too.
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
    camera: str = ""
    visits: int | None = None

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "visit", **vars(self)}


@dataclass(frozen=True)
class Problem:
    """Something that the owner should know, in one sentence; `reason` is its slug ("storage")."""

    time: float
    reason: str
    text: str
    camera: str = ""

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
    camera: str = ""

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "opened", **vars(self)}


@dataclass(frozen=True)
class Challenge:
    """The door asks the visitor to turn the head, or says what became of it.

    Attributes:
        state: asked, done, wrong or late.
        turn: Where to look now: left or right, the visitor's own, or straight; None when it is over.
        text: The same for the visitor.
    """

    visit: str
    time: float
    state: str
    turn: str | None
    text: str
    camera: str = ""

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "challenge", **vars(self)}


@dataclass(frozen=True)
class Refused:
    """The door stays shut for the face of somebody who may open it, for a reason that a trick would meet; once a visit.

    Attributes:
        person: Name of the person whose face it looks like.
        person_id: Opaque id of that person.
        reason: Slug, one of `door.conditions.SUSPICIOUS`; "liveness_failed": the face may be a picture.
        text: The reason in a sentence.
        mode: on or dry-run.
    """

    visit: str
    time: float
    person: str | None
    person_id: str | None
    reason: str
    text: str
    mode: str
    camera: str = ""

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "refused", **vars(self)}


@dataclass(frozen=True)
class LockedOut:
    """After too many suspicious refusals or wrong codes the door waits for a while; told once, when that begins.

    Attributes:
        until: When it is over, seconds since 1970.
        who: What does not open the door until then: faces or codes.
        text: The same in a sentence.
        mode: on or dry-run.
    """

    time: float
    until: float
    who: str
    text: str
    mode: str
    camera: str = ""

    def as_json(self) -> Json:
        """Return the event as a flat JSON object."""
        return {"event": "locked_out", **vars(self)}


Event = VisitStarted | Rang | Decided | VisitEnded | Opened | Refused | LockedOut | Challenge | Problem
