"""Faces that lean to one side, which a frontal detector does not see.

Once a face has been seen upright, it is looked for near its last place in a copy of the picture that is turned a
little; the crop for the network is then cut from such a turned copy, so that it shows the face upright.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from peephole import _core
from peephole.doorbell.recogniser import Image, Recogniser
from peephole.vision.detector import Box, Face
from peephole.vision.landmarks import FaceCut

STEP_DEGREES = 20  # the cascade itself puts up with about half of it on either side
MOST_DEGREES = 60

_PATCH = 192  # pixels of the side of the turned copy
_REACH = 2.4  # faces that the copy's side spans
_ONE = 1 << 16
_SAME_FACE = 0.3
_SURE = 24  # overlapping hits from which on a face is upright enough
_MOST_GROWTH = 1.6
_MOST_SHIFT = 0.6  # of the face's side, between two frames


@dataclass(frozen=True)
class Seen:
    """A face of a frame; `tilt` is by how many degrees it leans clockwise, `box` is upright around its centre."""

    box: Box
    neighbours: int
    tilt: int = 0


def distinct(faces: Sequence[Face]) -> list[Seen]:
    """Return faces without those that overlap a surer one: chin and mouth make a second face of a bearded one."""
    kept: list[Seen] = []
    for face in sorted(faces, key=lambda one: (-one.neighbours, one.box.x, one.box.y)):
        if all(overlap(face.box, other.box) < _SAME_FACE for other in kept):
            kept.append(Seen(face.box, face.neighbours))
    return kept


def cut_upright(recogniser: Recogniser, grey: Image, seen: Seen) -> FaceCut:
    """Return the network's input for a face, turned upright; its points are those of the turned copy."""
    if not seen.tilt:
        return recogniser.cut(grey, seen.box)
    side = seen.box.width
    turned = _turned(grey, _centre(seen.box), 2.0 * side, 2 * side, seen.tilt)
    return recogniser.cut(turned, Box(side // 2, side // 2, side, side))


def straighten(recogniser: Recogniser, grey: Image, seen: Seen) -> Seen:
    """Return a face as it is seen best: one that the detector is unsure of may lean, and is then surer when turned."""
    if seen.tilt or seen.neighbours >= _SURE:
        return seen
    turned = look_for(recogniser, grey, seen.box, 0, [])
    return turned if turned is not None and turned.neighbours > seen.neighbours else seen


def look_for(recogniser: Recogniser, grey: Image, last: Box, tilt: int, others: Sequence[Box]) -> Seen | None:
    """Look for a face near its last place, leaning as before or a step more or less; None when it is not there.

    `others` are faces already found, which it cannot be.
    """
    found: list[Seen] = []
    for degrees in (tilt, tilt - STEP_DEGREES, tilt + STEP_DEGREES):
        if degrees == 0 or abs(degrees) > MOST_DEGREES:
            continue  # upright is what the detector has looked for already
        span = _REACH * last.width
        turned = _turned(grey, _centre(last), span, _PATCH, degrees)
        for face in recogniser.detect(turned):
            box = _in_frame(face.box, last, span, degrees)
            if _plausible(last, box) and all(overlap(box, other) < _SAME_FACE for other in others):
                found.append(Seen(box, face.neighbours, degrees))
    if not found:
        return None
    best = max(found, key=lambda seen: (seen.neighbours, -abs(seen.tilt - tilt)))
    # The turns at which the detector sees the same face, weighted by how surely, lie around its true tilt.
    same = [seen for seen in found if overlap(seen.box, best.box) >= _SAME_FACE]
    weight = sum(seen.neighbours for seen in same)
    return replace(best, tilt=round(sum(seen.tilt * seen.neighbours for seen in same) / weight))


def overlap(a: Box, b: Box) -> float:
    """Return the area that two boxes share over the area of both."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(width, 0) * max(height, 0)
    return shared / (a.width * a.height + b.width * b.height - shared)


def _centre(box: Box) -> tuple[float, float]:
    return box.x + box.width / 2, box.y + box.height / 2


def _turned(grey: Image, centre: tuple[float, float], span: float, size: int, degrees: int) -> Image:
    """Return a square copy, `size` pixels for `span` pixels of the frame, in which a face that leans is upright."""
    scale = span / size
    across, down = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    # Pixel centres lie at half pixels: the copy's middle falls on the face's middle.
    middle = (size - 1) / 2
    x, y = centre[0] - 0.5, centre[1] - 0.5
    matrix = [[across, -down, x - middle * (across - down)], [down, across, y - middle * (down + across)]]
    copy = np.empty((size, size), np.uint8)
    _core.warp_affine_u8(grey, np.array([[round(value * _ONE) for value in row] for row in matrix], np.int32), copy)
    return copy


def _in_frame(found: Box, last: Box, span: float, degrees: int) -> Box:
    scale = span / _PATCH
    x, y = ((value - _PATCH / 2) * scale for value in _centre(found))
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    middle = _centre(last)
    side = round(found.width * scale)
    left = middle[0] + x * cosine - y * sine - side / 2
    top = middle[1] + x * sine + y * cosine - side / 2
    return Box(round(left), round(top), side, side)


def _plausible(last: Box, box: Box) -> bool:
    if max(last.width, box.width) > _MOST_GROWTH * min(last.width, box.width):
        return False
    (x, y), (last_x, last_y) = _centre(box), _centre(last)
    return math.hypot(x - last_x, y - last_y) <= _MOST_SHIFT * last.width
