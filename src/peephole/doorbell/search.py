"""Search by face: people, strangers and visits nearest to one, among all looks that are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from peephole.doorbell.archive import Archive
from peephole.doorbell.gallery import Gallery, read_gallery
from peephole.doorbell.photos import Photo, examine
from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.visit import VisitRecord
from peephole.people.matching import References, median_distances
from peephole.people.records import Descriptor, Stranger

Likeness = Literal["same", "perhaps", "other"]
"""What the bars say of a distance: within the inner one, between both, beyond the outer one."""

MOST = 40
"""Rows of each kind that are returned."""


@dataclass(frozen=True)
class FoundPerson:
    """A person, with the median squared distance over the looks searched by."""

    id: str
    name: str
    distance: int
    likeness: Likeness


@dataclass(frozen=True)
class FoundStranger:
    """A stranger; distance as of a person."""

    stranger: Stranger
    distance: int
    likeness: Likeness


@dataclass(frozen=True)
class FoundVisit:
    """A visit; distance as of a person, to the nearest of the looks that are kept of it."""

    visit: VisitRecord
    distance: int
    likeness: Likeness


@dataclass(frozen=True)
class Found:
    """What a search found, each kind with the nearest first.

    Attributes:
        looks: How many looks it was searched by.
        compared: How many stored looks there are to compare with.
        bars: What the likeness of each row follows from.
        people: Everybody, as far as MOST goes: the nearest tells something even where it is far.
        strangers: Those within the outer bar.
        visits: Those within the outer bar.
    """

    looks: int
    compared: int
    bars: Bars
    people: tuple[FoundPerson, ...]
    strangers: tuple[FoundStranger, ...]
    visits: tuple[FoundVisit, ...]


class Finder:
    """Searches an archive; may be called from any thread.

    A person is held against the bars of recognition; strangers and visits against the stricter bar by which two
    strangers are taken for one, as nobody has confirmed who they are.
    """

    def __init__(self, archive: Archive, recogniser: Recogniser, policy: Policy) -> None:
        """Take where to search, and by what."""
        self._archive = archive
        self._recogniser = recogniser
        self._policy = policy

    def by_photo(self, photo: Photo) -> Found:
        """Search by the clearest face of a photo; raise ValueError where it shows none that is of use."""
        report, look = examine(photo, self._recogniser, self._policy)
        if look is None:
            raise ValueError(f"{photo.label}: {report.text}")
        return self.by_looks([look.descriptor])

    def by_visit(self, visit_id: str) -> Found:
        """Search by the good looks of a visit, or by all where none is good."""
        self._archive.visits.get(visit_id)
        looks = list(self._archive.visits.looks(visit_id, self._recogniser.model).values())
        good = [look.descriptor for look in looks if look.quality.good]
        return self.by_looks(good or [look.descriptor for look in looks])

    def by_person(self, key: str) -> Found:
        """Search by the looks of a person."""
        person = self._archive.people.get(key)
        return self.by_looks(self._of(person.id, self._archive.people.looks(self._recogniser.model)))

    def by_stranger(self, key: str) -> Found:
        """Search by the looks of a stranger."""
        stranger = self._archive.strangers.get(key)
        return self.by_looks(self._of(stranger.id, self._archive.strangers.looks(self._recogniser.model)))

    def by_looks(self, looks: Sequence[Descriptor]) -> Found:
        """Search by descriptors [D]; raise ValueError for none."""
        if not looks:
            raise ValueError("no look at this face is left to search by")
        gallery = read_gallery(self._archive, self._recogniser, self._policy)
        seen = References.of(self._archive.visits.every_look(self._recogniser.model))
        return Found(
            looks=len(looks),
            compared=len(gallery.people.owners) + len(gallery.strangers.owners) + len(seen.owners),
            bars=gallery.bars,
            people=self._people(looks, gallery),
            strangers=self._strangers(looks, gallery),
            visits=self._visits(looks, seen, gallery),
        )

    def _of(self, owner: str, looks: Sequence[tuple[str, Descriptor]]) -> list[Descriptor]:
        return [descriptor for whose, descriptor in looks if whose == owner]

    def _people(self, looks: Sequence[Descriptor], gallery: Gallery) -> tuple[FoundPerson, ...]:
        near = _nearest(median_distances(looks, gallery.people))
        return tuple(
            FoundPerson(person, gallery.names[person], far, _likeness(far, gallery.bars.known, gallery.bars.stranger))
            for person, far in near
            if person in gallery.names
        )

    def _strangers(self, looks: Sequence[Descriptor], gallery: Gallery) -> tuple[FoundStranger, ...]:
        rows = {stranger.id: stranger for stranger in self._archive.strangers.all(("open", "ignored"))}
        bars = gallery.bars
        return tuple(
            FoundStranger(rows[stranger], far, _likeness(far, bars.same_stranger, bars.stranger))
            for stranger, far in _nearest(median_distances(looks, gallery.strangers))
            if stranger in rows and far <= bars.stranger
        )

    def _visits(self, looks: Sequence[Descriptor], seen: References, gallery: Gallery) -> tuple[FoundVisit, ...]:
        bars = gallery.bars
        near = [(visit, far) for visit, far in _nearest(median_distances(looks, seen)) if far <= bars.stranger]
        rows = {visit: self._archive.visits.get(visit) for visit, _ in near}
        return tuple(
            FoundVisit(rows[visit], far, _likeness(far, bars.same_stranger, bars.stranger)) for visit, far in near
        )


def _nearest(distances: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(distances.items(), key=lambda one: (one[1], one[0]))[:MOST]


def _likeness(distance: int, inner: int, outer: int) -> Likeness:
    return "same" if distance <= inner else "perhaps" if distance <= outer else "other"
