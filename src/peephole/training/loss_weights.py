"""The weights of the losses in their sum, and the losses' own constants: `[loss]` of a training configuration."""

from dataclasses import dataclass

from pydantic import PositiveInt

from peephole.training.section import Amount, Positive, Section, Share


@dataclass(frozen=True)
class LossWeights(Section):
    """Weight of each loss in the sum; 0 leaves it out.

    Against the teacher: cosine, relational, bank (of `bank_size` descriptors, at `temperature`). Of the length: norm.
    By identity, over a head with one output a person: cross_entropy (with `label_smoothing`, 0 to 1, of a linear layer
    of cross_entropy_scale times the descriptor: one that starts out short learns little else but to grow), cosface and
    arcface (scale and margin; ArcFace's margin in radians). By identity, between descriptors: lifted (margin). The
    constants are those of the GAP8 doorbell of 2019.
    """

    cosine: Amount = 1.0
    norm: Amount = 0.5
    relational: Amount = 5.0
    bank: Amount = 0.0
    bank_size: PositiveInt = 16384
    temperature: Positive = 0.07
    cross_entropy: Amount = 0.0
    label_smoothing: Share = 0.0
    cross_entropy_scale: Positive = 1.0
    cosface: Amount = 0.0
    cosface_scale: Positive = 30.0
    cosface_margin: Amount = 0.40
    arcface: Amount = 0.0
    arcface_scale: Positive = 30.0
    arcface_margin: Amount = 0.40
    lifted: Amount = 0.0
    lifted_margin: Amount = 0.3

    @property
    def by_teacher(self) -> bool:
        """Whether some loss needs a teacher's descriptors."""
        return any((self.cosine, self.relational, self.bank))

    @property
    def by_identity(self) -> bool:
        """Whether some loss needs to know who is who."""
        return any((self.cross_entropy, self.cosface, self.arcface, self.lifted))
