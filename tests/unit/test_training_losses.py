"""Losses against values worked out by hand."""

import math

import pytest

torch = pytest.importorskip("torch")

from peephole.training.losses import (  # noqa: E402
    CrossEntropy,
    arcface,
    bank_loss,
    cosface,
    cosine_loss,
    lifted_loss,
    norm_loss,
    relational_loss,
)
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


def _head(head: "torch.nn.Module") -> "torch.nn.Module":
    """Two people; the first one's weights point east, the second one's north, and their length is no matter."""
    with torch.no_grad():
        head.W.copy_(torch.tensor([[0.2, 0.0], [0.0, 5.0]]))
    return head


@pytest.mark.parametrize(("smoothing", "share"), [(0.0, 1.0), (0.1, 0.95)])
@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_cross_entropy_over_a_linear_head(smoothing: float, share: float, scale: float) -> None:
    head = CrossEntropy(2, 2, smoothing, scale)
    with torch.no_grad():
        head.linear.weight.copy_(torch.eye(2))
        head.linear.bias.zero_()
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))  # outputs (2, 0)
    expected = share * right + (1 - share) * wrong
    assert head(torch.tensor([[2.0 / scale, 0.0]]), torch.tensor([0])).item() == pytest.approx(expected)


def test_cosface_takes_the_margin_from_the_right_persons_cosine() -> None:
    head = _head(cosface(2, 2, scale=2.0, margin=0.25))
    descriptor = torch.tensor([[3.0, 0.0]])  # cosines (1, 0)
    right = math.log(1 + math.exp(-2 * 0.75))  # outputs 2 x (0.75, 0)
    wrong = math.log(1 + math.exp(2 * 1.25))  # outputs 2 x (1, -0.25)
    assert head(descriptor, torch.tensor([0])).item() == pytest.approx(right)
    assert head(descriptor, torch.tensor([1])).item() == pytest.approx(wrong)
    both = head(descriptor.repeat(2, 1), torch.tensor([0, 1])).item()
    assert both == pytest.approx((right + wrong) / 2)


def test_arcface_adds_the_margin_to_the_right_persons_angle() -> None:
    head = _head(arcface(2, 2, scale=2.0, margin=0.5))
    near = math.log(1 + math.exp(-2 * math.cos(0.5)))  # angle 0
    across = math.log(1 + math.exp(2 - 2 * math.cos(math.pi / 2 + 0.5)))  # angle of a quarter turn
    # A half turn: the margin would go past it, so that m sin(m) is taken from the cosine.
    opposite = math.log(1 + math.exp(2 * (1 + 0.5 * math.sin(0.5))))
    assert head(torch.tensor([[3.0, 0.0]]), torch.tensor([0])).item() == pytest.approx(near, abs=1e-5)
    assert head(torch.tensor([[3.0, 0.0]]), torch.tensor([1])).item() == pytest.approx(across, abs=1e-5)
    assert head(torch.tensor([[-3.0, 0.0]]), torch.tensor([0])).item() == pytest.approx(opposite, abs=1e-5)


# One value a face: two faces of a person at 0 and 1, two of another at 3 and 5.
LINE, TWO_PEOPLE = [[0.0], [1.0], [3.0], [5.0]], [7, 7, 8, 8]
# Distances across: 3 and 5 from the first, 2 and 4 from the second. With a margin of 2, for both pairs alike:
OTHERS = math.log(math.exp(2 - 3) + math.exp(2 - 5) + math.exp(2 - 2) + math.exp(2 - 4))


def test_lifted_loss_of_the_paper() -> None:
    """Oh Song et al., equation 4: the sum of max(0, J)^2 over the P pairs, divided by 2 P; here P is 2."""
    expected = ((OTHERS + 1) ** 2 + (OTHERS + 2) ** 2) / (2 * 2)
    found = lifted_loss(torch.tensor(LINE), torch.tensor(TWO_PEOPLE), margin=2.0)
    assert found.item() == pytest.approx(expected) == pytest.approx(2.00716, abs=1e-5)


def test_lifted_loss_of_the_old_doorbell() -> None:
    """The sum of relu(J)^2 over ordered pairs, divided by 4 P: each pair counts twice."""
    ordered = 2 * ((OTHERS + 1) ** 2 + (OTHERS + 2) ** 2)
    found = lifted_loss(torch.tensor(LINE), torch.tensor(TWO_PEOPLE), margin=2.0)
    assert found.item() == pytest.approx(ordered / (4 * 2))


def test_lifted_loss_of_pairs_near_enough_is_zero() -> None:
    far = torch.tensor([[0.0], [0.1], [90.0], [90.1]])
    assert lifted_loss(far, torch.tensor(TWO_PEOPLE), margin=0.3).item() == 0


@pytest.mark.parametrize("identity", [[1, 2, 3, 4], [1, 1, 1, 1]])
def test_lifted_loss_without_pairs_or_without_others_is_zero_and_has_a_gradient(identity: list[int]) -> None:
    descriptor = torch.tensor(LINE, requires_grad=True)
    loss = lifted_loss(descriptor, torch.tensor(identity), margin=2.0)
    loss.backward()
    assert loss.item() == 0
    assert descriptor.grad is not None and not descriptor.grad.any()


def test_lifted_loss_of_equal_descriptors_has_a_finite_gradient() -> None:
    descriptor = torch.zeros(4, 3, requires_grad=True)
    lifted_loss(descriptor, torch.tensor(TWO_PEOPLE), margin=0.3).backward()
    assert descriptor.grad is not None and descriptor.grad.isfinite().all()


@pytest.mark.parametrize("seed", range(5))
def test_lifted_loss_is_that_of_pytorch_metric_learning(seed: int) -> None:
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.losses import LiftedStructureLoss

    torch.manual_seed(seed)
    identity = torch.randint(0, 5, (16,))
    theirs = torch.randn(16, 6, requires_grad=True)
    ours = theirs.detach().clone().requires_grad_()
    expected = LiftedStructureLoss(neg_margin=0.3, distance=LpDistance(normalize_embeddings=False))(theirs, identity)
    found = lifted_loss(ours, identity, margin=0.3)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    expected.backward()
    found.backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=1e-5)


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
