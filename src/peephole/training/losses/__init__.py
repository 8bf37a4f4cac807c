"""Losses: against a teacher, between descriptors, over a classification head, and their weighted sum."""

from peephole.training.losses.classification import CrossEntropy, arcface, cosface
from peephole.training.losses.distillation import bank_loss, cosine_loss, norm_loss, relational_loss
from peephole.training.losses.lifted import lifted_loss

__all__ = [
    "CrossEntropy",
    "arcface",
    "bank_loss",
    "cosface",
    "cosine_loss",
    "lifted_loss",
    "norm_loss",
    "relational_loss",
]
