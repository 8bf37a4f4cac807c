"""What is trained is what runs: the torch twin of an integer program, layer by layer, and learning in its formats."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn.functional import normalize  # noqa: E402

from peephole.fixedpoint.float_network import FloatNetwork  # noqa: E402
from peephole.fixedpoint.importer import import_network  # noqa: E402
from peephole.fixedpoint.interpreter import run  # noqa: E402
from peephole.fixedpoint.quantize import QuantizationOptions, quantize, trainable  # noqa: E402
from peephole.training.quantization_aware import QuantizedNetwork, round_through  # noqa: E402
from programs import smooth_images, tiny_network  # noqa: E402

SIDE = 17
IMAGES = smooth_images(24, SIDE)
OPTIONS = QuantizationOptions.of(8, report_images=2)


class Residual(nn.Module):
    """All that a network of ours is made of: batch norm, a sum, a concatenation, pools, a depthwise last window."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.stem_bn = nn.Conv2d(1, 8, 3, stride=2, bias=False), nn.BatchNorm2d(8)
        self.first, self.first_bn = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.second, self.second_bn = nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8)
        self.left, self.right = nn.Conv2d(8, 5, 1), nn.Conv2d(8, 7, 3, padding=1)
        self.pool, self.window = nn.MaxPool2d(3, 2), nn.Conv2d(12, 12, 3, groups=12)
        self.descriptor = nn.Conv2d(12, 6, 1)

    def forward(self, x: "torch.Tensor") -> "torch.Tensor":
        x = torch.relu(self.stem_bn(self.stem(x)))
        branch = torch.relu(self.first_bn(self.first(x)))
        x = torch.relu(x + self.second_bn(self.second(branch)))
        x = torch.cat((torch.relu(self.left(x)), torch.relu(self.right(x))), 1)
        return normalize(self.descriptor(self.window(self.pool(x))).flatten(1))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def residual(seed: int) -> FloatNetwork:
    torch.manual_seed(seed)
    network = Residual()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.uniform_(0.05, 1.0)
            module.running_mean.normal_(0, 0.2)
            module.weight.data.uniform_(0.5, 2.0)
            module.bias.data.normal_(0, 0.3)
    return import_network(network, "residual", (SIDE, SIDE))


def as_input(images: "np.ndarray") -> "torch.Tensor":
    return (torch.from_numpy(images[:, None]).float() - 128) / 128


NETWORKS = {"residual": residual, "fire": tiny_network, "unit fire": lambda s: tiny_network(s, unit_length=True)}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", range(3))
def test_every_layer_computes_what_the_integer_program_computes(name: str, seed: int) -> None:
    start = trainable(NETWORKS[name](seed), IMAGES, OPTIONS, 8)
    network = QuantizedNetwork(start)
    with torch.no_grad():  # training has moved the weights, some of them out of their range
        for parameter in network.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(seed)))
        made = network.tensors(as_input(IMAGES[:4]))
    program, _ = quantize(network.float_network(), IMAGES, OPTIONS, 8)
    for row, image in enumerate(IMAGES[:4]):
        for layer, integers in zip(program.layers, run(program, image).values(), strict=True):
            tensor = program.tensor(layer.output)
            values = made[tensor.name][row].permute(1, 2, 0).numpy() * 2.0**tensor.frac_bits
            part = values[..., layer.channel : layer.channel + integers.shape[2]]
            if layer.kind == "l2_normalize":  # a float's length is not exact
                np.testing.assert_allclose(part, integers, atol=1)
            else:
                np.testing.assert_array_equal(part, integers, err_msg=layer.name)


@pytest.mark.parametrize("name", NETWORKS)
def test_untrained_it_becomes_the_program_that_quantizing_makes(name: str) -> None:
    network = NETWORKS[name](1)
    plain, _ = quantize(network, IMAGES, OPTIONS, 8)
    start = trainable(network, IMAGES, OPTIONS, 8)
    assert quantize(start, IMAGES, OPTIONS, 8)[0].identity == plain.identity
    assert quantize(QuantizedNetwork(start).float_network(), IMAGES, OPTIONS, 8)[0].identity == plain.identity


