"""Still pictures: finding the face to enrol, and naming every face of a picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from peephole.doorbell.gallery import Gallery
from peephole.doorbell.looks import UNALIGNED, look_at
from peephole.doorbell.pictures import portrait, reduced, to_grey
from peephole.doorbell.policy import Policy, bars
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.tilt import distinct, straighten
from peephole.doorbell.visit import Decision, Look
from peephole.doorbell.voting import decide
from peephole.people.matching import distance, median
from peephole.people.records import Descriptor, NewReference, Person
from peephole.vision.detector import Box
from peephole.vision.image import Image

_LONGEST = 1600  # pixels of the side that is searched; a face of interest is larger than a fortieth of it

Outcome = Literal[
    "ok", "no_face", "too_small", "blurred", "flat", "glaring", "turned", "unaligned", "unlike", "duplicate"
]

_FAULTS: dict[str, tuple[Outcome, str]] = {
    "blurred": ("blurred", "the face is too blurred"),
    "flat": ("flat", "the face is too dark, or stands out too little"),
    "glaring": ("glaring", "the light on the face is too hard"),
    "turned": ("turned", "the face is turned too far aside"),
    UNALIGNED: ("unaligned", "eyes, nose and mouth do not lie where a face has them"),
}

_ENOUGH_TO_COMPARE = 3  # of two photos that differ nobody can say which one is wrong


@dataclass(frozen=True)
class Photo:
    """A decoded picture, uint8 [H,W,3] (BGR) or [H,W], and what to call it in messages (a file name)."""

    label: str
    image: Image


@dataclass(frozen=True)
class PhotoReport:
    """What became of one photo: `text` says `outcome` in a sentence.

    With several faces the one most like the person is used, of somebody new the clearest; `faces` says how many there
    were. `unlike`: it is used, and is unlike the person's other photos, so the owner should look at it once more.
    """

    label: str
    outcome: Outcome
    text: str
    faces: int
    box: Box | None
    unlike: bool = False


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


def examine(
    photo: Photo, recogniser: Recogniser, policy: Policy, own: Sequence[Descriptor] = ()
) -> tuple[PhotoReport, NewReference | None]:
    """Look for the face to enrol in one photo, of somebody of whom there are the references `own` already.

    Of several faces in it the one nearest to them is taken, and none where none is like them.
    """
    small, factor = reduced(photo.image, _LONGEST)
    looks = _looks(small, factor, recogniser, policy)
    if not looks:
        return PhotoReport(photo.label, "no_face", "no face found", 0, None), None
    box, look = looks[0]
    good = [one for one in looks if one[1].quality.good]
    if own and len(looks) > 1 and good:
        nearest = [median(distance(one.descriptor, known) for known in own) for _, one in good]
        if min(nearest) > bars(policy, recogniser.calibration, 1).stranger:
            text = f"none of the {len(looks)} faces looks like the person; cut out the right one"
            return PhotoReport(photo.label, "unlike", text, len(looks), None), None
        box, look = good[nearest.index(min(nearest))]
    if look.quality.width < policy.min_width:
        outcome: Outcome = "too_small"
        # In the photo's own pixels: of a larger photo more are needed.
        text = f"the face is {box.width} pixels wide, {round(policy.min_width * factor)} are needed"
    elif not look.quality.good:
        outcome, text = _FAULTS[look.quality.fault]
    else:
        which = "most alike" if own else "clearest"
        outcome, text = "ok", "used" if len(looks) == 1 else f"used the {which} of {len(looks)} faces"
    report = PhotoReport(photo.label, outcome, text, len(looks), box)
    if outcome != "ok":
        return report, None
    return report, NewReference(look.descriptor, recogniser.model, look.picture, look.quality.value, "photo")


def usable(
    photos: Sequence[Photo], recogniser: Recogniser, policy: Policy, own: Sequence[Descriptor] = ()
) -> tuple[tuple[PhotoReport, ...], list[NewReference]]:
    """Examine photos; raise ValueError, saying what each one lacks, when none can be used.

    own: the references that there are of the person already; a photo that is one of them is left out.

    Of three usable photos or more, one that shows somebody else than most of the others do, or no face at all but what
    the detector took for one, is left out: as a reference it would let in whatever looks like it.
    """
    if not photos:
        raise ValueError("no photo given; give at least one with the person's face in it")
    found = [examine(photo, recogniser, policy, own) for photo in photos]
    examined = _leave_out_known(_leave_out_unlike(found, recogniser, policy), own)
    examined = _with_doubts(examined, recogniser, policy, own)
    looks = [look for _, look in examined if look is not None]
    if not looks:
        faults = "; ".join(f"{report.label}: {report.text}" for report, _ in examined)
        good = all(report.outcome == "duplicate" for report, _ in examined)
        advice = "" if good else "; take one from the front with the face well lit and near"
        raise ValueError(f"no photo can be used ({faults}){advice}")
    return tuple(report for report, _ in examined), looks


def _leave_out_known(
    examined: list[tuple[PhotoReport, NewReference | None]], own: Sequence[Descriptor]
) -> list[tuple[PhotoReport, NewReference | None]]:
    """Leave out what was added before, now or earlier: the very same face, not one that is nearly the same."""
    known, kept = {descriptor.tobytes() for descriptor in own}, []
    for report, look in examined:
        if look is None or look.descriptor.tobytes() not in known:
            kept.append((report, look))
        else:
            kept.append((replace(report, outcome="duplicate", text="was added before"), None))
        if look is not None:
            known.add(look.descriptor.tobytes())
    return kept


def _leave_out_unlike(
    examined: list[tuple[PhotoReport, NewReference | None]], recogniser: Recogniser, policy: Policy
) -> list[tuple[PhotoReport, NewReference | None]]:
    looks = {number: look for number, (_, look) in enumerate(examined) if look is not None}
    if len(looks) < _ENOUGH_TO_COMPARE:
        return examined
    farthest = bars(policy, recogniser.calibration, 1).stranger
    kept = list(examined)
    for number, look in looks.items():
        # The photo itself is one of those compared with, so that one wrong photo of three leaves the other two in.
        if median(distance(look.descriptor, one.descriptor) for one in looks.values()) > farthest:
            report = replace(examined[number][0], outcome="unlike", text="does not look like the other photos")
            kept[number] = (report, None)
    return kept


def _with_doubts(
    examined: list[tuple[PhotoReport, NewReference | None]],
    recogniser: Recogniser,
    policy: Policy,
    own: Sequence[Descriptor],
) -> list[tuple[PhotoReport, NewReference | None]]:
    """Say so of each photo that is used and is as far from most others of the person as strangers are.

    It is used all the same: of two that differ either may be right, and one of years ago differs, too.
    """
    farthest = bars(policy, recogniser.calibration, 1).stranger
    looks = [look for _, look in examined if look is not None]
    told = []
    for report, look in examined:
        others = [*own, *(one.descriptor for one in looks if one is not look)]
        if look is not None and others and median(distance(look.descriptor, one) for one in others) > farthest:
            text = f"{report.text}, but it is unlike the other photos: is it the same person?"
            report = replace(report, text=text, unlike=True)
        told.append((report, look))
    return told


def identify(image: Image, recogniser: Recogniser, gallery: Gallery, policy: Policy) -> list[IdentifiedFace]:
    """Decide about every face of a still picture. One look has to do, so each vote needs no second."""
    single = replace(policy, known_sightings=1, stranger_sightings=1)
    small, factor = reduced(image, _LONGEST)
    found = []
    for box, look in _looks(small, factor, recogniser, policy):
        decision = decide([look], gallery.people, gallery.bars, single)
        found.append(IdentifiedFace(box, gallery.names.get(decision.nearest or ""), decision))
    return found


def _looks(small: Image, factor: float, recogniser: Recogniser, policy: Policy) -> list[tuple[Box, Look]]:
    """Return every face of a picture reduced by `factor`, clearest first, each with its box in the whole picture.

    Clearest: large, and found by many windows of the detector. A false hit can be larger than the face beside it, but
    few windows agree on it.
    """
    grey = to_grey(small)
    found = []
    for upright in distinct(recogniser.detect(grey)):
        seen = straighten(recogniser, grey, upright)
        look = look_at(recogniser, policy, portrait, 0.0, small, grey, seen)
        values = (seen.box.x, seen.box.y, seen.box.width, seen.box.height)
        found.append((seen.box.width * seen.neighbours, Box(*(round(value * factor) for value in values)), look))
    found.sort(key=lambda one: one[0], reverse=True)
    return [(box, look) for _, box, look in found]
