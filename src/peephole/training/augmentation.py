"""What the camera and the detector do to a face, drawn at random: where it is cut, and what becomes of its pixels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.training.change import Change, apply
from peephole.training.section import Amount, Section, Share

LEVELS = np.linspace(0, 1, 256)


@dataclass(frozen=True)
class Augmentation(Section):
    """Chances and ranges; every range is symmetric unless it says otherwise.

    aligned: share of faces rotated and scaled by their landmarks; the others are upright squares
    that scatter like the detector's boxes. box_scale, box_dx, box_dy: standard deviations of that
    scatter (log of the side; shares of the template window), measured in `shared/data/README.md`
    of the research pack.

    The rest are shares of faces. light: exposure, contrast and gamma. dark: low light, a face in the lowest quarter
    to half of the range with the noise of the amplifier. small: taken from few pixels. blur: out of focus. motion:
    moved while the shutter was open. noise: of the sensor. cover: a rectangle that hides a part. jpeg: the artefacts
    of a stream. Of small, motion and blur a face gets one, of dark and light too.
    """

    aligned: Share = 0.3
    box_scale: Amount = 0.10
    box_dx: Amount = 0.05
    box_dy: Amount = 0.035
    light: Share = 0.7
    blur: Share = 0.15
    small: Share = 0.15
    noise: Share = 0.15
    cover: Share = 0.15
    dark: Share = 0.0
    motion: Share = 0.0
    jpeg: Share = 0.0


def window_matrix(window: NDArray[np.float32], size: int, mirror: bool) -> NDArray[np.float64]:
    """Return the 2x3 matrix from pixels of a size x size output to pixels of the image, for one window."""
    x, y, side, angle = (float(v) for v in window)
    step = side / size
    cos, sin = step * np.cos(angle), step * np.sin(angle)
    flip = -1.0 if mirror else 1.0
    half = (size - 1) / 2
    across, down = cos * flip, sin * flip
    return np.array([[across, -sin, x - half * (across - sin)], [down, cos, y - half * (down + cos)]])


def cut(image: NDArray[np.uint8], matrix: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """Cut uint8 [size,size] out of a grey image by a 2x3 matrix that leads from its pixels to the image's.

    Bilinear, borders replicated.
    """
    return cv2.warpAffine(  # type: ignore[return-value]
        image,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def crop(image: NDArray[np.uint8], window: NDArray[np.float32], size: int, mirror: bool = False) -> NDArray[np.uint8]:
    """Cut one window out of a grey image, bilinear, borders replicated: uint8 [size,size]."""
    return cut(image, window_matrix(window, size, mirror), size)


def draw_window(window: NDArray[np.float32], how: Augmentation, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the window that is cut of a face with this template window: scattered as boxes or landmarks are."""
    x, y, side, angle = window
    if rng.random() < how.aligned:
        a, b, c = rng.normal(0, 0.015, 3)
        return np.array([x + a * side, y + b * side, side * np.exp(2 * c), angle + rng.normal(0, 0.02)], np.float32)
    dx, dy, scale = rng.normal(0, (how.box_dx, how.box_dy, how.box_scale))
    return np.array([x + dx * side, y + dy * side, side * np.exp(scale), 0.0], np.float32)


def _draw_light(rng: np.random.Generator) -> NDArray[np.uint8]:
    level = LEVELS ** np.exp(rng.normal(0, 0.35))
    level = (level - 0.5) * np.exp(rng.normal(0, 0.25)) + 0.5 + rng.normal(0, 0.08)
    return np.asarray(np.clip(level * 255 + 0.5, 0, 255), np.uint8)


def _draw_dark(rng: np.random.Generator) -> NDArray[np.uint8]:
    level = LEVELS ** rng.uniform(1.0, 1.6) * rng.uniform(0.15, 0.5) + rng.uniform(0, 0.06)
    return np.asarray(level * 255 + 0.5).astype(np.uint8)


def _draw_grain(size: int, loudest: int, rng: np.random.Generator) -> NDArray[np.int16]:
    # Evenly spread: of the noise only the variance matters. Bytes are drawn since they are the cheapest.
    grain = rng.integers(-127, 128, (size, size), np.int8)
    factor = 1 / int(rng.integers(loudest, 24))
    return cv2.multiply(grain, factor, dtype=cv2.CV_16S)  # type: ignore[call-overload,no-any-return]  # not in OpenCV's


def _draw_cover(size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    h, w = rng.integers(size // 8, size // 2, 2)
    top, left = rng.integers(0, size - h), rng.integers(0, size - w)
    right, bottom = left + w - 1, top + h - 1
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def draw_change(size: int, how: Augmentation, rng: np.random.Generator) -> Change:
    """Draw what becomes of the pixels of a size x size face."""
    light, small, blur, noise, cover, dark, motion, jpeg = rng.random(8)
    is_dark = dark < how.dark
    lookup = _draw_dark(rng) if is_dark else _draw_light(rng) if light < how.light else None
    side, sigma, move = 0, 0.0, (0.0, 0.0)
    if small < how.small:
        side = int(rng.integers(size // 4, size))
    elif motion < how.motion:
        move = (float(rng.uniform(0.02, 0.1)) * size, float(rng.uniform(0, np.pi)))
    elif blur < how.blur:
        sigma = float(rng.uniform(0.4, 1.6))
    # The factor's lower bound is the loudest noise: in the dark that is twice as loud.
    grain = _draw_grain(size, 6 if not is_dark else 3, rng) if is_dark or noise < how.noise else None
    return Change(
        size=size,
        lookup=lookup,
        side=side,
        sigma=sigma,
        motion=move,
        grain=grain,
        cover=_draw_cover(size, rng) if cover < how.cover else None,
        cover_level=int(rng.integers(0, 256)),
        quality=int(rng.integers(20, 80)) if jpeg < how.jpeg else 0,
    )


def spoil(image: NDArray[np.uint8], how: Augmentation, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return what light, blur, noise, cover and stream make of a cut face, uint8 [S,S]; `image` stays as it is."""
    return apply(image, draw_change(image.shape[0], how, rng))


def augment(
    image: NDArray[np.uint8], window: NDArray[np.float32], size: int, how: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return one augmented face, uint8 [size,size], of a packed crop and its template window."""
    return spoil(crop(image, draw_window(window, how, rng), size, mirror=bool(rng.random() < 0.5)), how, rng)
