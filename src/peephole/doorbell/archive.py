"""What a doorbell asks of its storage; `peephole.store.store.Store` keeps it in SQLite.

Every method is one transaction: done and on the disk when it returns, or not done at all (OSError, one sentence).
"""

from collections.abc import Sequence
from typing import Protocol

from peephole.doorbell.visit import Sighting, Trace, VisitFilter, VisitRecord, VisitState
from peephole.people.records import (
    Descriptor,
    NewReference,
    Person,
    PersonSummary,
    Reference,
    Rules,
    Stranger,
    StrangerState,
)


class PeopleShelf(Protocol):
    """People and the looks they are recognised by."""

    def add(self, name: str, looks: Sequence[NewReference]) -> Person:
        """Add looks to the person of that name or id; a new name makes a new person."""

    def add_new(self, name: str, looks: Sequence[NewReference]) -> Person:
        """Make a new person with looks; raise ValueError when the name is taken."""

    def find(self, key: str) -> Person | None:
        """Return the person of that id or name."""

    def get(self, key: str) -> Person:
        """Return the person of that id or name, or raise ValueError."""

    def all(self, model: str) -> list[PersonSummary]:
        """Return everybody, by name."""

    def rename(self, key: str, name: str) -> Person:
        """Give a person another name."""

    def rules(self, key: str) -> Rules:
        """Return what the owner has decided about a person."""

    def set_rules(self, key: str, rules: Rules) -> Person:
        """Decide about a person anew."""

    def remove(self, key: str) -> Person:
        """Forget a person: descriptors and pictures are erased, those of visits too; the visits stay."""

    def looks(self, model: str) -> list[tuple[str, Descriptor]]:
        """Return (person id, descriptor) of every reference made by that model."""

    def references(self, person_id: str) -> list[Reference]:
        """Return everything stored of one person, best first."""

    def picture(self, person_id: str) -> bytes | None:
        """Return the best picture of a person."""


class StrangersShelf(Protocol):
    """Strangers and the looks they are recognised by."""

    def get(self, key: str) -> Stranger:
        """Return the stranger of that id or number, or raise ValueError."""

    def all(self, states: Sequence[StrangerState]) -> list[Stranger]:
        """Return strangers in those states, the last seen first."""

    def looks(self, model: str) -> list[tuple[str, Descriptor]]:
        """Return (stranger id, descriptor) of every look at an open or ignored stranger made by that model."""

    def assign(self, key: str, name: str) -> Person:
        """Make a stranger a person, or one more set of looks of that person."""

    def ignore(self, key: str) -> Stranger:
        """Keep recognising, silently."""

    def discard(self, key: str) -> Stranger:
        """Erase looks and pictures."""

    def picture(self, stranger_id: str) -> bytes | None:
        """Return the best picture of a stranger."""


class VisitsShelf(Protocol):
    """Visits, open and closed."""

    def save(self, state: VisitState) -> None:
        """Write an open visit as it stands: the row, and the looks kept."""

    def close(self, state: VisitState, trace: Trace, keep: int, cool_down: float) -> VisitRecord:
        """Write and close a visit, attach it to its stranger or open a new one, and return it as stored.

        The looks kept and the trace stay with it.

        A decision `stranger` without a stranger's id makes a new stranger; the best `keep` good looks are remembered.
        What other processes changed meanwhile counts: a person who is gone, a stranger who has been named.
        Closing a visit again changes nothing.
        """

    def unfinished(self, model: str) -> list[VisitState]:
        """Return the visits that were never closed, with the looks made by that model."""

    def get(self, visit_id: str) -> VisitRecord:
        """Return the visit of that id, or raise ValueError."""

    def trace(self, visit_id: str) -> Trace:
        """Return what a closed visit was decided by; without looks where none are left."""

    def looks(self, visit_id: str, model: str) -> dict[int, Sighting]:
        """Return the looks kept of a visit that were made by that model, by their numbers."""

    def look_picture(self, visit_id: str, number: int) -> bytes | None:
        """Return the picture (JPEG) of one look."""

    def recent(self, limit: int, before: float | None, only: VisitFilter | None = None) -> list[VisitRecord]:
        """Return visits, newest first."""

    def picture(self, visit_id: str) -> bytes | None:
        """Return the best picture of a visit."""

    def count(self) -> int:
        """Return how many there are."""


class Archive(Protocol):
    """Everything that survives a restart."""

    @property
    def people(self) -> PeopleShelf:
        """People."""

    @property
    def strangers(self) -> StrangersShelf:
        """Strangers."""

    @property
    def visits(self) -> VisitsShelf:
        """Visits."""

    def gallery_version(self) -> tuple[int, int]:
        """Return a value that changes when people or strangers change, here or in another process."""
