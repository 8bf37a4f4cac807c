"""The weighted sum of losses that a run minimises, with the heads that some of them train along."""

from torch import Tensor, nn
from torch.nn.functional import normalize

from peephole.training.loss_weights import LossWeights
from peephole.training.losses import (
    CrossEntropy,
    arcface,
    bank_loss,
    cosface,
    cosine_loss,
    lifted_loss,
    norm_loss,
    relational_loss,
)


class Objective(nn.Module):
    """All losses with a weight, each times its weight.

    classes: how many people there are to tell apart. unit_length: whether the network ships descriptors of length one;
    the lifted loss, which measures distances, then sees them so.
    """

    def __init__(self, weights: LossWeights, classes: int, descriptor: int, unit_length: bool) -> None:
        super().__init__()
        self.weights, self.unit_length = weights, unit_length
        self.heads = nn.ModuleDict()
        if weights.cross_entropy:
            smoothing, scale = weights.label_smoothing, weights.cross_entropy_scale
            self.heads["cross_entropy"] = CrossEntropy(classes, descriptor, smoothing, scale)
        if weights.cosface:
            self.heads["cosface"] = cosface(classes, descriptor, weights.cosface_scale, weights.cosface_margin)
        if weights.arcface:
            self.heads["arcface"] = arcface(classes, descriptor, weights.arcface_scale, weights.arcface_margin)

    def forward(self, student: Tensor, teacher: Tensor | None, label: Tensor, bank: Tensor) -> dict[str, Tensor]:
        """Return the terms of the sum by name.

        student: float32 [N,D], not normalised. teacher: [N,D] of unit length; None leaves out the losses against it.
        label: int64 [N], the number of the person, -1 where it is not known or not one. bank: [M,D], unit length.
        """
        weights = self.weights
        terms = {}
        if teacher is not None and weights.cosine:
            terms["cosine_loss"] = weights.cosine * cosine_loss(student, teacher)
        if weights.norm:
            terms["norm_loss"] = weights.norm * norm_loss(student)
        if teacher is not None and weights.relational:
            terms["relational_loss"] = weights.relational * relational_loss(student, teacher)
        if teacher is not None and weights.bank:
            terms["bank_loss"] = weights.bank * bank_loss(student, teacher, bank, weights.temperature)
        known = label >= 0
        if not weights.by_identity or not known.any():
            return terms
        student, label = student[known], label[known]
        for name, head in self.heads.items():
            terms[name] = getattr(weights, name) * head(student, label)
        if weights.lifted:
            seen = normalize(student) if self.unit_length else student
            terms["lifted"] = weights.lifted * lifted_loss(seen, label, weights.lifted_margin)
        return terms
