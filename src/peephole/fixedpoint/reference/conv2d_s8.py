"""8-bit convolution in NumPy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.rounding import store, wrap32
from peephole.fixedpoint.reference.windows import Pair, sums_of_products, windows


def conv2d_s8(
    x: NDArray[np.int8],
    weight: NDArray[np.int8],
    bias: NDArray[np.int32],
    norm: NDArray[np.uint8],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    low: int,
    high: int,
    out: NDArray[Any],
    channel: int,
) -> None:
    """Convolve x [H,W,I] with weight [O,KH,KW,I/groups] into out[..., channel:channel+O], int8 or int16.

    (bias + sum + 2^(norm-1)) >> norm, clipped to low..high, where bias + sum wraps at 2^32.
    """
    taps = windows(x, weight.shape[1:3], stride, padding, dilation, out.shape[:2])
    total = sums_of_products(taps, weight, groups) + bias
    store(wrap32(total), norm, low, high, out[..., channel : channel + len(weight)])
