"""Batches for the landmark network: faces as the detector's box shows them, and where their five points are."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from peephole.alignment import LANDMARK_WINDOW_DOWN, LANDMARK_WINDOW_SIDE, template_windows
from peephole.training.augmentation import Augmentation, crop, spoil, window_matrix
from peephole.training.faces import PackedFaces

# Of a mirrored face: the image-left eye is what was the image-right one.
MIRRORED = (1, 0, 2, 4, 3)


@dataclass(frozen=True)
class Scatter:
    """Standard deviations of a window around where it belongs.

    side: of the logarithm of its side. across, down: of its centre, in sides of the template window.
    degrees: of its turn.
    """

    side: float
    across: float
    down: float
    degrees: float


@dataclass(frozen=True)
class Windows:
    """How the network's windows lie on faces.

    refined: share of windows of a second look, which lie around the points that a first look found; the
    others are the detector's boxes. Those scatter more than was measured (side 0.11, across 0.05, down
    0.03; see `shared/data/README.md` of the research pack), and faces lean more than they do there.
    """

    refined: float = 0.4
    box: Scatter = field(default_factory=lambda: Scatter(side=0.13, across=0.065, down=0.05, degrees=7.0))
    again: Scatter = field(default_factory=lambda: Scatter(side=0.05, across=0.025, down=0.025, degrees=4.0))


# What the detector does, as measured, and nothing else: for the held-out faces.
MEASURED = Windows(refined=0.0, box=Scatter(side=0.11, across=0.05, down=0.03, degrees=0.0))


def draw_window(window: NDArray[np.float32], how: Windows, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the network's window (centre x, y, side, angle) on a face of this template window."""
    x, y, side, angle = window
    again = rng.random() < how.refined
    spread = how.again if again else how.box
    # A second look turns with the face; the detector's box stays upright.
    turn = (angle if again else 0.0) + np.deg2rad(rng.normal(0, spread.degrees))
    across = rng.normal(0, spread.across) * side
    down = (LANDMARK_WINDOW_DOWN + rng.normal(0, spread.down)) * side
    axis = angle if again else 0.0
    x += across * np.cos(axis) - down * np.sin(axis)
    y += across * np.sin(axis) + down * np.cos(axis)
    return np.array([x, y, side * LANDMARK_WINDOW_SIDE * np.exp(rng.normal(0, spread.side)), turn], np.float32)


def points_in_window(
    landmarks: NDArray[np.float32], window: NDArray[np.float32], size: int, mirror: bool
) -> NDArray[np.float32]:
    """Return five points [5,2] of an image in half sides of the size x size crop of a window: what the network tells.

    A mirrored crop swaps the two eyes and the two corners of the mouth.
    """
    matrix = window_matrix(window, size, mirror)
    pixels = np.linalg.solve(matrix[:, :2], landmarks.T - matrix[:, 2:]).T
    placed = (pixels - (size - 1) / 2) / (size / 2)
    return (placed[list(MIRRORED)] if mirror else placed).astype(np.float32)


class LandmarkBatches(IterableDataset[tuple[Tensor, Tensor]]):
    """Batches from `first` to `last` of an endless shuffled stream over the chosen rows.

    Each is (images uint8 [B,1,S,S], points float32 [B,5,2]), and depends on seed and step alone.
    """

    def __init__(
        self,
        faces: PackedFaces,
        rows: NDArray[np.int64],
        size: int,
        batch: int,
        windows: Windows,
        how: Augmentation | None,
        seed: int,
        first: int,
        last: int,
    ) -> None:
        """Choose rows and steps. how: light, blur, noise and cover; None leaves the faces as they are, unmirrored."""
        super().__init__()
        self.faces, self.rows, self.size, self.batch = faces, rows, size, batch
        self.windows, self.how, self.seed, self.first, self.last = windows, how, seed, first, last
        self.template = template_windows(faces.landmarks).astype(np.float32)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        start, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        for step in range(self.first + start, self.last, stride):
            yield self._batch(step)

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng((self.seed, 1, step))
        images, points = zip(*(self._face(int(row), rng) for row in self._rows_of(step)), strict=True)
        return torch.from_numpy(np.stack(images)[:, None]), torch.from_numpy(np.stack(points))

    def _face(self, row: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        window = draw_window(self.template[row], self.windows, rng)
        mirror = self.how is not None and bool(rng.random() < 0.5)
        image = crop(self.faces.crops[row], window, self.size, mirror)
        points = points_in_window(self.faces.landmarks[row], window, self.size, mirror)
        return image if self.how is None else spoil(image, self.how, rng), points

    def _rows_of(self, step: int) -> NDArray[np.int64]:
        per_pass = len(self.rows) // self.batch
        order = np.random.default_rng((self.seed, 0, step // per_pass)).permutation(self.rows)
        at = step % per_pass * self.batch
        return order[at : at + self.batch]
