"""Q-formats: int16 or int8 values with a power-of-two scale, `value = integer / 2**frac_bits`.

The steps are those of the paper behind the first smart doorbell of this kind (Zemlyanikin et al.,
"512KiB RAM Is Enough!", ICCVW 2019): integer bits from the largest magnitude, the other bits for
the fraction, round half up, clip.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

BITS = 16
INT16_MIN = -(1 << 15)
INT32_MAX = (1 << 31) - 1
WIDTHS = (8, 16)  # bits that a tensor may have


def limits(bits: int) -> tuple[int, int]:
    """Return the least and the greatest signed integer of so many bits."""
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def integer_bits(maximum: float, bits: int = BITS) -> int:
    """Return the integer bits of a signed format that holds +-maximum; may be negative.

    `ceil(log2(maximum))`, and one more where the maximum would round beyond the largest integer
    (an exact power of two, say), so that nothing calibrated is ever clipped.
    """
    if not (maximum > 0 and math.isfinite(maximum)):
        raise ValueError(f"a range must be positive and finite, not {maximum}")
    whole = math.ceil(math.log2(maximum))
    limit = (1 << (bits - 1)) - 1
    return whole + (math.floor(math.ldexp(maximum, bits - 1 - whole) + 0.5) > limit)


def fraction_bits(maximum: float, bits: int = BITS) -> int:
    """Return the fraction bits left beside the sign and the integer bits: `bits - 1 - integer_bits`."""
    return bits - 1 - integer_bits(maximum, bits)


def round_half_up(values: ArrayLike) -> NDArray[np.float64]:
    """Return `floor(x + 0.5)`, as the kernels' `(acc + half) >> norm` rounds."""
    return np.floor(np.asarray(values, np.float64) + 0.5)


def to_fixed(values: ArrayLike, frac_bits: ArrayLike, dtype: Any = np.int16) -> NDArray[Any]:
    """Quantize: `clip(round(x * 2**frac_bits))` to the limits of `dtype`. frac_bits broadcasts."""
    limits = np.iinfo(dtype)
    scaled = round_half_up(np.ldexp(np.asarray(values, np.float64), np.asarray(frac_bits, np.int32)))
    return np.clip(scaled, limits.min, limits.max).astype(dtype)


def to_float(values: ArrayLike, frac_bits: ArrayLike) -> NDArray[np.float64]:
    """Return the value of integers: `x / 2**frac_bits`."""
    return np.ldexp(np.asarray(values, np.float64), -np.asarray(frac_bits, np.int32))
