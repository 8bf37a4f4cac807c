"""How a face is turned, estimated from its five points: in degrees to be told, in integers to be decided by."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.alignment import TEMPLATE

# How far the tip of the nose stands out of the plane of eyes and mouth, in half distances between the eyes: 0.83 on the
# average head that head-pose estimation usually takes (eyes at +-157, nose 130 in front of eyes and mouth).
NOSE_DEPTH = 0.83

# Where the nose lies on a frontal face, as a share of the way from the eyes to the mouth.
_FRONTAL_NOSE = (TEMPLATE[2, 1] - TEMPLATE[:2, 1].mean()) / (TEMPLATE[3:, 1].mean() - TEMPLATE[:2, 1].mean())


@dataclass(frozen=True)
class Pose:
    """Degrees. yaw: the face looks to the right of the picture. roll: it leans clockwise."""

    yaw: float
    roll: float


def pose_of(points: NDArray[np.int32] | NDArray[np.floating]) -> Pose:
    """Estimate how a face is turned from five points [5,2], x, y in any unit, in the order of `alignment.TEMPLATE`.

    roll is the slope of eyes and mouth together. yaw follows from how far the nose stands off the line half-way
    between the eyes and half-way between the corners of the mouth: tan(yaw) = offset / (half the distance between the
    eyes * NOSE_DEPTH), under weak perspective. Expect some ten degrees of error; 90 where the eyes lie on one another.
    """
    left_eye, right_eye, nose, left_mouth, right_mouth = points.astype(np.float64)
    across = (right_eye - left_eye) + (right_mouth - left_mouth)
    length = math.hypot(*across)
    if length == 0:
        return Pose(90.0, 0.0)
    unit = across / length
    middle = (left_eye + right_eye + left_mouth + right_mouth) / 4
    half = abs((right_eye - left_eye) @ unit) / 2
    offset = (nose - middle) @ unit
    yaw = math.degrees(math.atan2(offset, half * NOSE_DEPTH))
    return Pose(max(-90.0, min(90.0, yaw)), math.degrees(math.atan2(unit[1], unit[0])))


def pitch_of(points: NDArray[np.int32] | NDArray[np.floating]) -> float:
    """Estimate by how many degrees a chin is lifted, from five points as `pose_of` takes them; 0 where they coincide.

    From how far the nose stands above its place between eyes and mouth on the template's frontal face. That place
    differs from person to person by ten degrees and more: compare looks at the same face.
    """
    left_eye, right_eye, nose, left_mouth, right_mouth = points.astype(np.float64)
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    down = mouth - eyes
    length = math.hypot(*down)
    half = math.hypot(*(right_eye - left_eye)) / 2
    if length == 0 or half == 0:
        return 0.0
    lifted = _FRONTAL_NOSE * length - (nose - eyes) @ down / length
    return math.degrees(math.atan2(lifted, half * NOSE_DEPTH))


def is_turned(points: NDArray[np.int32], most: int) -> bool:
    """Tell whether a face is turned aside by more than so many degrees, from five points [5,2] Q8, within 2^15 pixels.

    What `pose_of` says of the yaw, in integers (csrc/app/pose.h): within 0.001 degrees of the bar they may differ.
    """
    return _core.is_turned(points, most)
