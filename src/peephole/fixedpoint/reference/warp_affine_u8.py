"""The affine warp of a grey image in NumPy."""

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.bilinear import bilinear_u8


def warp_affine_u8(image: NDArray[np.uint8], matrix: NDArray[np.int32], out: NDArray[np.uint8]) -> None:
    """Resample image [H,W] into out [h,w]; matrix [2,3] (Q16) leads from a pixel of out to one of image."""
    y, x = np.mgrid[: out.shape[0], : out.shape[1]].astype(np.int64)
    m = matrix.astype(np.int64)
    columns = m[0, 0] * x + m[0, 1] * y + m[0, 2]
    rows = m[1, 0] * x + m[1, 1] * y + m[1, 2]
    out[:] = bilinear_u8(image, (rows + 128) >> 8, (columns + 128) >> 8)
