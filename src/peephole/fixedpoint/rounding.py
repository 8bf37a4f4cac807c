"""How one convolution is rounded: weights and bias, proved not to overflow."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.float_layers import FloatConv2d, FloatConvolution
from peephole.fixedpoint.formats import BITS, INT32_MAX, fraction_bits, to_fixed, to_float
from peephole.fixedpoint.layers import Conv2d, Convolution, DepthwiseConv2d, read_by_outputs
from peephole.fixedpoint.network_formats import TensorFormat
from peephole.fixedpoint.proof import Range, accumulator_bounds

LARGEST_CHOSEN_NORM = 30  # of a quantized layer; a program may have `validation.LARGEST_NORM`
FINEST_WEIGHT = 30
LARGEST_SPREAD = 12  # fraction bits between the channels of a layer of 8-bit weights


def fields_of(layer: Any) -> dict[str, Any]:
    """Return a layer's fields by name, from which its integer twin is made."""
    return {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}


@dataclasses.dataclass(frozen=True, eq=False)
class ConvRounding:
    """How one convolution is rounded.

    weights_per: `channel` or `layer`. wide: sum in 64 bits rather than give up weight bits. mean: of
    every input channel, [I]; the mean that rounding the weights adds to the output is taken off the
    bias (Nagel et al., 2019). trained: fraction bits of every output channel, where they are settled.
    """

    weights_per: str = "channel"
    wide: bool = False
    mean: NDArray[np.float64] | None = None
    trained: NDArray[np.int8] | None = None


def weight_bits(layer: FloatConvolution, bits: int, most: int = FINEST_WEIGHT) -> NDArray[np.int64]:
    """Return the fraction bits that hold the largest weight of every output channel, at most `most`."""
    largest = np.abs(layer.weight).reshape(len(layer.weight), -1).max(1)
    wanted = np.array([min(most, fraction_bits(float(w), bits)) if w > 0 else most for w in largest], np.int64)
    if bits < BITS:  # a channel that is as good as dead must not need a bias of 32 bits once it is trained
        wanted = np.minimum(wanted, wanted.min() + LARGEST_SPREAD)
    return wanted


def quantize_conv(
    layer: FloatConvolution, entered: TensorFormat, left: int, inputs: Range, rounding: ConvRounding
) -> tuple[Convolution, NDArray[np.int64]]:
    """Quantize one convolution, plain or depthwise; its weights get as many bits as its input.

    entered: the input's format. left: fraction bits of the output. inputs: what the input can hold.

    Returns the layer and the fraction bits given up for the 32-bit proof, int64 [O].
    """
    least = left - entered.frac_bits
    wanted = weight_bits(layer, entered.bits, LARGEST_CHOSEN_NORM + least)
    if rounding.trained is not None:
        wanted = rounding.trained.astype(np.int64)
    bits = wanted.copy()
    while True:
        bits = np.full_like(bits, bits.min()) if rounding.weights_per == "layer" else bits
        if (bits < least).any():
            raise ValueError(
                f"layer {layer.name}: its output needs finer steps than its sums have; calibrate with other images"
            )
        conv = _rounded(layer, bits, entered, left, rounding.mean)
        proof = accumulator_bounds(conv, inputs) <= INT32_MAX
        bias_fits = np.abs(np.ldexp(layer.bias, (entered.frac_bits + bits).astype(np.int32))) < INT32_MAX
        too_large = ~bias_fits if rounding.wide else ~(bias_fits & proof)
        reducible = too_large & (bits > least)
        if rounding.trained is not None or not reducible.any():
            break
        bits = bits - reducible
    if (too_large.any() and rounding.trained is not None) or not bias_fits.all():
        raise ValueError(f"layer {layer.name}: a bias is too large beside its weights; train with weight decay")
    return dataclasses.replace(conv, accumulator_bits=32 if proof.all() else 64), wanted - bits


def _rounded(
    layer: FloatConvolution,
    bits: NDArray[np.int64],
    entered: TensorFormat,
    left: int,
    mean: NDArray[np.float64] | None,
) -> Convolution:
    per_output = bits.reshape(-1, *[1] * (layer.weight.ndim - 1))
    weight = to_fixed(layer.weight, per_output, np.int8 if entered.bits == 8 else np.int16)
    bias = layer.bias
    if mean is not None:
        error = (to_float(weight, per_output) - layer.weight).sum((1, 2))
        if not isinstance(layer, FloatConv2d):
            bias = bias - error * mean
        elif layer.groups == 1:
            bias = bias - error @ mean
        else:
            bias = bias - (error * read_by_outputs(mean, layer.channels, layer.groups)).sum(1)
    common: dict[str, Any] = {
        "ceiling": None,
        "floor": None,
        "accumulator_bits": 64,
        "weight": weight,
        "bias": to_fixed(bias, entered.frac_bits + bits, np.int32),
        "norm": (entered.frac_bits + bits - left).astype(np.uint8),
        "weight_frac_bits": bits.astype(np.int8),
    }
    fields = fields_of(layer) | common
    return Conv2d(**fields, accumulation="full") if isinstance(layer, FloatConv2d) else DepthwiseConv2d(**fields)
