"""The C kernels; csrc/include/peephole/*.h say what each computes. Every array is checked: ValueError names the fault."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

def conv2d_s16(
    x: NDArray[np.int16],
    weight: NDArray[np.int16],
    bias: NDArray[np.int32],
    norm: NDArray[np.uint8],
    stride: int,
    padding: int,
    relu: bool,
    accumulation: Literal["full", "per_channel"],
    accumulator_bits: Literal[32, 64],
    out: NDArray[np.int16],
    channel: int,
) -> None: ...
def squared_l2_s16(a: NDArray[np.int16], b: NDArray[np.int16]) -> int: ...
def squared_l2_many_s16(a: NDArray[np.int16], b: NDArray[np.int16], out: NDArray[np.uint64]) -> None: ...
