"""What is remembered of people and strangers: plain frozen rows, no behaviour."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Descriptor = NDArray[np.int16]
StrangerState = Literal["open", "ignored", "assigned", "discarded"]
ReferenceSource = Literal["photo", "visit", "door", "import"]
Aside = Literal["", "owner", "cross_risk", "self_outlier", "redundant"]
Tell = Literal["notify", "log", "silent"]
TELL: tuple[Tell, ...] = get_args(Tell)
LONGEST_CONSENT = 2000
"""Characters of the note of a person's consent."""


@dataclass(frozen=True)
class Person:
    """Somebody whom the owner has named; the id is opaque, the name is text for display."""

    id: str
    name: str
    created: float


@dataclass(frozen=True)
class Rules:
    """What the owner has decided about a person.

    Attributes:
        tell: Whether the owner is told of a visit; `log`: the visit is listed, and nobody is told; `silent`: the visit
            is kept out of the way on the page too.
        may_open: Whether the door may open for this person, if it opens for anybody.
        hours: When it may, as `hours.Hours` reads it; empty: at any time.
        minor: A child; the door never opens for one.
        consent: Who agreed to the recognition, and how; empty: nobody is noted.
        consent_at: When that was, seconds since 1970.
    """

    tell: Tell = "notify"
    may_open: bool = False
    hours: str = ""
    minor: bool = False
    consent: str = ""
    consent_at: float | None = None


@dataclass(frozen=True)
class NewReference:
    """One look at a face that is to be remembered, not stored yet.

    Attributes:
        descriptor: int16 [D], made by the program whose id is `model`.
        model: Model id of the integer program; descriptors of two models are never compared.
        picture: Small JPEG of the face.
        quality: 0 to 1000, see `peephole.doorbell.quality`.
        source: Where it came from; `door`: taken while the person was introduced at a camera.
    """

    descriptor: Descriptor
    model: str
    picture: bytes
    quality: int
    source: ReferenceSource


@dataclass(frozen=True)
class Reference:
    """One stored look at a person (see `NewReference` for the fields they share).

    `aside` says why it is compared with nobody (see `people.checks`), `aside_at` since when; empty: it is in use.
    """

    id: int
    person: str
    descriptor: Descriptor
    model: str
    picture: bytes
    quality: int
    source: ReferenceSource
    created: float
    aside: Aside = ""
    aside_at: float | None = None


@dataclass(frozen=True)
class Stranger:
    """Somebody without a name, recognised again by the face; `number` is what the owner reads ("Stranger 12").

    `into` is the id of the stranger whom this one was merged into; `no_face` says that the owner saw no face in it: it
    is ignored, and kept out of the lists.
    """

    id: str
    number: int
    state: StrangerState
    first_seen: float
    last_seen: float
    visits: int
    person: str | None
    into: str | None = None
    no_face: bool = False


@dataclass(frozen=True)
class PersonSummary:
    """One row of the list of people: the person, the looks stored with this model and with any other."""

    person: Person
    references: int
    foreign_references: int
    last_seen: float | None


@dataclass(frozen=True)
class Kept:
    """How much is kept about one person, which erasing the person takes away.

    Attributes:
        references: Looks that the person is recognised by, with their pictures.
        aside: Those that were set aside.
        visits: Visits under the person's name; they stay, without name, picture and looks.
        looks: Single looks of those visits.
        unsure: Visits of nobody for sure that still have a picture, and to which this person was the nearest.
        strangers: Numbers of strangers who were given this name.
        door: Rows of the door's log that name the person; they stay, without the person.
    """

    references: int = 0
    aside: int = 0
    visits: int = 0
    looks: int = 0
    unsure: int = 0
    strangers: int = 0
    door: int = 0


@dataclass(frozen=True)
class Counts:
    """How much is remembered."""

    people: int
    references: int
    strangers_open: int
    strangers_ignored: int
    visits: int
