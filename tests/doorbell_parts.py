"""A doorbell whose camera, detector and network are made up, exact and instant; no OpenCV, no weights.

A frame says in its first rows who is where; "network" and "detector" read it back. Person p has a fixed descriptor,
each look differs a little from it by its `noise`, and `shift` moves a look away from the person by a known distance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.policy import Policy
from peephole.doorbell.recogniser import Recogniser
from peephole.store.store import Store
from peephole.vision.detector import Box, Face
from peephole.vision.landmarks import FaceCut

SIZE = 16
MODEL = "0123456789abcdef"
ANNA, BEN = 1, 2
MORNING = 1_795_000_000.0


class Calibration:
    """Known within 100,000 (1 person), stranger beyond 1,000,000 (up to 4 people), one stranger within 70,000."""

    points: tuple[tuple[float, int], ...] = ((2e-4, 60_000), (5e-4, 70_000), (2e-3, 100_000), (2.5e-3, 1_000_000))

    def distance_at(self, rate: float) -> int:
        return max(distance for point, distance in self.points if point <= rate)


@dataclass(frozen=True)
class Actor:
    """Somebody in a frame: who, where, how large; `noise` makes looks differ, `shift` (0 to 255) moves them away."""

    person: int
    x: int = 100
    y: int = 100
    width: int = 80
    noise: int = 1
    shift: int = 0
    blurred: bool = False


@dataclass(frozen=True)
class Frame:
    image: NDArray[np.uint8]
    time: float


def paint(actors: Sequence[Actor], time: float = 0.0) -> Frame:
    image = np.zeros((256, 256), np.uint8)
    image[0, 0] = len(actors)
    for row, one in enumerate(actors, start=1):
        image[row, :7] = one.x, one.y, one.width, one.person, one.noise, one.shift, one.blurred
    return Frame(image, time)


def detect(grey: NDArray[np.uint8]) -> list[Face]:
    return [
        Face(Box(int(x), int(y), int(width), int(width)), score=1000, neighbours=20)
        for x, y, width in grey[1 : 1 + int(grey[0, 0]), :3]
    ]


def cut(grey: NDArray[np.uint8], box: Box, tilt: int) -> FaceCut:
    if not grey.any():
        return FaceCut(np.zeros((8, 8), np.uint8))
    rows = [row for row in grey[1 : 1 + int(grey[0, 0])] if (row[0], row[1]) == (box.x, box.y)]
    texture = np.random.default_rng(7).integers(0, 255, (8, 8), np.uint8)
    if rows[0][6]:
        texture[:] = 9
    texture[0, :3] = rows[0][3:6]
    if rows[0][6]:
        texture[0, :3] = rows[0][3]  # flat: no edge anywhere
        texture[:] = rows[0][3]
    return FaceCut(texture)


def describe(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    person, noise, shift = (int(value) for value in pixels[0, :3])
    descriptor = np.random.default_rng(person).integers(-2000, 2000, SIZE)
    descriptor += np.random.default_rng(1000 + noise).integers(-20, 20, SIZE)
    descriptor[0] += 10 * shift
    return descriptor.astype(np.int16)


def portrait(image: NDArray[np.uint8], box: Box) -> bytes:
    return b"\xff\xd8" + bytes([box.x, box.y, box.width])


def recogniser(model: str = MODEL) -> Recogniser:
    return Recogniser(detect, cut, describe, model, Calibration())


def doorbell(store: Store, policy: Policy | None = None, model: str = MODEL) -> Doorbell:
    return Doorbell(store, recogniser(model), policy, portrait)


def walk(person: int, start: float, looks: int = 8, rate: float = 5.0, **more: int) -> list[Frame]:
    """Somebody comes nearer for `looks` frames and is gone; the view stays empty for longer than the gap."""
    seen = [
        paint([Actor(person, x=80 + 2 * i, width=60 + 3 * i, noise=i + 1, **more)], start + i / rate)
        for i in range(looks)
    ]
    return [*seen, *(paint([], start + looks / rate + i / rate) for i in range(int(4 * rate)))]


@dataclass
class Walks:
    """A recording of people who come to the door, a minute after each other."""

    people: tuple[int, ...]
    start: float = MORNING
    name: str = "a recording"
    live: bool = False

    def __iter__(self) -> Iterator[Frame]:
        for number, person in enumerate(self.people):
            yield from walk(person, self.start + 60 * number)

    def close(self) -> None:
        pass


def store_at(folder: Path) -> Store:
    return Store(folder / "data")
