"""The least-squares similarity through five points, in Python's unbounded integers."""

import numpy as np
from numpy.typing import NDArray

MOST_TEMPLATE = 1 << 20
MOST_POINT = 1 << 23


def similarity_fit_s32(points: NDArray[np.int32], template: NDArray[np.int32], out: NDArray[np.int32]) -> None:
    """Write the matrix [2,3] (Q16) that carries template [5,2] nearest to points [5,2], both in Q8 pixels.

    Raises `ValueError` where there is none, or a number is out of range; then out is left as it was.
    """
    start = [(int(x), int(y)) for x, y in template]
    end = [(int(x), int(y)) for x, y in points]
    if any(abs(v) > MOST_TEMPLATE for p in start for v in p) or any(abs(v) > MOST_POINT for p in end for v in p):
        raise ValueError("a point lies too far from the origin")
    from_x, from_y = (sum(axis) for axis in zip(*start, strict=True))
    to_x, to_y = (sum(axis) for axis in zip(*end, strict=True))
    flat = [(5 * x - from_x, 5 * y - from_y) for x, y in start]
    along = sum(d * x + e * y for (d, e), (x, y) in zip(flat, end, strict=True))
    across = sum(d * y - e * x for (d, e), (x, y) in zip(flat, end, strict=True))
    spread = sum(d * x + e * y for (d, e), (x, y) in zip(flat, start, strict=True))
    if spread == 0:
        raise ValueError("the template's points lie on one another")
    a, b = _rounded(along << 16, spread), _rounded(across << 16, spread)
    if a == b == 0:
        raise ValueError("the image's points lie on one another")
    x = _rounded((to_x << 16) - (a * from_x - b * from_y), 5 * 256)
    y = _rounded((to_y << 16) - (b * from_x + a * from_y), 5 * 256)
    if max(abs(a), abs(b)) >= 2**31 or not all(-(2**31) <= v < 2**31 for v in (x, y)):
        raise ValueError("the matrix does not fit 32 bits")
    out[:] = ((a, -b, x), (b, a, y))


def _rounded(dividend: int, divisor: int) -> int:
    """Return dividend / divisor to the nearest whole number, halves upwards."""
    return (2 * dividend + divisor) // (2 * divisor)
