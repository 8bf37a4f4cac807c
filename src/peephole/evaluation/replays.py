"""Visits that nobody has to stand before a camera for: heads that turn, and photos and screens that are held up.

A portrait is laid over the depth of a head and turned (a visitor), or printed or shown on a plane that is moved by hand
(an attack). What print, screen and camera do to a picture is imitated, and is no more than an imitation.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.vision.detector import Box
from peephole.vision.image import Image

Floats = NDArray[np.float32]

RATE = 10.0
SECONDS = 3.5


@dataclass(frozen=True)
class Portrait:
    """A picture of somebody, uint8 [H,W,3], and the detector's box of the face in it."""

    image: Image
    box: Box


@dataclass(frozen=True)
class Clip:
    """Frames, uint8 [H,W,3], `RATE` a second; of each the middle of the face, x and y, and its width, in pixels."""

    frames: list[Image]
    faces: list[tuple[float, float, float]]


def wander(
    random: np.random.Generator, most: float, slowest: float = 0.15, fastest: float = 0.6
) -> Callable[[float], float]:
    """Return a smooth movement around 0, within about `most`, of three waves of so many hertz."""
    waves = [
        (
            most * random.uniform(0.2, 0.6),
            2 * math.pi * random.uniform(slowest, fastest),
            random.uniform(0, 2 * math.pi),
        )
        for _ in range(3)
    ]
    return lambda t: sum(size * math.sin(speed * t + phase) for size, speed, phase in waves)