def test_formats_travel_with_the_file(tmp_path: Path) -> None:
    start = trainable(residual(0), IMAGES, OPTIONS, 8)
    start.save(tmp_path / "start.safetensors")
    read = FloatNetwork.load(tmp_path / "start.safetensors")
    assert quantize(read, IMAGES, OPTIONS, 8)[0].identity == quantize(start, IMAGES, OPTIONS, 8)[0].identity
    assert read.formats is not None and start.formats is not None
    assert read.formats.as_json() == start.formats.as_json()


def test_rounding_is_half_up_and_its_gradient_stops_where_it_clips() -> None:
    x = torch.tensor([-3.0, -0.26, -0.25, 0.24, 0.25, 0.9, 3.0], requires_grad=True)
    y = round_through(x, torch.tensor(2.0), -2, 1)
    assert y.tolist() == [-1.0, -0.5, 0.0, 0.0, 0.5, 0.5, 0.5]
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, 1, 1, 1, 1, 0, 0]


def test_a_network_without_formats_is_refused() -> None:
    with pytest.raises(ValueError, match="network tiny: has no formats to train in"):
        QuantizedNetwork(tiny_network())


def test_learning_in_the_formats_brings_the_descriptors_nearer_to_the_float_network() -> None:
    exact = residual(3)
    images = smooth_images(64, SIDE, seed=5)
    wanted = torch.from_numpy(exact.descriptors(images))
    network = QuantizedNetwork(trainable(exact, IMAGES, dataclasses.replace(OPTIONS, ranges="maximum", margin=4.0), 8))

    def loss() -> "torch.Tensor":
        return (network(as_input(images)) - wanted).square().sum(1).mean()

    before = float(loss().detach())
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(240):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
    program, _ = quantize(network.float_network(), IMAGES, OPTIONS, 8)
    made = np.stack([run(program, image)[program.layers[-1].name].ravel() for image in images]) / 2.0**14
    after = float(((made - exact.descriptors(images)) ** 2).sum(1).mean())
    assert after < before / 2


class Around(nn.Module):
    """A stem, something in the middle, a descriptor."""

    def __init__(self, middle: nn.Module, clip: nn.Module | None = None) -> None:
        super().__init__()
        self.stem, self.clip, self.middle, self.last = nn.Conv2d(1, 8, 3), clip or nn.ReLU(), middle, nn.Conv2d(8, 4, 1)

    def forward(self, x: "torch.Tensor") -> "torch.Tensor":
        return self.last(self.middle(self.clip(self.stem(x))).mean((2, 3), keepdim=True)).flatten(1)


UNTRAINABLE = {
    "ceil pool": (Around(nn.MaxPool2d(2, 2, ceil_mode=True)), "layer middle: an output of 8x8, where padding alike"),
    "padding on one side": (
        Around(nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(8, 8, 3, 1))),
        "layer middle.1: an output of 14x14, where padding alike on all sides makes 13x13, cannot be trained",
    ),
    "average pool": (Around(nn.AvgPool2d(2)), "layer middle: average_pool cannot be trained in its formats"),
    "shuffle": (Around(nn.Sequential(nn.ChannelShuffle(2), nn.Conv2d(8, 8, 1))), "shuffle_channels cannot be trained"),
    "groups": (Around(nn.Conv2d(8, 8, 1, groups=2)), "layer middle: groups 2 cannot be trained in its formats"),
    "dilation": (Around(nn.Conv2d(8, 8, 3, dilation=2)), "layer middle: dilation 2 cannot be trained"),
    "two strides": (Around(nn.Conv2d(8, 8, 3, stride=(1, 2))), "layer middle: stride_x 2 cannot be trained"),
    "ReLU6": (Around(nn.Identity(), nn.ReLU6()), "layer stem: ceiling 6 cannot be trained"),
}


@pytest.mark.parametrize("case", UNTRAINABLE)
def test_what_torch_would_compute_otherwise_is_refused_by_name(case: str) -> None:
    module, words = UNTRAINABLE[case]
    start = trainable(import_network(module.eval(), "odd", (SIDE, SIDE)), IMAGES, OPTIONS, 8)
    with pytest.raises(ValueError, match=f"{words}.*; quantize without training"):
        QuantizedNetwork(start)
