"""Five points of a face behind the detector's box, in integers from the frame to the points."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.alignment import LANDMARK_WINDOW_DOWN, LANDMARK_WINDOW_SIDE
from peephole.engine import Engine
from peephole.fixedpoint.program import LANDMARKS, IntegerProgram
from peephole.vision.crop import cut_face, template_q8
from peephole.vision.detector import Box

POINTS = 5

Doubt = Literal["", "order", "leaning", "size", "outside", "shape"]
"""Why points cannot be a face's: eyes, nose and mouth in no order; leaning by more than 45 degrees; much larger or
smaller than the detector's box; beside it; far from any face's proportions."""

DOUBTS: tuple[Doubt, ...] = ("", "order", "leaning", "size", "outside", "shape")
"""In the order of `ph_doubt`."""


@dataclass(frozen=True)
class Landmarks:
    """Five points of a face in the order of `alignment.TEMPLATE`: int32 [5,2], x and y in Q8 pixels of the frame.

    doubt: why they are not to be believed; empty where they are.
    """

    points: NDArray[np.int32]
    doubt: Doubt


@dataclass(frozen=True)
class FaceCut:
    """A network's input, uint8 [S,S]. landmarks: the points found in the face, if they were looked for.

    doubt: why the face was cut by the detector's box though it should have been cut by its points; else empty.
    """

    pixels: NDArray[np.uint8]
    landmarks: Landmarks | None = None
    doubt: Doubt = ""


class LandmarkFinder:
    """Looks for the points of faces by an integer program for landmarks. Safe to call from several threads at once."""

    def __init__(self, program: IntegerProgram, looks: int = 2) -> None:
        """Take a program. looks: each one after the first cuts the face anew, by the points of the one before."""
        height, width = program.input.height, program.input.width
        program.expect_task(LANDMARKS)
        if program.descriptor_size != 2 * POINTS or height != width:
            raise ValueError(f"program {program.name} does not tell five points of a square picture")
        self._engine = Engine(program, threads=1)
        self._size = height
        self._frac_bits = program.tensor(program.output).frac_bits
        self._template = template_q8(height, LANDMARK_WINDOW_SIDE, LANDMARK_WINDOW_DOWN)
        self._looks = looks

    def find(self, grey: NDArray[np.uint8], box: Box, tilt: int = 0) -> Landmarks:
        """Find the points of the face in a detector's box of a grey frame [H,W].

        tilt: by how many degrees the face leans clockwise. The points are then those of the frame turned upright around
        the middle of the box, whose upper left pixel is at 0, 0 there.
        """
        points = np.empty((POINTS, 2), np.int32)
        doubt = _core.find_points(
            np.ascontiguousarray(grey),
            box.values(),
            tilt,
            self._size,
            self._frac_bits,
            self._template,
            self._looks,
            self._engine.descriptor,
            points,
        )
        return Landmarks(points, DOUBTS[doubt])

    def cut(self, grey: NDArray[np.uint8], box: Box, size: int, tilt: int = 0) -> FaceCut:
        """Cut the face in a detector's box: aligned by its points, or by the box where they are in doubt."""
        found = self.find(grey, box, tilt)
        return FaceCut(cut_face(grey, box, size, tilt, None if found.doubt else found.points), found, found.doubt)


def doubt_about(points: NDArray[np.int32], box: Box) -> Doubt:
    """Tell why five points, [5,2] Q8, cannot be those of the face in a detector's box; empty where they can."""
    return DOUBTS[_core.doubt_about(points, box.values())]
