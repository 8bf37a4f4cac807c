"""8-bit convolution in NumPy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.rounding import store, wrap32
from peephole.fixedpoint.reference.windows import sums_of_products, windows


def conv2d_s8(
    x: NDArray[np.int8],
    weight: NDArray[np.int8],
    bias: NDArray[np.int32],
    norm: NDArray[np.uint8],
    stride: int,
    padding: int,
    relu: bool,
    out: NDArray[Any],
    channel: int,
) -> None:
    """Convolve x [H,W,I] with weight [O,KH,KW,I] into out[..., channel:channel+O], int8 or int16.

    clip((bias + sum + 2^(norm-1)) >> norm) to the type of `out`, where bias + sum wraps at 2^32.
    """
    total = sums_of_products(windows(x, weight.shape[1], weight.shape[2], stride, padding), weight) + bias
    store(wrap32(total), norm, relu, out[..., channel : channel + len(weight)])
