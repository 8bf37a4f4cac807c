"""One training run: data, module and trainer put together, with a run folder that can be resumed."""

import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader

from peephole.training.augmentation import Augmentation
from peephole.training.batches import FaceBatches
from peephole.training.config import TrainingConfig
from peephole.training.faces import PackedFaces, load_packed_faces, split_held_out
from peephole.training.module import Distillation, read_weights

# Held-out faces are aligned by their landmarks and otherwise left as they are.
PLAIN = Augmentation(aligned=1.0, light=0, blur=0, small=0, noise=0, cover=0)


def _loader(batches: FaceBatches, workers: int) -> DataLoader[Any]:
    return DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None)


def _write_description(config: TrainingConfig, faces: int) -> None:
    config.run.mkdir(parents=True, exist_ok=True)
    revision = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    description = {"config": dataclasses.asdict(config), "git": revision, "torch": torch.__version__, "faces": faces}
    (config.run / "run.json").write_text(json.dumps(description, indent=2, default=str) + "\n")


def _stage_end(config: TrainingConfig, step: int) -> int:
    end = 0
    for stage in config.stages:
        end += stage.images // config.batch
        if step < end:
            return end
    return end


def _latest_step(checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    return int(torch.load(checkpoint, map_location="cpu", weights_only=True)["global_step"]) // 2


def _fit_stage(
    config: TrainingConfig, faces: PackedFaces, rows: tuple[Any, Any], module: Distillation, step: int, workers: int
) -> None:
    last = config.run / "last.ckpt"
    end = _stage_end(config, step)
    stage, _ = config.stage_at(step)
    train = FaceBatches(faces, rows[0], stage.size, config.batch, config.augmentation, config.seed, step, end)
    held = len(rows[1]) // config.batch
    validation = FaceBatches(faces, rows[1], stage.size, config.batch, PLAIN, config.seed, 0, held)
    keep = ModelCheckpoint(config.run, filename="last", every_n_train_steps=config.checkpoint_every, enable_version_counter=False)
    trainer = lightning.Trainer(
        accelerator="auto",
        precision="bf16-mixed",
        max_steps=2 * end,
        max_epochs=-1,
        val_check_interval=min(config.validate_every, end - step),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        log_every_n_steps=20,
        logger=CSVLogger(config.run, name="log"),
        callbacks=[keep, TQDMProgressBar(refresh_rate=20)],
        enable_model_summary=False,
    )
    trainer.fit(module, _loader(train, workers), _loader(validation, 0), ckpt_path=str(last) if last.exists() else None)
    trainer.save_checkpoint(last)


def train(config: TrainingConfig, workers: int = 1) -> Path:
    """Train to the end of the config's stages, going on from the run folder's last checkpoint if there is one.

    Returns the path of the checkpoint. Interrupted at any moment, the same call goes on.
    """
    lightning.seed_everything(config.seed, verbose=False)
    faces = load_packed_faces(config.data, config.run.parent / "cache")
    rows = split_held_out(faces, config.held_out_identities, config.seed)
    _write_description(config, len(rows[0]))
    chosen = np.random.default_rng(config.seed).choice(rows[0], config.loss.bank_size if config.loss.bank else 0)
    module = Distillation(config, torch.from_numpy(faces.teacher[chosen]), torch.from_numpy(faces.identity))
    last = config.run / "last.ckpt"
    if config.warm_start is not None and not last.exists():
        module.start_from(read_weights(str(config.warm_start)))
    while (step := _latest_step(last)) < config.steps:
        _fit_stage(config, faces, rows, module, step, workers)
    return last