def scenery(random: np.random.Generator, height: int, width: int) -> Image:
    """Return what is behind the door: a wall, plain, of bricks or with things on it, a hedge."""
    base = random.uniform(60, 190, 3)
    slope = np.linspace(random.uniform(0.7, 1), random.uniform(0.7, 1.2), width)[None, :, None]
    picture = np.ones((height, width, 3)) * base * slope
    kind = random.choice(["plain", "bricks", "things", "hedge"], p=[0.15, 0.25, 0.35, 0.25])
    unit = width / 320
    if kind == "bricks":
        high, wide = int(random.uniform(9, 20) * unit), int(random.uniform(24, 50) * unit)
        for row, y in enumerate(range(0, height, high)):
            picture[y : y + max(1, round(unit))] *= 0.75
            for x in range((row % 2) * wide // 2, width, wide):
                picture[y : y + high, x : x + wide] *= random.uniform(0.85, 1.1)
                picture[y : y + high, x : x + max(1, round(unit))] *= 0.75
    if kind == "things":
        for _ in range(int(random.integers(8, 22))):
            left, top = random.uniform(0, width), random.uniform(0, height)
            w, h = random.uniform(8, 90) * unit, random.uniform(8, 90) * unit
            cv2.rectangle(
                picture, (int(left), int(top)), (int(left + w), int(top + h)), random.uniform(20, 230, 3).tolist(), -1
            )
    if kind == "hedge":
        for scale, size in ((4, 18), (12, 25), (40, 25)):
            noise = random.normal(0, size, (max(2, int(height / scale / unit)), max(2, int(width / scale / unit)), 1))
            picture += cv2.resize(noise.repeat(3, 2), (width, height), interpolation=cv2.INTER_CUBIC)
    return _bytes(cv2.GaussianBlur(picture, (0, 0), 0.7 * unit))


def _bytes(values: NDArray[Any]) -> Image:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


@dataclass(frozen=True)
class Camera:
    """What a camera does to a picture: size, blur, noise, colour or grey, JPEG."""

    height: int
    width: int
    blur: float
    noise: float
    quality: int
    grey: bool

    @classmethod
    def some(cls, random: np.random.Generator) -> "Camera":
        """Return one of many cameras."""
        height, width = [(240, 320), (240, 320), (360, 480)][int(random.integers(3))]
        return cls(
            height,
            width,
            random.uniform(0.4, 1.0),
            random.uniform(1, 4),
            int(random.integers(60, 92)),
            bool(random.random() < 0.3),
        )

    def take(self, picture: NDArray[Any], random: np.random.Generator) -> Image:
        """Return the picture as this camera gives it."""
        soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), self.blur)
        if self.grey:
            soft = soft.mean(axis=2, keepdims=True).repeat(3, 2)
        noise = random.standard_normal((*soft.shape[:2], 1), dtype=np.float32) * self.noise
        done = cv2.imencode(".jpg", _bytes(soft + noise), [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
        return np.asarray(cv2.imdecode(done, cv2.IMREAD_COLOR), np.uint8)


@dataclass(frozen=True)
class Skull:
    """The depth of somebody's head; not the one that is fitted (`liveness.parallax.depth`)."""

    dome: float
    wide: float
    nose: float
    nose_wide: float
    chin: float
    eyes: float

    @classmethod
    def some(cls, random: np.random.Generator) -> "Skull":
        """Return somebody's."""
        pick = random.uniform
        return cls(pick(0.35, 0.6), pick(0.5, 0.62), pick(0.06, 0.14), pick(0.05, 0.1), pick(0, 0.05), pick(0, 0.04))

    def depth(self, across: Floats, down: Floats) -> Floats:
        """Return how far a head stands out, in box widths; across, down: from the middle of the box."""
        r2 = (across / self.wide) ** 2 + ((down - 0.02) / 0.85) ** 2
        found = self.dome * np.cos(np.minimum(np.sqrt(r2), 1) * (math.pi / 2))
        ridge = np.clip((down + 0.16) / 0.24, 0, 1) * (down < 0.08) + np.exp(-(((down - 0.08) / 0.04) ** 2)) * (
            down >= 0.08
        )
        found = found + self.nose * ridge * np.exp(-((across / self.nose_wide) ** 2))
        found = found + self.chin * np.exp(-((across / 0.15) ** 2) - ((down - 0.45) / 0.1) ** 2)
        for side in (-0.17, 0.17):
            found = found - self.eyes * np.exp(-(((across - side) / 0.09) ** 2) - ((down + 0.12) / 0.06) ** 2)
        return np.asarray(found, np.float32)


@dataclass(frozen=True)
class Stance:
    """Where the middle of a face is (pixels), how wide, leaning clockwise, turned right and down (radians)."""

    x: float
    y: float
    width: float
    lean: float
    yaw: float = 0.0
    pitch: float = 0.0


def _outline(across: Floats, down: Floats) -> Floats:
    """Return 1 on head, neck and shoulders, 0 beside them, with a soft edge."""
    head = 1.0 - np.sqrt((across / 0.62) ** 2 + ((down + 0.02) / 0.82) ** 2)
    neck = np.minimum(0.32 - np.abs(across), down - 0.3)
    shoulders = 1.0 - np.sqrt((across / 1.25) ** 2 + ((down - 1.75) / 0.85) ** 2)
    return np.asarray(np.clip(np.maximum(np.maximum(head * 0.6, neck), shoulders * 0.8) / 0.04, 0, 1), np.float32)


def draw_head(picture: Floats, portrait: Portrait, stance: Stance, skull: Skull | None, speak: float = 0.0) -> None:
    """Draw a head, or with no skull a flat one cut out of paper, over a picture [H,W,3]."""
    high, wide = picture.shape[:2]
    rows, columns = np.mgrid[0:high, 0:wide].astype(np.float32)
    c, s = math.cos(stance.lean) / stance.width, math.sin(stance.lean) / stance.width
    dx, dy = columns - stance.x, rows - stance.y
    across, down = c * dx + s * dy, -s * dx + c * dy
    u = across / math.cos(stance.yaw)
    v = down / math.cos(stance.pitch)
    if skull is not None:
        first_u, first_v = u, v
        for _ in range(3):
            z = skull.depth(u, v)
            u = first_u - math.tan(stance.yaw) * z
            v = first_v - math.tan(stance.pitch) * z
        v = v + speak * np.exp(-((u / 0.16) ** 2) - ((v - 0.32) / 0.1) ** 2).astype(np.float32)
    box = portrait.box
    xs, ys = u * box.width + box.x + box.width / 2, v * box.width + box.y + box.height / 2
    drawn = cv2.remap(
        portrait.image,
        xs.astype(np.float32),
        ys.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    alpha = _outline(u, v)[..., None]
    picture += alpha * (drawn.astype(np.float32) - picture)
