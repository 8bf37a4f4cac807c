"""Still pictures: finding the face to enrol, and naming every face of a picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from peephole.doorbell.gallery import Gallery
from peephole.doorbell.pictures import Image, portrait, to_grey
from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import assess
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.visit import Decision, Sighting
from peephole.doorbell.voting import decide
from peephole.people.records import NewReference, Person
from peephole.vision.detector import Box, Face

Outcome = Literal["ok", "no_face", "too_small", "blurred"]


@dataclass(frozen=True)
class Photo:
    """A decoded picture, uint8 [H,W,3] (BGR) or [H,W], and what to call it in messages (a file name)."""

    label: str
    image: Image


@dataclass(frozen=True)
class PhotoReport:
    """What became of one photo: `text` says `outcome` in a sentence.

    With several faces the largest is used; `faces` says how many there were.
    """

    label: str
    outcome: Outcome
    text: str
    faces: int
    box: Box | None


@dataclass(frozen=True)
class Enrolment:
    """The person and one report a photo."""

    person: Person
    photos: tuple[PhotoReport, ...]


@dataclass(frozen=True)
class IdentifiedFace:
    """One face of a still picture; `name` is the nearest person's, whatever the decision."""

    box: Box
    name: str | None
    decision: Decision


def examine(photo: Photo, recogniser: Recogniser, policy: Policy) -> tuple[PhotoReport, NewReference | None]:
    """Look for the face to enrol in one photo."""
    grey = to_grey(photo.image)
    faces = sorted(recogniser.detect(grey), key=_area, reverse=True)
    if not faces:
        return PhotoReport(photo.label, "no_face", "no face found", 0, None), None
    look = _look(photo.image, grey, faces[0], recogniser, policy)
    if look.quality.width < policy.min_width:
        outcome: Outcome = "too_small"
        text = f"the face is {look.quality.width} pixels wide, {policy.min_width} are needed"
    elif not look.quality.good:
        outcome, text = "blurred", "the face is too blurred"
    else:
        outcome, text = "ok", "used" if len(faces) == 1 else f"used the largest of {len(faces)} faces"
    report = PhotoReport(photo.label, outcome, text, len(faces), faces[0].box)
    if outcome != "ok":
        return report, None
    return report, NewReference(look.descriptor, recogniser.model, look.picture, look.quality.value, "photo")


def usable(
    photos: Sequence[Photo], recogniser: Recogniser, policy: Policy
) -> tuple[tuple[PhotoReport, ...], list[NewReference]]:
    """Examine photos; raise ValueError, saying what each one lacks, when none can be used."""
    if not photos:
        raise ValueError("no photo given; give at least one with the person's face in it")
    examined = [examine(photo, recogniser, policy) for photo in photos]
    looks = [look for _, look in examined if look is not None]
    if not looks:
        faults = "; ".join(f"{report.label}: {report.text}" for report, _ in examined)
        raise ValueError(f"no photo can be used ({faults}); take one from the front with the face well lit and near")
    return tuple(report for report, _ in examined), looks


def identify(image: Image, recogniser: Recogniser, gallery: Gallery, policy: Policy) -> list[IdentifiedFace]:
    """Decide about every face of a still picture. One look has to do, so each vote needs no second."""
    single = replace(policy, known_sightings=1, stranger_sightings=1)
    grey = to_grey(image)
    found = []
    for face in recogniser.detect(grey):
        look = _look(image, grey, face, recogniser, policy)
        decision = decide([look], gallery.people, gallery.bars, single)
        found.append(IdentifiedFace(face.box, gallery.names.get(decision.nearest or ""), decision))
    return found


def _look(image: Image, grey: Image, face: Face, recogniser: Recogniser, policy: Policy) -> Sighting:
    crop = recogniser.crop(grey, face.box)
    quality = assess(face.box.width, face.neighbours, crop, policy)
    return Sighting(0.0, face.box, recogniser.describe(crop), quality, portrait(image, face.box))


def _area(face: Face) -> int:
    return face.box.width * face.box.height
