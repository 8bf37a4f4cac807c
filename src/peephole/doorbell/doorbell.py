"""The doorbell as the page and the command line see it."""

from collections.abc import Sequence
from threading import Lock

from peephole.doorbell import photos as stills
from peephole.doorbell import transfer
from peephole.doorbell.archive import Archive
from peephole.doorbell.candidates import Candidate
from peephole.doorbell.corrections import Corrections
from peephole.doorbell.dossiers import Dossiers
from peephole.doorbell.events import Event
from peephole.doorbell.floor import Nearness
from peephole.doorbell.gallery import read_gallery
from peephole.doorbell.inbox import Inbox, Likeness
from peephole.doorbell.introduction import Introduction
from peephole.doorbell.looks import Portrait
from peephole.doorbell.photos import Enrolment, IdentifiedFace, Photo, PhotoReport
from peephole.doorbell.pictures import portrait as jpeg_portrait
from peephole.doorbell.policy import Bars, Calibration, Policy, bars
from peephole.doorbell.recogniser import FrameLike, Recogniser
from peephole.doorbell.search import Finder
from peephole.doorbell.trace import Judge, Rejudged, rejudge
from peephole.doorbell.visit import Kind, Trace, VisitFilter, VisitRecord
from peephole.doorbell.visits import Post
from peephole.doorbell.watcher import LiveFace, Watcher
from peephole.people.matching import median_distances, rank
from peephole.people.names import clean_name
from peephole.people.records import Counts, Descriptor, Person, PersonSummary, Rules, Stranger
from peephole.people.rules import check_rules
from peephole.people.spread import Spread
from peephole.vision.image import Image

__all__ = ["Doorbell", "Enrolment", "IdentifiedFace", "LiveFace", "Photo", "PhotoReport"]


