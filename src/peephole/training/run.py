"""One training run: data, module and trainer put together, with a run folder that can be resumed."""

import dataclasses
import json
import logging
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.utilities import rank_zero_only

from peephole.training.config import TrainingConfig
from peephole.training.curves import draw_curves
from peephole.training.data import PLAIN, StageData, TrainingData, knowledge_of, read_data
from peephole.training.module import Training, read_weights, use_of, weights_alone
from peephole.training.progress import progress_bars
from peephole.training.resuming import last_checkpoint

__all__ = ["PLAIN", "Launch", "train"]


@dataclass(frozen=True)
class Launch:
    """Where a run runs, in Lightning's terms; it decides how fast a run is, not what it computes.

    devices: processes on a host, each with its share of every batch. num_nodes: hosts; they share the run folder.
    workers: processes that make the batches, for each of these.
    """

    accelerator: str = "auto"
    devices: int = 1
    num_nodes: int = 1
    workers: int = 1

    @property
    def processes(self) -> int:
        """How many processes share a batch."""
        return self.devices * self.num_nodes


def is_first_process() -> bool:
    """Tell whether this is the process that writes files and prints."""
    return int(rank_zero_only.rank) == 0  # type: ignore[attr-defined]  # set by Lightning at its import


def _write_description(config: TrainingConfig, data: TrainingData, classes: int, launch: Launch) -> None:
    config.run.mkdir(parents=True, exist_ok=True)
    command = ["git", "rev-parse", "HEAD"]
    try:
        revision = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    except FileNotFoundError:  # no git on this machine
        revision = ""
    description = {
        "config": dataclasses.asdict(config),
        "seed": config.seed,
        "git": revision,
        "torch": torch.__version__,
        "launch": dataclasses.asdict(launch),
        "faces": len(data.rows),
        "people": classes,
        # Only people with a name could be compared with those of the evaluation set.
        "named_people": sum(1 for name in data.faces.names if name),
        "held_out_faces": len(data.held_out),
    }
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


def _trainer(config: TrainingConfig, launch: Launch, steps: int) -> lightning.Trainer:
    several, bars = launch.processes > 1, progress_bars(steps)
    return lightning.Trainer(
        accelerator=launch.accelerator,
        devices=launch.devices,
        num_nodes=launch.num_nodes,
        # A head is unused in a batch of unknown people.
        strategy=DDPStrategy(find_unused_parameters=True) if several else "auto",
        # torch has it for GPUs only; elsewhere each process normalises by its own part of the batch.
        sync_batchnorm=several and torch.cuda.is_available() and launch.accelerator != "cpu",
        precision=config.precision,  # type: ignore[arg-type]  # checked by Lightning, which names those it knows
        max_steps=2 * steps,  # Lightning counts the steps of both optimizers
        max_epochs=1,
        val_check_interval=min(config.validate_every, steps),
        num_sanity_val_steps=0,
        log_every_n_steps=20,
        logger=CSVLogger(config.run, name="log"),
        callbacks=[Checkpoints(config.run / "last.ckpt", config.checkpoint_every), *bars],
        enable_progress_bar=bool(bars),
        enable_checkpointing=False,
        enable_model_summary=False,
    )


def _fit_stage(module: Training, data: TrainingData, launch: Launch) -> None:
    first, end = module.step, _stage_end(module.config, module.step)
    stage = StageData(module.config, data, first, end, launch.workers)
    _trainer(module.config, launch, end - first).fit(module, datamodule=stage)


def _prepared(config: TrainingConfig, data: TrainingData, launch: Launch) -> Training:
    """Return the module as the run folder's last checkpoint left it, or at its start."""
    checkpoint = last_checkpoint(config.run, None, data.fixed(config))
    knowledge = knowledge_of(config, data)
    if is_first_process():
        _write_description(config, data, knowledge.classes, launch)
    module = Training(config, knowledge)
    if checkpoint is not None:
        module.resume(checkpoint)
    elif config.warm_start is not None:
        module.start_from(read_weights(str(config.warm_start)))
    return module


def _quieten() -> None:
    """Keep from the user what Lightning says to developers, or what does not hold here."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", ".*LeafSpec.*", FutureWarning)  # a torch call of its own
    warnings.filterwarnings("ignore", ".*does not have many workers.*")  # two cores have none to spare
    warnings.filterwarnings("ignore", ".*sync_dist=True.*")  # every process sees all held-out faces


def train(config: TrainingConfig, workers: int = 1, launch: Launch | None = None, cache: Path | None = None) -> Path:
    """Train to the end of the config's stages, going on from the run folder's last checkpoint if there is one.

    Returns the path of the checkpoint; beside it lie `network.ckpt`, the averaged weights alone, `run.json`, what was
    run, and `curves.svg`. Interrupted at any moment, the same call goes on. Raises `ValueError` for a batch that cannot
    be dealt out equally. cache: where what is made of the data is kept, for all runs; beside the run if not told.
    """
    launch = launch or Launch(workers=workers)
    if config.batch % launch.processes:
        raise ValueError(f"a batch of {config.batch} faces cannot be shared equally by {launch.processes} processes")
    _quieten()
    lightning.seed_everything(config.seed, verbose=False)
    data = read_data(config, cache or config.run.parent / "cache")
    module = _prepared(config, data, launch)
    first = module.step
    while module.step < config.steps:
        step = module.step
        _fit_stage(module, data, launch)
        if module.step == step:  # Lightning swallows the interrupt and returns
            raise KeyboardInterrupt
    last = config.run / "last.ckpt"
    if is_first_process():
        alone = weights_alone(torch.load(last, map_location="cpu", weights_only=True))
        torch.save(alone | use_of(config), config.run / "network.ckpt")
        if module.step > first:
            draw_curves(config.run, config.run / "curves.svg")
    return last
