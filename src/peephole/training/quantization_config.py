"""The configuration of quantization-aware training: one TOML file with `task = "quantization"`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import NonNegativeInt, PositiveInt

from peephole.training.augmentation import Augmentation
from peephole.training.config import SourceConfig
from peephole.training.learning_rate import falling_rate
from peephole.training.section import Amount, Section

TASK = "quantization"


@dataclass(frozen=True)
class QuantizationConfig(Section):
    """All that decides a run. Paths are relative to the working folder.

    start: checkpoint of `peephole train`, whose float network is both the start and the teacher. images: how many
    faces are seen, repeats counted. size: their side; left out, that at which the training of `start` ended.
    bits: of weights and activations.
    learning_rate: in shares of a channel's range a step; it falls linearly to nothing, after a warm-up.
    precision: Lightning's name; sums of 8-bit products are exact in 32 bits, and on GPUs also in TF32.
    """

    task: Literal["quantization"]
    start: Path
    data: Path
    run: Path
    images: PositiveInt
    size: PositiveInt | None = None
    bits: Literal[8] = 8
    learning_rate: Amount = 2e-4
    warm_up_steps: NonNegativeInt = 20
    batch: PositiveInt = 64
    seed: NonNegativeInt = 1
    calibration_images: PositiveInt = 256
    precision: str = "32-true"
    checkpoint_every: PositiveInt = 200
    validate_every: PositiveInt = 400
    augmentation: Augmentation = field(default_factory=Augmentation)
    source: SourceConfig = field(default_factory=SourceConfig)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.images // self.batch

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        return falling_rate(self.learning_rate, step, self.steps, self.warm_up_steps)
