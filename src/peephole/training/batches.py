"""Batches that depend on (seed, step) alone, so that training resumes at the exact step, on any number of processes."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from peephole.alignment import TEMPLATE_SIDE
from peephole.training.augmentation import Augmentation
from peephole.training.config import TeacherConfig
from peephole.training.faces import Faces
from peephole.training.order import Rows, Shuffled
from peephole.training.view import View, draw_mix, draw_view

Parts = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]


class Batch(NamedTuple):
    """What a network is trained on.

    images: uint8 [B,1,S,S]. teacher: float32 [B,D], stored descriptors (D = 0 where none are). rows: int64 [B], of the
    training set. seen: uint8 [B,1,112,112], the same faces for the teacher, or [0,1,112,112] where it does not look at
    this batch. mixed: bool [B], whether another face is mixed in, so that neither row nor stored descriptor is true.
    """

    images: Tensor
    teacher: Tensor
    rows: Tensor
    seen: Tensor
    mixed: Tensor


class FaceBatches(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """Batches from `first` to `last` of an endless shuffled stream over the chosen rows.

    Each is (images uint8 [B,1,S,S], teacher float32 [B,D], rows int64 [B]). order: which rows a step takes, instead
    of all in turn. part: (number, count) of the processes that share each batch: every count-th face of it.
    """

    def __init__(
        self,
        faces: Faces,
        rows: Rows,
        size: int,
        batch: int,
        how: Augmentation,
        seed: int,
        first: int,
        last: int,
        order: Callable[[int], Rows] | None = None,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        super().__init__()
        self.faces, self.size, self.how, self.seed = faces, size, how, seed
        self.first, self.last, self.part = first, last, part
        self.order = order or Shuffled(rows, batch, seed)
        self.windows = faces.windows

    def _steps(self) -> Iterator[int]:
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        start, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        yield from range(self.first + start, self.last, stride)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        for step in self._steps():
            rows = self.order(step)
            places = self._places(len(rows))
            images = np.stack([view.student() for view in self._views(step, rows, places)])
            yield torch.from_numpy(images[:, None]), self._stored(rows[places]), torch.from_numpy(rows[places])

    def _places(self, count: int) -> NDArray[np.int64]:
        return np.arange(self.part[0], count, self.part[1])

    def _stored(self, rows: Rows) -> Tensor:
        return torch.from_numpy(np.asarray(self.faces.teacher[rows], np.float32))

    def _views(self, step: int, rows: Rows, places: NDArray[np.int64]) -> Iterator[View]:
        """Draw the views of some faces of a batch. Each has numbers of its own, whoever else is drawn."""
        bits = np.random.PCG64((self.seed, 1, step))
        start = bits.state
        for place in places.tolist():
            bits.state = start
            bits.advance(place << 64)
            row = int(rows[place])
            rng = np.random.Generator(bits)
            yield draw_view(self.faces.crops[row], self.windows[row], self.size, self.how, rng)


class TaughtBatches(FaceBatches):
    """The same, where a teacher looks at the faces of a share of the batches, some of them mixed. Each is a `Batch`."""

    def __init__(self, *args: Any, taught: TeacherConfig, **others: Any) -> None:
        super().__init__(*args, **others)
        self.taught = taught

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        """Yield the batches."""
        for step in self._steps():
            rows = self.order(step)
            places = self._places(len(rows))
            looks = np.random.default_rng((self.seed, 5, step)).random() < self.taught.share
            faces = self._seen(step, rows, places) if looks else self._unseen(step, rows, places)
            images, seen, mixed = (torch.from_numpy(part) for part in faces)
            yield Batch(images[:, None], self._stored(rows[places]), torch.from_numpy(rows[places]), seen, mixed)

    def _unseen(self, step: int, rows: Rows, places: NDArray[np.int64]) -> Parts:
        images = np.stack([view.student() for view in self._views(step, rows, places)])
        return images, np.zeros((0, 1, TEMPLATE_SIDE, TEMPLATE_SIDE), np.uint8), np.zeros(len(places), np.bool_)

    def _seen(self, step: int, rows: Rows, places: NDArray[np.int64]) -> Parts:
        """Draw what student and teacher see. A face's partner is the next one of the whole batch."""
        rng = np.random.default_rng((self.seed, 4, step))
        mixes = [draw_mix(self.size, self.taught.mixup, self.taught.cutmix, rng) for _ in rows]
        partners = [(place + 1) % len(rows) for place in places.tolist() if mixes[place] is not None]
        drawn = np.unique(np.concatenate((places, np.array(partners, np.int64))))
        views = dict(zip(drawn.tolist(), self._views(step, rows, drawn), strict=True))
        images, seen = [], []
        for place in places.tolist():
            view, mix = views[place], mixes[place]
            frame = view.frame(TEMPLATE_SIDE)
            face, taught = view.student(), view.seen_from(frame, TEMPLATE_SIDE)
            if mix is not None:
                other = views[(place + 1) % len(rows)]
                face = mix(face, other.student())
                taught = mix.seen_from(frame)(taught, other.seen_from(frame, TEMPLATE_SIDE))
            images.append(face)
            seen.append(taught)
        return np.stack(images), np.stack(seen)[:, None], np.array([mixes[place] is not None for place in places])
