"""Follows the corners of one face, and those beside it, from frame to frame.

Every frame is compared with a key frame, at most a second and a half old, so that what points drift does not add up.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.liveness.parallax import Motion, Points, motion_of, moved
from peephole.vision.detector import Box

Grey = NDArray[np.uint8]

SIDE = 192
"""Pixels of the square that is looked at around a face."""
SPAN = 2.4
"""Its side in widths of the face."""
UNIT = SIDE / SPAN
KEY_SECONDS = 1.5
LOST_SECONDS = 2.5
"""After so long without a frame that shows the face it may be another one."""
_FACE_POINTS, _RING_POINTS = 70, 50
_LEAST_KEPT = 16
_LEAST_STRENGTH = 2e-4
"""Of corners beside the head: on a plain wall there are none but in the noise, and those go where the head goes."""
_BACK = 0.6
_STILL, _ATTACHED = 0.016, 0.3
_TRACK: dict[str, Any] = {
    "winSize": (15, 15),
    "maxLevel": 2,
    "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.01),
}


@dataclass(frozen=True)
class Observation:
    """What a frame says of a face, held against its key frame.

    Attributes:
        time: Of the frame, in seconds.
        motion: Of the points of the face.
        travel: How far the middle of the face has moved in the picture, in box widths of the key frame.
        beside: Corners beside the head that were followed.
        still: Of these, those that stayed where they were.
        telling: Of those beside the head, the ones that would have moved enough to tell, were they one with the face.
        attached: Of these, those that moved along with it.
    """

    time: float
    motion: Motion
    travel: float
    beside: int
    still: int
    telling: int
    attached: int


@dataclass(frozen=True)
class Patch:
    """A square around a face: pixels [SIDE,SIDE], its upper left corner, its pixels per pixel of the frame."""

    pixels: Grey
    corner: Points
    scale: float
    box: Box
    inside: NDArray[np.bool_]

    def to_frame(self, points: Points) -> Points:
        """Return points [N,2] of the patch as those of the frame."""
        return np.asarray((points + 0.5) / self.scale - 0.5 + self.corner, np.float64)

    def from_frame(self, points: Points) -> Points:
        """Return points [N,2] of the frame as those of the patch."""
        return np.asarray((points - self.corner + 0.5) * self.scale - 0.5, np.float64)

    def in_widths(self, points: Points) -> Points:
        """Return points [N,2] of the frame in widths of the box, from its middle."""
        return np.asarray((points - middle(self.box)) / self.box.width, np.float64)


def middle(box: Box) -> Points:
    """Return the middle of a box, x and y."""
    return np.array([box.x + (box.width - 1) / 2, box.y + (box.height - 1) / 2])


def patch_of(grey: Grey, box: Box) -> Patch:
    """Cut the square around a face out of a frame [H,W]; beyond its border the border is repeated.

    Raises `ValueError` for a box that is not in the frame, as after a change of the camera's resolution: OpenCV would
    end the process.
    """
    side = max(8, round(SPAN * box.width))
    left, top = (int(value) for value in np.floor(middle(box) - (side - 1) / 2))
    high, wide = grey.shape
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, wide), min(top + side, high)
    if x0 >= x1 or y0 >= y1:
        raise ValueError(f"the face at {box.values()} is not in the picture of {wide}x{high}")
    cut = cv2.copyMakeBorder(
        grey[y0:y1, x0:x1], y0 - top, top + side - y1, x0 - left, left + side - x1, cv2.BORDER_REPLICATE
    )
    method = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
    pixels = cv2.resize(cut, (SIDE, SIDE), interpolation=method)
    scale = SIDE / side
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    xs, ys = columns / scale + left, rows / scale + top
    inside = (xs > 1) & (xs < wide - 2) & (ys > 1) & (ys < high - 2)
    return Patch(_levelled(np.asarray(pixels, np.uint8)), np.array([left, top], np.float64), scale, box, inside)


class Following:
    """One face over a visit; `see` is given every frame in which it was found.

    `breaks` counts how often the face was lost, after which nothing shows that it is the same.
    """

    def __init__(self) -> None:
        self.breaks = 0
        self._key: Patch | None = None
        self._key_time = 0.0
        self._points = np.zeros((0, 2))
        self._last = np.zeros((0, 2))
        self._alive = np.zeros(0, bool)
        self._faces = np.zeros(0, bool)

    def see(self, grey: Grey, box: Box, time: float) -> Observation | None:
        """Follow the face into a frame [H,W]; None where there is nothing to compare."""
        patch = patch_of(grey, box)
        if self._key is None or not 0 < time - self._key_time <= LOST_SECONDS:
            self.breaks += 1
            self._start(patch, time)
            return None
        key, before = self._key, self._key.to_frame(self._points)
        at, seen = self._follow(key, patch)
        face, ring = seen & self._faces & self._alive, seen & ~self._faces
        observed = _observe(key, patch, time, (before[face], at[face]), (before[ring], at[ring]))
        lost = np.count_nonzero(self._alive & self._faces) < _LEAST_KEPT
        if lost or time - self._key_time > KEY_SECONDS:
            self.breaks += int(lost)
            self._start(patch, time)
        return observed

    def _start(self, patch: Patch, time: float) -> None:
        self._key, self._key_time = patch, time
        face, ring = _masks(patch.inside)
        inner = _corners(patch.pixels, face, _FACE_POINTS, 0.01)
        outer = _corners(patch.pixels, ring, _RING_POINTS, 0.03)
        outer = outer[_strength(patch.pixels, outer) >= _LEAST_STRENGTH]
        self._points = np.concatenate([inner, outer])
        self._faces = np.arange(len(self._points)) < len(inner)
        self._last = patch.to_frame(self._points)
        self._alive = np.ones(len(self._points), bool)

    def _follow(self, key: Patch, patch: Patch) -> tuple[Points, NDArray[np.bool_]]:
        """Return where the key frame's points are in the frame, [N,2], and which of them were found."""
        if not len(self._points):
            return self._points, self._alive
        begin = _for_tracking(self._points)
        guess = _for_tracking(np.where(self._faces[:, None], self._points, patch.from_frame(self._last)))
        flags = cv2.OPTFLOW_USE_INITIAL_FLOW
        there, found, _ = cv2.calcOpticalFlowPyrLK(key.pixels, patch.pixels, begin, guess, flags=flags, **_TRACK)
        back, again, _ = cv2.calcOpticalFlowPyrLK(patch.pixels, key.pixels, there, begin.copy(), flags=flags, **_TRACK)
        ends = there[:, 0].astype(np.float64)
        returned = np.hypot(*(back[:, 0] - self._points).T) < _BACK
        inside = (ends > 2).all(axis=1) & (ends < SIDE - 3).all(axis=1)
        good = (found[:, 0] == 1) & (again[:, 0] == 1) & returned & inside
        self._alive &= good | ~self._faces  # what is beside a face may come out from behind it
        at = patch.to_frame(ends)
        self._last = np.where(good[:, None], at, self._last)
        return at, good


