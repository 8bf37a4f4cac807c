"""The three steps from a grey image to descriptors, as one value that tests can replace."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from peephole.doorbell.policy import Calibration
from peephole.people.records import Descriptor
from peephole.vision.detector import Box, Face
from peephole.vision.image import Image
from peephole.vision.landmarks import FaceCut


class FrameLike(Protocol):
    """What a doorbell needs of a frame: uint8 [H,W] or [H,W,3] (BGR) and its time in seconds (any origin)."""

    @property
    def image(self) -> Image:
        """Pixels."""

    @property
    def time(self) -> float:
        """Seconds; only differences count."""


@dataclass(frozen=True)
class Recogniser:
    """Detector, crop and network of one doorbell.

    Attributes:
        detect: Faces of a grey image, largest first.
        cut: Network input uint8 [S,S] of a grey image, a box and by how many degrees the face leans clockwise, and what
            is known of it.
        describe: Descriptor int16 [D] of a network input.
        model: Model id that is stored with every descriptor.
        calibration: False-accept rate -> squared distance, from the program.
    """

    detect: Callable[[Image], Sequence[Face]]
    cut: Callable[[Image, Box, int], FaceCut]
    describe: Callable[[Image], Descriptor]
    model: str
    calibration: Calibration

    def descriptor_size(self) -> int:
        """Return how many values a descriptor has, by making one of an empty picture."""
        return len(self.describe(self.cut(np.zeros((64, 64), np.uint8), Box(8, 8, 48, 48), 0).pixels))
