"""The convolution: C equals NumPy bit for bit, and NumPy equals the rule written out in plain Python."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrays import FILLS, fill, filled, sentinel
from peephole import _core
from peephole.fixedpoint import reference
from peephole.fixedpoint.window import Window

PLAIN = ((1, 1), (0, 0), (1, 1), 1)  # stride, padding, dilation, groups


def both(x: Any, weight: Any, bias: Any, norm: Any, *layer: Any, channels: int | None = None, channel: int = 0) -> Any:
    """Run C and reference into marked outputs, compare them all over, and return the slice that was written."""
    stride, padding, relu, *sums = layer
    window = Window(weight.shape[1:3], (stride,) * 2, (padding,) * 2)
    shape = (*window.outputs(*x.shape[:2]), channels or len(weight))
    moves = (window.stride, window.padding, window.dilation, 1, 0 if relu else -32768, 32767)
    ours, expected = sentinel(shape), sentinel(shape)
    _core.conv2d_s16(x, weight, bias, norm, *moves, *sums, ours, channel)
    reference.conv2d_s16(x, weight, bias, norm, *moves, *sums, expected, channel)
    np.testing.assert_array_equal(ours, expected)
    return ours[..., channel : channel + len(weight)]


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (1, 3), (5, 2), (7, 7)]))
    padding = draw(st.integers(0, min(kernel) - 1))
    height, width = (draw(st.integers(max(1, k - 2 * padding), 9)) for k in kernel)
    inputs = draw(st.one_of(st.integers(1, 70), st.sampled_from([16, 32, 48, 128])))
    outputs = draw(st.integers(1, 9))
    accumulation = draw(st.sampled_from(["full", "per_channel"]))
    bias = draw(filled((outputs,), np.int16 if accumulation == "per_channel" else np.int32)).astype(np.int32)
    channel = draw(st.integers(0, 3))
    return {
        "x": draw(filled((height, width, inputs), np.int16)),
        "weight": draw(filled((outputs, *kernel, inputs), np.int16)),
        "bias": bias,
        "norm": np.array(draw(st.lists(st.integers(0, 31), min_size=outputs, max_size=outputs)), np.uint8),
        "layer": (
            draw(st.integers(1, 3)),
            padding,
            draw(st.booleans()),
            accumulation,
            draw(st.sampled_from([32, 64])),
        ),
        "channel": channel,
        "channels": channel + outputs + draw(st.integers(0, 3)),
    }


@settings(max_examples=400)
@given(layers())
def test_c_equals_the_reference(case: dict[str, Any]) -> None:
    both(
        case["x"],
        case["weight"],
        case["bias"],
        case["norm"],
        *case["layer"],
        channels=case["channels"],
        channel=case["channel"],
    )


@pytest.mark.parametrize("x_fill", FILLS)
@pytest.mark.parametrize("weight_fill", FILLS)
@pytest.mark.parametrize("norm", [0, 1, 15, 16, 31])
@pytest.mark.parametrize(("accumulation", "bits"), [("full", 32), ("full", 64), ("per_channel", 32)])
def test_extremes(x_fill: str, weight_fill: str, norm: int, accumulation: str, bits: int) -> None:
    """Every combination of extreme input and weights, over enough taps (1,170) to overflow 32 bits."""
    rng = np.random.default_rng(7)
    x = fill(rng, x_fill, (4, 3, 130), np.int16)
    weight = fill(rng, weight_fill, (5, 3, 3, 130), np.int16)
    bias = fill(rng, "edges", (5,), np.int16 if accumulation == "per_channel" else np.int32).astype(np.int32)
    both(x, weight, bias, np.full(5, norm, np.uint8), 1, 1, False, accumulation, bits)


def by_hand(x: Any, weight: Any, bias: Any, norm: Any, accumulation: str, bits: int) -> list[int]:
    """One output pixel whose window is the whole input, in Python's unbounded integers."""

    def clip(value: int) -> int:
        return min(max(value, -32768), 32767)

    def wrap(value: int) -> int:
        return (value + 2**31) % 2**32 - 2**31

    result = []
    for o in range(len(weight)):
        products = x.astype(object) * weight[o].astype(object)
        shift, half = int(norm[o]), (2 ** int(norm[o])) // 2
        if accumulation == "full":
            total = int(bias[o]) + int(products.sum())
            result.append(clip(((wrap(total) if bits == 32 else total) + half) >> shift))
            continue
        running = int(bias[o])
        for c in range(x.shape[2]):
            running = clip(wrap((running << shift) + int(products[..., c].sum()) + half) >> shift)
        result.append(running)
    return result


