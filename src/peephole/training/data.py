"""From a configuration to what a run trains on: who is held out, who is left out, and who is told apart."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from peephole.packed_index import split_held_out
from peephole.training.augmentation import Augmentation
from peephole.training.batches import FaceBatches, TaughtBatches
from peephole.training.config import MixturesConfig, TrainingConfig
from peephole.training.faces import Faces, PackedFaces
from peephole.training.folders import load_faces
from peephole.training.mixtures import (
    Mixing,
    colour_shift,
    half_made,
    make_mixtures,
    make_views,
    values_told,
    with_mixtures,
)
from peephole.training.module import Knowledge
from peephole.training.order import Balanced, Rows, Shuffled
from peephole.training.overlap import people_of_pairs, without_overlap
from peephole.training.resuming import Fixed, chosen_faces
from peephole.training.teacher import VALUES, load_teacher
from peephole.training.trainer import loader_of

# Held-out faces are aligned by their landmarks and otherwise left as they are.
PLAIN = Augmentation(aligned=1.0, light=0, blur=0, small=0, noise=0, cover=0)
# Held-out faces that are looked at, at most: each is compared with each.
MOST_HELD_OUT = 4096


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The faces of a run, and which rows of them are trained on and held out."""

    faces: Faces
    rows: Rows
    held_out: Rows

    def labels(self) -> NDArray[np.int64]:
        """Number the people to train on from 0; -1 for everybody else: int64 [N]."""
        people = np.unique(self.faces.identity[self.rows])
        people = people[people >= 0]
        label = np.searchsorted(people, self.faces.identity)
        known = np.isin(self.faces.identity, people)
        known[self.held_out] = False
        return np.where(known, label, -1)

    def fixed(self, config: TrainingConfig) -> Fixed:
        """Return what decides who is trained on and in which order."""
        return {
            "seed": config.seed,
            "held_out_identities": config.held_out_identities,
            "batch": config.batch,
            "images_each": config.sampling.images_each,
            "data": self.faces.digest,
            # By data, held-out people, [sampling], [evaluation] and [mixtures].
            "rows": chosen_faces(self.rows, self.held_out),
        }


def read_data(config: TrainingConfig, cache: Path) -> TrainingData:
    """Read the faces and choose among them.

    Raises `ValueError` where people are of the evaluation set, or where the losses need what the data do not tell.
    """
    faces = load_faces(config.data, config.source, cache)
    rows, held_out = split_held_out(faces.identity, config.held_out_identities, config.seed)
    if config.sampling.labelled_only:
        rows = rows[faces.identity[rows] >= 0]
    if config.evaluation is not None:
        rows = without_overlap(faces, rows, people_of_pairs(config.evaluation.pairs), config.evaluation.overlap)
    rows = _with_faces_enough(faces, rows, config.sampling.least_images)
    data = TrainingData(faces, rows, held_out)
    _check(config, data)
    return data if config.mixtures is None else _with_made_faces(config, config.mixtures, data, cache)


def _with_faces_enough(faces: Faces, rows: Rows, least: int) -> Rows:
    """Leave out people with fewer than `least` faces among the rows; nobody knows how many an unknown one has."""
    identity = faces.identity[rows]
    people, counts = np.unique(identity, return_counts=True)
    return rows[(identity < 0) | np.isin(identity, people[counts >= least])]


def _with_made_faces(config: TrainingConfig, wanted: MixturesConfig, data: TrainingData, cache: Path) -> TrainingData:
    faces = data.faces
    if not isinstance(faces, PackedFaces):
        raise ValueError(f"{config.data}: [mixtures] are made of packed faces alone; use [teacher] with mixup instead")
    if config.sampling.images_each:
        raise ValueError("[mixtures] are faces of nobody; leave images_each of [sampling] out")
    # Made of who may be trained on, so that a cache of others must not be taken for theirs.
    teacher = load_teacher(wanted.teacher)
    told, stored = values_told(teacher), faces.teacher.shape[1]
    if told != stored:
        raise ValueError(
            f"{config.data}: stores descriptors of {stored} values, the teacher of [mixtures] gives {told}"
        )
    digest = hashlib.sha256(data.rows.tobytes() + faces.landmarks.tobytes())
    digest.update(wanted.teacher.read_bytes() + repr(Mixing()).encode())
    folder = cache / f"mixtures-{digest.hexdigest()[:12]}-{config.seed}"
    make_mixtures(faces, data.rows, wanted.count, teacher, folder, config.seed)
    make_views(faces, teacher, folder)
    more = with_mixtures(faces, wanted.count, folder, colour_shift(faces, data.rows, folder))
    return TrainingData(more, half_made(data.rows, len(faces), wanted.count), data.held_out)


