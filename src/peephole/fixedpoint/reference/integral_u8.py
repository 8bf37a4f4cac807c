"""Integral images in NumPy."""

import numpy as np
from numpy.typing import NDArray


def integral_u8(image: NDArray[np.uint8], sum: NDArray[np.uint32], squares: NDArray[np.uint32]) -> None:
    """The zero-bordered sums of image [H,W] and of its squares over every [0,y) x [0,x), modulo 2^32: [H+1,W+1]."""
    grey = image.astype(np.uint64)
    for values, out in ((grey, sum), (grey * grey, squares)):
        out[:] = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0))).astype(np.uint32)
