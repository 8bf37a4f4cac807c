"""What the page needs of a door: somebody who remembers, and somebody who tells what happens.

The host's own door is a `doorbell.Doorbell` watched by a `live.LiveDoorbell`; a device on a line is another one
(`device.household`). The page knows neither of them, only this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from peephole.door.opener import DoorOpener
from peephole.doorbell.doorbell import Doorbell, Enrolment, Photo
from peephole.doorbell.visit import VisitRecord
from peephole.live import Announcer, Look, Status
from peephole.people.names import LONGEST
from peephole.people.records import Person, PersonSummary, Stranger


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


class Happenings(Protocol):
    """What goes on at a door at this moment; read from any thread."""

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
    def newest(self) -> Look | None:
        """The newest picture."""

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
    """

    household: Household
    source: str
    connections: tuple[str, ...] = ()
    longest_name: int = LONGEST
    strangers_days: int = 0
    memory: Doorbell | None = None
    opener: DoorOpener | None = None
