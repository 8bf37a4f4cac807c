"""Five points of a face behind the detector's box, in integers from the frame to the points."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.alignment import LANDMARK_WINDOW_DOWN, LANDMARK_WINDOW_SIDE
from peephole.engine import Engine
from peephole.fixedpoint.program import LANDMARKS, IntegerProgram
from peephole.vision.crop import (
    CropRule,
    aligned_matrix,
    crop_aligned,
    crop_face,
    square_matrix,
    template_q8,
    warp,
)
from peephole.vision.detector import Box

# The first look: the square of 5/4 of the box's side around its centre.
FIRST_LOOK = CropRule(scale=Fraction(5, 4), up=Fraction(0))
POINTS = 5

Doubt = Literal["", "order", "leaning", "size", "outside", "shape"]
"""Why points cannot be a face's: eyes, nose and mouth in no order; leaning by more than 45 degrees; much larger or
smaller than the detector's box; beside it; far from any face's proportions."""


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

    def find(self, grey: NDArray[np.uint8], box: Box) -> Landmarks:
        """Find the points of the face in a detector's box of a grey frame [H,W]."""
        points = self._look(grey, square_matrix(box, self._size, FIRST_LOOK))
        doubt = doubt_about(points, box)
        for _ in range(self._looks - 1):
            if doubt:
                break
            points = self._look(grey, aligned_matrix(points, self._template))
            doubt = doubt_about(points, box)
        return Landmarks(points, doubt)

    def cut(self, grey: NDArray[np.uint8], box: Box, size: int) -> FaceCut:
        """Cut the face in a detector's box: aligned by its points, or by the box where they are in doubt."""
        found = self.find(grey, box)
        pixels = crop_face(grey, box, size) if found.doubt else crop_aligned(grey, found.points, size)
        return FaceCut(pixels, found, found.doubt)

    def _look(self, grey: NDArray[np.uint8], matrix: NDArray[np.int32]) -> NDArray[np.int32]:
        told = self._engine.descriptor(warp(grey, matrix, self._size)).reshape(POINTS, 2)
        points = np.empty((POINTS, 2), np.int32)
        _core.warp_points_s16(told, self._size, self._frac_bits, matrix, points)
        return points


def doubt_about(points: NDArray[np.int32], box: Box) -> Doubt:
    """Tell why five points, [5,2] Q8, cannot be those of the face in a detector's box; empty where they can."""
    template = template_q8(112)
    try:
        matrix = aligned_matrix(points, template).astype(np.float64) / 65536
    except ValueError:
        return "order"
    (a, _, _), (b, _, _) = matrix
    scale = float(np.hypot(a, b))
    upright = (points / 256 - matrix[:, 2]) @ matrix[:, :2] / scale**2  # where the points lie in the template's window
    left_eye, right_eye, nose, left_mouth, right_mouth = upright
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    if not (left_eye[0] < right_eye[0] and left_mouth[0] < right_mouth[0] and eyes[1] < nose[1] < mouth[1]):
        return "order"
    if a < abs(b):
        return "leaning"
    side = max(box.width, box.height)
    if not 0.5 * side < scale * 112 * 0.89 < 1.8 * side:
        return "size"
    centre = np.array([box.x + (box.width - 1) / 2, box.y + (box.height - 1) / 2])
    if np.abs(points.mean(0) / 256 - centre).max() > 0.5 * side:
        return "outside"
    residual = float(np.hypot(*(upright - template / 256).T).mean())
    return "shape" if residual > 0.25 * 35 else ""
