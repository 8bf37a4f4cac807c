"""Plane and parallax: how far the points of a face move as no picture of a face can, whichever way it is held.

Points of a plane that moves before a camera follow one homography. Those of a head follow one too, but for a shift in
one direction that grows with how far each stands out of the plane (plane and parallax: Irani and Anandan, 1996). The
shift of the average head is fitted beside the homography, so that the noise of single points averages out.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

LEAST_POINTS = 14
_ROUNDS = 4
_TUKEY = 4.0
_FLOOR = 1e-3
"""Box widths: nothing is tracked better than this."""


@dataclass(frozen=True)
class Motion:
    """How a face moved between two frames. Lengths in widths of the detector's box.

    Attributes:
        shift: [2] right and down, of what stands out by one box width; its length is about the sine of the turn.
        error: Standard error of one of its components.
        residual: Root mean square of what is left per point and axis.
        foreshortening: 1 less the ratio of the shorter to the longer side of a square that moves with the plane.
        homography: [3,3], from points of the first frame to those of the second, in box widths.
    """

    shift: Points
    error: float
    residual: float
    foreshortening: float
    homography: Points

    @property
    def parallax(self) -> float:
        """Length of the shift, less what its error alone would make of it."""
        return math.sqrt(max(float(self.shift @ self.shift) - 2 * self.error**2, 0.0))


def depth(points: Points) -> Points:
    """Return how far the average head stands out at points [N,2] of the detector's box, in its widths: [N].

    Right and down from the middle of the box. An ellipsoid as wide as a head and a nose on it, which stands out of eyes
    and mouth by `vision.pose.NOSE_DEPTH` half distances between the eyes, 0.35 box widths apart.
    """
    across, down = points[:, 0], points[:, 1]
    dome = 0.5 * np.sqrt(np.clip(1 - (across / 0.55) ** 2 - ((down - 0.05) / 0.8) ** 2, 0, 1))
    nose = 0.1 * np.exp(-((across / 0.07) ** 2) / 2 - ((down - 0.05) / 0.09) ** 2 / 2)
    return np.asarray(dome + nose, np.float64)


def motion_of(first: Points, second: Points) -> Motion | None:
    """Fit a plane and the shift of the average head to points [N,2] of two frames, in box widths; None: too few.

    second = A first + b - second (g first) + shift depth(first), by least squares; points that do not fit, on glasses
    or on a hand, lose their weight (Tukey's biweight).
    """
    count = len(first)
    if count < LEAST_POINTS:
        return None
    rows = np.zeros((2, count, 10))
    rows[0, :, 0:2] = rows[1, :, 3:5] = first
    rows[0, :, 2] = rows[1, :, 5] = 1
    rows[:, :, 6:8] = -second.T[:, :, None] * first[None]
    rows[0, :, 8] = rows[1, :, 9] = depth(first)
    matrix, wanted = rows.reshape(2 * count, 10), second.T.reshape(2 * count)
    weights = np.ones(count)
    for _ in range(_ROUNDS):
        root = np.sqrt(np.tile(weights, 2))
        found, *_ = np.linalg.lstsq(matrix * root[:, None], wanted * root, rcond=None)
        left = (wanted - matrix @ found).reshape(2, count)
        length = np.hypot(*left)
        spread = max(1.4826 * float(np.median(length)) / np.sqrt(2), _FLOOR)
        weights = np.clip(1 - (length / (_TUKEY * spread)) ** 2, 0, 1) ** 2
    effective = float(weights.sum())
    if effective < LEAST_POINTS * 0.7:
        return None
    variance = max(float((weights * length**2).sum()) / (2 * effective), _FLOOR**2)
    twice = np.tile(weights, 2)
    information = matrix.T @ (matrix * twice[:, None])
    try:
        covariance = np.linalg.inv(information + 1e-9 * np.eye(10)) * variance * 2 * effective / (2 * effective - 10)
    except np.linalg.LinAlgError:
        return None
    error = float(np.sqrt(max(covariance[8, 8] + covariance[9, 9], 0.0) / 2))
    found = np.asarray(found, np.float64)
    stretch = np.linalg.svd(found[[0, 1, 3, 4]].reshape(2, 2), compute_uv=False)
    homography = np.array([found[0:3], found[3:6], [found[6], found[7], 1.0]])
    flatness = 1 - float(stretch[1] / max(stretch[0], 1e-6))
    shift = np.array([found[8], found[9]], np.float64)
    return Motion(shift, error, float(np.sqrt(variance)), flatness, homography)


def moved(homography: Points, points: Points) -> Points:
    """Return where a homography [3,3] brings points [N,2]."""
    whole = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return np.asarray(whole[:, :2] / whole[:, 2:], np.float64)
