"""How good a look at a face is, from things that say nothing about who it is; whole numbers, so that C can follow.

What each measure is worth, and where the bars of `Policy` come from: docs/evaluation.md.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.doorbell.policy import Policy
from peephole.doorbell.visit import Quality
from peephole.vision.pose import Pose

# Sharpness is measured on crops reduced to this side, so that networks of several sizes mean the same by it, and
# grain of a camera in dim light, which is finest, counts for less.
SIDE = 64
# Grey levels that a sensor gives where it has no more to tell.
BLACK, WHITE = 5, 250


@dataclass(frozen=True)
class Exposure:
    """Light on the middle three quarters of a crop, which hold the face and little of what is behind it.

    brightness: mean grey level. contrast: standard deviation in grey levels. clipped: thousandths of the pixels that
    are black or white.
    """

    brightness: int
    contrast: int
    clipped: int


def sharpness(crop: NDArray[np.uint8]) -> int:
    """Return the variance of the Laplacian over the variance of the crop, in thousandths; 0 for a flat crop.

    crop: [H,W], reduced to 64x64 where it is larger. The variance of the Laplacian is the focus measure LAP4 of Pertuz,
    Puig and Garcia (2013). Dividing by the crop's own variance keeps dim light and dark skin from counting as blur.
    """
    if min(crop.shape) > SIDE:
        reduced = np.empty((SIDE, SIDE), np.uint8)
        _core.resize_u8(np.ascontiguousarray(crop), reduced)
        crop = reduced
    pixels = crop.astype(np.int64)
    edges = 4 * pixels[1:-1, 1:-1] - pixels[:-2, 1:-1] - pixels[2:, 1:-1] - pixels[1:-1, :-2] - pixels[1:-1, 2:]
    contrast = _variance(pixels)
    return 1000 * _variance(edges) // contrast if contrast else 0


def exposure(crop: NDArray[np.uint8]) -> Exposure:
    """Measure the light on a crop [H,W]."""
    height, width = crop.shape
    middle = crop[height // 8 : height - height // 8, width // 8 : width - width // 8].astype(np.int64)
    clipped = int((middle <= BLACK).sum() + (middle >= WHITE).sum())
    brightness = int(middle.sum()) // middle.size
    return Exposure(brightness, math.isqrt(_variance(middle)), 1000 * clipped // middle.size)


def fault(width: int, sharp: int, light: Exposure, pose: Pose | None, policy: Policy) -> str:
    """Return why a look is of no use: too_small, blurred, flat, glaring or turned; nothing where it is of use."""
    if width < policy.min_width:
        return "too_small"
    if sharp < policy.min_sharpness:
        return "blurred"
    if light.contrast < policy.min_contrast:
        return "flat"
    if light.clipped > policy.most_clipped:
        return "glaring"
    if pose is not None and abs(pose.yaw) > policy.most_turned:
        return "turned"
    return ""


def assess(width: int, neighbours: int, crop: NDArray[np.uint8], policy: Policy, pose: Pose | None = None) -> Quality:
    """Judge a look by the face's width in the frame, its crop's sharpness and light, and the detector's certainty.

    The pose counts where it is known.
    """
    sharp = sharpness(crop)
    share = (
        min(width / policy.good_width, 1.0)
        * min(sharp / policy.good_sharpness, 1.0)
        * min(neighbours / policy.good_neighbours, 1.0)
    )
    wrong = fault(width, sharp, exposure(crop), pose, policy)
    # Cube root: one middling property makes a middling look, one hopeless property a hopeless one.
    return Quality(width, sharp, neighbours, round(1000 * share ** (1 / 3)), not wrong, wrong)


def _variance(values: NDArray[np.int64]) -> int:
    return (values.size * int((values * values).sum()) - int(values.sum()) ** 2) // values.size**2
