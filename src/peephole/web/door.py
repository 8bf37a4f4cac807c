"""What the page needs of a door: somebody who remembers, and somebody who tells what happens.

The host's own door is a `doorbell.Doorbell` watched by a `live.LiveDoorbell`; a device on a line is another one
(`device.household`). The page knows neither of them, only this.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from peephole.door.opener import DoorOpener
from peephole.doorbell.doorbell import Doorbell, Enrolment, Photo
from peephole.doorbell.visit import VisitRecord
from peephole.live import Announcer, Status, View
from peephole.notify.action_links import ActionLinks
from peephole.people.names import LONGEST
from peephole.people.records import Person, PersonSummary, Stranger
from peephole.web.settings.parts import HouseholdParts


class Household(Protocol):
    """Who is known behind a door, who came, and what the owner can do about them; called from any thread.

    A `key` is the id of a row, or what the owner calls it. Whatever cannot be done raises ValueError with one sentence,
    and OSError with one where it is not the owner's fault: a full disk, a device that does not answer.
    """

    def people(self) -> list[PersonSummary]:
        """Return everybody with a name."""

    def strangers(self, every_state: bool = False) -> list[Stranger]:
        """Return the inbox, last seen first, or strangers in every state."""

    def visits(self, limit: int = 50, before: float | None = None) -> list[VisitRecord]:
        """Return visits, newest first; `before` is a first_seen to page from."""

    def problems(self) -> list[str]:
        """Return what the owner should put right, one sentence each."""

    def person_picture(self, person_id: str) -> bytes | None:
        """Return a picture (JPEG) of a person; None where there is none."""

    def stranger_picture(self, stranger_id: str) -> bytes | None:
        """Return a picture (JPEG) of a stranger; None where there is none."""

    def visit_picture(self, visit_id: str) -> bytes | None:
        """Return a picture (JPEG) of a visit; None where there is none."""

    def enrol(self, name: str, photos: Sequence[Photo]) -> Enrolment:
        """Add photos to the person of that name; a new name makes a new person."""

    def rename(self, key: str, name: str) -> Person:
        """Give a person another name."""

    def remove(self, key: str) -> Person:
        """Forget a person."""

    def assign(self, key: str, name: str) -> Person:
        """Name a stranger: a new person, or the one of that name."""

    def ignore(self, key: str) -> Stranger:
        """Keep recognising a stranger, silently."""

    def discard(self, key: str) -> Stranger:
        """Forget a stranger."""


class Camera(Protocol):
    """One camera at this moment; read from any thread."""

    @property
    def camera(self) -> str:
        """Its name; empty where the only one has none."""

    @property
    def source(self) -> str:
        """What is watched, for people; without passwords."""

    @property
    def status(self) -> Status:
        """How its source is doing."""

    @property
    def newest(self) -> View | None:
        """The newest picture."""

    @property
    def newest_at(self) -> float | None:
        """When something came from it last, by time.monotonic(); None: never."""

    @property
    def rate(self) -> float:
        """Frames a second of late."""

    @property
    def present(self) -> tuple[str, ...]:
        """Who is there now, in words ("somebody" where nobody knows who)."""


class Happenings(Protocol):
    """What goes on at a household's doors at this moment; read from any thread."""

    @property
    def cameras(self) -> Sequence[Camera]:
        """Each camera, the first one first."""

    @property
    def announcer(self) -> Announcer:
        """Where messages come from."""

    @property
    def status(self) -> Status:
        """How the door is doing."""

    @property
    def pictures(self) -> bool:
        """Whether it sends pictures as they are taken; else all that is told is who is there."""

    @property
    def newest(self) -> View | None:
        """The newest picture of the first camera."""

    @property
    def newest_at(self) -> float | None:
        """When something came from the door last, by time.monotonic(); None: never."""

    @property
    def present(self) -> tuple[str, ...]:
        """Who is at the door now, in words ("somebody" where nobody knows who)."""


@dataclass(frozen=True)
class Door:
    """One door, as the page shows it.

    Attributes:
        household: who is known behind it.
        source: what is watched, for people; without passwords.
        connections: every address that this program connects to, each with the reason.
        longest_name: characters that a person's name may have.
        strangers_days: after so many days without a visit a stranger is forgotten; 0: never.
        memory: what the host's own door remembers beside that, looks and bars; None for a device's door.
        opener: what opens it; None where the doorbell does not.
        parts: of the running household, which its owner may set on the page; None where there are no such pages.
        cameras: the names of the cameras where there are several.
        ring: rings the bell, given who did it and the name of a camera (empty: the first); None: there is no bell.
        links: of the buttons of messages; None where nobody is told of anything.
    """

    household: Household
    source: str
    connections: tuple[str, ...] = ()
    longest_name: int = LONGEST
    strangers_days: int = 0
    memory: Doorbell | None = None
    opener: DoorOpener | None = None
    parts: HouseholdParts | None = None
    cameras: tuple[str, ...] = ()
    ring: Callable[[str, str], None] | None = None
    links: ActionLinks | None = None

    def peers(self) -> tuple[str, ...]:
        """Return every address that this program connects to at this moment, each with the reason."""
        return self.parts.connections() if self.parts is not None else self.connections

    def troubles(self) -> tuple[str, ...]:
        """Return what the owner should put right about the parts of the household, one sentence each."""
        return self.parts.troubles() if self.parts is not None else ()

    def days_of_strangers(self) -> int:
        """Return after how many days without a visit a stranger is forgotten; 0: never."""
        return self.parts.settings.retention.strangers if self.parts is not None else self.strangers_days
