"""What the kernel of a convolution or of a pool sees at every place of its input, and the sums of products there."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Pair = tuple[int, int]  # down the rows, along the columns


def windows(
    x: NDArray[Any], size: Pair, stride: Pair, padding: Pair, dilation: Pair, outputs: Pair, outside: int = 0
) -> NDArray[np.int64]:
    """The first `outputs` windows of the input [H,W,I]: [OH,OW,KH,KW,I].

    padding: how far the first window hangs out at the top and at the left; it hangs out elsewhere as far as `outputs`
    asks. outside: what taps outside of the input see.
    """
    extent = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
    around = [
        (before, max(0, (count - 1) * step + reach - before - side))
        for side, before, count, step, reach in zip(x.shape[:2], padding, outputs, stride, extent, strict=True)
    ]
    padded = np.pad(x.astype(np.int64), (*around, (0, 0)), constant_values=outside)
    views = sliding_window_view(padded, extent, axis=(0, 1))[:: stride[0], :: stride[1]]
    taps = views[: outputs[0], : outputs[1], :, :: dilation[0], :: dilation[1]]
    return np.moveaxis(taps, 2, -1)


def counted_taps(
    sides: Pair, size: Pair, stride: Pair, padding: Pair, dilation: Pair, outputs: Pair, around: tuple[Pair, Pair]
) -> NDArray[np.int64]:
    """How many taps of every window lie in an input of these sides, or around it: [OH,OW].

    around: how many rows and columns (above, left) and (below, right) count as well.
    """
    counts = []
    for direction, side in enumerate(sides):
        starts = np.arange(outputs[direction]) * stride[direction] - padding[direction]
        places = starts[:, None] + np.arange(size[direction]) * dilation[direction]
        before, after = (part[direction] for part in around)
        counts.append(((places >= -before) & (places < side + after)).sum(1))
    return np.outer(*counts)


def sums_of_products(taps: NDArray[np.int64], weight: NDArray[Any], groups: int = 1) -> NDArray[np.int64]:
    """The exact sum over every window [OH,OW,KH,KW,I] times every kernel [O,KH,KW,I/groups]: [OH,OW,O]."""
    parts = zip(np.split(taps, groups, axis=-1), np.split(weight, groups), strict=True)
    return np.concatenate([_sums(*part) for part in parts], axis=-1)


def _sums(taps: NDArray[np.int64], weight: NDArray[Any]) -> NDArray[np.int64]:
    """Through float64 (far faster than int64) where every partial sum stays below 2^53."""
    rows, columns = taps.shape[:2]
    a, b = taps.reshape(rows * columns, -1), weight.reshape(len(weight), -1).T
    if a.shape[1] < 2**22:  # |sum| < 2^22 * 2^30
        product = (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)
    else:
        product = a @ b.astype(np.int64)
    return product.reshape(rows, columns, -1)
