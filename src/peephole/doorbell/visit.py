"""A visit and what it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from peephole.doorbell.policy import Bars
from peephole.people.records import Descriptor
from peephole.vision.detector import Box

Kind = Literal["known", "stranger", "unsure"]
Outcome = Literal["rang", "opened", "would_open", "shut", "told", "not_sent", "repeat", "ignored"]
"""What came of a visit, one of several: the bell was pressed; the door opened, would have in a dry run, or stayed shut;
somebody was told, or a message could not be delivered; the same one was here a moment ago; it was a stranger whom the
owner ignores."""


@dataclass(frozen=True)
class Quality:
    """How good one look at a face is.

    Attributes:
        width: Width of the face in pixels of the frame.
        sharpness: Variance of the Laplacian over the variance of the crop, in thousandths (see `quality.sharpness`).
        neighbours: Overlapping hits of the detector.
        value: All of it in one figure, 0 (useless) to 1000.
        good: Whether the look may vote and be remembered.
        fault: Why not (see `quality.fault`); empty for a good look, and for one that was stored.
    """

    width: int
    sharpness: int
    neighbours: int
    value: int
    good: bool
    fault: str = ""


@dataclass(frozen=True)
class Look:
    """One described look at a face: when, where, the descriptor, how good, and a small JPEG."""

    time: float
    box: Box
    descriptor: Descriptor
    quality: Quality
    picture: bytes


@dataclass(frozen=True)
class Decision:
    """Who it was, and why.

    Attributes:
        kind: known, stranger or unsure.
        person: Id of the person when known, else None.
        distance: Squared distance to the nearest person (None when nobody is enrolled or nothing could be compared).
        margin: Squared distance to the second nearest person less `distance` (None when there is no second).
        reason: Machine-readable slug, one of `voting.REASONS`.
        text: The same in a sentence for people.
        nearest: Id of the nearest person, whatever the kind.
        stranger: Id of the stranger it was, once that is settled.
    """

    kind: Kind
    person: str | None
    distance: int | None
    margin: int | None
    reason: str
    text: str
    nearest: str | None = None
    stranger: str | None = None


@dataclass(frozen=True)
class VisitState:
    """A visit as it stands: `looks` are the ones kept, by running number; `sightings` counts all faces.

    `rang` tells that the bell was pressed, `scene` is a small JPEG of the door then, for a visit without a face.
    `camera` is the name of the camera that it is at; empty where the only one has no name. `decided_after` is as of a
    `VisitRecord`. `faceless`: nothing of the face is to be kept, neither looks nor pictures nor whose it was.
    """

    id: str
    first_seen: float
    last_seen: float
    decision: Decision
    sightings: int
    looks: Mapping[int, Look]
    model: str
    rang: bool = False
    scene: bytes | None = None
    camera: str = ""
    decided_after: float | None = None
    faceless: bool = False

    def without_face(self) -> "VisitState":
        """Return what may be stored of somebody of whom nothing is kept: that somebody came, and when."""
        return replace(self, looks={}, scene=None, faceless=True)

    def best(self) -> Look | None:
        """Return the best look."""
        return max(self.looks.values(), key=lambda look: (look.quality.good, look.quality.value), default=None)


@dataclass(frozen=True)
class DoorAnswer:
    """What the door's log says of a visit.

    Attributes:
        verdict: open or shut: whether the door was to be opened.
        reason: Slug of `door.conditions`.
        mode: How the door was set: on or dry-run.
        done: What became of an opening, `store.door.Outcome`.
        by: Who wished it: face, owner, mqtt.
        account: Name of the account that did it by hand; None where it was none.
    """

    verdict: Literal["open", "shut"]
    reason: str
    mode: Literal["dry-run", "on"]
    done: str
    by: str = "face"
    account: str | None = None


@dataclass(frozen=True)
class Notified:
    """What was decided about telling somebody of a visit.

    Attributes:
        target: Whom, by the name in the settings.
        happening: Of what, `notify.settings.Happening`.
        verdict: told, not_sent (told, and it could not be delivered), or why not: a key of `notify.rules.REASONS`.
        time: When, seconds since 1970.
    """

    target: str
    happening: str
    verdict: str
    time: float


@dataclass(frozen=True)
class VisitRecord:
    """A visit as it is stored; `closed` is False while it goes on. Times are seconds since 1970.

    `person_name`, `stranger_number` and `stranger_visits` (how many there were of the stranger until this one, this one
    too) are looked up when the row is read, so a rename shows at once. `camera` is what the camera was called then.
    `door` is what the door did; None where its log says nothing of the visit. `notified` is who was told, in order.
    `decided_after` is how many seconds after the first sight of the face it was decided as it is; None: not known.
    """

    id: str
    closed: bool
    first_seen: float
    last_seen: float
    decision: Decision
    sightings: int
    repeat: bool
    silent: bool
    person_name: str | None
    stranger_number: int | None
    rang: bool = False
    camera: str = ""
    stranger_visits: int | None = None
    door: DoorAnswer | None = None
    notified: tuple[Notified, ...] = ()
    decided_after: float | None = None


@dataclass(frozen=True)
class VisitFilter:
    """Which visits to show: of a kind, of a person or a stranger by id, not before a time, at a camera; None: all.

    words: part of the name that a visit is listed by, or of "stranger 12". outcome: what came of it.
    out_of_the_way: with those of people whom the owner keeps out of the way (`Rules.tell` is `silent`).
    """

    kind: Kind | None = None
    person: str | None = None
    stranger: str | None = None
    since: float | None = None
    camera: str | None = None
    words: str | None = None
    outcome: Outcome | None = None
    out_of_the_way: bool = True


@dataclass(frozen=True)
class TracedLook:
    """One look of a visit: when, where, how good, whether it voted, and whom it was nearest to.

    `distance` is squared, to the nearest person, whose id is `nearest`; None where there was nobody to compare with.
    """

    number: int
    time: float
    box: Box
    quality: Quality
    voted: bool
    nearest: str | None
    distance: int | None


@dataclass(frozen=True)
class Trace:
    """What a decision was made of: the looks kept, in order, and the bars for as many people as were `compared`.

    liveness: what the door's check said of the face, and why; None where nobody asked it. runner_up: id of the person
    nearest but one to the looks that voted; None where there was no other, or it is not known any more.
    """

    looks: tuple[TracedLook, ...]
    bars: Bars | None
    compared: int
    liveness: tuple[str, str] | None = None
    runner_up: str | None = None
