"""The configuration of a landmark network's training: one TOML file with `task = "landmarks"`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from peephole.training.augmentation import Augmentation
from peephole.training.landmark_windows import Windows
from peephole.training.section import Section

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
    images: int
    learning_rate: float = 1e-2
    vector_learning_rate: float = 0.3
    weight_decay: float = 0.01
    warm_up_steps: int = 100
    batch: int = 256
    seed: int = 1
    held_out_identities: int = 400
    bend: float = 0.02
    average_decay: float = 0.998
    checkpoint_every: int = 500
    validate_every: int = 500
    windows: Windows = field(default_factory=Windows)
    augmentation: Augmentation = field(default_factory=Augmentation)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.images // self.batch

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        return self.learning_rate * (1 - step / self.steps) * min(1.0, (step + 1) / self.warm_up_steps)


def as_landmark_config(raw: dict[str, Any], source: str) -> LandmarkConfig:
    """Check what a TOML file holds. Raises `ValueError` naming `source` and the field that is wrong or unknown."""
    try:
        return TypeAdapter(LandmarkConfig).validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{source}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
