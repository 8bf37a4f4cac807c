"""How a look was judged and a face placed before C did it: NumPy, Fractions and floating point, to compare with."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.alignment import LANDMARK_WINDOW_DOWN, LANDMARK_WINDOW_SIDE
from peephole.doorbell.policy import Policy
from peephole.doorbell.tilt import Seen
from peephole.vision.crop import CropRule, aligned_matrix, template_q8, warp
from peephole.vision.detector import Box, Face
from peephole.vision.pose import Pose

Image = NDArray[np.uint8]


def variance(values: NDArray[np.int64]) -> int:
    return (values.size * int((values * values).sum()) - int(values.sum()) ** 2) // values.size**2


def sharpness(crop: Image) -> int:
    if min(crop.shape) > 64:
        reduced = np.empty((64, 64), np.uint8)
        _core.resize_u8(np.ascontiguousarray(crop), reduced)
        crop = reduced
    pixels = crop.astype(np.int64)
    edges = 4 * pixels[1:-1, 1:-1] - pixels[:-2, 1:-1] - pixels[2:, 1:-1] - pixels[1:-1, :-2] - pixels[1:-1, 2:]
    contrast = variance(pixels)
    return 1000 * variance(edges) // contrast if contrast else 0


def exposure(crop: Image) -> tuple[int, int, int]:
    """Brightness, contrast, clipped."""
    height, width = crop.shape
    middle = crop[height // 8 : height - height // 8, width // 8 : width - width // 8].astype(np.int64)
    clipped = int((middle <= 5).sum() + (middle >= 250).sum())
    return int(middle.sum()) // middle.size, math.isqrt(variance(middle)), 1000 * clipped // middle.size


def cube_root(width: int, sharp: int, neighbours: int, policy: Policy) -> float:
    """A thousand times the root, not rounded."""
    share = (
        min(width / policy.good_width, 1.0)
        * min(sharp / policy.good_sharpness, 1.0)
        * min(neighbours / policy.good_neighbours, 1.0)
    )
    return float(1000 * share ** (1 / 3))


def q16(value: Fraction) -> int:
    return (2 * value.numerator * 65536 + value.denominator) // (2 * value.denominator)


def square_matrix(box: Box, size: int, rule: CropRule) -> list[list[int]]:
    """Not limited to 32 bits."""
    side = max(box.width, box.height)
    step = rule.scale * side / size
    left = box.x + Fraction(box.width - 1, 2) - step * Fraction(size - 1, 2)
    top = box.y + Fraction(box.height - 1, 2) - rule.up * side - step * Fraction(size - 1, 2)
    return [[q16(step), 0, q16(left)], [0, q16(step), q16(top)]]


def doubt_about(points: NDArray[np.int32], box: Box) -> str:
    template = template_q8(112)
    try:
        matrix = aligned_matrix(points, template).astype(np.float64) / 65536
    except ValueError:
        return "order"
    (a, _, _), (b, _, _) = matrix
    scale = float(np.hypot(a, b))
    upright = (points / 256 - matrix[:, 2]) @ matrix[:, :2] / scale**2
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
    return "shape" if residual(points, matrix) > 0.25 * 35 else ""


def find(
    tell: Callable[[Image], NDArray[np.int16]], size: int, frac_bits: int, looks: int, grey: Image, box: Box
) -> tuple[NDArray[np.int32], str]:
    """Points [5,2] Q8 of the upright face in a box, and the doubt about them; `tell` is the landmark network."""
    template = template_q8(size, LANDMARK_WINDOW_SIDE, LANDMARK_WINDOW_DOWN)
    matrix = np.array(square_matrix(box, size, CropRule(Fraction(5, 4), Fraction(0))), np.int32)
    for look in range(looks):
        told = tell(warp(grey, matrix, size)).reshape(5, 2)
        points = np.empty((5, 2), np.int32)
        _core.warp_points_s16(told, size, frac_bits, matrix, points)
        doubt = doubt_about(points, box)
        if doubt or look == looks - 1:
            break
        matrix = aligned_matrix(points, template)
    return points, doubt


def cut(grey: Image, box: Box, size: int, points: NDArray[np.int32] | None) -> Image:
    """The crop of an upright face: by its points, or by the box where they are None."""
    if points is None:
        return warp(grey, np.array(square_matrix(box, size, CropRule()), np.int32), size)
    return warp(grey, aligned_matrix(points, template_q8(size)), size)


def residual(points: NDArray[np.int32], matrix: NDArray[np.float64]) -> float:
    """How far points [5,2] Q8 lie from the template on average, in its own pixels."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    upright = (points / 256 - matrix[:, 2]) @ matrix[:, :2] / scale**2
    return float(np.hypot(*(upright - template_q8(112) / 256).T).mean())


