"""Scaling a descriptor to length one, in whole numbers."""

import math

import numpy as np
from numpy.typing import NDArray


def l2_normalize_s16(x: NDArray[np.int16], frac_bits: int, out: NDArray[np.int16]) -> None:
    """X * 2^frac_bits / |x|, rounded to the nearest, halves away from zero; x and out [N]; zeros stay zeros."""
    values = [int(value) for value in x]
    total = sum(value * value for value in values)
    shift = 0
    while total and total < 1 << 60:
        total, shift = total << 2, shift + 1
    root = math.isqrt(total)
    for i, value in enumerate(values):
        size = abs(value) << (shift + frac_bits)
        scaled = (2 * size + root) // (2 * root) if root else 0
        out[i] = -scaled if value < 0 else scaled
