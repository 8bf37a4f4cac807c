"""Losses of a descriptor against a teacher's, and of its length; each over one batch, each a scalar.

`student` is [N,D], not normalised; `teacher` is [N,D] of unit length.
"""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize


def cosine_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of 1 - cos(student, teacher)."""
    return 1 - cosine_similarity(student, teacher, dim=1).mean()


def norm_loss(student: Tensor) -> Tensor:
    """Mean of (|student| - 1)^2: makes plain L2 mean what L2 after normalising means."""
    excess: Tensor = torch.linalg.vector_norm(student, dim=1) - 1
    return excess.square().mean()


def relational_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of the two matrices of cosines in the batch (Park et al., 2019, on cosines)."""
    unit = normalize(student)
    return (unit @ unit.T - teacher @ teacher.T).square().mean()


def bank_loss(student: Tensor, teacher: Tensor, bank: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of the student's similarities to a bank against the teacher's (Fang et al., SEED, 2021).

    bank: [M,D] teacher descriptors of other faces, unit length.
    """
    target = torch.softmax(teacher @ bank.T / temperature, 1)
    return -(target * torch.log_softmax(normalize(student) @ bank.T / temperature, 1)).sum(1).mean()
