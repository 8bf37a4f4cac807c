"""The cost of a network: every figure by hand for small ones, and the published work of the backbones."""

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
from torch import nn  # noqa: E402

from peephole.models import build  # noqa: E402
from peephole.models.cost import cost  # noqa: E402
from peephole.models.squeezenet import Fire  # noqa: E402


def test_two_convolutions() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, bias=False),  # 9x9 -> 4x4
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 8, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    measured = cost(network, (9, 9))
    assert measured.parameters == 4 * 9 + 2 * 4 + (8 * 4 + 8)
    assert measured.macs == 4 * 4 * 4 * 9 + 4 * 4 * 8 * 4
    image, first, second, mean = 81, 64, 128, 8
    assert measured.activation_bytes == 2 * (image + first + second + mean)
    assert (measured.peak_bytes, measured.peak_at) == (2 * (first + second), "3: convolution")
    assert cost(network, (9, 9), bytes_per_value=1).peak_bytes == first + second


def test_groups_do_a_share_of_the_work() -> None:
    measured = cost(nn.Conv2d(6, 12, 3, padding=1, groups=3), (5, 7), channels=6)
    assert measured.macs == 5 * 7 * 12 * 9 * 2
    assert (measured.height, measured.width) == (5, 7)


def test_parts_of_a_concatenation_are_written_into_it() -> None:
    measured = cost(Fire(8, 2, 5), (3, 3), channels=8)
    assert measured.activation_bytes == 2 * 9 * (8 + 2 + 10)
    assert measured.peak_bytes == 2 * 9 * (2 + 10)  # the whole is there from its first part on; the input is not


class Add(nn.Module):
    """Adds one branch to its input; the input is wanted again afterwards or not."""

    def __init__(self, wanted: bool) -> None:
        super().__init__()
        self.branch, self.wanted = nn.Conv2d(4, 4, 3, padding=1), wanted

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(x + self.branch(x))
        return y + self.branch(x) if self.wanted else y


def test_an_addition_takes_the_place_of_an_input_that_is_done_with() -> None:
    measured = cost(Add(wanted=False), (5, 5), channels=4)
    assert measured.peak_bytes == measured.activation_bytes == 2 * 25 * (4 + 4)


def test_an_input_that_is_wanted_again_keeps_its_place() -> None:
    measured = cost(Add(wanted=True), (5, 5), channels=4)
    # x, the branch in whose place the sum is made, and the second branch.
    assert measured.peak_bytes == measured.activation_bytes == 2 * 25 * (4 + 4 + 4)


class Shuffle(nn.Module):
    """Keeps one half, changes the other, and shuffles them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept, changed = x.chunk(2, 1)
        x = torch.cat((kept, self.conv(changed)), 1)
        return x.reshape(1, 2, 4, 3, 3).transpose(1, 2).reshape(1, 8, 3, 3)


def test_views_are_free_and_a_shuffle_is_a_copy() -> None:
    measured = cost(Shuffle(), (3, 3), channels=8)
    # x and the concatenation, then the concatenation and its shuffled copy.
    assert measured.peak_bytes == 2 * 9 * 16
    assert measured.activation_bytes == 2 * 9 * 24


def test_the_network_is_left_as_it_is() -> None:
    network = build("squeezenet1_1", 16, width=0.25).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    cost(network, (64, 64))
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_squeezenet_s_stem_by_hand() -> None:
    measured = cost(build("squeezenet1_1", 128), (128, 128))
    # At the first pool its input 63x63x64 and its output 31x31x64 are alive.
    assert measured.peak_bytes == 2 * 64 * (63 * 63 + 31 * 31)
    assert measured.macs == 75_585_088


@pytest.mark.parametrize(
    ("name", "options", "millions"),
    [
        ("mobilenet_v1", {}, 569),  # table 4 of V1
        ("mobilenet_v1", {"width": 0.5}, 149),  # table 6
        ("mobilenet_v2", {}, 300),  # table 4 of V2
        ("mobilenet_v2", {"width": 1.4}, 585),
        ("shufflenet_v1", {"groups": 1}, 143),  # table 1 of V1
        ("shufflenet_v1", {"groups": 2}, 140),
        ("shufflenet_v1", {"groups": 3}, 137),
        ("shufflenet_v1", {"groups": 4}, 133),
        ("shufflenet_v1", {"groups": 8}, 137),
        ("shufflenet_v2", {"width": 0.5}, 41),  # table 5 of V2
        ("shufflenet_v2", {}, 146),
        ("shufflenet_v2", {"width": 1.5}, 299),
        ("shufflenet_v2", {"width": 2.0}, 591),
    ],
)
def test_the_published_work(name: str, options: dict[str, Any], millions: int) -> None:
    measured = cost(build(name, 1000, channels=3, **options), (224, 224), channels=3)
    assert measured.macs / 1e6 == pytest.approx(millions, rel=0.015)
