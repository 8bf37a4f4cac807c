"""Q-formats against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.fixedpoint.formats import fraction_bits, integer_bits, round_half_up, to_fixed, to_float

magnitudes = st.floats(2.0**-20, 2.0**20)


@pytest.mark.parametrize(
    ("maximum", "bits"), [(0.3, -1), (0.6, 0), (0.99999, 1), (1.0, 1), (1.5, 1), (2.0, 2), (100, 7)]
)
def test_integer_bits_by_hand(maximum: float, bits: int) -> None:
    # 0.99999 * 2**15 rounds to 32768, which int16 does not hold.
    assert integer_bits(maximum) == bits


@given(magnitudes)
def test_the_maximum_fits_and_uses_half_the_range(maximum: float) -> None:
    frac_bits = fraction_bits(maximum)
    largest = math.floor(math.ldexp(maximum, frac_bits) + 0.5)
    assert 16383 <= largest <= 32767


@given(magnitudes, st.floats(-1, 1))
def test_quantizing_errs_by_half_a_step_at_most(maximum: float, share: float) -> None:
    frac_bits = fraction_bits(maximum)
    value = maximum * share
    assert abs(to_float(to_fixed(value, frac_bits), frac_bits) - value) <= 2.0 ** (-frac_bits - 1)


def test_halves_round_up_and_limits_clip() -> None:
    assert round_half_up([-1.5, -0.5, 0.5, 1.5]).tolist() == [-1, 0, 1, 2]
    assert to_fixed([-5.0, 5.0, 0.25], 14).tolist() == [-32768, 32767, 4096]


@pytest.mark.parametrize("maximum", [0.0, -1.0, math.inf, math.nan])
def test_a_range_must_be_positive_and_finite(maximum: float) -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        fraction_bits(maximum)


def test_fraction_bits_broadcast() -> None:
    assert to_fixed(np.ones((2, 2)), np.array([[1], [3]])).tolist() == [[2, 2], [8, 8]]
