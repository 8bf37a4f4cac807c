"""The training configuration: one TOML file holds all that decides a run."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from peephole.training.augmentation import Augmentation
from peephole.training.loss_weights import LossWeights


@dataclass(frozen=True)
class Stage:
    """A stretch of training at one input size. learning_rate runs linearly from its first to its second value."""

    images: int
    size: int
    learning_rate: tuple[float, float]


@dataclass(frozen=True)
class TrainingConfig:
    """All that decides a run. Paths are relative to the working folder.

    unit_length: what ships scales its descriptors to length one, so that plain L2 compares directions alone.
    """

    data: Path
    run: Path
    stages: tuple[Stage, ...]
    architecture: str = "squeezenet1_1"
    descriptor: int = 128
    unit_length: bool = True
    warm_start: Path | None = None
    warm_start_norm: float = 1.0
    seed: int = 1
    batch: int = 256
    held_out_identities: int = 400
    optimizer: str = "muon"
    warm_up_steps: int = 100
    vector_learning_rate: float = 0.3
    weight_decay: float = 0.01
    average_decay: float = 0.998
    checkpoint_every: int = 200
    validate_every: int = 400
    loss: LossWeights = field(default_factory=LossWeights)
    augmentation: Augmentation = field(default_factory=Augmentation)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return sum(stage.images // self.batch for stage in self.stages)

    def stage_at(self, step: int) -> tuple[Stage, float]:
        """Return the stage of a step and how far it has gone, 0 to 1."""
        for stage in self.stages:
            length = stage.images // self.batch
            if step < length:
                return stage, step / length
            step -= length
        return self.stages[-1], 1.0

    def learning_rate(self, step: int) -> float:
        """Return the learning rate of a step, warmed up over the run's first steps."""
        stage, done = self.stage_at(step)
        first, last = stage.learning_rate
        return (first + (last - first) * done) * min(1.0, (step + 1) / self.warm_up_steps)


def read_config(path: Path) -> TrainingConfig:
    """Read a TOML file. Raises `ValueError` naming the file and the field that is wrong."""
    try:
        raw = tomllib.loads(path.read_text())
        return TypeAdapter(TrainingConfig).validate_python(raw)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
