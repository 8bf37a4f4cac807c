"""Points of a crop carried into the image that it was cut from, in Python's unbounded integers."""

import numpy as np
from numpy.typing import NDArray


def warp_points_s16(
    points: NDArray[np.int16], size: int, frac_bits: int, matrix: NDArray[np.int32], out: NDArray[np.int32]
) -> None:
    """Carry points [5,2], Q(frac_bits) half sides from the middle of a size x size crop, into out [5,2], Q8 pixels.

    matrix [2,3] (Q16) leads from a pixel of the crop to one of the image. Raises `ValueError` where a point does not
    fit 32 bits; then out is left as it was.
    """
    one = 2 << frac_bits
    shift = frac_bits + 9
    placed = []
    for point in points.tolist():
        x, y = ((size - 1) * one // 2 + v * size for v in point)
        for xx, yx, offset in matrix.tolist():
            placed.append((xx * x + yx * y + offset * one + (1 << (shift - 1))) >> shift)
    if not all(-(2**31) <= v < 2**31 for v in placed):
        raise ValueError("a point lies too far from the image")
    out[:] = np.array(placed, np.int64).reshape(-1, 2)
