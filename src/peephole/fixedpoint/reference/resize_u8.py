"""Scaling of a grey image in NumPy."""

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.bilinear import bilinear_u8


def resize_u8(image: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """Scale image [H,W] into out [h,w], pixel centres aligned."""
    rows = _source_positions(image.shape[0], out.shape[0])
    columns = _source_positions(image.shape[1], out.shape[1])
    out[:] = bilinear_u8(image, rows[:, np.newaxis], columns[np.newaxis, :])


def _source_positions(side: int, outputs: int) -> NDArray[np.int64]:
    """(i + 1/2) * side / outputs - 1/2 for every output i, rounded to 1/256, halves upwards."""
    i = np.arange(outputs, dtype=np.int64)
    return (256 * (2 * i + 1) * side - 255 * outputs) // (2 * outputs)
