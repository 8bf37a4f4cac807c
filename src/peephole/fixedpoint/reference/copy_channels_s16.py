"""Concatenation by writing into a slice of channels, in NumPy."""

import numpy as np
from numpy.typing import NDArray


def copy_channels_s16(x: NDArray[np.int16], out: NDArray[np.int16], channel: int) -> None:
    """Copy x [H,W,C] into out[..., channel:channel+C]."""
    out[..., channel : channel + x.shape[2]] = x
