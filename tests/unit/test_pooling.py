"""Pooling: C equals NumPy bit for bit, and a mean is one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrays import FILLS, fill, filled, sentinel
from peephole import _core
from peephole.fixedpoint import reference
from peephole.fixedpoint.averages import average_factors, window_counts
from peephole.fixedpoint.window import Window


@st.composite
def slices(draw: st.DrawFn) -> tuple[Any, int, int]:
    """A tensor, the channel to write it to, and how many channels the output has."""
    shape = (draw(st.integers(1, 12)), draw(st.integers(1, 12)), draw(st.integers(1, 40)))
    channel = draw(st.integers(0, 5))
    return draw(filled(shape, np.int16)), channel, channel + shape[2] + draw(st.integers(0, 5))


@given(slices(), st.data())
def test_max_pool(case: tuple[Any, int, int], data: st.DataObject) -> None:
    x, channel, channels = case
    size, stride = data.draw(st.integers(1, min(x.shape[:2]))), data.draw(st.integers(1, 4))
    shape = ((x.shape[0] - size) // stride + 1, (x.shape[1] - size) // stride + 1, channels)
    ours, expected = sentinel(shape), sentinel(shape)
    moves = ((size, size), (stride, stride), (0, 0), (1, 1))
    _core.max_pool_s16(x, *moves, ours, channel)
    reference.max_pool_s16(x, *moves, expected, channel)
    np.testing.assert_array_equal(ours, expected)


def test_max_pool_rounds_the_size_down() -> None:
    x = np.arange(-8, 8, dtype=np.int16).reshape(4, 4, 1)
    out = sentinel((1, 1, 1))
    _core.max_pool_s16(x, (3, 3), (2, 2), (0, 0), (1, 1), out, 0)
    assert out[0, 0, 0] == x[2, 2, 0]


@given(slices(), st.integers(0, 2**30), st.integers(0, 61))
def test_global_average_pool(case: tuple[Any, int, int], factor: int, shift: int) -> None:
    x, channel, channels = case
    ours, expected = sentinel((1, 1, channels)), sentinel((1, 1, channels))
    _core.global_average_pool_s16(x, factor, shift, ours, channel)
    reference.global_average_pool_s16(x, factor, shift, expected, channel)
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("how", FILLS)
def test_global_average_pool_of_the_old_system(how: str) -> None:
    x = fill(np.random.default_rng(3), how, (7, 7, 512), np.int16)
    out = sentinel((1, 1, 512))
    _core.global_average_pool_s16(x, 1337, 16, out, 0)
    sums = x.astype(np.int64).sum(axis=(0, 1))
    assert out[0, 0].tolist() == [min(max((int(s) * 1337 + 2**15) >> 16, -32768), 32767) for s in sums]


def test_global_average_pool_rounds_halves_upwards_and_saturates() -> None:
    def pooled(value: int, factor: int, shift: int) -> int:
        out = sentinel((1, 1, 1))
        _core.global_average_pool_s16(np.full((1, 1, 1), value, np.int16), factor, shift, out, 0)
        return int(out[0, 0, 0])

    assert [pooled(value, 1, 1) for value in (-3, -1, 1, 3)] == [-1, 0, 1, 2]
    assert [pooled(value, 1, 0) for value in (-3, 3)] == [-3, 3]
    assert [pooled(value, 3, 1) for value in (-32768, 32767)] == [-32768, 32767]


def test_global_average_pool_refuses_what_could_overflow() -> None:
    x = np.zeros((256, 256, 1), np.int16)
    _core.global_average_pool_s16(x, 2**31 - 1, 30, sentinel((1, 1, 1)), 0)
    with pytest.raises(ValueError, match="exactly"):
        _core.global_average_pool_s16(np.zeros((257, 256, 1), np.int16), 2**31 - 1, 30, sentinel((1, 1, 1)), 0)


def average(x: Any, size: int, stride: int, padding: int, counts_padding: bool, end: int, outputs: int) -> list[int]:
    """The means of a row [1,W,1] by C and NumPy."""
    window = Window((1, size), (1, stride), (0, padding))
    counts = window_counts(window, x.shape[:2], (1, outputs), (0, end) if counts_padding else None)
    factors, shift = average_factors(counts.ravel().tolist(), size)
    ours, expected = sentinel((1, outputs, 1)), sentinel((1, outputs, 1))
    moves = (window.size, window.stride, window.padding, window.dilation)
    for kernels, out in ((_core, ours), (reference, expected)):
        kernels.average_pool_s16(x, *moves, (0, end), counts_padding, factors, shift, out, 0)
    np.testing.assert_array_equal(ours, expected)
    return [int(y) for y in ours.ravel()]


def test_average_pool_by_hand() -> None:
    x = np.array([6, 9, 12, 300, 6], np.int16).reshape(1, 5, 1)
    assert average(x, 3, 1, 0, False, 0, 3) == [9, 107, 106]
    assert average(x, 3, 2, 1, False, 0, 3) == [8, 107, 153]  # 15 / 2 rounds up; two taps at either end
    assert average(x, 3, 2, 1, True, 1, 3) == [5, 107, 102]  # the padding's zeros count
    assert average(x, 3, 2, 0, True, 0, 3) == [9, 106, 6]  # what hangs out beyond the padding never counts


def test_average_pool_is_a_mean_for_every_number_of_taps() -> None:
    rng = np.random.default_rng(5)
    for taps in (1, 2, 3, 7, 49, 64, 255):
        x = rng.integers(-32768, 32768, (1, taps, 1)).astype(np.int16)
        exact = float(x.astype(np.int64).sum()) / taps
        assert abs(average(x, taps, 1, 0, False, 0, 1)[0] - exact) <= 0.5
        highest = np.full((1, taps, 1), 32767, np.int16)
        assert average(highest, taps, 1, 0, False, 0, 1) == [32767]
        assert average(-1 - highest, taps, 1, 0, False, 0, 1) == [-32768]


def test_factors_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="each needs 1 to 4"):
        average_factors([0, 3], 4)
    with pytest.raises(ValueError, match="a mean to 40 more fraction bits is out of range"):
        average_factors([4], 4, 40)
