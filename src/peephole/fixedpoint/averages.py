"""The factors by which means and average pools divide: integers that stand for 1 / n."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.windows import counted_taps
from peephole.fixedpoint.window import Pair, Window

FACTOR_BITS = 30


def counts_of(layer: Any, size: Pair, outputs: Pair) -> NDArray[np.int64]:
    """Return how many taps count under every window of an average pool, an integer one or its float twin: [OH,OW].

    size: height and width of what it reads; outputs: of what it makes.
    """
    return window_counts(layer.window, size, outputs, layer.padding_end if layer.counts_padding else None)


def window_counts(window: Window, size: Pair, outputs: Pair, padding_end: Pair | None = None) -> NDArray[np.int64]:
    """Return how many taps count under every window: [OH,OW].

    padding_end: how far the padding reaches below and on the right where taps in it count, else None.
    """
    around = ((0, 0), (0, 0)) if padding_end is None else (window.padding, padding_end)
    return counted_taps(size, window.size, window.stride, window.padding, window.dilation, outputs, around)


def average_factors(counts: Iterable[int], taps: int, finer: int = 0) -> tuple[NDArray[np.int32], int]:
    """Return the factors of an average pool, int32 [taps] for windows of 1, 2, .. taps that count, and their shift.

    counts: the numbers of counting taps that occur; the factors of others are 0. finer: by how many
    fraction bits the result is finer than what is read. Every factor is 2^shift / n rounded up, with
    30 to 31 significant bits for the smallest n, so that a mean over n values is off by less than
    2^-30 of their sum before it is rounded.
    """
    wanted = sorted(set(counts))
    if not wanted or wanted[0] < 1 or wanted[-1] > taps:
        raise ValueError(f"windows of {wanted} taps that count cannot be averaged; each needs 1 to {taps}")
    shift = FACTOR_BITS + wanted[0].bit_length() - 1 - finer
    if not 1 <= shift <= 61:
        raise ValueError(f"a mean to {finer} more fraction bits is out of range; choose other formats")
    factors = np.zeros(taps, np.int32)
    for count in wanted:
        factors[count - 1] = -(-(1 << (shift + finer)) // count)
    return factors, shift


def mean_factor(count: int, finer: int = 0) -> tuple[int, int]:
    """Return (factor, shift) of a mean over `count` values whose result has `finer` more fraction bits.

    The factor has 31 significant bits and is rounded up: the kernel's result is then the nearest
    integer for up to 16,384 values, an error of at most half a step. Raises `ValueError` for a shift out of range.
    """
    shift = FACTOR_BITS + (count - 1).bit_length() - finer
    if not 1 <= shift <= 61:
        raise ValueError(f"a mean over {count} values to {finer} more fraction bits is out of range; pool in two steps")
    scale = 1 << (shift + finer)
    return -(-scale // count), shift
