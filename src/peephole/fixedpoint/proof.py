"""How large an accumulator can become, from the integer weights alone.

Inputs are taken at the worst value their tensor can hold (after ReLU 0 .. 32767, or 0 .. 127 of 8
bits, or up to the ceiling of a ReLU6; the image's bytes as they are), so the bound holds for every
image, and for every partial sum in any order.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.formats import BITS, INT16_MIN, INT32_MAX, limits
from peephole.fixedpoint.layers import (
    Add,
    AveragePool,
    Convolution,
    CopyChannels,
    Layer,
    MaxPool,
    ShuffleChannels,
    Upsample,
    Weight,
    clip_limits,
)

Range = tuple[int, int]


def value_ranges(
    input_name: str,
    input_offset: int,
    layers: Iterable[Layer],
    bits: Mapping[str, int] | None = None,
    inputs: Range | None = None,
) -> dict[str, Range]:
    """Return the least and the greatest integer that each tensor can hold; both sides include 0.

    bits: of the tensors by name; 16 for those that are not in it. inputs: what the input can hold, if
    not a pixel less the offset.
    """

    def bits_of(name: str) -> int:
        return (bits or {}).get(name, BITS)

    ranges: dict[str, Range] = {input_name: inputs or (min(0, -input_offset), max(0, 255 - input_offset))}
    for layer in layers:
        least, greatest = limits(bits_of(layer.output))
        low, high = ranges[layer.input]
        if isinstance(layer, Convolution | Add):
            signed = isinstance(layer, Convolution) or min(low, ranges[layer.other][0]) < 0
            low, high = clip_limits(layer, bits_of(layer.output))
            low = low if signed else max(0, low)
        elif isinstance(layer, AveragePool):
            low, high = (_clip(_average_bound(layer, end), least, greatest) for end in (low, high))
        elif isinstance(layer, CopyChannels):
            clip = clip_limits(layer, bits_of(layer.output))
            low, high = (_clip(_shifted(end, layer.shift), *clip) for end in (low, high))
        elif not isinstance(layer, MaxPool | ShuffleChannels | Upsample):
            low, high = (least if low < 0 else 0), greatest
        before = ranges.get(layer.output, (0, 0))
        ranges[layer.output] = (min(low, before[0]), max(high, before[1]))
    return ranges


def _average_bound(layer: AveragePool, value: int) -> int:
    """Return the largest mean that an average pool makes of values up to this one, 0 or beyond it, rounded."""
    means = [_shifted((n + 1) * value * int(factor), -layer.shift) for n, factor in enumerate(layer.factors)]
    return max(means) if value > 0 else min(means)


def _shifted(value: int, shift: int) -> int:
    """Value * 2^shift, rounded half up."""
    return value << shift if shift >= 0 else (value + (1 << (-shift - 1))) >> -shift


def _clip(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


def sum_bounds(weight: Weight, low: int, high: int) -> NDArray[np.int64]:
    """Return the largest magnitude of each output channel's sum of products: [O,KH,KW,I] or [C,KH,KW] -> [O]."""
    flat = weight.reshape(len(weight), -1).astype(np.int64)
    positive = np.maximum(flat, 0).sum(1)
    negative = np.maximum(-flat, 0).sum(1)
    return np.asarray(np.maximum(positive * high + negative * -low, positive * -low + negative * high), np.int64)


def _half(norm: NDArray[np.uint8]) -> NDArray[np.int64]:
    return (np.int64(1) << norm.astype(np.int64)) >> 1


def accumulator_bounds(layer: Convolution, inputs: Range) -> NDArray[np.int64]:
    """Return the largest magnitude of each output channel's accumulator, rounding included: int64 [O]."""
    half = _half(layer.norm)
    if layer.accumulation == "full":
        return sum_bounds(layer.weight, *inputs) + np.abs(layer.bias.astype(np.int64)) + half
    taps = np.stack([sum_bounds(layer.weight[..., c : c + 1], *inputs) for c in range(layer.weight.shape[3])])
    running = np.int64(-INT16_MIN) << layer.norm.astype(np.int64)
    return np.asarray(taps.max(0) + running + half)


def headroom_bits(layer: Convolution, ranges: Mapping[str, Range]) -> float:
    """Return the bits between the accumulator's bound and what the accumulator holds; negative: it may wrap."""
    largest = max(1, int(accumulator_bounds(layer, ranges[layer.input]).max()))
    return (layer.accumulator_bits - 1) - math.log2(largest)


def fits_32_bits(layer: Convolution, inputs: Range) -> bool:
    """Tell whether no image can make the layer's 32-bit accumulator wrap."""
    return bool((accumulator_bounds(layer, inputs) <= INT32_MAX).all())