class Doorbell:
    """One household: watches frames, remembers visits, and lets the owner manage people and strangers.

    `process`, `candidates`, `ring` and `flush` are those of its only camera, and called by one thread at a time; every
    other method may be called from any thread. Where there are several cameras each has a `watcher` instead.
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
        self._watchers: list[Watcher] = []
        self._portrait = portrait
        self._closing = Lock()
        self.inbox = Inbox(archive, recogniser)
        self.nearness = Nearness(archive, recogniser)
        self._watcher = self.watcher()

    def watcher(self, camera: str = "", cameras: Sequence[str] = ()) -> Watcher:
        """Return what watches one of several cameras, in a thread of its own; they share people, strangers and network.

        cameras: the names of all. Each ends the visits that a killed process left open at its camera, and the first
        those of cameras that are there no more, too; without others all of them.
        """

        def recovers(left: str) -> bool:
            return left == camera or (tuple(cameras[:1]) in ((), (camera,)) and left not in cameras)

        post = Post(camera, recovers, self._closing)
        watcher = Watcher(self._archive, self._recogniser, self._policy, self._portrait, post)
        self._watchers.append(watcher)
        return watcher

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
        known = self._archive.people.find(name)
        if known is None:
            clean_name(name)  # before the work, not after it
        references = self._archive.people.references(known.id) if known is not None else []
        own = [one.descriptor for one in references if one.model == self._recogniser.model]
        reports, looks = stills.usable(photos, self._recogniser, self._policy, own)
        return Enrolment(self._archive.people.add(name, looks), reports)

    def introduction(self, name: str) -> Introduction:
        """Begin to introduce somebody at the camera; nothing is stored before its `save`."""
        return Introduction(name, self._archive, self._recogniser, self._policy)

    def finder(self) -> Finder:
        """Return what searches everything by face."""
        return Finder(self._archive, self._recogniser, self._policy)

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
        """Decide about a person anew; ValueError for rules that cannot be (`people.rules`)."""
        try:
            check_rules(rules)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error
        return self._archive.people.set_rules(key, rules)

    def remove(self, key: str) -> Person:
        """Forget a person with every reference and picture; past visits stay, without name and picture."""
        return self._archive.people.remove(key)

    def export_person(self, key: str) -> bytes:
        """Return a zip archive to carry to another door: name, rules, descriptors and pictures, but no visits."""
        person = self._archive.people.get(key)
        return transfer.pack(person, self._archive.people.references(person.id), self._archive.people.rules(person.id))

    def import_person(self, archive: bytes, name: str | None = None) -> Person:
        """Add the person of an exported archive; a foreign, damaged or other-model archive is refused.

        A name that is taken already is refused too: two people must not be joined by accident. Rules and consent come
        along, but for leave to open the door.
        """
        own_name, looks = transfer.unpack(archive, self._recogniser.model, self._recogniser.descriptor_size())
        rules, name = transfer.rules_in(archive), own_name if name is None else clean_name(name)
        return self._archive.people.add_new(name, looks, rules)

    @property
    def dossiers(self) -> Dossiers:
        """What is kept about each person, one by one."""
        return Dossiers(self._archive, self._recogniser, self._policy)

    @property
    def corrections(self) -> Corrections:
        """Visits, put right one by one."""
        return Corrections(self._archive, self._recogniser, self._policy)

    def strangers(self, every_state: bool = False) -> list[Stranger]:
        """Return the inbox (open strangers, last seen first), or strangers in every state."""
        if every_state:
            return self._archive.strangers.all(("open", "ignored", "assigned", "discarded"))
        return self._archive.strangers.all(("open",))

    def likenesses(self) -> dict[str, Likeness]:
        """Return whom a stranger might be: the person nearest to its looks, if not clearly somebody else.

        By the stranger's id; a stranger who is like nobody is left out.
        """
        gallery = read_gallery(self._archive, self._recogniser, self._policy)
        looks: dict[str, list[Descriptor]] = {}
        for owner, descriptor in self._archive.strangers.looks(self._recogniser.model):
            looks.setdefault(owner, []).append(descriptor)
        found = {stranger: rank(median_distances(own, gallery.people)) for stranger, own in looks.items()}
        return {
            stranger: Likeness(match.person, match.distance, gallery.bars.known)
            for stranger, match in found.items()
            if match.person is not None and match.distance is not None and match.distance <= gallery.bars.stranger
        }

    def assign(self, key: str, name: str) -> Person:
        """Name a stranger: becomes a new person or joins the one of that name or id; past visits follow."""
        return self._archive.inbox.assign([key], name)

    def unlike(self, strangers: Sequence[str], name: str) -> str | None:
        """Return the name of somebody known where one of these strangers is clearly somebody else, else None.

        name: the name or id that they are to get. Nobody of that name yet is like everybody.
        """
        person = self._archive.people.find(name)
        if person is None:
            return None
        gallery = read_gallery(self._archive, self._recogniser, self._policy)
        ids = {self._archive.strangers.get(key).id for key in strangers}
        looks: dict[str, list[Descriptor]] = {}
        for owner, descriptor in self._archive.strangers.looks(self._recogniser.model):
            if owner in ids:
                looks.setdefault(owner, []).append(descriptor)
        far = [median_distances(own, gallery.people).get(person.id, 0) for own in looks.values()]
        return person.name if any(distance > gallery.bars.stranger for distance in far) else None

    def ignore(self, key: str) -> Stranger:
        """Keep recognising this stranger, silently."""
        return self._archive.inbox.ignore([key])[0]

    def discard(self, key: str) -> Stranger:
        """Forget a stranger; descriptors and pictures are erased once that cannot be undone any more."""
        return self._archive.inbox.discard([key])[0]

    def visits(
        self, limit: int = 50, before: float | None = None, only: VisitFilter | None = None
    ) -> list[VisitRecord]:
        """Return visits, newest first; `before` is a first_seen to page from, `only` those to leave in."""
        return self._archive.visits.recent(limit, before, only)

    def moments(self, since: float, before: float, only: VisitFilter | None = None) -> list[tuple[float, Kind]]:
        """Return when the visits of a span of time began, and of what kind they were, the oldest first."""
        return self._archive.visits.moments(since, before, only)

    def cameras_of_visits(self) -> list[str]:
        """Return the names of cameras that visits were at, those too that are there no more, by name."""
        return self._archive.visits.cameras()

    def spread(self) -> Spread:
        """Return how far apart the looks of one person and of different people are, strangers among them."""
        return self.nearness.spread()

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
        """Decide anew about the newest visits, by this policy and by the one in force; stores nothing.

        Both times against the people as they are now. Visits without looks, and those that the owner has decided
        about, are passed over.
        """
        gallery = read_gallery(self._archive, self._recogniser, self._policy)
        shelf, model = self._archive.visits, self._recogniser.model
        seen = ((visit, shelf.looks(visit.id, model)) for visit in shelf.recent(limit, None))
        other = Judge(policy, bars(policy, self._recogniser.calibration, len(set(gallery.people.owners))))
        return rejudge(seen, gallery.people, Judge(self._policy, gallery.bars), other)

    @property
    def policy(self) -> Policy:
        """How this doorbell decides."""
        return self._policy

    def decide_by(self, policy: Policy) -> None:
        """Decide by another policy from the next frame on, at every camera."""
        self._policy = policy
        for watcher in self._watchers:
            watcher.decide_by(policy)

    @property
    def calibration(self) -> Calibration:
        """What the recogniser's distances mean."""
        return self._recogniser.calibration

    def descriptor_form(self) -> tuple[str, int]:
        """Return the id of the model in use, and how many values its descriptors have."""
        return self._recogniser.model, self._recogniser.descriptor_size()

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
        too_near = self.nearness.problem(self._policy)
        foreign = [
            f"{row.person.name}: {row.foreign_references} of the stored looks were made with another model and cannot "
            "be compared any more; enrol from photos again"
            for row in self.people()
            if row.foreign_references
        ]
        return foreign if too_near is None else [too_near, *foreign]
