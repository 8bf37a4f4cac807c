"""Which power of two every tensor has: of the ranges that calibration shows, and of what layers tie together."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.float_layers import FloatAdd, FloatConvolution, FloatL2Normalize
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.formats import fraction_bits
from peephole.fixedpoint.layers import MaxPool, ShuffleChannels, Upsample, tensors_read
from peephole.fixedpoint.network_formats import TensorFormat
from peephole.fixedpoint.ranges import RULES, Samples, Statistics, least_squares_bits, percentile_bits, producer
from peephole.fixedpoint.rounding import weight_bits
from peephole.fixedpoint.validation import FRAC_BITS, IMAGE

INPUT_FRAC_BITS = 7  # of a pixel less an offset
UNIT_FRAC_BITS = 14  # one itself must fit, which has no room in Q15


@dataclass(frozen=True)
class RangeRule:
    """How far the format of an activation reaches.

    ranges: `maximum` (times margin), `percentile` of the magnitudes, or `least_squares` (the range that loses least).
    margin: how far a range by the maximum reaches beyond the largest value seen; what is larger saturates. Two
    bits (4.0) cost about a decibel, since weights are the coarser part; without them a few values of
    an unusual face saturate and spoil its descriptor (`benchmarks/quantization.py` measures it).
    """

    margin: float = 4.0
    ranges: str = "maximum"
    percentile: float = 99.99

    def __post_init__(self) -> None:
        """Refuse a rule that there is not. Raises `ValueError`."""
        if self.ranges not in RULES:
            raise ValueError(f"ranges {self.ranges!r} must be one of {', '.join(RULES)}")


WIDE = RangeRule()  # of the tensors that an 8-bit program holds in 16 bits


def choose_formats(
    network: FloatNetwork,
    maxima: Statistics,
    samples: Samples,
    rules: Mapping[int, RangeRule],
    widths: Mapping[str, int],
) -> dict[str, TensorFormat]:
    """Return the format of every tensor, the input's too.

    maxima: of every channel, [C] by tensor. samples: values of every tensor whose rule is not the maximum. rules: by
    width. widths: bits of every tensor; those that a layer only chooses among or reorders must agree (`mixed`).
    Raises `ValueError` naming the layer whose values no format holds.
    """
    chosen = {name: _range_bits(name, maxima[name], samples, rules[bits], bits) for name, bits in widths.items()}
    chosen_by_pixels = {network.input.name} if network.input_kind == IMAGE else set()
    chosen |= dict.fromkeys(chosen_by_pixels, INPUT_FRAC_BITS)
    chosen |= {layer.output: UNIT_FRAC_BITS for layer in network.layers if isinstance(layer, FloatL2Normalize)}
    _share(network, chosen, chosen_by_pixels)
    _coarsen(network, chosen, chosen_by_pixels, widths)
    for name, frac_bits in chosen.items():
        if frac_bits not in FRAC_BITS:
            raise ValueError(
                f"{producer(network, name)}: gives values of up to {maxima[name].max():g}, for which {widths[name]} "
                "bits have no format; scale its weights or the samples"
            )
    return {name: TensorFormat(widths[name], frac_bits) for name, frac_bits in chosen.items()}


def _range_bits(name: str, channels: NDArray[np.float64], samples: Samples, rule: RangeRule, bits: int) -> int:
    largest = float(channels.max())
    if rule.ranges == "percentile":
        return percentile_bits(samples[name], rule.percentile, largest, bits)
    if rule.ranges == "least_squares":
        return least_squares_bits(samples[name], largest, bits)
    return fraction_bits(largest * rule.margin, bits)


def _coarsen(
    network: FloatNetwork, chosen: dict[str, int], chosen_by_pixels: set[str], widths: Mapping[str, int]
) -> None:
    """Give what is made of 8 bits, but has 16, no finer steps than its sums; nor what is made of that.

    Elsewhere such an output is an error of its layer: its values are too small for any weights.
    """
    wished, before = dict(chosen), dict[str, int]()
    while chosen != before:
        before = dict(chosen)
        for layer in network.layers:
            if not isinstance(layer, FloatConvolution):
                continue
            if widths[layer.input] < widths[layer.output] or chosen[layer.input] < wished[layer.input]:
                finest = chosen[layer.input] + int(weight_bits(layer, widths[layer.input]).min())  # that of the sums
                chosen[layer.output] = min(chosen[layer.output], finest)
        _share(network, chosen, chosen_by_pixels)


def _share(network: FloatNetwork, chosen: dict[str, int], chosen_by_pixels: set[str]) -> None:
    for names in _sharing(network):
        shared = INPUT_FRAC_BITS if chosen_by_pixels & names else min(chosen[name] for name in names)
        chosen |= dict.fromkeys(names, shared)


def _sharing(network: FloatNetwork) -> list[set[str]]:
    """Return the tensors that must have one format: what a layer only chooses among, repeats or reorders."""
    groups: list[set[str]] = []
    for layer in network.layers:
        if isinstance(layer, MaxPool | ShuffleChannels | Upsample):
            tied = {layer.input, layer.output}
            tied = tied.union(*(group for group in groups if group & tied))
            groups = [group for group in groups if not group & tied] + [tied]
    return groups


def wide_tensors(network: FloatNetwork) -> frozenset[str]:
    """Return what an 8-bit program holds in 16 bits: the output, and what is scaled to length one."""
    ends = {network.output}
    for layer in network.layers:
        if isinstance(layer, FloatL2Normalize):
            ends |= {layer.input, layer.output}
    keeping = MaxPool | ShuffleChannels | Upsample | FloatAdd
    narrow = {layer.output for layer in network.layers if isinstance(layer, keeping)}
    readers = [layer for layer in network.layers if not isinstance(layer, FloatL2Normalize)]
    read = {name for layer in readers for name in tensors_read(layer)}
    return frozenset(ends - narrow - read)
