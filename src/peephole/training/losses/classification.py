"""Losses over a head with one output a person. The head is trained along and left behind."""

import math

import torch
from pytorch_metric_learning.losses import ArcFaceLoss, CosFaceLoss
from torch import Tensor, nn


class CrossEntropy(nn.Module):
    """Cross-entropy over a linear layer of scale * descriptor: descriptors [N,D] and classes int64 [N] to a scalar."""

    def __init__(self, classes: int, descriptor: int, smoothing: float, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.linear = nn.Linear(descriptor, classes)
        self.loss = nn.CrossEntropyLoss(label_smoothing=smoothing)

    def forward(self, descriptor: Tensor, label: Tensor) -> Tensor:
        """Return the mean over the batch."""
        value: Tensor = self.loss(self.linear(self.scale * descriptor), label)
        return value


def cosface(classes: int, descriptor: int, scale: float, margin: float) -> nn.Module:
    """Return the CosFace loss: softmax over scale * (cos - margin for the right person) (Wang et al., 2018)."""
    return _started(CosFaceLoss(classes, descriptor, margin=margin, scale=scale))


def arcface(classes: int, descriptor: int, scale: float, margin: float) -> nn.Module:
    """Return the ArcFace loss: softmax over scale * cos(angle + margin for the right person) (Deng et al., 2019).

    margin is in radians. Where angle + margin passes a half turn, cos - margin * sin(margin) takes its place.
    """
    return _started(ArcFaceLoss(classes, descriptor, margin=math.degrees(margin), scale=scale))


def _started(loss: CosFaceLoss | ArcFaceLoss) -> nn.Module:
    # Directions alone count, so any length does; a short one lets the optimizer turn them.
    torch.nn.init.normal_(loss.W, std=0.01)
    return loss
