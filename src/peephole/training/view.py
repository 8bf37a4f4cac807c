"""One face as the student sees it, and the same face as the teacher must see it: aligned, in its own size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.training.augmentation import Augmentation, cut, draw_change, draw_window, window_matrix
from peephole.training.change import Change, apply, fill, moved_points

Matrix = NDArray[np.float64]


def _after(outer: Matrix, inner: Matrix) -> Matrix:
    """Return the 2x3 matrix that does `inner` first."""
    return np.column_stack((outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]))


def _inverse(matrix: Matrix) -> Matrix:
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack((linear, -linear @ matrix[:, 2]))


@dataclass(frozen=True, eq=False)
class View:
    """What was drawn for one face: where it is cut and what becomes of its pixels.

    matrix: 2x3, from the student's pixels to the image's. window: the face's template window in the image, float32 [4].
    """

    image: NDArray[np.uint8]
    size: int
    matrix: Matrix
    window: NDArray[np.float32]
    mirror: bool
    change: Change

    def student(self) -> NDArray[np.uint8]:
        """Return the face as the student sees it, uint8 [size,size]."""
        return apply(cut(self.image, self.matrix, self.size), self.change)

    def frame(self, size: int) -> Matrix:
        """Return the 2x3 matrix from the pixels of the size x size template window to the student's pixels."""
        return _after(_inverse(self.matrix), window_matrix(self.window, size, self.mirror))

    def seen_from(self, frame: Matrix, size: int) -> NDArray[np.uint8]:
        """Return the face with its change as a size x size view that `frame` leads to the student's pixels."""
        face = cut(self.image, _after(self.matrix, frame), size)
        return apply(face, self.change.seen_from(frame, size))


def draw_view(
    image: NDArray[np.uint8], window: NDArray[np.float32], size: int, how: Augmentation, rng: np.random.Generator
) -> View:
    """Draw a view of a face whose template window is known. `student()` is `augment` with the same numbers drawn."""
    chosen = draw_window(window, how, rng)
    mirror = bool(rng.random() < 0.5)
    return View(image, size, window_matrix(chosen, size, mirror), window, mirror, draw_change(size, how, rng))


@dataclass(frozen=True, eq=False)
class Mix:
    """How another face gets into one. share: of the other face. patch: corners [4,2] of what it covers, else blended.

    Mixup (Zhang et al., 2018) blends the two; CutMix (Yun et al., 2019) puts a patch of one into the other.
    """

    share: float
    patch: NDArray[np.float64] | None

    def seen_from(self, frame: Matrix) -> "Mix":
        """Return the same for a view that `frame` leads to the student's pixels."""
        return Mix(self.share, None if self.patch is None else moved_points(self.patch, frame))

    def __call__(self, face: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the mixed face, uint8 [S,S]."""
        if self.patch is None:
            blend = (1 - self.share) * face.astype(np.float32) + self.share * other
            return (blend + 0.5).astype(np.uint8)
        mask = np.zeros_like(face)
        fill(mask, self.patch, 1)
        return np.where(mask, other, face)


def draw_mix(size: int, mixup: float, cutmix: float, rng: np.random.Generator) -> Mix | None:
    """Draw how a size x size face is mixed; mixup and cutmix are the shares of faces with either. None: not at all."""
    kind, share = rng.random(2)
    if kind < mixup:
        return Mix(float(share), None)
    if kind >= mixup + cutmix:
        return None
    half = size * np.sqrt(share) / 2
    x, y = rng.uniform(0, size, 2)
    left, right = np.clip([x - half, x + half], 0, size - 1)
    top, bottom = np.clip([y - half, y + half], 0, size - 1)
    return Mix(float(share), np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))