def _check(config: TrainingConfig, data: TrainingData) -> None:
    loss, each = config.loss, config.sampling.images_each
    if not (loss.by_teacher or loss.by_identity):
        raise ValueError("[loss] gives no loss of descriptors a weight; set one, such as cosine or cross_entropy")
    stored = data.faces.teacher.shape[1]
    always_taught = config.teacher is not None and config.teacher.share == 1
    if loss.by_teacher and not always_taught and not (stored or loss.by_identity):
        raise ValueError(
            f"{config.data}: stores no teacher's descriptors; set [teacher] with share = 1, or other losses"
        )
    if loss.bank and not stored:
        raise ValueError(f"{config.data}: stores no teacher's descriptors, of which [loss] bank makes its bank")
    if loss.by_teacher and config.teacher is not None and config.descriptor != VALUES:
        raise ValueError(f"descriptor = {config.descriptor}, but those of the [teacher] have {VALUES} values")
    if (loss.bank or (loss.by_teacher and not always_taught)) and stored not in (0, config.descriptor):
        raise ValueError(f"descriptor = {config.descriptor}, but the teacher's stored ones have {stored} values")
    if loss.by_identity and not (data.faces.identity[data.rows] >= 0).any():
        raise ValueError(f"{config.data}: nobody is known by identity, which [loss] asks for")
    if loss.lifted and not each:
        raise ValueError("[loss] lifted needs several faces of a person in a batch; set images_each in [sampling]")
    if each and config.batch % each:
        raise ValueError(f"batch = {config.batch} is no multiple of images_each = {each}")


def knowledge_of(config: TrainingConfig, data: TrainingData) -> Knowledge:
    """Return what the module needs to know of the data; the teacher is read here."""
    size = config.loss.bank_size if config.loss.bank else 0
    chosen = np.random.default_rng(config.seed).choice(data.rows, size)
    return Knowledge(
        identity=torch.from_numpy(data.faces.identity),
        label=torch.from_numpy(data.labels()),
        bank=torch.from_numpy(np.asarray(data.faces.teacher[chosen], np.float32)),
        teacher=load_teacher(config.teacher.path) if config.teacher and config.loss.by_teacher else None,
        fixed=data.fixed(config),
    )


class StageData(lightning.LightningDataModule):
    """The batches of one stage, from step `first` to `last`, each dealt out to the processes there are."""

    def __init__(self, config: TrainingConfig, data: TrainingData, first: int, last: int, workers: int) -> None:
        super().__init__()
        self.config, self.data, self.first, self.last, self.workers = config, data, first, last, workers
        self.size = config.stage_at(first)[0].size

    def train_dataloader(self) -> "DataLoader[object]":
        """Return this process's part of each batch."""
        config, faces, rows = self.config, self.data.faces, self.data.rows
        each = config.sampling.images_each
        order = (
            Balanced(rows, faces.identity, config.batch // each, each, config.seed)
            if each
            else Shuffled(rows, config.batch, config.seed)
        )
        part = (0, 1) if self.trainer is None else (self.trainer.global_rank, self.trainer.world_size)
        chosen = (faces, rows, self.size, config.batch, config.augmentation, config.seed, self.first, self.last)
        if config.teacher is None or not config.loss.by_teacher:
            return loader_of(FaceBatches(*chosen, order=order, part=part), self.workers)
        return loader_of(TaughtBatches(*chosen, order=order, part=part, taught=config.teacher), self.workers)

    def val_dataloader(self) -> "DataLoader[object]":
        """Return the held-out faces, the same ones at each look and in each process."""
        config = self.config
        return loader_of(held_out_batches(self.data.faces, self.data.held_out, self.size, config.batch, config.seed), 0)


def held_out_batches(faces: Faces, rows: Rows, size: int, batch: int, seed: int) -> FaceBatches:
    """Return the held-out faces, aligned and as they are, the same ones at each look."""
    batch = min(batch, len(rows))
    return FaceBatches(faces, rows, size, batch, PLAIN, seed, 0, min(len(rows), MOST_HELD_OUT) // batch)
