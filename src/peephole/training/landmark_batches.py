"""Batches for the landmark network: faces as the detector's box shows them, and where their five points are."""

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from peephole.alignment import template_windows
from peephole.training.augmentation import Augmentation, crop, spoil
from peephole.training.faces import PackedFaces
from peephole.training.landmark_windows import Windows, points_in_window, scattered_window
from peephole.training.order import Shuffled


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
        self.faces, self.size, self.order = faces, size, Shuffled(rows, batch, seed)
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
        images, points = zip(*(self._face(int(row), rng) for row in self.order(step)), strict=True)
        return torch.from_numpy(np.stack(images)[:, None]), torch.from_numpy(np.stack(points))

    def _face(self, row: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        window = scattered_window(self.template[row], self.windows, rng)
        mirror = self.how is not None and bool(rng.random() < 0.5)
        image = crop(self.faces.crops[row], window, self.size, mirror)
        points = points_in_window(self.faces.landmarks[row], window, self.size, mirror)
        return image if self.how is None else spoil(image, self.how, rng), points
