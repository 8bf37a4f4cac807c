"""What becomes of a face's pixels, as data: so that the same change can be made in another frame of the same face."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Change:
    """A change of a size x size face, its lengths in that face's pixels; made in the order of the fields.

    lookup: uint8 [256], new grey levels. side: the face is shrunk to so many pixels and enlarged again; 0 is not.
    sigma: of a Gaussian blur. motion: length and angle (radians) of a move. grain: int16 [size,size], added.
    cover: corners [4,2] (x, y) of a convex patch of level `cover_level`. quality: of a JPEG; 0 is none.
    """

    size: int
    lookup: NDArray[np.uint8] | None = None
    side: int = 0
    sigma: float = 0.0
    motion: tuple[float, float] = (0.0, 0.0)
    grain: NDArray[np.int16] | None = None
    cover: NDArray[np.float64] | None = None
    cover_level: int = 0
    quality: int = 0

    def seen_from(self, frame: NDArray[np.float64], size: int) -> "Change":
        """Return the same change for a size x size view, whose pixels `frame` [2,3] leads to the face's pixels."""
        step = float(np.sqrt(abs(np.linalg.det(frame[:, :2]))))
        side = min(size, max(1, round(size * step * self.side / self.size))) if self.side else 0
        length, angle = self.motion
        across, down = np.linalg.solve(frame[:, :2], [length * np.cos(angle), length * np.sin(angle)])
        return replace(
            self,
            size=size,
            side=side,
            sigma=self.sigma / step,
            motion=(float(np.hypot(across, down)), float(np.arctan2(down, across))),
            grain=None if self.grain is None else _moved(self.grain, frame, size),
            cover=None if self.cover is None else moved_points(self.cover, frame),
        )


def moved_points(points: NDArray[np.float64], frame: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where points [N,2] of a face lie in a view whose pixels `frame` [2,3] leads to the face's."""
    return np.asarray(np.linalg.solve(frame[:, :2], points.T - frame[:, 2:]).T, np.float64)


def _moved(grain: NDArray[np.int16], frame: NDArray[np.float64], size: int) -> NDArray[np.int16]:
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(grain, frame, (size, size), flags=flags)  # type: ignore[return-value]


def fill(image: NDArray[np.uint8], corners: NDArray[np.float64], level: int) -> None:
    """Paint a convex patch [4,2] (x, y) into an image, its edge included."""
    cv2.fillConvexPoly(image, np.rint(corners).astype(np.int32), level)


def _move(image: NDArray[np.uint8], length: float, angle: float) -> NDArray[np.uint8]:
    half = max(1, round(length / 2))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    x, y = np.cos(angle) * length / 2, np.sin(angle) * length / 2
    ends = [(round(half + sign * x), round(half + sign * y)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)  # type: ignore[return-value]


def apply(image: NDArray[np.uint8], change: Change) -> NDArray[np.uint8]:
    """Return the changed face, uint8 [size,size]; `image` stays as it is."""
    size = change.size
    changed: cv2.typing.MatLike = image
    if change.lookup is not None:
        changed = cv2.LUT(changed, change.lookup)
    if change.side:
        shrunk = cv2.resize(changed, (change.side, change.side), interpolation=cv2.INTER_AREA)
        changed = cv2.resize(shrunk, (size, size), interpolation=cv2.INTER_LINEAR)
    if change.sigma:
        changed = cv2.GaussianBlur(changed, (0, 0), change.sigma)
    if change.motion[0]:
        changed = _move(changed, *change.motion)  # type: ignore[arg-type]
    if change.grain is not None:
        changed = cv2.add(changed, change.grain, dtype=cv2.CV_8U)
    if change.cover is not None:
        changed = changed.copy()
        fill(changed, change.cover, change.cover_level)  # type: ignore[arg-type]
    if change.quality:
        _, stream = cv2.imencode(".jpg", changed, (cv2.IMWRITE_JPEG_QUALITY, change.quality))
        changed = np.asarray(cv2.imdecode(stream, cv2.IMREAD_GRAYSCALE))
    return changed  # type: ignore[return-value]
