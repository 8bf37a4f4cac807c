"""The owner's inbox: strangers with all their looks, who may be the same, and what is done about it."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from peephole.doorbell.archive import Archive, InboxShelf, JournalShelf
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.visit import VisitFilter, VisitRecord
from peephole.people.alike import pairs_within, visits_that_follow
from peephole.people.deeds import StrangerLook
from peephole.people.matching import References
from peephole.people.records import Stranger

SUGGESTION_RATE = 3e-3
"""Of the program's calibration: two strangers as near as that may be the same.

The doorbell itself holds on to one stranger only within the far stricter `Policy.same_stranger_rate`, as it merges
without asking; this bar only makes a question for the owner (docs/accuracy.md, strangers who come again).
"""
_MOST_SUGGESTIONS = 20
_MOST_VISITS = 10_000


@dataclass(frozen=True)
class Suggestion:
    """Two strangers who may be the same, the older one first; the distance is squared."""

    one: Stranger
    other: Stranger
    distance: int


@dataclass(frozen=True)
class Likeness:
    """Whom a stranger might be: the id of the person, the squared distance, and the bar for known beside it."""

    person: str
    distance: int
    bar: int


class Inbox:
    """Strangers as the owner deals with them; any thread. Keys are ids or numbers of strangers."""

    def __init__(self, archive: Archive, recogniser: Recogniser) -> None:
        """Join the parts."""
        self._archive = archive
        self._recogniser = recogniser
        self._lock = threading.Lock()
        self._suggested: tuple[tuple[int, int], list[Suggestion]] | None = None

    @property
    def shelf(self) -> InboxShelf:
        """What is done with strangers that takes no more than the storage."""
        return self._archive.inbox

    @property
    def journal(self) -> JournalShelf:
        """What can be taken back."""
        return self._archive.journal

    def stranger(self, key: str) -> Stranger:
        """Return a stranger in any state; the one whom it was merged into where that happened."""
        found = self._archive.strangers.get(key)
        return self._archive.strangers.get(found.into) if found.into is not None else found

    def looks(self) -> dict[str, list[StrangerLook]]:
        """Return the looks at every stranger by the stranger's id, the newest first."""
        found: dict[str, list[StrangerLook]] = {}
        for look in self._archive.inbox.looks():
            found.setdefault(look.stranger, []).append(look)
        return found

    def visits(self, stranger_id: str, limit: int = _MOST_VISITS) -> list[VisitRecord]:
        """Return the visits of a stranger, newest first."""
        return self._archive.visits.recent(limit, None, VisitFilter(stranger=stranger_id))

    def suggestions(self) -> list[Suggestion]:
        """Return the pairs of strangers who may be the same, the nearest first; none of whom the owner said no."""
        version = self._archive.gallery_version()
        with self._lock:
            if self._suggested is None or self._suggested[0] != version:
                self._suggested = version, self._find()
            return self._suggested[1]

    def split(self, key: str, looks: Sequence[int]) -> Stranger:
        """Make some looks those of a new stranger; visits follow their looks (`people.alike.visits_that_follow`)."""
        stranger = self._archive.strangers.get(key)
        model = self._recogniser.model
        visits = visits_that_follow(
            [visit.id for visit in self.visits(stranger.id)],
            {look.id: look.visit for look in self._archive.inbox.looks(stranger.id)},
            looks,
            self._archive.inbox.descriptors(stranger.id, model),
            lambda visit: [look.descriptor for look in self._archive.visits.looks(visit, model).values()],
        )
        return self._archive.inbox.split(stranger.id, looks, visits)

    def _find(self) -> list[Suggestion]:
        strangers = {one.id: one for one in self._archive.strangers.all(("open", "ignored")) if not one.no_face}
        bar = self._recogniser.calibration.distance_at(SUGGESTION_RATE)
        apart = self._archive.inbox.apart()
        looks = [look for look in self._archive.strangers.looks(self._recogniser.model) if look[0] in strangers]
        found: list[Suggestion] = []
        for pair in pairs_within(References.of(looks), bar):
            one, other = sorted((strangers[pair.one], strangers[pair.other]), key=lambda stranger: stranger.number)
            asked = "open" in (one.state, other.state) and frozenset((one.id, other.id)) not in apart
            if asked and len(found) < _MOST_SUGGESTIONS:
                found.append(Suggestion(one, other, pair.distance))
        return found
