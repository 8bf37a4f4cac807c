"""The roundings, clips and wraps that the reference kernels share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]


def clip16(value: Int64) -> NDArray[np.int16]:
    """Clip to the range of int16."""
    return np.clip(value, -(1 << 15), (1 << 15) - 1).astype(np.int16)


def shift_round(value: Int64, shift: int | NDArray[np.uint8]) -> Int64:
    """round(value / 2^shift), halves upwards; shift 0 adds no half."""
    bits = np.asarray(shift, np.int64)
    return np.asarray((value + ((1 << bits) >> 1)) >> bits)


def store(total: Int64, norm: int | NDArray[np.uint8], low: int, high: int, out: NDArray[Any]) -> None:
    """Round sums by 2^norm, clip them to low..high, which fits the type of `out`, and write them there."""
    out[...] = np.clip(shift_round(total, norm), low, high)


def wrap32(value: Int64) -> Int64:
    """The number's lowest 32 bits as a signed number: what an int32 accumulator holds."""
    return (value + 2**31) % 2**32 - 2**31
