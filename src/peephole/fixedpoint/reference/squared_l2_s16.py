"""Squared Euclidean distances of int16 descriptors, in NumPy."""

import numpy as np
from numpy.typing import NDArray


def squared_l2_s16(a: NDArray[np.int16], b: NDArray[np.int16]) -> int:
    """The exact squared distance of two vectors."""
    difference = a.astype(np.int64) - b
    return int((difference * difference).sum())


def squared_l2_many_s16(a: NDArray[np.int16], b: NDArray[np.int16], out: NDArray[np.uint64]) -> None:
    """The exact squared distances of a [N] to each row of b [M,N], into out [M]."""
    difference = b.astype(np.int64) - a
    out[:] = (difference * difference).sum(axis=1).astype(np.uint64)
