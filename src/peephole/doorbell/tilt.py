"""Faces that lean to one side, which a frontal detector does not see; csrc/app/tilt.c looks for them.

Once a face has been seen upright, it is looked for near its last place in a copy of the picture that is turned a
little. The crop for the network is cut upright, straight from the frame.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.doorbell.recogniser import Recogniser
from peephole.vision.detector import Box, Face
from peephole.vision.image import Image
from peephole.vision.landmarks import FaceCut

STEP_DEGREES = _core.TILT_STEP
MOST_DEGREES = _core.MOST_TILT


BoxRow = tuple[int, int, int, int]
SeenRow = tuple[BoxRow, int, int]
"""A face as the core has it: box, neighbours, tilt."""


@dataclass(frozen=True)
class Seen:
    """A face of a frame; `tilt` is by how many degrees it leans clockwise, `box` is upright around its centre."""

    box: Box
    neighbours: int
    tilt: int = 0

    @classmethod
    def of(cls, row: SeenRow) -> "Seen":
        """Return a face that the core has found."""
        box, neighbours, tilt = row
        return cls(Box(*box), neighbours, tilt)

    @property
    def row(self) -> SeenRow:
        """The same as the core takes it."""
        return self.box.values(), self.neighbours, self.tilt


def distinct(faces: Sequence[Face]) -> list[Seen]:
    """Return faces, surest first, without those that overlap a surer one by 3/10 of the area of both.

    Chin and mouth make a second face of a bearded one.
    """
    return [Seen.of(row) for row in _core.keep_distinct([(face.box.values(), face.neighbours, 0) for face in faces])]


def cut_upright(recogniser: Recogniser, grey: Image, seen: Seen) -> FaceCut:
    """Return the network's input for a face, turned upright."""
    return recogniser.cut(grey, seen.box, seen.tilt)


def straighten(recogniser: Recogniser, grey: Image, seen: Seen) -> Seen:
    """Return a face as it is seen best: one that the detector is unsure of may lean, and is then surer when turned."""
    return Seen.of(_core.straighten(np.ascontiguousarray(grey), seen.row, _detecting(recogniser)))


def look_for(recogniser: Recogniser, grey: Image, last: Box, tilt: int, others: Sequence[Box]) -> Seen | None:
    """Look for a face near its last place, leaning as before or a step more or less; None when it is not there.

    `others` are faces already found, which it cannot be.
    """
    places = [other.values() for other in others]
    found = _core.look_for(np.ascontiguousarray(grey), last.values(), tilt, places, _detecting(recogniser))
    return Seen.of(found) if found is not None else None


def overlap(a: Box, b: Box) -> float:
    """Return the area that two boxes share over the area of both."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(width, 0) * max(height, 0)
    return shared / (a.width * a.height + b.width * b.height - shared)


def _detecting(recogniser: Recogniser) -> Callable[[Image], NDArray[np.int32]]:
    """Return the detector as C calls it: faces as rows [N,5] (x, y, side, neighbours, score)."""

    def detect(grey: Image) -> NDArray[np.int32]:
        faces = recogniser.detect(grey)
        rows = [(face.box.x, face.box.y, face.box.width, face.neighbours, face.score) for face in faces]
        return np.array(rows, np.int32).reshape(-1, 5)

    return detect
