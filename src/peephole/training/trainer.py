"""What all kinds of training share: where they run, Lightning's trainer, the run folder, and what an interrupt does."""

import dataclasses
import json
import logging
import signal
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import lightning
import torch
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.utilities import rank_zero_only
from torch.utils.data import DataLoader, IterableDataset

from peephole.training.checkpoints import START_AGAIN, write_checkpoint
from peephole.training.progress import progress_bars
from peephole.whole_files import write_text


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

    def check_alone(self, what: str) -> None:
        """Raise `ValueError` where several processes are to share what one trains."""
        if self.processes > 1:
            raise ValueError(f"{what} is trained by one process; leave --devices and --num-nodes out")


class RunConfig(Protocol):
    """What every configuration of a run has."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def run(self) -> Path: ...  # noqa: D102 - the run folder
    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def checkpoint_every(self) -> int: ...  # noqa: D102 - steps
    @property
    def validate_every(self) -> int: ...  # noqa: D102 - steps


def is_first_process() -> bool:
    """Tell whether this is the process that writes files and prints."""
    return int(rank_zero_only.rank) == 0  # type: ignore[attr-defined]  # set by Lightning at its import


def start_up(seed: int) -> None:
    """Seed all generators, and keep from the user what Lightning says to developers, or what does not hold here."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", ".*LeafSpec.*", FutureWarning)  # a torch call of its own
    warnings.filterwarnings("ignore", ".*does not have many workers.*")  # two cores have none to spare
    warnings.filterwarnings("ignore", ".*sync_dist=True.*")  # every process sees all held-out faces
    lightning.seed_everything(seed, verbose=False)


def _git_revision() -> str:
    """Return the revision of the checkout that the command runs in; empty where there is none, or no git."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    except FileNotFoundError:
        return ""


def write_description(config: RunConfig, launch: Launch, told: dict[str, Any]) -> None:
    """Write what is run into `run.json` of the run folder, which is made: the configuration, by what, and `told`."""
    config.run.mkdir(parents=True, exist_ok=True)
    description = {
        "config": dataclasses.asdict(config),
        "seed": config.seed,
        "git": _git_revision(),
        "torch": torch.__version__,
        "launch": dataclasses.asdict(launch),
    }
    write_text(config.run / "run.json", json.dumps(description | told, indent=2, default=str) + "\n", START_AGAIN)


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
            write_checkpoint(self.path, module.checkpoint(trainer.optimizers))


def trainer_of(config: RunConfig, launch: Launch, steps: int, precision: str, optimizers: int) -> lightning.Trainer:
    """Return a trainer for so many steps, each of which moves so many optimizers."""
    several, bars = launch.processes > 1, progress_bars(steps)
    return lightning.Trainer(
        accelerator=launch.accelerator,
        devices=launch.devices,
        num_nodes=launch.num_nodes,
        # A head is unused in a batch of unknown people.
        strategy=DDPStrategy(find_unused_parameters=True) if several else "auto",
        # torch has it for GPUs only; elsewhere each process normalises by its own part of the batch.
        sync_batchnorm=several and torch.cuda.is_available() and launch.accelerator != "cpu",
        precision=precision,  # type: ignore[arg-type]  # checked by Lightning, which names those it knows
        max_steps=optimizers * steps,  # as Lightning counts them
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


def loader_of(batches: IterableDataset[Any], workers: int) -> "DataLoader[Any]":
    """Return what makes the batches in so many processes of its own; 0 is in this one."""
    return DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None)


def fit(trainer: lightning.Trainer, module: lightning.LightningModule, **data: Any) -> None:
    """Train. An interrupt from the keyboard comes out as one: Lightning exits on it and ignores all that follow."""
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        trainer.fit(module, **data)
    except SystemExit as error:
        if not isinstance(error.__context__, KeyboardInterrupt):
            raise
        signal.signal(signal.SIGINT, on_interrupt)
        raise KeyboardInterrupt from error
