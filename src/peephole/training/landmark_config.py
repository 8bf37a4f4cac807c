"""The configuration of a landmark network's training: one TOML file with `task = "landmarks"`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from peephole.training.augmentation import Augmentation
from peephole.training.landmark_windows import Windows
from peephole.training.learning_rate import falling_rate
from peephole.training.section import Amount, Positive, Section

TASK = "landmarks"


@dataclass(frozen=True)
class LandmarkConfig(Section):
    """All that decides a run. Paths are relative to the working folder.

    learning_rate falls linearly to nothing, after a warm-up. bend: from which error on (in distances between the
    eyes) the loss grows linearly instead of quadratically.
    """

    task: Literal["landmarks"]
    data: Path
    run: Path
    images: PositiveInt
    learning_rate: Amount = 1e-2
    vector_learning_rate: Amount = 0.3
    weight_decay: Amount = 0.01
    warm_up_steps: NonNegativeInt = 100
    batch: PositiveInt = 256
    seed: NonNegativeInt = 1
    held_out_identities: PositiveInt = 400
    bend: Positive = 0.02
    average_decay: Annotated[float, Field(ge=0, lt=1)] = 0.998
    checkpoint_every: PositiveInt = 500
    validate_every: PositiveInt = 500
    windows: Windows = field(default_factory=Windows)
    augmentation: Augmentation = field(default_factory=Augmentation)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.images // self.batch

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        return falling_rate(self.learning_rate, step, self.steps, self.warm_up_steps)
