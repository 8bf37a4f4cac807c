"""8-bit convolution of every channel by its own kernel, in NumPy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.rounding import store, wrap32
from peephole.fixedpoint.reference.windows import Pair, windows


def depthwise_conv2d_s8(
    x: NDArray[np.int8],
    weight: NDArray[np.int8],
    bias: NDArray[np.int32],
    norm: NDArray[np.uint8],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    low: int,
    high: int,
    out: NDArray[Any],
    channel: int,
) -> None:
    """Convolve channel c of x [H,W,C] with weight[c] of [C,KH,KW] into out[..., channel + c], int8 or int16.

    (bias + sum + 2^(norm-1)) >> norm, clipped to low..high, where bias + sum wraps at 2^32.
    """
    taps = windows(x, weight.shape[1:3], stride, padding, dilation, out.shape[:2])
    total = np.einsum("yxijc,cij->yxc", taps, weight.astype(np.int64)) + bias
    store(wrap32(total), norm, low, high, out[..., channel : channel + len(weight)])
