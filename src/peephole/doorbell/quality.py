"""How good a look at a face is, from things that say nothing about who it is."""

import numpy as np
from numpy.typing import NDArray

from peephole.doorbell.policy import Policy
from peephole.doorbell.visit import Quality


def sharpness(crop: NDArray[np.uint8]) -> int:
    """Return the variance of the Laplacian over the variance of the crop, in thousandths; 0 for a flat crop.

    Dividing by the crop's own variance keeps dim light and dark skin from counting as blur.
    """
    pixels = crop.astype(np.int32)
    edges = 4 * pixels[1:-1, 1:-1] - pixels[:-2, 1:-1] - pixels[2:, 1:-1] - pixels[1:-1, :-2] - pixels[1:-1, 2:]
    contrast = float(pixels.var())
    return int(1000 * float(edges.var()) / contrast) if contrast > 0 else 0


def assess(width: int, neighbours: int, crop: NDArray[np.uint8], policy: Policy) -> Quality:
    """Judge a look by the face's width in the frame, its crop's sharpness and the detector's certainty."""
    sharp = sharpness(crop)
    share = (
        min(width / policy.good_width, 1.0)
        * min(sharp / policy.good_sharpness, 1.0)
        * min(neighbours / policy.good_neighbours, 1.0)
    )
    good = width >= policy.min_width and sharp >= policy.min_sharpness
    # Cube root: one middling property makes a middling look, one hopeless property a hopeless one.
    return Quality(width, sharp, neighbours, round(1000 * share ** (1 / 3)), good)
