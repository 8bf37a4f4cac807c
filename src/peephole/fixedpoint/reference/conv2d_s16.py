"""16-bit convolution by both accumulation rules, in NumPy: what the C kernel must equal bit for bit."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.rounding import clip16, store, wrap32
from peephole.fixedpoint.reference.windows import Pair, sums_of_products, windows

Int16 = NDArray[np.int16]


def conv2d_s16(
    x: Int16,
    weight: Int16,
    bias: NDArray[np.int32],
    norm: NDArray[np.uint8],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    low: int,
    high: int,
    accumulation: Literal["full", "per_channel"],
    accumulator_bits: Literal[32, 64],
    out: Int16,
    channel: int,
) -> None:
    """Convolve x [H,W,I] with weight [O,KH,KW,I/groups] into out[..., channel:channel+O], clipped to low..high.

    `full` rounds once: (bias + sum + 2^(norm-1)) >> norm, where bias + sum wraps at 2^32 if `accumulator_bits`
    is 32. `per_channel` starts at the bias, which must fit 16 bits, and rounds and clips to them after every input
    channel, wrapping at 2^32.
    """
    taps = windows(x, weight.shape[1:3], stride, padding, dilation, out.shape[:2])
    part = out[..., channel : channel + len(weight)]
    if accumulation == "full":
        total = sums_of_products(taps, weight, groups) + bias
        store(wrap32(total) if accumulator_bits == 32 else total, norm, low, high, part)
    else:
        split = (np.split(taps, groups, -1), *(np.split(array, groups) for array in (weight, bias, norm)))
        y = np.concatenate([_per_channel(*arrays) for arrays in zip(*split, strict=True)], axis=-1)
        part[...] = np.clip(y, low, high)


def _per_channel(taps: NDArray[np.int64], weight: Int16, bias: NDArray[np.int32], norm: NDArray[np.uint8]) -> Int16:
    rows, columns = taps.shape[:2]
    shift = norm.astype(np.int64)
    half = (1 << shift) >> 1
    running = np.broadcast_to(bias.astype(np.int64), (rows, columns, len(weight)))
    for c in range(taps.shape[-1]):
        sums = taps[..., c].reshape(rows * columns, -1) @ weight[..., c].reshape(len(weight), -1).T.astype(np.int64)
        total = wrap32((running << shift) + sums.reshape(running.shape) + half)
        running = clip16(total >> shift).astype(np.int64)
    return running.astype(np.int16)
