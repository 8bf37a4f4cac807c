"""Batches that depend on (seed, step) alone, so that training resumes at the exact step."""

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from peephole.alignment import template_windows
from peephole.training.augmentation import Augmentation, augment
from peephole.training.faces import PackedFaces


class FaceBatches(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """Batches from `first` to `last` of an endless shuffled stream over the chosen rows.

    Each is (images uint8 [B,1,S,S], teacher float32 [B,D], rows int64 [B]).
    """

    def __init__(
        self,
        faces: PackedFaces,
        rows: np.ndarray,
        size: int,
        batch: int,
        how: Augmentation,
        seed: int,
        first: int,
        last: int,
    ) -> None:
        super().__init__()
        self.faces, self.rows, self.size, self.batch = faces, rows, size, batch
        self.how, self.seed, self.first, self.last = how, seed, first, last
        self.windows = template_windows(faces.landmarks).astype(np.float32)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        start, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        for step in range(self.first + start, self.last, stride):
            yield self._batch(step)

    def _batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        rows = self._rows_of(step)
        rng = np.random.default_rng((self.seed, 1, step))
        images = np.stack([augment(self.faces.crops[r], self.windows[r], self.size, self.how, rng) for r in rows])
        return torch.from_numpy(images[:, None]), torch.from_numpy(self.faces.teacher[rows]), torch.from_numpy(rows)

    def _rows_of(self, step: int) -> np.ndarray:
        per_pass = len(self.rows) // self.batch
        order = np.random.default_rng((self.seed, 0, step // per_pass)).permutation(self.rows)
        at = step % per_pass * self.batch
        return order[at : at + self.batch]
