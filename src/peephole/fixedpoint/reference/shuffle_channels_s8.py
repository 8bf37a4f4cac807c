"""Channel shuffle of 8 bits, in NumPy."""

import numpy as np
from numpy.typing import NDArray


def shuffle_channels_s8(x: NDArray[np.int8], groups: int, out: NDArray[np.int8], channel: int) -> None:
    """The k-th channels of all groups of x [H,W,C] side by side, into out[..., channel:channel+C]."""
    height, width, channels = x.shape
    grouped = x.reshape(height, width, groups, channels // groups)
    out[..., channel : channel + channels] = grouped.swapaxes(2, 3).reshape(x.shape)