def _observe(
    key: Patch, patch: Patch, time: float, face: tuple[Points, Points], ring: tuple[Points, Points]
) -> Observation | None:
    """Compare points of the face, and those beside it, in the key frame and now; [N,2] in pixels of the frame."""
    motion = motion_of(key.in_widths(face[0]), patch.in_widths(face[1]))
    if motion is None:
        return None
    width = key.box.width

    def carried(points: Points) -> Points:
        return moved(motion.homography, key.in_widths(points)) * patch.box.width + middle(patch.box)

    centre = middle(key.box)[None]
    travel = float(np.hypot(*(carried(centre) - centre)[0])) / width
    before, at = ring
    due = carried(before)
    owed = np.hypot(*(due - before).T) / width
    still = np.hypot(*(at - before).T) / width < _STILL
    telling = owed > 4 * _STILL
    attached = telling & ~still & (np.hypot(*(at - due).T) / width < _ATTACHED * owed)
    counts = (len(at), np.count_nonzero(still), np.count_nonzero(telling), np.count_nonzero(attached))
    return Observation(time, motion, travel, *(int(count) for count in counts))


def _masks(inside: NDArray[np.bool_]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return where corners of the face are looked for, and where those beside the head, above the shoulders."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    across, down = (columns - (SIDE - 1) / 2) / UNIT, (rows - (SIDE - 1) / 2) / UNIT
    face = (across / 0.5) ** 2 + ((down - 0.04) / 0.58) ** 2 < 1
    beside = ((across / 0.85) ** 2 + ((down + 0.05) / 1.05) ** 2 > 1) & (down < 0.4)
    return (face & inside).astype(np.uint8), (beside & inside).astype(np.uint8)


def _strength(pixels: Grey, points: Points) -> Points:
    """Return how much of a corner each of the points is (Shi and Tomasi, 1994)."""
    columns, rows = points.astype(int).T
    return np.asarray(cv2.cornerMinEigenVal(pixels, 5)[rows, columns], np.float64)


def _for_tracking(points: Points) -> NDArray[np.float32]:
    return np.ascontiguousarray(points, np.float32).reshape(-1, 1, 2)


def _corners(pixels: Grey, mask: NDArray[np.uint8], most: int, quality: float) -> Points:
    found = cv2.goodFeaturesToTrack(pixels, most, quality, 4, mask=mask, blockSize=5)
    return np.zeros((0, 2)) if found is None else found[:, 0].astype(np.float64)


def _levelled(pixels: Grey) -> Grey:
    """Take changes of the light out: the middle has mean 128 and standard deviation 40."""
    quarter = SIDE // 4
    inner = pixels[quarter:-quarter, quarter:-quarter]
    mean, deviation = float(inner.mean()), max(float(inner.std()), 4.0)
    gain = 40 / deviation
    return np.asarray(cv2.addWeighted(pixels, gain, pixels, 0, 128 - mean * gain), np.uint8)
