"""Channels of a 16-bit tensor moved to another and requantized, in NumPy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.rounding import store


def copy_channels_s16(
    x: NDArray[np.int16], first: int, count: int, shift: int, low: int, high: int, out: NDArray[Any], channel: int
) -> None:
    """x[..., first:first+count] * 2^shift into out[..., channel:channel+count], int16 or int8, clipped to low..high.

    A negative shift rounds halves upwards.
    """
    values = x[..., first : first + count].astype(np.int64) << max(shift, 0)
    store(values, max(-shift, 0), low, high, out[..., channel : channel + count])
