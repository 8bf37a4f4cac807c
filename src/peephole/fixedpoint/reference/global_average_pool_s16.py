"""Global average pooling in NumPy."""

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.rounding import store


def global_average_pool_s16(
    x: NDArray[np.int16], factor: int, shift: int, out: NDArray[np.int16], channel: int
) -> None:
    """clip16((S * factor + 2^(shift-1)) >> shift), S the sum of a channel of x [H,W,C], into a slice of out [1,1,CT].

    The caller keeps H * W * 2^15 * factor within 2^62.
    """
    sums = x.sum(axis=(0, 1), dtype=np.int64)
    limits = np.iinfo(out.dtype)
    store(sums * factor, shift, limits.min, limits.max, out[0, 0, channel : channel + x.shape[2]])
