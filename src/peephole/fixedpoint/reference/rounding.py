"""The roundings, clips and wraps that the reference kernels share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]


def clip_to(value: Int64, dtype: Any) -> NDArray[Any]:
    """Clip to the range of an integer type."""
    limits = np.iinfo(dtype)
    return np.clip(value, limits.min, limits.max).astype(dtype)


def clip16(value: Int64) -> NDArray[np.int16]:
    """Clip to the range of int16."""
    return clip_to(value, np.int16)


def shift_round(value: Int64, shift: int | NDArray[np.uint8]) -> Int64:
    """round(value / 2^shift), halves upwards; shift 0 adds no half."""
    bits = np.asarray(shift, np.int64)
    return np.asarray((value + ((1 << bits) >> 1)) >> bits)


def store(total: Int64, norm: int | NDArray[np.uint8], relu: bool, out: NDArray[Any]) -> None:
    """Round sums by 2^norm, clip them to the type of `out`, apply a ReLU and write them there."""
    y = clip_to(shift_round(total, norm), out.dtype)
    out[...] = np.maximum(y, 0) if relu else y


def wrap32(value: Int64) -> Int64:
    """The number's lowest 32 bits as a signed number: what an int32 accumulator holds."""
    return (value + 2**31) % 2**32 - 2**31
