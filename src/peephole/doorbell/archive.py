"""What a doorbell asks of its storage; `peephole.store.store.Store` keeps it in SQLite.

Every method is one transaction: done and on the disk when it returns, or not done at all (OSError, one sentence).
"""

from collections.abc import Sequence
from typing import Any, Protocol

from peephole.doorbell.said import Said
from peephole.doorbell.visit import Kind, Look, Trace, VisitFilter, VisitRecord, VisitState
from peephole.people.deeds import Deed, StrangerLook
from peephole.people.records import (
    Aside,
    Descriptor,
    Kept,
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

    def add_new(self, name: str, looks: Sequence[NewReference], rules: Rules | None = None) -> Person:
        """Make a new person with looks and rules; raise ValueError when the name is taken."""

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

    def join(self, key: str, other_key: str) -> Person:
        """Make two people one, who keeps name and rules of the first; looks and visits of the other follow."""

    def remove(self, key: str, keep_unsure: bool = False) -> Person:
        """Forget a person: descriptors and pictures are erased, those of visits too; the visits stay.

        keep_unsure: keep the pictures of unsure visits to which this person was the nearest.
        """

    def joined(self, person_id: str) -> list[tuple[Person, Rules]]:
        """Return who was joined into a person, with the rules that they had."""

    def kept(self, person_id: str) -> Kept:
        """Return how much is kept about a person."""

    def door_rows(self, person_id: str) -> list[dict[str, Any]]:
        """Return what the door's log says of a person, the oldest first."""

    def looks(self, model: str) -> list[tuple[str, Descriptor]]:
        """Return (person id, descriptor) of every reference in use made by that model."""

    def references(self, person_id: str) -> list[Reference]:
        """Return every reference of one person in use, best first."""

    def picture(self, person_id: str) -> bytes | None:
        """Return the best picture of a person."""


class ReferencesShelf(Protocol):
    """The single looks at people, those in use and those set aside."""

    def all(self, person_id: str) -> list[Reference]:
        """Return every look at a person, the oldest first."""

    def picture(self, person_id: str, number: int) -> bytes | None:
        """Return the picture (JPEG) of one look."""

    def set_aside(self, person_id: str, number: int, why: Aside) -> None:
        """Compare a look with nobody; an empty `why` takes it into use again."""

    def erase_aside(self, person_id: str, number: int | None = None) -> int:
        """Erase one look that was set aside, or all of a person; return how many."""


class StrangersShelf(Protocol):
    """Strangers and the looks they are recognised by."""

    def get(self, key: str) -> Stranger:
        """Return the stranger of that id or number, or raise ValueError."""

    def all(self, states: Sequence[StrangerState]) -> list[Stranger]:
        """Return strangers in those states, the last seen first."""

    def looks(self, model: str) -> list[tuple[str, Descriptor]]:
        """Return (stranger id, descriptor) of every look at an open or ignored stranger made by that model."""

    def picture(self, stranger_id: str) -> bytes | None:
        """Return the best picture of a stranger."""


class InboxShelf(Protocol):
    """Strangers as the owner deals with them. Keys are ids or numbers; unknown ones raise ValueError."""

    def assign(self, keys: Sequence[str], name: str) -> Person:
        """Make strangers a person, or more looks of that person."""

    def introduce(
        self, who: str | Person, looks: Sequence[NewReference], consent: str, strangers: Sequence[str] = ()
    ) -> Person:
        """Add looks at a person of a new name, or at somebody known, with the consent, and make strangers that one."""

    def ignore(self, keys: Sequence[str]) -> list[Stranger]:
        """Keep recognising, silently."""

    def no_face(self, keys: Sequence[str]) -> list[Stranger]:
        """Keep recognising what is no face, silently and out of the lists."""

    def reopen(self, keys: Sequence[str]) -> list[Stranger]:
        """Let ignored strangers wait for a name again."""

    def discard(self, keys: Sequence[str]) -> list[Stranger]:
        """Take looks and pictures away, to be erased once this cannot be taken back any more."""

    def merge(self, keys: Sequence[str]) -> Stranger:
        """Make several strangers one, who keeps the oldest number."""

    def split(self, key: str, looks: Sequence[int], visits: Sequence[str]) -> Stranger:
        """Make some looks and visits those of a new stranger."""

    def drop_looks(self, key: str, looks: Sequence[int]) -> Stranger:
        """Take single looks away, as `discard` does with all of them."""

    def keep_apart(self, one: str, other: str) -> None:
        """Note that two strangers are two people."""

    def apart(self) -> set[frozenset[str]]:
        """Return the pairs of ids of whom the owner said so."""

    def looks(self, stranger_id: str | None = None) -> list[StrangerLook]:
        """Return the looks at a stranger, or at all of them, the newest first."""

    def look_picture(self, look: int) -> bytes | None:
        """Return the picture (JPEG) of one look."""

    def descriptors(self, stranger_id: str, model: str) -> dict[int, Descriptor]:
        """Return the descriptors of the looks at one stranger that `model` made, by the looks' ids."""


class CorrectionsShelf(Protocol):
    """The owner's word about single visits that are over. Unknown visits raise ValueError, as do those that go on.

    cool_down: so many seconds after a visit of the same one a visit counts as a repeat.
    """

    def name(self, visit: str, who: str, learn: bool, consent: str, cool_down: float) -> Person:
        """Make it the visit of that person, and its good looks more looks of that person, if wanted."""

    def strange(self, visit: str, stranger: str | None, model: str, keep: int, cool_down: float) -> int | None:
        """Make it the visit of that stranger or a new one, and return the number; None: no good look is left."""

    def forget(self, visit: str, cool_down: float) -> None:
        """Take looks and picture away, to be erased once this cannot be taken back any more."""

    def said(self, visit: str) -> Said | None:
        """Return what the doorbell had said of a visit; None where the owner has not put it right."""


class JournalShelf(Protocol):
    """What the owner did and may take back."""

    def deeds(self, now: float | None = None) -> list[Deed]:
        """Return what can be taken back, the newest first."""

    def undo(self, number: int | None = None, may_ease: bool = False) -> Deed:
        """Take back one action, or the newest; raises ValueError where that is not possible any more.

        may_ease: whether the door may open more easily afterwards; else EasierError is raised, and nothing is done.
        """

    def erase(self, number: int | None = None) -> int:
        """Make one action final, or every one, and erase what it took away."""


class VisitsShelf(Protocol):
    """Visits, open and closed."""

    def save(self, state: VisitState) -> None:
        """Write an open visit as it stands: the row, and the looks kept."""

    def close(self, state: VisitState, trace: Trace, keep: int, cool_down: float) -> VisitRecord:
        """Write and close a visit, attach it to its stranger or open a new one, and return it as stored.

        The looks kept and the trace stay with it.

        A decision `stranger` without a stranger's id makes a new stranger, unless nothing of the face is kept; the best
        `keep` good looks are remembered.
        What other processes changed meanwhile counts: a person who is gone, a stranger who has been named.
        Closing a visit again changes nothing.
        """

    def unfinished(self, model: str) -> list[VisitState]:
        """Return the visits that were never closed, with the looks made by that model."""

    def get(self, visit_id: str) -> VisitRecord:
        """Return the visit of that id, or raise ValueError."""

    def trace(self, visit_id: str) -> Trace:
        """Return what a closed visit was decided by; without looks where none are left."""

    def looks(self, visit_id: str, model: str) -> dict[int, Look]:
        """Return the looks kept of a visit that were made by that model, by their numbers."""

    def look_picture(self, visit_id: str, number: int) -> bytes | None:
        """Return the picture (JPEG) of one look."""

    def recent(self, limit: int, before: float | None, only: VisitFilter | None = None) -> list[VisitRecord]:
        """Return visits, newest first."""

    def moments(self, since: float, before: float, only: VisitFilter | None = None) -> list[tuple[float, Kind]]:
        """Return when the visits that began in a span of time did, and of what kind they were, the oldest first."""

    def cameras(self) -> list[str]:
        """Return the names of cameras that visits were at, those too that are there no more, by name."""

    def every_look(self, model: str) -> list[tuple[str, Descriptor]]:
        """Return (visit id, descriptor) of every look that is kept of any visit and was made by that model."""

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
    def references(self) -> ReferencesShelf:
        """Looks at people, one by one."""

    @property
    def strangers(self) -> StrangersShelf:
        """Strangers."""

    @property
    def inbox(self) -> InboxShelf:
        """What the owner does with strangers."""

    @property
    def corrections(self) -> CorrectionsShelf:
        """What the owner does with single visits."""

    @property
    def journal(self) -> JournalShelf:
        """What the owner may take back."""

    @property
    def visits(self) -> VisitsShelf:
        """Visits."""

    def gallery_version(self) -> tuple[int, int]:
        """Return a value that changes when people or strangers change, here or in another process."""
