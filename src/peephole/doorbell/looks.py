"""One look at a face: cut upright, judged, described, and kept as a small picture."""

import dataclasses
from collections.abc import Callable

from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import FAULTS, assess
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.tilt import Seen, cut_upright
from peephole.doorbell.visit import Look, Quality
from peephole.vision.detector import Box
from peephole.vision.image import Image
from peephole.vision.landmarks import FaceCut
from peephole.vision.pose import is_turned

Portrait = Callable[[Image, Box], bytes]

UNALIGNED = FAULTS[-1]


def look_at(
    recogniser: Recogniser, policy: Policy, portrait: Portrait, time: float, image: Image, grey: Image, seen: Seen
) -> Look:
    """Describe a face that was seen in a frame; `grey` is the frame without colour."""
    cut = cut_upright(recogniser, grey, seen)
    quality = judge(cut, seen, policy)
    return Look(time, seen.box, recogniser.describe(cut.pixels), quality, portrait(image, seen.box))


def judge(cut: FaceCut, seen: Seen, policy: Policy) -> Quality:
    """Judge a look. One that should have been aligned and could not be is of no use: no threshold holds for its cut."""
    points = cut.landmarks.points if cut.landmarks is not None and not cut.landmarks.doubt else None
    turned = points is not None and is_turned(points, policy.most_turned)
    quality = assess(seen.box.width, seen.neighbours, cut.pixels, policy, turned)
    if quality.good and cut.doubt:
        return dataclasses.replace(quality, good=False, fault=UNALIGNED)
    return quality
