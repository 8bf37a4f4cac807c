"""Max pooling in NumPy."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


def maxpool_s16(x: NDArray[np.int16], size: int, stride: int, out: NDArray[np.int16], channel: int) -> None:
    """The largest of size x size values of x [H,W,C], no padding, into out[..., channel:channel+C]."""
    windows = sliding_window_view(x, (size, size), axis=(0, 1))[::stride, ::stride]
    out[..., channel : channel + x.shape[2]] = windows.max(axis=(-2, -1))
