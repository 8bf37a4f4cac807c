"""What the kernel of a convolution sees at every place of its input, and the sums of products there."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


def windows(x: NDArray[Any], height: int, width: int, stride: int, padding: int) -> NDArray[np.int64]:
    """Every window of the zero-padded input [H,W,I]: [OH,OW,KH,KW,I]."""
    padded = np.pad(x.astype(np.int64), ((padding, padding), (padding, padding), (0, 0)))
    views = sliding_window_view(padded, (height, width), axis=(0, 1))
    return np.moveaxis(views[::stride, ::stride], 2, -1)


def sums_of_products(taps: NDArray[np.int64], weight: NDArray[Any]) -> NDArray[np.int64]:
    """The exact sum over every window [OH,OW,KH,KW,I] times every kernel [O,KH,KW,I]: [OH,OW,O].

    Through float64 (far faster than int64) where every partial sum stays below 2^53.
    """
    rows, columns = taps.shape[:2]
    a, b = taps.reshape(rows * columns, -1), weight.reshape(len(weight), -1).T
    if a.shape[1] < 2**22:  # |sum| < 2^22 * 2^30
        product = (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)
    else:
        product = a @ b.astype(np.int64)
    return product.reshape(rows, columns, -1)
