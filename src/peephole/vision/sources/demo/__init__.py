"""The demo: two people, one after the other, walk up to a door that exists only in this file's numbers.

Detector, network and decision see these frames as they would see a camera's; nothing tells them who walks.
"""

import threading
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

from peephole.vision.sources.demo.portraits import EILEEN, GRACE, Portrait, cut_out, head_of
from peephole.vision.sources.demo.scene import HEIGHT, WIDTH, paint_scene
from peephole.vision.sources.demo.walk import WALK, compose, dressed, mood_of, pose_at
from peephole.vision.sources.frame import Frame, Image

__all__ = ["EILEEN", "GRACE", "DemoSource", "Portrait", "head_of"]

RATE = 12
"""Frames a second."""
PAUSE = 3.4
"""Seconds of an empty garden before each walk, long enough for the visit before it to be over."""


class DemoSource:
    """A round of two walks, for ever or once."""

    name = "the demo"
    live = False

    def __init__(self, *, once: bool = False, clock: Callable[[], float] = time.time) -> None:
        """Find the portraits.

        Raises:
            FileNotFoundError: a package that carries one is not installed.
        """
        self._people = (EILEEN, GRACE)
        for portrait in self._people:
            portrait.path()
        self._once = once
        self._start = clock()
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        """Paint frame after frame."""
        scene = paint_scene()
        cutouts = [[whole := cut_out(person), half := whole.halved(), half.halved()] for person in self._people]
        noise = np.random.default_rng(3).normal(0, 2.0, (HEIGHT + 64, WIDTH + 64, 1))
        grain = noise.round().astype(np.int16).repeat(3, 2)
        empty = np.asarray(cv2.blendLinear(scene.hedge, scene.garden, scene.coverage, 1 - scene.coverage), np.uint8)
        number = walk = 0
        lead = round(PAUSE * RATE)
        while not self._closed.is_set():
            mood = mood_of(walk)
            person = [dressed(cutout, mood) for cutout in cutouts[walk % len(cutouts)]]
            for step in range(lead + round(WALK * RATE)):
                if self._closed.is_set():
                    return
                seconds = (step - lead) / RATE
                clean = compose(scene, person, pose_at(seconds, mood)) if seconds >= 0 else empty
                yield Frame(_grainy(clean, grain, number), self._start + number / RATE, number)
                number += 1
            walk += 1
            if self._once and walk == len(cutouts):
                return

    def close(self) -> None:
        """End the iterator."""
        self._closed.set()


def _grainy(image: Image, grain: npt.NDArray[np.int16], number: int) -> Image:
    """Add the noise of a sensor: one sheet of it, shifted anew for each frame."""
    down, right = 23 * number % 64, 41 * number % 64
    noise = grain[down : down + HEIGHT, right : right + WIDTH]
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)
