"""The square of a frame that the network sees; the same code for enrolment, evaluation and the live doorbell."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.alignment import template_points
from peephole.vision.detector import Box


@dataclass(frozen=True)
class CropRule:
    """From a detector's box to the square: side = scale * the box's side, centre moved up by `up` * the box's side.

    The defaults make of our detector's box the window that the network was trained on: the box is 0.92 of its side
    and lies 0.07 of it too low (benchmarks/boxes.py).
    """

    scale: Fraction = Fraction(11, 10)
    up: Fraction = Fraction(5, 64)


DEFAULT_RULE = CropRule()


def square_matrix(box: Box, size: int, rule: CropRule = DEFAULT_RULE) -> NDArray[np.int32]:
    """Return the matrix [2,3] (Q16) that leads from a pixel of the size x size crop to one of the frame.

    Pixel centres lie at integers and a box covers whole pixels, so its centre is x + (width - 1) / 2. With the square's
    centre c and side s, crop pixel k comes from c + (k - (size - 1) / 2) * s / size, exactly, rounded once to Q16,
    halves up. Numerators and denominators of the rule are at most 1,024.
    """
    if box.width < 1 or box.height < 1 or size < 1:
        raise ValueError(f"there is no {size}x{size} crop of a box of {box.width}x{box.height} pixels")
    scale, up = rule.scale, rule.up
    matrix = np.empty((2, 3), np.int32)
    numbers = (scale.numerator, scale.denominator, up.numerator, up.denominator)
    _core.square_matrix(box.values(), size, numbers, matrix)
    return matrix


def fixed_points(points: NDArray[np.floating]) -> NDArray[np.int32]:
    """Round five points [5,2], x, y in pixels, to Q8, halves up: int32, as kernels take them. Raises `ValueError`."""
    if points.shape != (5, 2) or not np.isfinite(points).all():
        raise ValueError(f"alignment needs five points x, y, not an array of shape {points.shape}")
    return _int32(np.floor(points.astype(np.float64) * 256 + 0.5))


@cache
def template_q8(size: int, side: float = 1.0, down: float = 0.0) -> NDArray[np.int32]:
    """Return the points that alignment aims at in a size x size crop, [5,2] Q8; see `alignment.template_points`."""
    table = fixed_points(template_points(size, side, down))
    table.flags.writeable = False
    return table


def aligned_matrix(points: NDArray[np.int32], template: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the matrix [2,3] (Q16) of the similarity that lays five points of a frame on a template of the crop.

    Both are [5,2] in Q8 pixels, pixel centres at integers. Raises `ValueError` where there is none.
    """
    matrix = np.empty((2, 3), np.int32)
    try:
        _core.similarity_fit_s32(points, template, matrix)
    except ValueError:
        if (points == points[0]).all():
            raise ValueError("the five points of the face lie on one another") from None
        raise ValueError("the five points of the face lie too far outside of the frame, or in no order") from None
    return matrix


def _int32(rows: NDArray[np.generic]) -> NDArray[np.int32]:
    limits = np.iinfo(np.int32)
    if rows.min() < limits.min or rows.max() > limits.max:
        raise ValueError("the face lies too far outside of the frame to be cropped")
    return rows.astype(np.int32)


def warp(grey: NDArray[np.uint8], matrix: NDArray[np.int32], size: int) -> NDArray[np.uint8]:
    """Cut uint8 [size,size] out of a grey frame; matrix [2,3] (Q16) leads from its pixels to the frame's."""
    if grey.ndim != 2 or grey.dtype != np.uint8 or grey.size == 0:
        raise ValueError(f"a crop needs a grey picture of bytes, not {grey.dtype} of shape {grey.shape}")
    out = np.empty((size, size), np.uint8)
    _core.warp_affine_u8(np.ascontiguousarray(grey), matrix, out)
    return out


def crop_face(grey: NDArray[np.uint8], box: Box, size: int, rule: CropRule = DEFAULT_RULE) -> NDArray[np.uint8]:
    """Cut the upright square around a detector's box out of a grey frame: uint8 [size,size], borders replicated."""
    return warp(grey, square_matrix(box, size, rule), size)


def crop_aligned(grey: NDArray[np.uint8], points: NDArray[np.int32], size: int) -> NDArray[np.uint8]:
    """Cut the square out of a grey frame in which five points, [5,2] Q8, lie as in training: uint8 [size,size]."""
    return warp(grey, aligned_matrix(points, template_q8(size)), size)


def cut_face(
    grey: NDArray[np.uint8], box: Box, size: int, tilt: int = 0, points: NDArray[np.int32] | None = None
) -> NDArray[np.uint8]:
    """Cut a face that leans by `tilt` degrees upright out of a grey frame, with one resampling: uint8 [size,size].

    By its points, [5,2] Q8, as they lie in the frame turned upright (see `LandmarkFinder.find`), or by the detector's
    box where they are None.
    """
    out = np.empty((size, size), np.uint8)
    template = None if points is None else template_q8(size)
    _core.cut_face(np.ascontiguousarray(grey), box.values(), tilt, points, template, out)
    return out
