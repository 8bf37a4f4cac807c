"""One training run: data, module and trainer put together, with a run folder that can be resumed."""

import dataclasses
import json
import logging
import subprocess
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader

from peephole.training.augmentation import Augmentation
from peephole.training.batches import FaceBatches
from peephole.training.config import TrainingConfig
from peephole.training.faces import PackedFaces, load_packed_faces, split_held_out
from peephole.training.module import Distillation, read_weights, weights_alone

# Held-out faces are aligned by their landmarks and otherwise left as they are.
PLAIN = Augmentation(aligned=1.0, light=0, blur=0, small=0, noise=0, cover=0)


def _loader(batches: FaceBatches, workers: int) -> DataLoader[Any]:
    return DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None)


def _write_description(config: TrainingConfig, faces: int) -> None:
    config.run.mkdir(parents=True, exist_ok=True)
    command = ["git", "rev-parse", "HEAD"]
    try:
        revision = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    except FileNotFoundError:  # no git on this machine
        revision = ""
    description = {"config": dataclasses.asdict(config), "git": revision, "torch": torch.__version__, "faces": faces}
    (config.run / "run.json").write_text(json.dumps(description, indent=2, default=str) + "\n")


def _stage_end(config: TrainingConfig, step: int) -> int:
    end = 0
    for stage in config.stages:
        end += stage.images // config.batch
        if step < end:
            return end
    return end


class Checkpoints(lightning.Callback):
    """Writes the run's one checkpoint every so many steps and at the end of each stage; a kill leaves a whole one."""

    def __init__(self, path: Path, every: int) -> None:
        self.path, self.every = path, every

    def on_train_batch_end(self, trainer: lightning.Trainer, module: Any, *_: Any) -> None:
        """Write when it is time."""
        if module.step % self.every == 0:
            self.write(trainer, module)

    def on_train_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Write the last state, and hand the optimizers' on to the next stage."""
        self.write(trainer, module)
        module.optimizer_states = [optimizer.state_dict() for optimizer in trainer.optimizers]

    def write(self, trainer: lightning.Trainer, module: Any) -> None:
        """Write to a neighbour and rename, on the first of several processes."""
        if trainer.is_global_zero:
            partial = self.path.with_suffix(".partial")
            torch.save(module.checkpoint(trainer.optimizers), partial)
            partial.replace(self.path)


def _fit_stage(module: Distillation, faces: PackedFaces, rows: tuple[Any, Any], workers: int) -> None:
    config = module.config
    first, end = module.step, _stage_end(config, module.step)
    stage, _ = config.stage_at(first)
    train = FaceBatches(faces, rows[0], stage.size, config.batch, config.augmentation, config.seed, first, end)
    size = min(config.batch, len(rows[1]))
    held_out = FaceBatches(faces, rows[1], stage.size, size, PLAIN, config.seed, 0, len(rows[1]) // size)
    trainer = lightning.Trainer(
        accelerator="auto",
        devices=1,  # the batches are not dealt out to several processes yet
        precision="bf16-mixed",
        max_steps=2 * (end - first),  # Lightning counts the steps of both optimizers
        max_epochs=1,
        val_check_interval=min(config.validate_every, end - first),
        num_sanity_val_steps=0,
        log_every_n_steps=20,
        logger=CSVLogger(config.run, name="log"),
        callbacks=[Checkpoints(config.run / "last.ckpt", config.checkpoint_every), TQDMProgressBar(refresh_rate=20)],
        enable_checkpointing=False,
        enable_model_summary=False,
    )
    trainer.fit(module, _loader(train, workers), _loader(held_out, 0))


def train(config: TrainingConfig, workers: int = 1) -> Path:
    """Train to the end of the config's stages, going on from the run folder's last checkpoint if there is one.

    Returns the path of the checkpoint; `network.ckpt` beside it holds the averaged weights alone. Interrupted at any
    moment, the same call goes on.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    lightning.seed_everything(config.seed, verbose=False)
    faces = load_packed_faces(config.data, config.run.parent / "cache")
    rows = split_held_out(faces, config.held_out_identities, config.seed)
    _write_description(config, len(rows[0]))
    chosen = np.random.default_rng(config.seed).choice(rows[0], config.loss.bank_size if config.loss.bank else 0)
    module = Distillation(config, torch.from_numpy(faces.teacher[chosen]), torch.from_numpy(faces.identity))
    last = config.run / "last.ckpt"
    if last.exists():
        module.resume(torch.load(last, map_location="cpu", weights_only=True))
    elif config.warm_start is not None:
        module.start_from(read_weights(str(config.warm_start)))
    while module.step < config.steps:
        step = module.step
        _fit_stage(module, faces, rows, workers)
        if module.step == step:  # Lightning swallows the interrupt and returns
            raise KeyboardInterrupt
    torch.save(weights_alone(torch.load(last, map_location="cpu", weights_only=True)), config.run / "network.ckpt")
    return last
