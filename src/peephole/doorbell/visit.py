"""A visit and what it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from peephole.doorbell.policy import Bars
from peephole.people.records import Descriptor
from peephole.vision.detector import Box

Kind = Literal["known", "stranger", "unsure"]


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
class Sighting:
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
    """

    id: str
    first_seen: float
    last_seen: float
    decision: Decision
    sightings: int
    looks: Mapping[int, Sighting]
    model: str
    rang: bool = False
    scene: bytes | None = None

    def best(self) -> Sighting | None:
        """Return the best look."""
        return max(self.looks.values(), key=lambda look: (look.quality.good, look.quality.value), default=None)


@dataclass(frozen=True)
class VisitRecord:
    """A visit as it is stored; `closed` is False while it goes on. Times are seconds since 1970.

    `person_name` and `stranger_number` are looked up when the row is read, so a rename shows at once.
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


@dataclass(frozen=True)
class VisitFilter:
    """Which visits to show: of a kind, of a person or a stranger by id, not before a time; None: all of them."""

    kind: Kind | None = None
    person: str | None = None
    stranger: str | None = None
    since: float | None = None


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
    """What a decision was made of: the looks kept, in order, and the bars for as many people as were `compared`."""

    looks: tuple[TracedLook, ...]
    bars: Bars | None
    compared: int
