"""The doorbell as the page and the command line see it."""

from collections.abc import Sequence

from peephole.doorbell import photos as stills
from peephole.doorbell import transfer
from peephole.doorbell.archive import Archive
from peephole.doorbell.candidates import Candidate
from peephole.doorbell.events import Event
from peephole.doorbell.gallery import read_gallery
from peephole.doorbell.looks import Portrait
from peephole.doorbell.photos import Enrolment, IdentifiedFace, Photo, PhotoReport
from peephole.doorbell.pictures import portrait as jpeg_portrait
from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.recogniser import FrameLike, Image, Recogniser
from peephole.doorbell.trace import Rejudged, rejudge
from peephole.doorbell.visit import Trace, VisitFilter, VisitRecord
from peephole.doorbell.watcher import LiveFace, Watcher
from peephole.people.hours import Hours
from peephole.people.matching import median_distances, rank
from peephole.people.names import clean_name
from peephole.people.records import Counts, Descriptor, Person, PersonSummary, Rules, Stranger
from peephole.people.spread import Spread, spread_of

__all__ = ["Doorbell", "Enrolment", "IdentifiedFace", "LiveFace", "Photo", "PhotoReport"]


class Doorbell:
    """One door: watches frames, remembers visits, and lets the owner manage people and strangers.

    `process`, `candidates`, `ring` and `flush` are called by one thread at a time; every other method may be called
    from any thread.
    A `key` of a person is an id or a name; a key of a stranger is an id or a running number.
    Unknown keys raise ValueError with one sentence; a full disk raises OSError with one.
    """

    def __init__(
        self,
        archive: Archive,
        recogniser: Recogniser,
        policy: Policy | None = None,
        portrait: Portrait = jpeg_portrait,
    ) -> None:
        """Join the parts; `portrait` makes the small JPEG of a face."""
        self._archive = archive
        self._recogniser = recogniser
        self._policy = policy or Policy()
        self._watcher = Watcher(archive, recogniser, self._policy, portrait)

    def process(self, frame: FrameLike) -> list[Event]:
        """Look at one frame and return what happened; a full disk is told as a `Problem`, once."""
        return self._watcher.process(frame)

    def gallery_version(self) -> tuple[int, int] | None:
        """Return what changes when people or strangers do, whoever changed them, as of the newest frame."""
        return self._watcher.gallery_version()

    def ring(self, time: float, source: str, image: Image | None) -> list[Event]:
        """Note that the bell was pressed, as of `time`; `image` is the newest frame, if there is one."""
        return self._watcher.ring(time, source, image)

    def flush(self) -> list[Event]:
        """End every open visit (the source has ended); raises OSError when they cannot be stored."""
        return self._watcher.flush()

    def recover(self) -> list[Event]:
        """End the visits that a killed process left open; only the holder of the instance lock may call this."""
        return self._watcher.recover()

    def current(self) -> tuple[LiveFace, ...]:
        """Return the faces of the newest frame (thread-safe snapshot)."""
        return self._watcher.current()

    def candidates(self, rate: float) -> tuple[Candidate, ...]:
        """Return who is recognised as of the newest frame, held against the bar of a false-accept rate.

        Called by the thread that calls `process`, between two frames.
        """
        return self._watcher.candidates(rate)

    def enrol(self, name: str, photos: Sequence[Photo]) -> Enrolment:
        """Add photos to the person of that name or id; a new name makes a new person.

        Raises ValueError when no photo can be used; then nothing is stored.
        """
        if self._archive.people.find(name) is None:
            clean_name(name)  # before the work, not after it
        reports, looks = stills.usable(photos, self._recogniser, self._policy)
        return Enrolment(self._archive.people.add(name, looks), reports)

    def identify(self, image: Image) -> list[IdentifiedFace]:
        """Find and compare every face of a still picture; nothing is stored."""
        gallery = read_gallery(self._archive, self._recogniser, self._policy)
        return stills.identify(image, self._recogniser, gallery, self._policy)

    def people(self) -> list[PersonSummary]:
        """Return everybody, by name."""
        return self._archive.people.all(self._recogniser.model)

    def rename(self, key: str, name: str) -> Person:
        """Give a person another name; a name that somebody else has is refused."""
        return self._archive.people.rename(key, name)

    def rules(self, key: str) -> Rules:
        """Return what the owner has decided about a person."""
        return self._archive.people.rules(key)

    def set_rules(self, key: str, rules: Rules) -> Person:
        """Decide about a person anew; the door opens for no child, and its hours must be hours."""
        if rules.minor and rules.may_open:
            raise ValueError(f"{key}: the door opens for no child")
        Hours.parse(rules.hours)
        return self._archive.people.set_rules(key, rules)

    def remove(self, key: str) -> Person:
        """Forget a person with every reference and picture; past visits stay, without name and picture."""
        return self._archive.people.remove(key)

    def export_person(self, key: str) -> bytes:
        """Return a zip archive with the person's name, descriptors and pictures."""
        person = self._archive.people.get(key)
        return transfer.pack(person, self._archive.people.references(person.id))

    def import_person(self, archive: bytes, name: str | None = None) -> Person:
        """Add the person of an exported archive; a foreign, damaged or other-model archive is refused.

        A name that is taken already is refused too: two people must not be joined by accident.
        """
        own_name, looks = transfer.unpack(archive, self._recogniser.model, self._recogniser.descriptor_size())
        name = own_name if name is None else clean_name(name)
        return self._archive.people.add_new(name, looks)

    def strangers(self, every_state: bool = False) -> list[Stranger]:
        """Return the inbox (open strangers, last seen first), or strangers in every state."""
        if every_state:
            return self._archive.strangers.all(("open", "ignored", "assigned", "discarded"))
        return self._archive.strangers.all(("open",))

    def likenesses(self) -> dict[str, str]:
        """Return whom a stranger in the inbox might be: the person nearest to its looks, if not clearly somebody else.

        By the stranger's id, the id of the person; a stranger who is like nobody is left out.
        """
        gallery = read_gallery(self._archive, self._recogniser, self._policy)
        looks: dict[str, list[Descriptor]] = {}
        for owner, descriptor in self._archive.strangers.looks(self._recogniser.model):
            looks.setdefault(owner, []).append(descriptor)
        found = {stranger: rank(median_distances(own, gallery.people)) for stranger, own in looks.items()}
        return {
            stranger: match.person
            for stranger, match in found.items()
            if match.person is not None and match.distance is not None and match.distance <= gallery.bars.stranger
        }

    def assign(self, key: str, name: str) -> Person:
        """Name a stranger: becomes a new person or joins the one of that name or id; past visits follow."""
        return self._archive.strangers.assign(key, name)

    def ignore(self, key: str) -> Stranger:
        """Keep recognising this stranger, silently."""
        return self._archive.strangers.ignore(key)

    def discard(self, key: str) -> Stranger:
        """Forget a stranger: descriptors and pictures are erased."""
        return self._archive.strangers.discard(key)

    def visits(
        self, limit: int = 50, before: float | None = None, only: VisitFilter | None = None
    ) -> list[VisitRecord]:
        """Return visits, newest first; `before` is a first_seen to page from, `only` those to leave in."""
        return self._archive.visits.recent(limit, before, only)

    def spread(self) -> Spread:
        """Return how far apart the looks of one person and of different people are, strangers among them."""
        gallery = read_gallery(self._archive, self._recogniser, self._policy)
        return spread_of(gallery.people, gallery.strangers)

    def bars(self) -> Bars:
        """Return the distances that visits are decided by at the moment."""
        return read_gallery(self._archive, self._recogniser, self._policy).bars

    def visit(self, visit_id: str) -> VisitRecord:
        """Return the visit of that id."""
        return self._archive.visits.get(visit_id)

    def trace(self, visit_id: str) -> Trace:
        """Return what a visit was decided by."""
        return self._archive.visits.trace(visit_id)

    def look_picture(self, visit_id: str, number: int) -> bytes | None:
        """Return the picture (JPEG) of one look of a visit."""
        return self._archive.visits.look_picture(visit_id, number)

    def rejudge(self, policy: Policy, limit: int = 500) -> list[Rejudged]:
        """Decide anew about the newest visits by another policy, against the people as they are now; stores nothing."""
        gallery = read_gallery(self._archive, self._recogniser, policy)
        shelf, model = self._archive.visits, self._recogniser.model
        seen = ((visit, shelf.looks(visit.id, model)) for visit in shelf.recent(limit, None))
        return rejudge(seen, gallery, policy)

    @property
    def policy(self) -> Policy:
        """How this doorbell decides."""
        return self._policy

    def person_picture(self, person_id: str) -> bytes | None:
        """Return the best picture (JPEG) of a person."""
        return self._archive.people.picture(person_id)

    def stranger_picture(self, stranger_id: str) -> bytes | None:
        """Return the best picture (JPEG) of a stranger."""
        return self._archive.strangers.picture(stranger_id)

    def visit_picture(self, visit_id: str) -> bytes | None:
        """Return the best picture (JPEG) of a visit."""
        return self._archive.visits.picture(visit_id)

    def counts(self) -> Counts:
        """Return how much is remembered."""
        people = self.people()
        return Counts(
            people=len(people),
            references=sum(row.references + row.foreign_references for row in people),
            strangers_open=len(self._archive.strangers.all(("open",))),
            strangers_ignored=len(self._archive.strangers.all(("ignored",))),
            visits=self._archive.visits.count(),
        )

    def problems(self) -> list[str]:
        """Return what the owner should put right, one sentence each (empty when all is well)."""
        return [
            f"{row.person.name}: {row.foreign_references} of the stored looks were made with another model and cannot "
            "be compared any more; enrol from photos again"
            for row in self.people()
            if row.foreign_references
        ]
