"""Which power of two every tensor has: of the ranges that calibration shows, and of what layers tie together."""

from typing import Any, Protocol

from numpy.typing import NDArray

from peephole.fixedpoint.float_network import FloatAdd, FloatConvolution, FloatL2Normalize, FloatNetwork
from peephole.fixedpoint.formats import BITS, fraction_bits
from peephole.fixedpoint.layers import MaxPool, ShuffleChannels, tensors_read
from peephole.fixedpoint.network_formats import TensorFormat
from peephole.fixedpoint.ranges import Statistics, least_squares_bits, percentile_bits, sample_values
from peephole.fixedpoint.rounding import weight_bits
from peephole.fixedpoint.validation import IMAGE

INPUT_FRAC_BITS = 7  # of a pixel less an offset
UNIT_FRAC_BITS = 14  # one itself must fit, which has no room in Q15
WIDE_MARGIN = 4.0  # of the tensors that an 8-bit program holds in 16 bits


class RangeOptions(Protocol):
    """The part of `QuantizationOptions` that ranges are chosen by."""

    @property
    def margin(self) -> float:
        """How far a range by the maximum reaches beyond the largest value seen."""

    @property
    def ranges(self) -> str:
        """One of `ranges.RULES`."""

    @property
    def percentile(self) -> float:
        """Of the magnitudes, for the rule of that name."""


def choose_formats(
    network: FloatNetwork,
    maxima: Statistics,
    images: NDArray[Any],
    options: RangeOptions,
    bits: int,
) -> dict[str, TensorFormat]:
    """Return the format of every tensor, the input's too."""
    wide = _wide_tensors(network) if bits < BITS else frozenset()
    chosen = {name: fraction_bits(float(v.max()) * options.margin, bits) for name, v in maxima.items()}
    if options.ranges != "maximum":
        for name, values in sample_values(network, images).items():
            largest = float(maxima[name].max())
            if options.ranges == "percentile":
                chosen[name] = percentile_bits(values, options.percentile, largest, bits)
            else:
                chosen[name] = least_squares_bits(values, largest, bits)
    chosen |= {name: fraction_bits(float(maxima[name].max()) * WIDE_MARGIN, BITS) for name in wide}
    chosen_by_pixels = {network.input.name} if network.input_kind == IMAGE else set()
    chosen |= dict.fromkeys(chosen_by_pixels, INPUT_FRAC_BITS)
    chosen |= {layer.output: UNIT_FRAC_BITS for layer in network.layers if isinstance(layer, FloatL2Normalize)}
    for names in _sharing(network):
        shared = INPUT_FRAC_BITS if chosen_by_pixels & names else min(chosen[name] for name in names)
        chosen |= dict.fromkeys(names, shared)
    for layer in network.layers:
        if isinstance(layer, FloatConvolution) and layer.output in wide:
            finest = chosen[layer.input] + int(weight_bits(layer, bits).min())  # that of the sums
            chosen[layer.output] = min(chosen[layer.output], finest)
    return {name: TensorFormat(BITS if name in wide else bits, frac_bits) for name, frac_bits in chosen.items()}


def _sharing(network: FloatNetwork) -> list[set[str]]:
    """Return the tensors that must have one format: what a layer only chooses among or puts in another order."""
    groups: list[set[str]] = []
    for layer in network.layers:
        if isinstance(layer, MaxPool | ShuffleChannels):
            tied = {layer.input, layer.output}
            tied = tied.union(*(group for group in groups if group & tied))
            groups = [group for group in groups if not group & tied] + [tied]
    return groups


def _wide_tensors(network: FloatNetwork) -> frozenset[str]:
    """Return what an 8-bit program holds in 16 bits: the output, and what is scaled to length one."""
    ends = {network.output}
    for layer in network.layers:
        if isinstance(layer, FloatL2Normalize):
            ends |= {layer.input, layer.output}
    narrow = {layer.output for layer in network.layers if isinstance(layer, MaxPool | ShuffleChannels | FloatAdd)}
    readers = [layer for layer in network.layers if not isinstance(layer, FloatL2Normalize)]
    read = {name for layer in readers for name in tensors_read(layer)}
    return frozenset(ends - narrow - read)
