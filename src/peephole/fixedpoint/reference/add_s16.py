"""Sum of two 16-bit tensors of different formats, in NumPy."""

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.rounding import store


def add_s16(
    x: NDArray[np.int16],
    other: NDArray[np.int16],
    shift: int,
    other_shift: int,
    norm: int,
    low: int,
    high: int,
    out: NDArray[np.int16],
    channel: int,
) -> None:
    """((x << shift) + (other << other_shift) + 2^(norm-1)) >> norm, x and other [H,W,C], into a slice of out.

    Clipped to low..high. The sum is exact; norm 0 adds no half.
    """
    total = (x.astype(np.int64) << shift) + (other.astype(np.int64) << other_shift)
    store(total, norm, low, high, out[..., channel : channel + x.shape[2]])