@settings(max_examples=150)
@given(data=st.data(), accumulation=st.sampled_from(["full", "per_channel"]), bits=st.sampled_from([32, 64]))
def test_the_reference_equals_the_rule(data: st.DataObject, accumulation: Any, bits: Any) -> None:
    kernel, inputs = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 20))
    x = data.draw(filled((kernel, kernel, inputs), np.int16))
    weight = data.draw(filled((3, kernel, kernel, inputs), np.int16))
    bias = data.draw(filled((3,), np.int16 if accumulation == "per_channel" else np.int32)).astype(np.int32)
    norm = np.array(data.draw(st.lists(st.integers(0, 31), min_size=3, max_size=3)), np.uint8)
    out = sentinel((1, 1, 3))
    reference.conv2d_s16(x, weight, bias, norm, *PLAIN, -32768, 32767, accumulation, bits, out, 0)
    assert out[0, 0].tolist() == by_hand(x, weight, bias, norm, accumulation, bits)


def one_value(x: int, weight: int, bias: int, norm: int, relu: bool = False, rule: str = "full", bits: int = 64) -> int:
    arrays = np.full((1, 1, 1), x, np.int16), np.full((1, 1, 1, 1), weight, np.int16)
    y = both(*arrays, np.array([bias], np.int32), np.array([norm], np.uint8), 1, 0, relu, rule, bits)
    return int(y[0, 0, 0])


def test_halves_are_rounded_upwards() -> None:
    assert [one_value(1, product, 0, 1) for product in (-3, -2, -1, 0, 1, 2, 3)] == [-1, -1, 0, 0, 1, 1, 2]


def test_norm_zero_adds_no_half() -> None:
    assert one_value(5, 7, 1, 0) == 36


def test_saturates_on_both_sides() -> None:
    assert one_value(32767, 32767, 0, 1) == 32767
    assert one_value(-32768, 32767, 0, 1) == -32768
    assert one_value(-32768, 32767, 0, 1, relu=True) == 0


def test_32_bit_accumulator_wraps_where_the_64_bit_one_is_exact() -> None:
    arguments = {"x": -32768, "weight": -32768, "bias": 2**31 - 1, "norm": 17}
    assert one_value(**arguments, bits=64) == (2**30 + 2**31 - 1 + 2**16) >> 17
    assert one_value(**arguments, bits=32) == (2**30 + 2**31 - 1 - 2**32 + 2**16) >> 17


def test_the_half_itself_does_not_wrap() -> None:
    assert one_value(0, 0, 2**31 - 1, 31, bits=32) == 1


def test_per_channel_wraps_as_the_old_kernels_did() -> None:
    # (o << 16) alone fills 32 bits, so that one tap more turns a large positive value negative.
    assert one_value(32767, 2, 32767, 16, rule="per_channel") == -32768


@pytest.mark.parametrize("kernel", [1, 3])
def test_long_windows_are_exact(kernel: int) -> None:
    """More than 256 taps of the largest size: where the vector code has to carry over into 64 bits."""
    for inputs in (15, 16, 17, 255, 256, 257, 1024):
        x = np.full((kernel, kernel, inputs), -32768, np.int16)
        weight = np.full((4, kernel, kernel, inputs), -32768, np.int16)
        y = both(x, weight, np.zeros(4, np.int32), np.full(4, 31, np.uint8), 1, 0, False, "full", 64)
        assert y[0, 0].tolist() == [min((inputs * kernel**2 * 2**30 + 2**30) >> 31, 32767)] * 4


def test_taps_outside_of_the_input_see_zeros() -> None:
    x = np.full((2, 2, 2), 100, np.int16)
    weight = np.full((5, 3, 3, 2), 100, np.int16)
    y = both(x, weight, np.arange(5, dtype=np.int32), np.full(5, 4, np.uint8), 1, 2, False, "full", 64)
    assert y[..., 0].tolist() == [
        [t * 1250 for t in row] for row in ([1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1])
    ]
