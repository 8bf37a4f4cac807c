"""How somebody walks to the door and leaves: a place, a size and a tilt for every moment."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from peephole.vision.sources.demo.portraits import Cutout
from peephole.vision.sources.demo.scene import HEIGHT, WIDTH, Scene
from peephole.vision.sources.frame import Image

APPROACH, STAND, LEAVE = 3.8, 1.6, 0.8
WALK = APPROACH + STAND + LEAVE
"""Seconds that one person is in the picture."""
FAR, NEAR = 33.0, 132.0
"""Width of the face in pixels, where the walk starts and in front of the door."""


@dataclass(frozen=True)
class Pose:
    """Where the face is (its centre, in pixels), how wide, and how far the person tilts (degrees)."""

    x: float
    y: float
    width: float
    tilt: float


@dataclass(frozen=True)
class Mood:
    """What differs from one walk to the next, so that no two are the same pictures.

    Attributes:
        light: brightness against the portrait.
        warmth: red against blue; 1 is the portrait's.
        side: -1 when the person leaves to the left, 1 to the right.
        phase: of the steps, in radians.
    """

    light: float
    warmth: float
    side: int
    phase: float


def mood_of(number: int) -> Mood:
    """The mood of walk `number`: varied, yet the same at every start."""
    random = np.random.default_rng(1000 + number)
    return Mood(
        light=float(random.uniform(0.82, 1.08)),
        warmth=float(random.uniform(0.94, 1.06)),
        side=-1 if number % 2 else 1,
        phase=float(random.uniform(0, 2 * math.pi)),
    )


def pose_at(seconds: float, mood: Mood) -> Pose:
    """The pose so many seconds into a walk (0 to WALK)."""
    near = min(seconds / APPROACH, 1.0)
    # Size grows as one over the distance, which shrinks evenly.
    width = 1 / ((1 - near) / FAR + near / NEAR)
    pace = max(0.15, 1 - near)  # the steps become small in front of the door
    step = 2 * math.pi * 1.7 * seconds + mood.phase
    sway = 0.10 * width * math.sin(step / 2) * pace
    bob = 0.05 * width * abs(math.sin(step / 2)) * pace
    gone = max(0.0, (seconds - APPROACH - STAND) / LEAVE)
    x = WIDTH / 2 - mood.side * 40 * (1 - near) + sway + mood.side * gone * gone * WIDTH * 0.95
    y = 262 - 110 * (width - FAR) / (NEAR - FAR) - bob
    return Pose(x, y, width, tilt=2.6 * math.sin(step / 2) * (0.4 + 0.6 * pace) + 3 * mood.side * gone)


def dressed(cutout: Cutout, mood: Mood) -> Cutout:
    """The person in the light of this walk."""
    light = np.array([mood.light / mood.warmth, mood.light, mood.light * mood.warmth], np.float32)
    return Cutout((cutout.image * light).clip(0, 255).astype(np.uint8), cutout.alpha, cutout.face)


def compose(scene: Scene, cutouts: list[Cutout], pose: Pose) -> Image:
    """Paint the person into the garden, behind the hedge. `cutouts` are the same person, each half the one before."""
    chosen = next((one for one in reversed(cutouts) if one.face[2] >= pose.width), cutouts[0])
    x, y, width = chosen.face
    matrix = np.asarray(cv2.getRotationMatrix2D((x, y), pose.tilt, pose.width / width), np.float64)
    matrix[:, 2] += pose.x - x, pose.y - y
    person, cover = (cv2.warpAffine(layer, matrix, (WIDTH, HEIGHT)) for layer in (chosen.image, chosen.alpha))
    picture = cv2.blendLinear(person, scene.garden, cover, 1 - np.asarray(cover, np.float32))
    return np.asarray(cv2.blendLinear(scene.hedge, picture, scene.coverage, 1 - scene.coverage), np.uint8)
