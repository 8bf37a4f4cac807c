"""The kernels of 8 bits: C equals NumPy bit for bit, and both equal those of 16 bits on the same numbers, clipped."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arrays import FILLS, fill, filled
from peephole import _core
from peephole.fixedpoint import reference

MARK = {np.int8: -123, np.int16: -12345}
OUTPUTS = [np.int8, np.int16]
WHOLE = ((1, 1), (0, 0), (1, 1))  # stride, padding, dilation
PADDED = ((1, 1), (1, 1), (1, 1), 1)  # and groups


def clip(relu: bool, dtype: Any) -> tuple[int, int]:
    """The least and the greatest value that is written."""
    limits = np.iinfo(dtype)
    return 0 if relu else limits.min, limits.max


def sentinels(shape: tuple[int, ...], dtype: Any) -> tuple[Any, Any]:
    """Two outputs marked all over with an uncommon number."""
    return np.full(shape, MARK[dtype], dtype), np.full(shape, MARK[dtype], dtype)


def both(kernel: str, out_shape: tuple[int, ...], dtype: Any, *arguments: Any, channel: int | None = 0) -> Any:
    """Run C and reference into marked outputs, compare them all over, and return the output."""
    ours, expected = sentinels(out_shape, dtype)
    last = () if channel is None else (channel,)
    getattr(_core, kernel)(*arguments, ours, *last)
    getattr(reference, kernel)(*arguments, expected, *last)
    np.testing.assert_array_equal(ours, expected)
    return ours


def clipped(values: Any, dtype: Any) -> Any:
    return np.clip(values, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype)


def norms(draw: Callable[..., Any], count: int) -> Any:
    return np.array(draw(st.lists(st.integers(0, 31), min_size=count, max_size=count)), np.uint8)


@settings(max_examples=300)
@given(st.data(), st.sampled_from(OUTPUTS))
def test_conv2d(data: st.DataObject, dtype: Any) -> None:
    draw = data.draw
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (1, 3), (5, 2), (7, 7)]))
    stride, padding = draw(st.integers(1, 3)), draw(st.integers(0, min(kernel) - 1))
    height, width = (draw(st.integers(max(1, k - 2 * padding), 9)) for k in kernel)
    inputs = draw(st.one_of(st.integers(1, 70), st.sampled_from([16, 32, 48, 128])))
    outputs, channel, more = draw(st.integers(1, 9)), draw(st.integers(0, 3)), draw(st.integers(0, 3))
    x, weight = draw(filled((height, width, inputs), np.int8)), draw(filled((outputs, *kernel, inputs), np.int8))
    bias, norm, relu = draw(filled((outputs,), np.int32)), norms(draw, outputs), draw(st.booleans())
    size = tuple((side + 2 * padding - k) // stride + 1 for side, k in zip((height, width), kernel, strict=True))
    shape = (*size, channel + outputs + more)
    moves = ((stride, stride), (padding, padding), (1, 1), 1)
    y = both("conv2d_s8", shape, dtype, x, weight, bias, norm, *moves, *clip(relu, dtype), channel=channel)
    wide = np.zeros((*size, outputs), np.int16)
    arrays = (x.astype(np.int16), weight.astype(np.int16), bias, norm)
    reference.conv2d_s16(*arrays, *moves, *clip(relu, np.int16), "full", 32, wide, 0)
    np.testing.assert_array_equal(y[..., channel : channel + outputs], clipped(wide, dtype))


@settings(max_examples=300)
@given(st.data(), st.sampled_from(OUTPUTS))
def test_depthwise_conv2d(data: st.DataObject, dtype: Any) -> None:
    draw = data.draw
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (1, 3), (5, 2), (7, 7), (8, 8)]))
    stride, padding = draw(st.integers(1, 3)), draw(st.integers(0, min(kernel) - 1))
    height, width = (draw(st.integers(max(1, k - 2 * padding), 9)) for k in kernel)
    channels = draw(st.one_of(st.integers(1, 40), st.sampled_from([16, 32, 48])))
    channel, more = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    x, weight = draw(filled((height, width, channels), np.int8)), draw(filled((channels, *kernel), np.int8))
    bias, norm, relu = draw(filled((channels,), np.int32)), norms(draw, channels), draw(st.booleans())
    size = tuple((side + 2 * padding - k) // stride + 1 for side, k in zip((height, width), kernel, strict=True))
    shape = (*size, channel + channels + more)
    moves = ((stride, stride), (padding, padding), (1, 1))
    y = both("depthwise_conv2d_s8", shape, dtype, x, weight, bias, norm, *moves, *clip(relu, dtype), channel=channel)
    wide = np.zeros((*size, channels), np.int16)
    arrays = (x.astype(np.int16), weight.astype(np.int16), bias, norm)
    reference.depthwise_conv2d_s16(*arrays, *moves, *clip(relu, np.int16), 32, wide, 0)
    np.testing.assert_array_equal(y[..., channel : channel + channels], clipped(wide, dtype))


@pytest.mark.parametrize("x_fill", FILLS)
@pytest.mark.parametrize("weight_fill", FILLS)
@pytest.mark.parametrize("norm", [0, 1, 7, 8, 31])
@pytest.mark.parametrize("dtype", OUTPUTS)
def test_extremes_of_convolutions(x_fill: str, weight_fill: str, norm: int, dtype: Any) -> None:
    """Every combination of extreme input, weights and biases, which make the sum wrap."""
    rng = np.random.default_rng(7)
    x, weight = fill(rng, x_fill, (7, 7, 37), np.int8), fill(rng, weight_fill, (37, 7, 7), np.int8)
    bias, shifts = fill(rng, "edges", (37,), np.int32), np.full(37, norm, np.uint8)
    both("depthwise_conv2d_s8", (1, 1, 37), dtype, x, weight, bias, shifts, *WHOLE, *clip(False, dtype))
    plain = fill(rng, weight_fill, (5, 3, 3, 37), np.int8)
    both("conv2d_s8", (7, 7, 5), dtype, x, plain, bias[:5], shifts[:5], *PADDED, *clip(True, dtype))


@example(2**31 - 1, 1)
@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 31))
def test_a_bias_alone_is_rounded_exactly(bias: int, norm: int) -> None:
    """Nothing overflows where the half is added, at either end of 32 bits."""
    x, weight = np.zeros((1, 1, 1), np.int8), np.zeros((1, 1, 1, 1), np.int8)
    arguments = (x, weight, np.array([bias], np.int32), np.array([norm], np.uint8))
    y = both("conv2d_s8", (1, 1, 1), np.int16, *arguments, *WHOLE, 1, *clip(False, np.int16))
    assert y[0, 0, 0] == min(max((bias + (1 << norm) // 2) >> norm, -32768), 32767)


@settings(max_examples=300)
@given(st.data())
def test_add(data: st.DataObject) -> None:
    draw = data.draw
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(st.integers(1, 40)))
    shifts = draw(st.tuples(*[st.one_of(st.integers(0, 31), st.integers(13, 16), st.just(0))] * 3))
    channel, more, relu = draw(st.integers(0, 3)), draw(st.integers(0, 3)), draw(st.booleans())
    x, other = draw(filled(shape, np.int8)), draw(filled(shape, np.int8))
    full = (*shape[:2], channel + shape[2] + more)
    y = both("add_s8", full, np.int8, x, other, *shifts, *clip(relu, np.int8), channel=channel)
    wide = np.zeros(shape, np.int16)
    reference.add_s16(x.astype(np.int16), other.astype(np.int16), *shifts, *clip(relu, np.int16), wide, 0)
    np.testing.assert_array_equal(y[..., channel : channel + shape[2]], clipped(wide, np.int8))


@given(st.data())
def test_max_pool(data: st.DataObject) -> None:
    draw = data.draw
    shape = (draw(st.integers(1, 12)), draw(st.integers(1, 12)), draw(st.integers(1, 40)))
    size, stride, channel = draw(st.integers(1, min(shape[:2]))), draw(st.integers(1, 4)), draw(st.integers(0, 3))
    out = ((shape[0] - size) // stride + 1, (shape[1] - size) // stride + 1, channel + shape[2])
    x = draw(filled(shape, np.int8))
    y = both("max_pool_s8", out, np.int8, x, (size, size), (stride, stride), (0, 0), (1, 1), channel=channel)
    assert y[0, 0, channel] == x[:size, :size, 0].max()


@given(st.data(), st.sampled_from(OUTPUTS))
def test_global_average_pool(data: st.DataObject, dtype: Any) -> None:
    draw = data.draw
    shape = (draw(st.integers(1, 12)), draw(st.integers(1, 12)), draw(st.integers(1, 40)))
    factor, shift, channel = draw(st.integers(0, 2**30)), draw(st.integers(0, 61)), draw(st.integers(0, 3))
    x = draw(filled(shape, np.int8))
    y = both("global_average_pool_s8", (1, 1, channel + shape[2]), dtype, x, factor, shift, channel=channel)
    wide = np.zeros((1, 1, shape[2]), np.int16)
    reference.global_average_pool_s16(x.astype(np.int16), factor, shift, wide, 0)
    np.testing.assert_array_equal(y[..., channel:], clipped(wide, dtype))


@given(st.integers(1, 600).flatmap(lambda n: filled((n,), np.int8)), st.integers(0, 14))
def test_l2_normalize(x: Any, frac_bits: int) -> None:
    y = both("l2_normalize_s8", x.shape, np.int16, x, frac_bits, channel=None)
    wide = np.zeros(x.shape, np.int16)
    _core.l2_normalize_s16(x.astype(np.int16), frac_bits, wide)
    np.testing.assert_array_equal(y, wide)


def test_l2_normalize_of_the_largest_numbers() -> None:
    y = both("l2_normalize_s8", (4096,), np.int16, np.full(4096, -128, np.int8), 14, channel=None)
    assert y.tolist() == [-256] * 4096  # 2^14 / sqrt(4096)
