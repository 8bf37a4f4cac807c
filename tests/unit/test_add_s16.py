"""Addition of two formats: C equals NumPy bit for bit, and NumPy equals the rule in plain Python."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrays import FILLS, fill, filled, sentinel
from peephole import _core
from peephole.fixedpoint import reference
from peephole.fixedpoint.layers import add_shifts


def both(x: Any, other: Any, *layer: Any, channels: int | None = None, channel: int = 0) -> Any:
    """Run C and reference into marked outputs, compare them all over, and return the slice that was written."""
    shape = (*x.shape[:2], channels or x.shape[2])
    *shifts, relu = layer
    ours, expected = sentinel(shape), sentinel(shape)
    _core.add_s16(x, other, *shifts, 0 if relu else -32768, 32767, ours, channel)
    reference.add_s16(x, other, *shifts, 0 if relu else -32768, 32767, expected, channel)
    np.testing.assert_array_equal(ours, expected)
    return ours[..., channel : channel + x.shape[2]]


@settings(max_examples=300)
@given(st.data())
def test_c_equals_the_reference(data: st.DataObject) -> None:
    draw = data.draw
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(st.integers(1, 40)))
    shifts = draw(st.tuples(*[st.one_of(st.integers(0, 31), st.integers(13, 16), st.just(0))] * 3))
    channel = draw(st.integers(0, 3))
    channels = channel + shape[2] + draw(st.integers(0, 3))
    x, other = draw(filled(shape, np.int16)), draw(filled(shape, np.int16))
    both(x, other, *shifts, draw(st.booleans()), channels=channels, channel=channel)


@pytest.mark.parametrize("fills", [(a, b) for a in FILLS for b in FILLS])
@pytest.mark.parametrize("shift", [0, 1, 14, 15, 16, 17, 31])
def test_extremes(fills: tuple[str, str], shift: int) -> None:
    """Around the shift where the sum leaves 32 bits."""
    rng = np.random.default_rng(7)
    x, other = (fill(rng, how, (2, 3, 9), np.int16) for how in fills)
    for norm in (0, 1, 16, 30, 31):
        both(x, other, shift, shift, norm, False)
        both(x, other, shift, 0, norm, True)


def by_hand(a: int, b: int, shift: int, other_shift: int, norm: int, relu: bool) -> int:
    total = (a << shift) + (b << other_shift) + (1 << norm) // 2
    return min(max(total >> norm, 0 if relu else -32768), 32767)


INT16 = st.integers(-32768, 32767)
SHIFT = st.integers(0, 31)


@given(a=INT16, b=INT16, shift=SHIFT, other_shift=SHIFT, norm=SHIFT, relu=st.booleans())
def test_the_reference_equals_the_rule(a: int, b: int, shift: int, other_shift: int, norm: int, relu: bool) -> None:
    out = sentinel((1, 1, 1))
    x, other = np.full((1, 1, 1), a, np.int16), np.full((1, 1, 1), b, np.int16)
    reference.add_s16(x, other, shift, other_shift, norm, 0 if relu else -32768, 32767, out, 0)
    assert out[0, 0, 0] == by_hand(a, b, shift, other_shift, norm, relu)


@given(formats=st.tuples(*[st.integers(0, 15)] * 3), a=st.integers(-100, 100), b=st.integers(-100, 100))
def test_shifts_of_formats_give_the_nearest_value(formats: tuple[int, int, int], a: int, b: int) -> None:
    frac, other_frac, out_frac = formats
    y = both(
        np.full((1, 1, 1), a, np.int16),
        np.full((1, 1, 1), b, np.int16),
        *add_shifts(*formats),
        False,
    )
    exact = (a / 2**frac + b / 2**other_frac) * 2**out_frac
    assert y[0, 0, 0] == min(max(int(np.floor(exact + 0.5)), -32768), 32767)


def test_one_tensor_added_to_itself_is_doubled() -> None:
    x = np.array([[[-20000, -3, 0, 3, 20000]]], np.int16)
    assert both(x, x, 0, 0, 0, False)[0, 0].tolist() == [-32768, -6, 0, 6, 32767]
    assert both(x, x, 0, 0, 1, True)[0, 0].tolist() == [0, 0, 0, 3, 20000]


def test_halves_are_rounded_upwards_once() -> None:
    # 1/4 + 1/4 is a half and becomes 1; each rounded by itself would give 0.
    quarter = np.ones((1, 1, 1), np.int16)
    assert both(quarter, quarter, 0, 0, 2, False)[0, 0, 0] == 1
    assert both(-quarter, -quarter, 0, 0, 2, False)[0, 0, 0] == 0
