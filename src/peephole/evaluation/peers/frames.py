"""Frames of 320x240 that everybody is timed on: a door with and without somebody, recordings, textures."""

from collections.abc import Sequence
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from peephole.doorbell.pictures import to_grey
from peephole.vision.image import Image
from peephole.vision.sources.demo import PAUSE, RATE, DemoSource
from peephole.vision.sources.demo.walk import APPROACH, STAND
from peephole.vision.sources.files import VideoSource

WIDTH, HEIGHT = 320, 240
FRAMES_PER_CLIP = 3
# Standard deviations of the blur of noise, in pixels: gravel, leaves, branches, shadows.
GRAINS = (1, 2, 4, 8)


def fitted(image: Image) -> Image:
    """Return the middle of a picture, of the proportions of 4 to 3, as 320x240."""
    height, width = image.shape[:2]
    wide, high = min(width, round(height * WIDTH / HEIGHT)), min(height, round(width * HEIGHT / WIDTH))
    left, top = (width - wide) // 2, (height - high) // 2
    middle = image[top : top + high, left : left + wide]
    return np.asarray(cv2.resize(middle, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


@cache
def demo_frames() -> tuple[tuple[Image, ...], tuple[Image, ...]]:
    """Return colour frames of the demo: the empty door, and Eileen Collins standing there (a face 73 pixels wide).

    Raises `FileNotFoundError` where the package that carries her portrait is not installed.
    """
    begin = round((PAUSE + APPROACH) * RATE)
    frames = [one.image for one in islice(DemoSource(once=True), begin + round(STAND * RATE))]
    empty, face = frames[: round(PAUSE * RATE) : 4], frames[begin:]
    return tuple(map(fitted, empty)), tuple(map(fitted, face))


def clip_frames(folder: Path) -> list[Image]:
    """Return three colour frames, evenly apart, of every GIF and MP4 of a folder; raises ValueError for none."""
    frames: list[Image] = []
    for path in sorted(one for one in folder.iterdir() if one.suffix.lower() in (".gif", ".mp4")):
        clip = [frame.image for frame in VideoSource(path)]
        frames += [fitted(image) for image in clip[:: max(1, len(clip) // FRAMES_PER_CLIP)][:FRAMES_PER_CLIP]]
    if not frames:
        raise ValueError(f"{folder}: the folder holds no GIF or MP4")
    return frames


def textured_frames() -> dict[str, list[Image]]:
    """Return grey frames without a face by what they show: noise on which no window is flat, a pattern, one grey."""
    rng = np.random.default_rng(5)
    noise = [cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH)), (0, 0), grain) for grain in GRAINS]
    down, right = np.mgrid[:HEIGHT, :WIDTH] // 12
    drawn = [right % 2, (down + right) % 2]
    return {
        "noise": [np.clip(128 + 50 * one / one.std(), 0, 255).astype(np.uint8) for one in noise],
        "stripes, squares": [(one * 160 + 48).astype(np.uint8) for one in drawn],
        "one grey": [np.full((HEIGHT, WIDTH), 128, np.uint8)],
    }


def several_faces(empty: Image, face: Image, count: int) -> Image:
    """Return an empty frame with the middle of another one, 80x120 pixels with its face, put into it 1 to 4 times.

    empty, face: colour frames as `demo_frames` returns them.
    """
    frame = empty.copy()
    part = face[40:160, WIDTH // 2 - 40 : WIDTH // 2 + 40]
    for place in range(count):
        left = round((place + 0.5) * WIDTH / count) - 40
        frame[40:160, left : left + 80] = part
    return frame


def greys(frames: Sequence[Image]) -> list[Image]:
    """Return frames without colour."""
    return [to_grey(frame) for frame in frames]
