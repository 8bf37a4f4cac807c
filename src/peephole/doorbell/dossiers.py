"""Everything that is kept about one person: to look through, to put right, to take along, to erase."""

from collections import Counter
from dataclasses import dataclass

from peephole.doorbell import transfer
from peephole.doorbell.archive import Archive
from peephole.doorbell.gallery import Gallery, read_gallery
from peephole.doorbell.history_export import history_of
from peephole.doorbell.policy import Policy, bars
from peephole.doorbell.recogniser import Recogniser
from peephole.people.checks import Place, of_owner, place_of, without
from peephole.people.records import Aside, Kept, Person, Reference


@dataclass(frozen=True)
class PlacedReference:
    """A look at a person, and where it lies among the others; no place where another model made it."""

    reference: Reference
    place: Place | None


@dataclass(frozen=True)
class Dossier:
    """The looks at a person, the oldest first; distances are squared, `known` and `stranger` are the bars."""

    person: Person
    references: tuple[PlacedReference, ...]
    known: int
    stranger: int


class Dossiers:
    """What the owner does with what is kept about a person; any thread. A `key` is an id or a name.

    Unknown keys and numbers raise ValueError with one sentence; a full disk raises OSError with one.
    """

    def __init__(self, archive: Archive, recogniser: Recogniser, policy: Policy) -> None:
        """Join the parts."""
        self._archive = archive
        self._recogniser = recogniser
        self._policy = policy

    def read(self, key: str) -> Dossier:
        """Return every look at a person with its distances to the person's others in use and to other people."""
        person = self._archive.people.get(key)
        return self._placed(person, read_gallery(self._archive, self._recogniser, self._policy))

    def faulty(self) -> dict[str, int]:
        """Return how many references in use do not seem to belong where they are, by the person's id.

        Of those whom something is wrong with; no picture is read.
        """
        gallery = read_gallery(self._archive, self._recogniser, self._policy)
        known, stranger = gallery.bars.known, self._stranger_bar()
        counts: Counter[str] = Counter()
        for person in gallery.people.names:
            looks, others = of_owner(gallery.people, person), without(gallery.people, person)
            for number, look in enumerate(looks):
                own = [*looks[:number], *looks[number + 1 :]]
                counts[person] += bool(place_of(look, own, others, known, stranger).fault)
        return dict(+counts)

    def _placed(self, person: Person, gallery: Gallery) -> Dossier:
        looks = self._archive.references.all(person.id)
        model, others = self._recogniser.model, without(gallery.people, person.id)
        stranger = self._stranger_bar()
        in_use = [look for look in looks if look.model == model and not look.aside]
        placed = []
        for look in looks:
            own = [one.descriptor for one in in_use if one.id != look.id]
            known = gallery.bars.known
            place = place_of(look.descriptor, own, others, known, stranger) if look.model == model else None
            placed.append(PlacedReference(look, place))
        return Dossier(person, tuple(placed), gallery.bars.known, stranger)

    def _stranger_bar(self) -> int:
        """Return the bar for photos that are added, whoever else there is."""
        return bars(self._policy, self._recogniser.calibration, 1).stranger

    def picture(self, key: str, number: int) -> bytes | None:
        """Return the picture (JPEG) of one look at a person."""
        return self._archive.references.picture(self._archive.people.get(key).id, number)

    def set_aside(self, key: str, number: int) -> Person:
        """Compare a look with nobody from now on; what is wrong with it at this moment is noted as the reason."""
        dossier = self.read(key)
        faults = {one.reference.id: one.place.fault for one in dossier.references if one.place is not None}
        why: Aside = faults.get(number) or "owner"
        self._archive.references.set_aside(dossier.person.id, number, why)
        return dossier.person

    def put_back(self, key: str, number: int) -> Person:
        """Take a look that was set aside into use again."""
        person = self._archive.people.get(key)
        self._archive.references.set_aside(person.id, number, "")
        return person

    def erase_aside(self, key: str, number: int | None = None) -> int:
        """Erase one look that was set aside, or all of a person; return how many were."""
        return self._archive.references.erase_aside(self._archive.people.get(key).id, number)

    def join(self, key: str, other_key: str) -> Person:
        """Make two people one, who keeps name and rules of the first; it can be undone for a while."""
        return self._archive.people.join(key, other_key)

    def kept(self, key: str) -> Kept:
        """Return how much is kept about a person."""
        return self._archive.people.kept(self._archive.people.get(key).id)

    def erase(self, key: str, keep_unsure: bool = False) -> Person:
        """Erase a person; there is no way back (see `archive.PeopleShelf.remove`)."""
        return self._archive.people.remove(key, keep_unsure)

    def export(self, key: str) -> bytes:
        """Return everything that is kept about a person as a zip archive (see `transfer`)."""
        person = self._archive.people.get(key)
        history = history_of(self._archive, person.id, self._recogniser.model)
        looks, rules = self._archive.references.all(person.id), self._archive.people.rules(person.id)
        return transfer.pack(person, looks, rules, history)
