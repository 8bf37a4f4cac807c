"""How good a look at a face is, from things that say nothing about who it is; csrc/app/quality.c does the arithmetic.

What each measure is worth, and where the bars of `Policy` come from: docs/evaluation.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.doorbell.policy import Policy, whole_numbers
from peephole.doorbell.visit import Quality

FAULTS = ("", "too_small", "blurred", "flat", "glaring", "turned", "unaligned")
"""Why a look is of no use, in the order of `ph_fault`."""


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

    crop: [H,W], sides of 3 to 4,096, reduced to 64x64 where both are larger. The variance of the Laplacian is the focus
    measure LAP4 of Pertuz, Puig and Garcia (2013). Dividing by the crop's own variance keeps dim light and dark skin
    from counting as blur.
    """
    return _core.sharpness(np.ascontiguousarray(crop))


def exposure(crop: NDArray[np.uint8]) -> Exposure:
    """Measure the light on a crop [H,W]."""
    return Exposure(*_core.measure_exposure(np.ascontiguousarray(crop)))


def fault(width: int, sharp: int, light: Exposure, turned: bool, policy: Policy) -> str:
    """Return why a look is of no use: too_small, blurred, flat, glaring or turned; nothing where it is of use.

    turned: the face is known to be turned too far aside (`vision.pose.is_turned`).
    """
    measured = (light.brightness, light.contrast, light.clipped)
    return FAULTS[_core.find_fault(whole_numbers(policy), width, sharp, measured, turned)]


def assess(width: int, neighbours: int, crop: NDArray[np.uint8], policy: Policy, turned: bool = False) -> Quality:
    """Judge a look by the face's width in the frame, its crop's sharpness and light, and the detector's certainty.

    value: a thousand times the cube root of width, sharpness and neighbours as shares of what is good; so one middling
    property makes a middling look, one hopeless property a hopeless one.
    """
    pixels = np.ascontiguousarray(crop)
    sharp, value, wrong = _core.assess(whole_numbers(policy), width, neighbours, turned, pixels)
    return Quality(width, sharp, neighbours, value, not wrong, FAULTS[wrong])
