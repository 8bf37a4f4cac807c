"""Max pooling in NumPy."""

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.windows import Pair, windows


def max_pool_s16(
    x: NDArray[np.int16],
    size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    out: NDArray[np.int16],
    channel: int,
) -> None:
    """The largest value under every window of x [H,W,C], into out[..., channel:channel+C].

    Taps outside of x are left out; every window has one inside.
    """
    taps = windows(x, size, stride, padding, dilation, out.shape[:2], outside=np.iinfo(np.int16).min)
    out[..., channel : channel + x.shape[2]] = taps.max(axis=(2, 3))
