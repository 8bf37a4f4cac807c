"""What a door camera makes of a face, worse and worse: far, out of focus, dark, hazy, glaring, grainy.

Each way takes a cut face, uint8 [S,S], and how bad it is, and returns it as it would have come. Training has its own,
milder ones; these are for finding out where recognition ends.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.evaluation.embedding import Cut, Cutter
from peephole.vision.crop import DEFAULT_RULE

Pixels = NDArray[np.uint8]
# Grey levels; what a sensor adds of its own.
SENSOR_NOISE = 2.0
HAZE_LEVEL = 150


def far(crop: Pixels, side: float, rng: np.random.Generator) -> Pixels:
    """Seen from where the crop is `side` pixels wide in the frame."""
    size = crop.shape[0]
    small = cv2.resize(crop, (int(side), int(side)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def unfocused(crop: Pixels, sigma: float, rng: np.random.Generator) -> Pixels:
    """Blurred by a Gaussian of `sigma` pixels at a side of 128."""
    return cv2.GaussianBlur(crop, (0, 0), sigma * crop.shape[0] / 128)  # type: ignore[return-value]


def _levels(crop: Pixels, gain: float, offset: float, noise: float, rng: np.random.Generator) -> Pixels:
    changed = crop * float(gain) + offset + rng.normal(0, noise, crop.shape)
    return np.clip(changed, 0, 255).round().astype(np.uint8)


def dark(crop: Pixels, gain: float, rng: np.random.Generator) -> Pixels:
    """In a `gain` of the light, on a sensor that adds its noise."""
    return _levels(crop, gain, 0, SENSOR_NOISE, rng)


def glaring(crop: Pixels, gain: float, rng: np.random.Generator) -> Pixels:
    """In `gain` times the light, most of it too bright for the sensor."""
    return _levels(crop, gain, 0, SENSOR_NOISE, rng)


def hazy(crop: Pixels, share: float, rng: np.random.Generator) -> Pixels:
    """Behind fog or a dirty lens that leaves a `share` of the contrast."""
    return _levels(crop, share, HAZE_LEVEL * (1 - share), SENSOR_NOISE, rng)


def grainy(crop: Pixels, noise: float, rng: np.random.Generator) -> Pixels:
    """With sensor noise of so many grey levels (standard deviation)."""
    return _levels(crop, 1, 0, noise, rng)


@dataclass(frozen=True)
class Way:
    """A way to spoil a face and how bad, from hardly seen to hopeless."""

    spoil: Callable[[Pixels, float, np.random.Generator], Pixels]
    amounts: tuple[float, ...]


WAYS: Mapping[str, Way] = {
    "far": Way(far, (64, 48, 32, 24, 16)),
    "unfocused": Way(unfocused, (1, 2, 3.5, 5)),
    "dark": Way(dark, (0.35, 0.18, 0.09)),
    "hazy": Way(hazy, (0.25, 0.1)),
    "glaring": Way(glaring, (1.5, 2, 3)),
    "grainy": Way(grainy, (15, 35)),
}


@dataclass(frozen=True)
class SpoiltCut:
    """Cuts faces as another cutter does and spoils each; the picture's name and the seed decide how."""

    cut: Cutter
    seed: int

    def _drawn(self, name: str) -> tuple[Way, float, np.random.Generator]:
        rng = np.random.default_rng((self.seed, zlib.crc32(name.encode())))
        way = WAYS[str(rng.choice(sorted(WAYS)))]
        return way, float(rng.choice(way.amounts)), rng

    def __call__(self, name: str, grey: Pixels) -> Cut:
        """Cut one picture."""
        face, found = self.cut(name, grey)
        way, amount, rng = self._drawn(name)
        return way.spoil(face, amount, rng), found

    def width(self, name: str, width: int) -> int:
        """Return how many pixels of the frame the box of a face has that has `width` in the picture.

        One that is far away has fewer: the crop's, by the doorbell's own rule from boxes to crops.
        """
        way, amount, _ = self._drawn(name)
        return min(width, round(amount / float(DEFAULT_RULE.scale))) if way.spoil is far else width
