"""Bilinear sampling in integers, the border pixels repeated outwards without end; what resize and warp share."""

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]


def bilinear_u8(image: NDArray[np.uint8], rows: Int64, columns: Int64) -> NDArray[np.uint8]:
    """The values of image [H,W] at rows and columns given in 1/256 pixel, which broadcast against each other."""
    upper, lower, below = _neighbours(rows, image.shape[0])
    left, right, beside = _neighbours(columns, image.shape[1])
    grey = image.astype(np.int64)
    first = (256 - beside) * grey[upper, left] + beside * grey[upper, right]
    second = (256 - beside) * grey[lower, left] + beside * grey[lower, right]
    return (((256 - below) * first + below * second + 2**15) >> 16).astype(np.uint8)


def _neighbours(position: Int64, side: int) -> tuple[Int64, Int64, Int64]:
    whole = position >> 8
    return np.clip(whole, 0, side - 1), np.clip(whole + 1, 0, side - 1), position & 255
