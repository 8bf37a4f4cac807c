"""Scaling to length one: C equals NumPy bit for bit, and both are within one step of the exact value."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrays import FILLS, fill, filled, sentinel
from peephole import _core
from peephole.fixedpoint import reference


@given(st.integers(1, 600).flatmap(lambda n: filled((n,), np.int16)), st.integers(0, 14))
def test_l2_normalize(x: Any, frac_bits: int) -> None:
    ours, expected = sentinel(x.shape), sentinel(x.shape)
    _core.l2_normalize_s16(x, frac_bits, ours)
    reference.l2_normalize_s16(x, frac_bits, expected)
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("how", FILLS)
def test_it_is_within_one_step_of_the_exact_value(how: str) -> None:
    x = fill(np.random.default_rng(5), how, (512,), np.int16)
    out = sentinel((512,))
    _core.l2_normalize_s16(x, 14, out)
    length = np.linalg.norm(x.astype(np.float64))
    exact = x * 2.0**14 / length if length else np.zeros(512)
    assert np.abs(out - exact).max() < 1


def test_small_vectors_are_scaled_as_well_as_large_ones() -> None:
    out = sentinel((2,))
    _core.l2_normalize_s16(np.array([3, -4], np.int16), 14, out)
    assert out.tolist() == [9830, -13107]


def test_the_length_is_rounded_down_at_31_bits() -> None:
    """Exactly it is -12972.499994; a length of one more bit would tell, and these are the bits of the definition."""
    x, out = np.array([-27269, -5131, -20401], np.int16), sentinel((3,))
    _core.l2_normalize_s16(x, 14, out)
    assert out[0] == -12973
    reference.l2_normalize_s16(x, 14, out)
    assert out[0] == -12973


def test_more_than_fourteen_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="frac_bits must be 0 to 14"):
        _core.l2_normalize_s16(np.ones(2, np.int16), 15, sentinel((2,)))
