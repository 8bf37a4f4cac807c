"""8-bit windowed average pooling in NumPy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.rounding import store
from peephole.fixedpoint.reference.windows import Pair, counted_taps, windows


def average_pool_s8(
    x: NDArray[np.int8],
    size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    padding_end: Pair,
    counts_padding: bool,
    factors: NDArray[np.int32],
    shift: int,
    out: NDArray[Any],
    channel: int,
) -> None:
    """(S * factors[n-1] + 2^(shift-1)) >> shift, S the sum under a window of x [H,W,C], into a slice of out.

    n: how many of the window's taps count, those inside of x and, if `counts_padding`, those in the padding, which
    reaches `padding_end` beyond the bottom and the right. Clipped to the type of `out`, int8 or int16.
    """
    sums = windows(x, size, stride, padding, dilation, out.shape[:2]).sum((2, 3))
    around = (padding, padding_end) if counts_padding else ((0, 0), (0, 0))
    counts = counted_taps(x.shape[:2], size, stride, padding, dilation, out.shape[:2], around)
    limits = np.iinfo(out.dtype)
    scaled = sums * factors[counts - 1].astype(np.int64)[..., None]
    store(scaled, shift, limits.min, limits.max, out[..., channel : channel + x.shape[2]])
