"""One look at a face: cut upright, judged, described, and kept as a small picture."""

import dataclasses
from collections.abc import Callable

from peephole.doorbell.pictures import Image
from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import assess
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.tilt import Seen, cut_upright
from peephole.doorbell.visit import Quality, Sighting
from peephole.vision.detector import Box
from peephole.vision.landmarks import FaceCut
from peephole.vision.pose import pose_of

Portrait = Callable[[Image, Box], bytes]

UNALIGNED = "unaligned"


def look_at(
    recogniser: Recogniser, policy: Policy, portrait: Portrait, time: float, image: Image, grey: Image, seen: Seen
) -> Sighting:
    """Describe a face that was seen in a frame; `grey` is the frame without colour."""
    cut = cut_upright(recogniser, grey, seen)
    quality = judge(cut, seen, policy)
    return Sighting(time, seen.box, recogniser.describe(cut.pixels), quality, portrait(image, seen.box))


def judge(cut: FaceCut, seen: Seen, policy: Policy) -> Quality:
    """Judge a look. One that should have been aligned and could not be is of no use: no threshold holds for its cut."""
    pose = pose_of(cut.landmarks.points) if cut.landmarks is not None and not cut.landmarks.doubt else None
    quality = assess(seen.box.width, seen.neighbours, cut.pixels, policy, pose)
    if quality.good and cut.doubt:
        return dataclasses.replace(quality, good=False, fault=UNALIGNED)
    return quality