def overlap(a: Box, b: Box) -> float:
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(width, 0) * max(height, 0)
    return shared / (a.width * a.height + b.width * b.height - shared)


def distinct(faces: Sequence[Face]) -> list[Seen]:
    kept: list[Seen] = []
    for face in sorted(faces, key=lambda one: (-one.neighbours, one.box.x, one.box.y)):
        if all(overlap(face.box, other.box) < 0.3 for other in kept):
            kept.append(Seen(face.box, face.neighbours))
    return kept


def centre(box: Box) -> tuple[float, float]:
    return box.x + box.width / 2, box.y + box.height / 2


def turned_matrix(middle_of: Box, span: float, size: int, degrees: int) -> NDArray[np.float64]:
    """In pixels, not rounded."""
    scale = span / size
    across, down = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    middle = (size - 1) / 2
    x, y = (value - 0.5 for value in centre(middle_of))
    return np.array([[across, -down, x - middle * (across - down)], [down, across, y - middle * (down + across)]])


def turned(grey: Image, middle_of: Box, span: float, size: int, degrees: int) -> Image:
    copy = np.empty((size, size), np.uint8)
    matrix = np.round(turned_matrix(middle_of, span, size, degrees) * 65536).astype(np.int32)
    _core.warp_affine_u8(grey, matrix, copy)
    return copy


def in_frame(found: Box, last: Box, degrees: int) -> tuple[float, float, float]:
    """Left, top and side of a face of a turned copy, in the frame; not rounded, but for the side within the others."""
    scale = 2.4 * last.width / 192
    x, y = ((value - 96) * scale for value in centre(found))
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    middle = centre(last)
    side = math.floor(found.width * last.width / 80 + 0.5)
    left, top = middle[0] + x * cosine - y * sine - side / 2, middle[1] + x * sine + y * cosine - side / 2
    return left, top, found.width * scale


def plausible(last: Box, box: Box) -> bool:
    if max(last.width, box.width) > 1.6 * min(last.width, box.width):
        return False
    (x, y), (last_x, last_y) = centre(box), centre(last)
    return math.hypot(x - last_x, y - last_y) <= 0.6 * last.width


def look_for(
    detect: Callable[[Image], Sequence[Face]], grey: Image, last: Box, tilt: int, others: Sequence[Box]
) -> Seen | None:
    found: list[Seen] = []
    for degrees in (tilt, tilt - 20, tilt + 20):
        if degrees == 0 or abs(degrees) > 60:
            continue
        for face in detect(turned(grey, last, 2.4 * last.width, 192, degrees)):
            left, top, _ = in_frame(face.box, last, degrees)
            side = (2 * face.box.width * last.width + 80) // 160
            box = Box(math.floor(left + 0.5), math.floor(top + 0.5), side, side)
            if plausible(last, box) and all(overlap(box, other) < 0.3 for other in others):
                found.append(Seen(box, face.neighbours, degrees))
    if not found:
        return None
    best = max(found, key=lambda seen: (seen.neighbours, -abs(seen.tilt - tilt)))
    same = [seen for seen in found if overlap(seen.box, best.box) >= 0.3]
    weight = sum(seen.neighbours for seen in same)
    return replace(best, tilt=math.floor(sum(seen.tilt * seen.neighbours for seen in same) / weight + 0.5))


def is_turned(pose: Pose, most: int) -> bool:
    return abs(pose.yaw) > most
