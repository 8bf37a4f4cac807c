"""The roundings, clips and wraps that the reference kernels share."""

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]


def clip16(value: Int64) -> NDArray[np.int16]:
    """Clip to the range of int16."""
    return np.clip(value, -32768, 32767).astype(np.int16)


def shift_round_clip16(value: Int64, shift: int | NDArray[np.uint8]) -> NDArray[np.int16]:
    """clip16(round(value / 2^shift)), halves upwards; shift 0 adds no half."""
    bits = np.asarray(shift, np.int64)
    return clip16((value + ((1 << bits) >> 1)) >> bits)


def wrap32(value: Int64) -> Int64:
    """The number's lowest 32 bits as a signed number: what an int32 accumulator holds."""
    return (value + 2**31) % 2**32 - 2**31
