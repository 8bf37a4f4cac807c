"""Somebody introduced at the camera: looks gathered in memory, and stored all at once when the owner says so."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from peephole.doorbell.archive import Archive
from peephole.doorbell.eyes import in_zone
from peephole.doorbell.gallery import Gallery, read_gallery
from peephole.doorbell.guidance import COMPLETE, NOBODY, TURNS, Instruction, Measured, Turn, guide
from peephole.doorbell.looks import judge
from peephole.doorbell.pictures import portrait, to_grey
from peephole.doorbell.policy import Policy, bars
from peephole.doorbell.quality import exposure
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.tilt import Seen, cut_upright, distinct, straighten
from peephole.doorbell.visit import Quality
from peephole.people.matching import distance, match, median_distances
from peephole.people.names import clean_name
from peephole.people.records import LONGEST_CONSENT, Descriptor, NewReference, Person, Stranger
from peephole.polygons import Polygon
from peephole.vision.image import Image
from peephole.vision.landmarks import FaceCut
from peephole.vision.pose import pitch_of, pose_of

PATIENCE = 4.0
"""Seconds in which a face of use turns no other way, after which the look is taken as it is."""
BETWEEN = 0.7
"""Seconds between two looks that are kept, so that the second one differs."""


@dataclass(frozen=True)
class KeptLook:
    """One look that the owner may reject. turned: as it was asked for; else it was taken as the face happened to be."""

    number: int
    turn: Turn
    turned: bool
    measured: Measured
    reference: NewReference


@dataclass(frozen=True)
class Saved:
    """What was stored: the person, how many looks, and the strangers who were the same person all along."""

    person: Person
    looks: int
    strangers: tuple[Stranger, ...]


@dataclass
class Introduction:
    """One person who is being introduced; for one thread at a time.

    Attributes:
        name: Of a new person, or the name or id of somebody known, who is then found in `known`.
        kept: Looks that are stored when the owner says so.
        instruction: What to do now.
        like: Id and name of another person whom the newest face looks like; no such look is kept before the owner has
            said who it is.
        begun: When it began, seconds since 1970.
        known: Whose looks these will be, if that is somebody known.
    """

    name: str
    archive: Archive
    recogniser: Recogniser
    policy: Policy
    kept: list[KeptLook] = field(default_factory=list)
    instruction: Instruction = NOBODY
    like: tuple[str, str] | None = None
    begun: float = field(default_factory=time.time)
    known: Person | None = None
    _others: set[str] = field(default_factory=set)
    _gallery: Gallery | None = None
    _numbers: int = 0
    _time: float = 0.0
    _kept_at: float = -BETWEEN
    _of_use: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a name that is none before anybody stands in front of a camera."""
        self.known = self.archive.people.find(self.name)
        self.name = self.known.name if self.known is not None else clean_name(self.name)

    @property
    def wanted(self) -> tuple[Turn, ...]:
        """Looks that are missing."""
        have = {look.turn for look in self.kept}
        return tuple(turn for turn in TURNS if turn not in have)

    def see(self, image: Image, now: float, zone: Polygon | None = None) -> None:
        """Look at a frame, uint8 [H,W,3] (BGR) or [H,W], taken at `now` in seconds of any clock; keep it if it is one.

        zone: faces whose middle lies outside of it are nobody's. A face that looks like another person, or unlike the
        looks kept so far, is told and not kept.
        """
        passed, self._time = min(now - self._time, 0.5), now
        grey = to_grey(image)
        found = distinct(self.recogniser.detect(grey))
        faces = _meant([one for one in found if in_zone(zone, one.box, grey)])
        self.like = None
        if len(faces) != 1 or not self.wanted:
            self.instruction = guide(Measured(len(faces)), self.wanted, self._first(), self.policy)
            return
        seen = straighten(self.recogniser, grey, faces[0])
        cut = cut_upright(self.recogniser, grey, seen)
        quality = judge(cut, seen, self.policy)
        measured = measure(cut, seen, quality)
        asked = guide(measured, self.wanted, self._first(), self.policy)
        of_use = asked.turn is not None or asked.slug in TURNS
        self._of_use = self._of_use + passed if of_use else self._of_use
        if of_use:
            descriptor = self.recogniser.describe(cut.pixels)
            strange = self._not_this_one(descriptor)
            if strange is not None:
                self.instruction = strange
                return
            taken = asked.turn or (self.wanted[0] if self._of_use >= PATIENCE else None)
            if taken is not None and now - self._kept_at >= BETWEEN:
                look = NewReference(descriptor, self.recogniser.model, portrait(image, seen.box), quality.value, "door")
                self.kept.append(KeptLook(self._numbers, taken, asked.turn is not None, measured, look))
                self._numbers, self._kept_at, self._of_use = self._numbers + 1, now, 0.0
                asked = asked if self.wanted else COMPLETE
        self.instruction = asked

    def reject(self, number: int) -> None:
        """Drop a look; it is asked for again."""
        if all(look.number != number for look in self.kept):
            raise ValueError("this look is gone already")
        self.kept = [look for look in self.kept if look.number != number]
        self._kept_at = self._time  # the next look is not the same one over again

    def is_other(self, person: str) -> None:
        """Take the owner's word that the face is not that person's, however much it looks like it."""
        self._others.add(person)
        self.like = None

    def is_same(self, person: str) -> None:
        """Take the owner's word that the face is that of a known person, whose looks these will be."""
        self.known = self.archive.people.get(person)
        self.name, self.like = self.known.name, None

    def label(self) -> str:
        """Return the name to show."""
        found = self._target()
        return found.name if found is not None else self.name

    def strangers(self) -> tuple[Stranger, ...]:
        """Return the strangers of the inbox who are this person, by the bar that takes two strangers for one."""
        own = [look.reference.descriptor for look in self.kept]
        gallery = self._fresh_gallery()
        near = median_distances(own, gallery.strangers)
        same = {stranger for stranger, far in near.items() if far <= gallery.bars.same_stranger}
        return tuple(stranger for stranger in self.archive.strangers.all(("open", "ignored")) if stranger.id in same)

    def save(self, consent: str = "", with_strangers: bool = True) -> Saved:
        """Store the looks, and who agreed to it; give the person the visits of the strangers who are the same.

        All of it is one deed, which the owner may take back. with_strangers: those too who were strangers before; one
        who became a stranger meanwhile is the person anyway. Raises ValueError where no look was kept, for a note of
        consent that is too long, and where the person was removed meanwhile.
        """
        if not self.kept:
            raise ValueError("no look was kept yet; nothing is stored")
        if len(consent) > LONGEST_CONSENT:
            raise ValueError(f"the note of consent is too long; use at most {LONGEST_CONSENT:,} characters")
        same = tuple(one for one in self.strangers() if with_strangers or one.first_seen >= self.begun)
        looks = [look.reference for look in self.kept]
        person = self.archive.inbox.introduce(
            self.known or self.name, looks, consent.strip(), [stranger.id for stranger in same]
        )
        return Saved(person, len(looks), same)

    def _target(self) -> Person | None:
        return self.archive.people.find(self.known.id if self.known is not None else self.name)

    def _first(self) -> Measured | None:
        return self.kept[0].measured if self.kept else None

    def _not_this_one(self, descriptor: Descriptor) -> Instruction | None:
        """Return what to say of a look that is not, or may not be, the one of whom the others are."""
        gallery = self._fresh_gallery()
        found = match(descriptor, gallery.people)
        target = self._target()
        allowed = self._others | ({target.id} if target is not None else set())
        near = found.distance is not None and found.distance <= gallery.bars.known
        if found.person is not None and near and found.person not in allowed:
            name = gallery.names.get(found.person, "somebody")
            self.like = (found.person, name)
            return Instruction("like", f"This looks like {name}. Is it {name}?")
        farthest = bars(self.policy, self.recogniser.calibration, 1).stranger
        if self.kept and min(distance(descriptor, look.reference.descriptor) for look in self.kept) > farthest:
            return Instruction("other", "This is another face than before. One person at a time.")
        return None

    def _fresh_gallery(self) -> Gallery:
        if self._gallery is None or self._gallery.version != self.archive.gallery_version():
            self._gallery = read_gallery(self.archive, self.recogniser, self.policy)
        return self._gallery


def measure(cut: FaceCut, seen: Seen, quality: Quality) -> Measured:
    """Measure what guidance needs of one face."""
    points = cut.landmarks.points if cut.landmarks is not None and not cut.landmarks.doubt else None
    return Measured(
        faces=1,
        width=seen.box.width,
        fault=quality.fault,
        brightness=exposure(cut.pixels).brightness,
        yaw=pose_of(points).yaw if points is not None else 0.0,
        pitch=pitch_of(points) if points is not None else 0.0,
    )


def _meant(faces: Sequence[Seen]) -> list[Seen]:
    """Return the faces that might be the one introduced: nobody in the distance, nothing that is hardly a face."""
    if not faces:
        return []
    largest = max(faces, key=lambda one: one.box.width * one.neighbours)
    return [
        one
        for one in faces
        if one is largest or (2 * one.box.width > largest.box.width and 4 * one.neighbours > largest.neighbours)
    ]
