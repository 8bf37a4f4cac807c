"""The depthwise convolution: C equals NumPy bit for bit, and NumPy equals the plain convolution channel by channel."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrays import FILLS, fill, filled, sentinel
from peephole import _core
from peephole.fixedpoint import reference
from peephole.fixedpoint.window import Window


def both(x: Any, weight: Any, bias: Any, norm: Any, *layer: Any, channels: int | None = None, channel: int = 0) -> Any:
    """Run C and reference into marked outputs, compare them all over, and return the slice that was written."""
    stride, padding, relu, bits = layer
    window = Window(weight.shape[1:3], (stride,) * 2, (padding,) * 2)
    shape = (*window.outputs(*x.shape[:2]), channels or len(weight))
    moves = (window.stride, window.padding, window.dilation, 0 if relu else -32768, 32767)
    ours, expected = sentinel(shape), sentinel(shape)
    _core.depthwise_conv2d_s16(x, weight, bias, norm, *moves, bits, ours, channel)
    reference.depthwise_conv2d_s16(x, weight, bias, norm, *moves, bits, expected, channel)
    np.testing.assert_array_equal(ours, expected)
    return ours[..., channel : channel + len(weight)]


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (1, 3), (5, 2), (7, 7), (8, 8)]))
    padding = draw(st.integers(0, min(kernel) - 1))
    height, width = (draw(st.integers(max(1, k - 2 * padding), 9)) for k in kernel)
    channels = draw(st.one_of(st.integers(1, 40), st.sampled_from([16, 32, 48])))
    channel = draw(st.integers(0, 3))
    return {
        "x": draw(filled((height, width, channels), np.int16)),
        "weight": draw(filled((channels, *kernel), np.int16)),
        "bias": draw(filled((channels,), np.int32)),
        "norm": np.array(draw(st.lists(st.integers(0, 31), min_size=channels, max_size=channels)), np.uint8),
        "layer": (draw(st.integers(1, 3)), padding, draw(st.booleans()), draw(st.sampled_from([32, 64]))),
        "channel": channel,
        "channels": channel + channels + draw(st.integers(0, 3)),
    }


def arrays_of(case: dict[str, Any]) -> tuple[Any, ...]:
    return case["x"], case["weight"], case["bias"], case["norm"], *case["layer"]


@settings(max_examples=300)
@given(layers())
def test_c_equals_the_reference(case: dict[str, Any]) -> None:
    both(*arrays_of(case), channels=case["channels"], channel=case["channel"])


@settings(max_examples=100)
@given(layers())
def test_every_channel_is_a_convolution_of_its_own(case: dict[str, Any]) -> None:
    x, weight, bias, norm, stride, padding, relu, bits = arrays_of(case)
    y = both(x, weight, bias, norm, stride, padding, relu, bits)
    for c in range(len(weight)):
        out = sentinel((*y.shape[:2], 1))
        one = (x[..., c : c + 1], weight[c : c + 1, ..., None], bias[c : c + 1], norm[c : c + 1])
        moves = ((stride, stride), (padding, padding), (1, 1), 1, 0 if relu else -32768, 32767)
        reference.conv2d_s16(*one, *moves, "full", bits, out, 0)
        np.testing.assert_array_equal(y[..., c : c + 1], out)


@pytest.mark.parametrize("x_fill", FILLS)
@pytest.mark.parametrize("weight_fill", FILLS)
@pytest.mark.parametrize("norm", [0, 1, 15, 16, 31])
@pytest.mark.parametrize("bits", [32, 64])
def test_extremes(x_fill: str, weight_fill: str, norm: int, bits: int) -> None:
    """The whole last map, 7x7, under one kernel: 49 products, enough to overflow 32 bits."""
    rng = np.random.default_rng(7)
    x = fill(rng, x_fill, (7, 7, 37), np.int16)
    weight = fill(rng, weight_fill, (37, 7, 7), np.int16)
    bias = fill(rng, "edges", (37,), np.int32)
    assert both(x, weight, bias, np.full(37, norm, np.uint8), 1, 0, False, bits).shape == (1, 1, 37)


def test_the_largest_kernel_is_exact() -> None:
    x, weight = np.full((8, 8, 17), -32768, np.int16), np.full((17, 8, 8), -32768, np.int16)
    y = both(x, weight, np.zeros(17, np.int32), np.full(17, 22, np.uint8), 1, 0, False, 64)
    assert y.reshape(-1).tolist() == [64 * 2**30 >> 22] * 17


def test_a_32_bit_sum_wraps_where_the_64_bit_one_is_exact() -> None:
    arrays = np.full((1, 2, 1), -32768, np.int16), np.full((1, 1, 2), -32768, np.int16)
    numbers = np.array([5 << 17], np.int32), np.array([17], np.uint8)
    assert both(*arrays, *numbers, 1, 0, False, 64)[0, 0, 0] == 5 + (2**31 >> 17)
    assert both(*arrays, *numbers, 1, 0, False, 32)[0, 0, 0] == 5 - (2**31 >> 17)


def test_taps_outside_of_the_input_see_zeros() -> None:
    x, weight = np.full((2, 2, 18), 100, np.int16), np.full((18, 3, 3), 100, np.int16)
    y = both(x, weight, np.arange(18, dtype=np.int32), np.zeros(18, np.uint8), 1, 2, False, 64)
    assert y[0, 0].tolist() == [10_000 + c for c in range(18)]
    assert y[1, 1].tolist() == [32767] * 18
