"""Import of torch networks: the same function, and a named module for what is unsupported."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
from torch import nn  # noqa: E402

from peephole.fixedpoint.float_layers import FloatConv2d  # noqa: E402
from peephole.fixedpoint.importer import import_module, import_network  # noqa: E402
from peephole.models import build  # noqa: E402
from programs import smooth_images  # noqa: E402
from torch_networks import Function  # noqa: E402


def stir(network: nn.Module, *shape: int) -> nn.Module:
    """Give batch norm running statistics, gains and offsets that are not trivial."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias)
    network.train()(torch.randn(3, 1, *shape))
    return network.eval()


def assert_same(network: nn.Module, size: int) -> None:
    images = smooth_images(5, size)
    imported = import_network(network, "net", (size, size))
    with torch.no_grad():
        expected = network((torch.from_numpy(images[:, None]).float() - 128) / 128).numpy()
    np.testing.assert_allclose(imported.descriptors(images), expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("unit_length", [False, True])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("squeezenet1_0", {}),
        ("squeezenet1_1", {"bypass": True}),
        ("squeezenet1_1", {"pooling": "depthwise", "size": 64, "batch_norm": False}),
        ("mobilenet_v1", {}),
        ("mobilenet_v2", {}),
    ],
)
def test_our_networks(name: str, options: dict[str, Any], unit_length: bool) -> None:
    network = build(name, 16, width=0.5, **options)
    network.unit_length = unit_length
    assert_same(stir(network, 64, 64), 64)


class Branches(nn.Module):
    """Every supported operator, and ways of writing them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 6, 5, stride=2, padding=2), nn.BatchNorm2d(6, affine=False), nn.ReLU())
        self.left = nn.Conv2d(6, 3, 1)
        self.right = nn.Conv2d(6, 4, 3, padding=1, bias=False)
        self.inner = nn.Conv2d(6, 2, 1)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(9, 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        pair = torch.cat([self.left(x), torch.nn.functional.max_pool2d(self.right(x), 1)], 1)
        x = torch.relu(torch.cat([pair, self.inner(x)], 1))
        x = nn.functional.max_pool2d(x, (2, 2))
        return self.head(self.drop(x.mean((2, 3))))


def test_every_operator() -> None:
    network = stir(Branches(), 20, 20)
    imported = import_network(network, "branches", (20, 20))
    assert_same(network, 20)
    assert [layer.relu for layer in imported.layers if isinstance(layer, FloatConv2d)] == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert imported.layers[-1].name == "head"


class Block(nn.Module):
    """Two convolutions beside a way past them, as in ResNet; in place or not."""

    def __init__(self, inputs: int, outputs: int, stride: int, in_place: bool) -> None:
        super().__init__()
        self.one = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.one_bn = nn.BatchNorm2d(outputs)
        self.two = nn.Conv2d(outputs, outputs, 3, 1, 1, groups=outputs, bias=False)
        self.two_bn = nn.BatchNorm2d(outputs)
        self.past = nn.Conv2d(inputs, outputs, 1, stride) if stride > 1 else nn.Identity()
        self.relu = nn.ReLU(inplace=in_place)
        self.in_place = in_place

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.two_bn(self.two(self.relu(self.one_bn(self.one(x)))))
        if self.in_place:
            y += self.past(x)
            return self.relu(y)
        return self.relu(self.past(x) + y)


@pytest.mark.parametrize("in_place", [False, True])
def test_residual_and_depthwise_convolutions(in_place: bool) -> None:
    stem = nn.Conv2d(1, 6, 3, bias=False)
    whole = nn.Conv2d(8, 8, 5, groups=8)
    blocks = Block(6, 6, 1, in_place), Block(6, 8, 2, in_place)
    network = stir(nn.Sequential(stem, nn.BatchNorm2d(6), *blocks, whole, nn.Conv2d(8, 5, 1), nn.Flatten()), 12, 12)
    assert_same(network, 12)
    kinds = [layer.kind for layer in import_network(network, "net", (12, 12)).layers]
    assert kinds.count("add") == 2
    assert kinds.count("depthwise_conv2d") == 3
    assert kinds.count("conv2d") == 5


class Sum(nn.Module):
    """Something added to a convolution, which may be used again."""

    def __init__(self, add: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.conv, self.add = nn.Conv2d(1, 2, 1), add

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.add(self.conv(x), x)


def net(*modules: nn.Module) -> nn.Module:
    return nn.Sequential(*modules, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()


class Normalized(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(x)


class DividedByAnother(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Conv2d(1, 2, 1), nn.Conv2d(1, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.mean((2, 3), keepdim=True)
        return self.one(x).flatten(1) / torch.linalg.vector_norm(self.other(x).flatten(1), dim=1, keepdim=True)


class SeenInTwoShapes(nn.Module):
    """Changed in place, and read through another view of the same memory."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        flat = y.flatten(1)
        y += 1
        return flat


