"""The input of a self-test."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.validation import TENSOR


def self_test_input(program: IntegerProgram) -> NDArray[Any]:
    """Return an input for a program, always the same: an image, or noise of half the range of its integers."""
    wanted = program.input
    if program.input_kind != TENSOR:
        return self_test_image(wanted.height, wanted.width)
    half = 1 << (wanted.bits - 2)
    return np.random.default_rng(0).integers(-half, half, wanted.shape).astype(wanted.dtype)


def self_test_image(height: int, width: int) -> NDArray[np.uint8]:
    """Return an image with smooth parts, an edge and noise, uint8 [H,W]; always the same."""
    y, x = np.mgrid[:height, :width]
    smooth = 128 + 60 * np.sin(x / 9) + 40 * np.cos(y / 7) + 50 * (x + y > (height + width) / 2)
    noise = np.random.default_rng(0).integers(-20, 21, (height, width))
    image: NDArray[np.uint8] = np.clip(smooth + noise, 0, 255).astype(np.uint8)
    return image
