"""The configuration of a recogniser's training: one TOML file holds all that decides a run."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from peephole.training.augmentation import Augmentation
from peephole.training.learning_rate import warmed_up
from peephole.training.loss_weights import LossWeights
from peephole.training.section import Amount, Positive, Section


@dataclass(frozen=True)
class Stage(Section):
    """A stretch of training at one input size. learning_rate runs linearly from its first to its second value."""

    images: PositiveInt
    size: PositiveInt
    learning_rate: tuple[Amount, Amount]


@dataclass(frozen=True)
class SourceConfig(Section):
    """How a folder of pictures is read; the packed shards need none of it.

    face: where it lies in a picture without landmarks: `detect` (our detector's most central face; where it finds none,
    the middle) or `center` (the middle: 118 of 250 pixels, as in LFW). landmarks: five points a picture, an `.npz` of
    `names` (paths in the folder, without suffix) and `landmarks` [N,5,2], or VGGFace2's `loose_landmark_train.csv`.
    """

    face: Literal["detect", "center"] = "detect"
    landmarks: Path | None = None


@dataclass(frozen=True)
class SamplingConfig(Section):
    """Which faces a batch takes.

    labelled_only: leave out faces of whom it is not known who they are. least_images: leave out people with fewer faces
    to train on. images_each: take so many faces of each of
    batch / images_each people, in place of all faces in turn; 0 does not.
    """

    labelled_only: bool = False
    least_images: NonNegativeInt = 1
    images_each: NonNegativeInt = 0


@dataclass(frozen=True)
class TeacherConfig(Section):
    """A teacher that looks at the student's own faces.

    path: its weights. share: of the batches that it looks at (4 to 14 ms a face on a core); in the others the losses
    against a teacher use the stored descriptors where there are any. mixup, cutmix: shares of the faces of its batches
    into which the next one is blended or pasted.
    """

    path: Path
    share: float = 1.0
    mixup: float = 0.0
    cutmix: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"the share of batches that the teacher looks at must be 0 to 1, not {self.share}")
        if min(self.mixup, self.cutmix) < 0 or self.mixup + self.cutmix > 1:
            raise ValueError("the shares of faces mixed by mixup and cutmix must be 0 or more and at most 1 together")


@dataclass(frozen=True)
class MixturesConfig(Section):
    """Faces made of the packed training faces before the run, and described by a teacher once (4 ms a face on a core).

    teacher: its weights. count: how many faces are made; a pass then holds these and about as many real ones.
    """

    teacher: Path
    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"the count of made faces must be 1 or more, not {self.count}")


@dataclass(frozen=True)
class EvaluationConfig(Section):
    """What a network is measured on, and so must not be trained on.

    pairs: the protocol's pairs file, whose people's names are compared with those of the training faces; overlap:
    `refuse` to train if some are the same, or `leave out` their faces. images: a tar or folder of the pictures.
    landmarks: of the pictures, for aligned crops. crops: how faces are cut out.
    """

    pairs: Path
    images: Path | None = None
    landmarks: Path | None = None
    crops: tuple[Literal["detect", "aligned", "center"], ...] = ("detect",)
    overlap: Literal["refuse", "leave out"] = "refuse"


@dataclass(frozen=True)
class TrainingConfig(Section):
    """All that decides a run. Paths are relative to the working folder.

    data: the packed shards, or a folder with a folder of pictures for each person (VGGFace2, CASIA-WebFace, LFW).
    network: options of the architecture, such as batch_norm, width and pooling (`peephole.models.build`).
    frozen: modules of the network, without batch norm, whose weights stay as the warm start has them.
    mirrored: what ships describes a face and its mirror image together, in twice the work; training does not.
    unit_length: what ships scales its descriptors to length one, so that plain L2 compares directions alone.
    held_out_identities: people whose faces are looked at and never trained on; they are compared, so at least two.
    precision: Lightning's name, such as 32-true, bf16-mixed, 16-mixed.
    """

    data: Path
    run: Path
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    architecture: str = "squeezenet1_1"
    descriptor: PositiveInt = 128
    network: dict[str, bool | int | float | str] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    unit_length: bool = True
    mirrored: bool = False
    warm_start: Path | None = None
    warm_start_norm: Positive = 1.0
    seed: NonNegativeInt = 1
    batch: PositiveInt = 256
    held_out_identities: Annotated[int, Field(ge=2)] = 400
    precision: str = "bf16-mixed"
    optimizer: Literal["muon", "adamw"] = "muon"
    warm_up_steps: NonNegativeInt = 100
    vector_learning_rate: Amount = 0.3
    weight_decay: Amount = 0.01
    average_decay: Annotated[float, Field(ge=0, lt=1)] = 0.998
    checkpoint_every: PositiveInt = 200
    validate_every: PositiveInt = 400
    loss: LossWeights = field(default_factory=LossWeights)
    augmentation: Augmentation = field(default_factory=Augmentation)
    source: SourceConfig = field(default_factory=SourceConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    teacher: TeacherConfig | None = None
    mixtures: MixturesConfig | None = None
    evaluation: EvaluationConfig | None = None

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
        return (first + (last - first) * done) * warmed_up(step, self.warm_up_steps)
