"""8-bit max pooling in NumPy."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


def maxpool_s8(x: NDArray[np.int8], size: int, stride: int, out: NDArray[np.int8], channel: int) -> None:
    """The largest of size x size values of x [H,W,C], no padding, into out[..., channel:channel+C]."""
    windows = sliding_window_view(x, (size, size), axis=(0, 1))[::stride, ::stride]
    out[..., channel : channel + x.shape[2]] = windows.max(axis=(-2, -1))
