"""What the camera and the detector do to a face, drawn at random: crop, light, blur, noise, cover."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Augmentation:
    """Chances and ranges; every range is symmetric unless it says otherwise.

    aligned: share of faces rotated and scaled by their landmarks; the others are upright squares
    that scatter like the detector's boxes. box_scale, box_dx, box_dy: standard deviations of that
    scatter (log of the side; shares of the template window), measured in `shared/data/README.md`
    of the research pack.
    """

    aligned: float = 0.3
    box_scale: float = 0.10
    box_dx: float = 0.05
    box_dy: float = 0.035
    light: float = 0.7
    blur: float = 0.15
    small: float = 0.15
    noise: float = 0.15
    cover: float = 0.15


def window_matrix(window: NDArray[np.float32], size: int, mirror: bool) -> NDArray[np.float64]:
    """Return the 2x3 matrix from pixels of a size x size output to pixels of the image, for one window."""
    x, y, side, angle = (float(v) for v in window)
    step = side / size
    cos, sin = step * np.cos(angle), step * np.sin(angle)
    flip = -1.0 if mirror else 1.0
    linear = np.array([[cos * flip, -sin], [sin * flip, cos]])
    offset = np.array([x, y]) - linear @ np.full(2, (size - 1) / 2)
    return np.column_stack((linear, offset))


def crop(image: NDArray[np.uint8], window: NDArray[np.float32], size: int, mirror: bool = False) -> NDArray[np.uint8]:
    """Cut one window out of a grey image, bilinear, borders replicated: uint8 [size,size]."""
    return cv2.warpAffine(  # type: ignore[return-value]
        image,
        window_matrix(window, size, mirror),
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _scatter(window: NDArray[np.float32], how: Augmentation, rng: np.random.Generator) -> NDArray[np.float32]:
    x, y, side, angle = window
    if rng.random() < how.aligned:
        a, b, c = rng.normal(0, 0.015, 3)
        return np.array([x + a * side, y + b * side, side * np.exp(2 * c), angle + rng.normal(0, 0.02)], np.float32)
    dx, dy, scale = rng.normal(0, (how.box_dx, how.box_dy, how.box_scale))
    return np.array([x + dx * side, y + dy * side, side * np.exp(scale), 0.0], np.float32)


def _light(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    level = np.linspace(0, 1, 256) ** np.exp(rng.normal(0, 0.35))
    level = (level - 0.5) * np.exp(rng.normal(0, 0.25)) + 0.5 + rng.normal(0, 0.08)
    return cv2.LUT(image, np.clip(level * 255 + 0.5, 0, 255).astype(np.uint8))  # type: ignore[return-value]


def spoil(image: NDArray[np.uint8], how: Augmentation, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a cut face, uint8 [S,S], in other light, blurred, coarser, noisy or partly covered, as chance has it."""
    size = image.shape[0]
    chance = rng.random(5)
    if chance[0] < how.light:
        image = _light(image, rng)
    if chance[1] < how.small:
        side = int(rng.integers(size // 4, size))
        shrunk = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        image = cv2.resize(shrunk, (size, size), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    elif chance[2] < how.blur:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.6)))  # type: ignore[assignment]
    if chance[3] < how.noise:
        grain = rng.integers(-127, 128, (size, size), np.int16) // int(rng.integers(6, 24))
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if chance[4] < how.cover:
        h, w = rng.integers(size // 8, size // 2, 2)
        top, left = rng.integers(0, size - h), rng.integers(0, size - w)
        image = image.copy()
        image[top : top + h, left : left + w] = rng.integers(0, 256)
    return image


def augment(
    image: NDArray[np.uint8], window: NDArray[np.float32], size: int, how: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return one augmented face, uint8 [size,size], of a packed crop and its template window."""
    cut = crop(image, _scatter(window, how, rng), size, mirror=bool(rng.random() < 0.5))
    return spoil(cut, how, rng)
