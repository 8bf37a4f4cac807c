"""The doorbell as the page and the command line see it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from peephole.doorbell.events import Event
from peephole.doorbell.recogniser import FrameLike, Image, Recogniser
from peephole.doorbell.visit import Decision, Kind, VisitRecord
from peephole.people.records import Counts, Person, PersonSummary, Stranger
from peephole.vision.detector import Box


@dataclass(frozen=True)
class Photo:
    """A decoded picture, uint8 [H,W,3] (BGR) or [H,W], and what to call it in messages (a file name)."""

    label: str
    image: Image


@dataclass(frozen=True)
class PhotoReport:
    """What became of one photo: `outcome` is ok, no_face, too_small or blurred; `text` says it in a sentence.

    With several faces the largest is used; `faces` says how many there were.
    """

    label: str
    outcome: str
    text: str
    faces: int
    box: Box | None


@dataclass(frozen=True)
class Enrolment:
    """The person and one report a photo."""

    person: Person
    photos: tuple[PhotoReport, ...]


@dataclass(frozen=True)
class IdentifiedFace:
    """One face of a still picture; `name` is the nearest person's, whatever the decision."""

    box: Box
    name: str | None
    decision: Decision


@dataclass(frozen=True)
class LiveFace:
    """One tracked face of the newest frame, for the overlay of the live page."""

    visit: str
    box: Box
    label: str
    kind: Kind


class Doorbell:
    """One door: watches frames, remembers visits, and lets the owner manage people and strangers.

    `process` and `flush` belong to one thread (the pipeline); every other method may be called from any thread.
    A `key` of a person is an id or a name; a key of a stranger is an id or a running number.
    Unknown keys raise ValueError with one sentence.
    """

    def process(self, frame: FrameLike) -> list[Event]:
        """Look at one frame and return what happened."""
        raise NotImplementedError

    def flush(self) -> list[Event]:
        """End every open visit (the source has ended); raises OSError when they cannot be stored."""
        raise NotImplementedError

    def recover(self) -> list[Event]:
        """End the visits that a killed process left open; only the holder of the instance lock may call this."""
        raise NotImplementedError

    def current(self) -> tuple[LiveFace, ...]:
        """Return the faces of the newest frame (thread-safe snapshot)."""
        raise NotImplementedError

    def enrol(self, name: str, photos: Sequence[Photo]) -> Enrolment:
        """Add photos to the person of that name, or id; a new name makes a new person.

        Raises ValueError when no photo can be used; then nothing is stored.
        """
        raise NotImplementedError

    def identify(self, image: Image) -> list[IdentifiedFace]:
        """Find and compare every face of a still picture; nothing is stored."""
        raise NotImplementedError

    def people(self) -> list[PersonSummary]:
        """Return everybody, by name."""
        raise NotImplementedError

    def rename(self, key: str, name: str) -> Person:
        """Give a person another name; a name that somebody else has is refused."""
        raise NotImplementedError

    def remove(self, key: str) -> Person:
        """Forget a person with every reference; past visits stay, without the name."""
        raise NotImplementedError

    def export_person(self, key: str) -> bytes:
        """Return a zip archive with the person's name, descriptors and pictures."""
        raise NotImplementedError

    def import_person(self, archive: bytes, name: str | None = None) -> Person:
        """Add the person of an exported archive; a foreign, damaged or other-model archive is refused."""
        raise NotImplementedError

    def strangers(self, every_state: bool = False) -> list[Stranger]:
        """Return the inbox (open strangers, newest first), or strangers in every state."""
        raise NotImplementedError

    def assign(self, key: str, name: str) -> Person:
        """Name a stranger: becomes a new person or joins the one of that name or id; past visits follow."""
        raise NotImplementedError

    def ignore(self, key: str) -> Stranger:
        """Keep recognising this stranger, silently."""
        raise NotImplementedError

    def discard(self, key: str) -> Stranger:
        """Forget a stranger: descriptors and pictures are erased."""
        raise NotImplementedError

    def visits(self, limit: int = 50, before: float | None = None) -> list[VisitRecord]:
        """Return visits, newest first; `before` is a first_seen to page from."""
        raise NotImplementedError

    def person_picture(self, person_id: str) -> bytes | None:
        """Return the best picture (JPEG) of a person."""
        raise NotImplementedError

    def stranger_picture(self, stranger_id: str) -> bytes | None:
        """Return the best picture (JPEG) of a stranger."""
        raise NotImplementedError

    def visit_picture(self, visit_id: str) -> bytes | None:
        """Return the best picture (JPEG) of a visit."""
        raise NotImplementedError

    def counts(self) -> Counts:
        """Return how much is remembered."""
        raise NotImplementedError

    def problems(self) -> list[str]:
        """Return what the owner should put right, one sentence each (empty when all is well)."""
        raise NotImplementedError


Clock = Callable[[], float]
_CLOCK: Clock = time.time
