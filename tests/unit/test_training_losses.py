"""Losses against values worked out by hand."""

import math

import pytest

torch = pytest.importorskip("torch")

from peephole.training.losses import bank_loss, cosine_loss, norm_loss, relational_loss  # noqa: E402
from peephole.training.module import true_accept_rate  # noqa: E402
from peephole.training.muon import Muon, orthogonalise  # noqa: E402

EAST, NORTH = [1.0, 0.0], [0.0, 1.0]


def test_cosine_loss_ignores_the_length() -> None:
    student = torch.tensor([[3.0, 0.0], [0.0, -2.0]])
    assert cosine_loss(student, torch.tensor([EAST, NORTH])).item() == pytest.approx((0 + 2) / 2)


def test_norm_loss_is_the_mean_squared_distance_of_the_length_from_one() -> None:
    assert norm_loss(torch.tensor([[3.0, 4.0], [0.0, 1.0]])).item() == pytest.approx((4**2 + 0) / 2)


def test_relational_loss_compares_the_matrices_of_cosines() -> None:
    student = torch.tensor([[2.0, 0.0], [5.0, 0.0]])  # cosines all 1
    teacher = torch.tensor([EAST, NORTH])  # the two off-diagonal cosines are 0
    assert relational_loss(student, teacher).item() == pytest.approx(2 / 4)


def test_bank_loss_is_the_cross_entropy_of_the_similarities() -> None:
    bank = torch.tensor([EAST, NORTH])
    target = math.e / (math.e + 1)  # softmax of (1, 0)
    wrong, right = math.log(math.e + 1), math.log(math.e + 1) - 1
    expected = target * wrong + (1 - target) * right  # the student says (0, 1)
    assert bank_loss(torch.tensor([[0.0, 9.0]]), torch.tensor([EAST]), bank, 1.0).item() == pytest.approx(expected)


def test_true_accept_rate_counts_same_person_pairs_below_the_threshold() -> None:
    student = torch.tensor([[0.0], [0.1], [1.0], [1.9]])
    teacher = torch.tensor([EAST, EAST, NORTH, NORTH])
    identity = torch.tensor([7, 7, 8, 8])
    # Impostor distances: 1.0, 1.9, 0.9, 1.8, so the threshold is 0.9. Genuine: 0.1 (accepted), 0.9 (not below).
    assert true_accept_rate(student, teacher, identity).item() == pytest.approx(0.5)


def test_true_accept_rate_leaves_out_pairs_the_teacher_sees_as_different() -> None:
    student = torch.tensor([[0.0], [0.1], [1.0], [1.9]])
    teacher = torch.tensor([EAST, EAST, NORTH, EAST])
    assert true_accept_rate(student, teacher, torch.tensor([7, 7, 8, 8])).item() == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4)])
def test_orthogonalise_brings_the_singular_values_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(*shape)))
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_muon_minimises_a_quadratic_in_a_convolution_weight() -> None:
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(4, 2, 3, 3))
    optimizer = Muon([weight], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        weight.square().sum().backward()
        optimizer.step()
    assert weight.abs().max() < 0.1