def part_changed(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    y[:, :1].add_(1)
    return y


def test_what_is_changed_in_place_is_seen_in_another_shape_too() -> None:
    assert_same(stir(nn.Sequential(SeenInTwoShapes()), 16, 16), 16)


conv = nn.Conv2d(1, 4, 3)
UNSUPPORTED = {
    "sigmoid": (net(conv, nn.Sigmoid()), "module 1: operator sigmoid is not supported; use ReLU or"),
    "transposed": (net(conv, nn.ConvTranspose2d(4, 2, 3)), "module 1: operator conv_transpose2d is not supported"),
    "training": (net(conv, nn.BatchNorm2d(4, track_running_stats=False)), "module 1: batch norm"),
    "uneven pool": (net(conv, nn.AdaptiveAvgPool2d(5)), r"module 1: an adaptive pool from \(14, 14\) to \(5, 5\)"),
    "reflection": (
        net(nn.ReflectionPad2d(1), conv),
        "module 0: padding mode 'reflect' is not supported; pad with zeros",
    ),
    "odd padding": (
        net(conv, nn.ConstantPad2d(1, 3.0), nn.MaxPool2d(2)),
        "module 1: padding by 3 of .* is not supported",
    ),
    "cut padding": (net(conv, nn.ZeroPad2d(-1)), "module 1: padding .* cuts off rows or columns"),
    "map": (nn.Sequential(conv, nn.Flatten()).eval(), r"must end in a descriptor \[N,D\]"),
    "other length": (
        net(DividedByAnother()),
        "division is supported by constants and by the descriptor's own length only",
    ),
    "length of a picture": (net(conv, Normalized()), "only the Euclidean length of a descriptor"),
    "product": (net(Sum(lambda y, x: y * y)), "module 0: the product of two tensors is not supported"),
    "broadcast": (net(Sum(lambda y, x: y + y.mean((2, 3), keepdim=True))), "cannot be added; make the shapes equal"),
    "other channels": (net(Sum(lambda y, x: y + x)), "cannot be added; make the shapes equal"),
    "constant map": (
        net(Sum(lambda y, x: y + torch.arange(16.0))),
        "module 0: a constant .* one number, or one a channel",
    ),
    "rows": (net(Sum(lambda y, x: y[:, :, 2:])), "module 0: entries 2 to 16 .* are not supported; slice channels"),
    "rows side by side": (net(Sum(lambda y, x: torch.cat([y, y], 2))), "module 0: only channels can be concatenated"),
    "in place through a slice": (
        net(Sum(part_changed)),
        "module 0: operator slice_scatter is not supported; it changes a part of a tensor in place",
    ),
    "batch": (net(Sum(lambda y, x: y.permute(1, 0, 2, 3))), "module 0: the batch must stay the first dimension"),
    "computed weights": (net(Sum(lambda y, x: nn.functional.conv2d(x, y[:, :1]))), "weights that the network computes"),
    "nothing": (nn.Sequential(conv).eval(), "must end in a descriptor"),
}


@pytest.mark.parametrize("what", UNSUPPORTED)
def test_what_is_unsupported_is_named(what: str) -> None:
    network, message = UNSUPPORTED[what]
    with pytest.raises(ValueError, match=message):
        import_network(network, "net", (16, 16))


class Deciding(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


@pytest.mark.parametrize("network", [Deciding(), net(nn.Conv2d(3, 2, 1)), net(nn.Conv2d(1, 2, 30))])
def test_what_cannot_be_traced(network: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"network net: cannot be traced for a grey 16x16 image: [^\n]+$"):
        import_network(network, "net", (16, 16))


def test_weights_with_nan() -> None:
    network = net(nn.Conv2d(1, 2, 1))
    with torch.no_grad():
        network[0].weight[0] = float("nan")
    with pytest.raises(ValueError, match="layer 0: weights hold NaN"):
        import_network(network, "net", (16, 16))


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="sums of floats are those of x86")
def test_the_import_of_our_networks_stays_the_same_to_the_bit() -> None:
    """Programs are known by their identity; another rounding or name anywhere would make all that ship strangers.

    Calibration sums floats. NumPy's BLAS does that in an order that it chooses by the processor, unless it is told one.
    """
    made = Path(__file__).parents[1] / "imported_network.py"
    told = {**os.environ, "OPENBLAS_CORETYPE": "Haswell"}
    done = subprocess.run([sys.executable, made], env=told, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    identity, *names = done.stdout.split()
    assert identity.startswith("08287578b7b8e059")
    assert names[:4] == ["conv1", "pool", "fire2.squeeze", "fire2.expand1x1"]


def test_pixels_are_scaled_by_the_network_itself() -> None:
    """What a network does to all pixels at its start goes into the image's offset and scale."""
    layer = nn.Conv2d(1, 2, 3, padding=1)
    network = Function(lambda x, a: a((x - 0.5) / 0.25), layer).eval()
    imported = import_module(network, "net", (1, 6, 7), "image", offset=0, scale=255)
    assert (imported.network.offset, imported.network.scale) == (127.5, 63.75)
    image = np.random.default_rng(0).integers(0, 256, (2, 6, 7), np.uint8)
    with torch.no_grad():
        expected = network(torch.from_numpy(image[:, None]).float() / 255).numpy()
    np.testing.assert_allclose(imported.output.from_tensor(imported.network.outputs(image)), expected, atol=1e-4)
