"""The float layers are those of torch, whatever their window; and their integers are near them."""

from typing import Any

import numpy as np
import pytest

from peephole.fixedpoint.float_layers import (
    FloatAdd,
    FloatAveragePool,
    FloatConv2d,
    FloatCopyChannels,
    FloatDepthwiseConv2d,
    FloatLayer,
)
from peephole.fixedpoint.float_network import FloatNetwork, FloatTensor
from peephole.fixedpoint.layers import MaxPool, ShuffleChannels, Upsample
from peephole.fixedpoint.window import window_fields

torch = pytest.importorskip("torch", reason="needs the train extra")
functional = torch.nn.functional
RNG = np.random.default_rng(3)
IMAGES = RNG.integers(0, 256, (2, 13, 11), np.uint8)


def weights(*shape: int) -> Any:
    return RNG.normal(0, 0.3, shape).astype(np.float32)


def assert_like_torch(layer: FloatLayer, expected: Any, before: FloatLayer | None = None, channels: int = 1) -> None:
    """Run a layer on the images, or on what `before` makes of them; expected: of torch, [N,C,H,W]."""
    made = expected.numpy().transpose(0, 2, 3, 1)
    tensors = [FloatTensor("y", *made.shape[1:])]
    if before is not None:
        tensors.insert(0, FloatTensor("x", 13, 11, channels))
    layers = (layer,) if before is None else (before, layer)
    network = FloatNetwork("one", FloatTensor("image", 13, 11, 1), 128, 128, tuple(tensors), layers, "y")
    np.testing.assert_allclose(network.activations(IMAGES)["y"], made, rtol=1e-4, atol=1e-5)


def images() -> Any:
    return torch.from_numpy((IMAGES[:, None].astype(np.float32) - 128) / 128)


STEM = FloatConv2d("stem", "image", "x", 0, 1, 1, False, weights(6, 3, 3, 1), np.zeros(6))


def stem() -> Any:
    return functional.conv2d(images(), torch.from_numpy(STEM.weight.transpose(0, 3, 1, 2).copy()), padding=1)


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_a_convolution(groups: int) -> None:
    weight, bias = weights(12, 3, 2, 6 // groups), RNG.normal(0, 1, 12)
    options = window_fields((2, 1), (2, 1), (2, 3))
    layer = FloatConv2d("y", "x", "y", 0, **options, relu=True, weight=weight, bias=bias, groups=groups, ceiling=0.5)
    kernel = torch.from_numpy(weight.transpose(0, 3, 1, 2).copy())
    y = functional.conv2d(stem(), kernel, torch.from_numpy(bias).float(), (2, 1), (2, 1), (2, 3), groups)
    assert_like_torch(layer, y.clamp(0, 0.5), STEM, 6)


def test_a_depthwise_convolution() -> None:
    weight, bias = weights(6, 3, 5), RNG.normal(0, 1, 6)
    options = window_fields((1, 2), (2, 4), (2, 1))
    layer = FloatDepthwiseConv2d("y", "x", "y", 0, **options, relu=False, weight=weight, bias=bias, floor=-0.25)
    kernel = torch.from_numpy(weight[:, None])
    y = functional.conv2d(stem(), kernel, torch.from_numpy(bias).float(), (1, 2), (2, 4), (2, 1), 6)
    assert_like_torch(layer, y.clamp(min=-0.25), STEM, 6)


@pytest.mark.parametrize("ceil", [False, True])
def test_a_max_pool(ceil: bool) -> None:
    layer = MaxPool("y", "x", "y", 0, 3, 2, size_x=4, stride_x=3, padding=1, padding_left=2, dilation_x=2)
    assert_like_torch(layer, functional.max_pool2d(stem(), (3, 4), (2, 3), (1, 2), (1, 2), ceil), STEM, 6)


@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("counted", [False, True])
def test_an_average_pool(ceil: bool, counted: bool) -> None:
    layer = FloatAveragePool("y", "x", "y", 0, 3, 2, size_x=4, stride_x=3, padding=1, padding_left=2)
    layer = FloatAveragePool(**(vars(layer) | {"counts_padding": counted}))
    assert_like_torch(layer, functional.avg_pool2d(stem(), (3, 4), (2, 3), (1, 2), ceil, counted), STEM, 6)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_an_upsampling(mode: str) -> None:
    assert_like_torch(Upsample("y", "x", "y", 0), functional.interpolate(stem(), scale_factor=2, mode=mode), STEM, 6)


def test_channels_and_clips() -> None:
    assert_like_torch(ShuffleChannels("y", "x", "y", 0, 3), torch.nn.ChannelShuffle(3)(stem()), STEM, 6)
    copy = FloatCopyChannels("y", "x", "y", 0, 2, 3, relu=True, ceiling=0.125)
    assert_like_torch(copy, stem()[:, 2:5].clamp(0, 0.125), STEM, 6)
    add = FloatAdd("y", "x", "x", "y", 0, False, ceiling=0.25, floor=-0.125)
    assert_like_torch(add, (2 * stem()).clamp(-0.125, 0.25), STEM, 6)
