"""From a float network to an integer program: calibrate, choose formats, round, prove.

1. Ranges: the largest magnitude of every channel over the calibration images. Channels are then
   rescaled to fill their tensor's range (`equalise`), with a margin for images not seen.
2. Formats: one power of two per tensor; tensors tied by a max pool share theirs, and the parts of a
   concatenation live in one tensor, so nothing is shifted later.
3. Weights: one power of two per output channel. Where the worst image could overflow a 32-bit
   accumulator, fraction bits of that channel are given up until the bound is proved.
4. Biases: corrected for the mean error of the rounded weights, then rounded once, in the
   accumulator's format.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.equalise import equalise
from peephole.fixedpoint.float_network import (
    FloatAdd,
    FloatConv2d,
    FloatConvolution,
    FloatDepthwiseConv2d,
    FloatGlobalAveragePool,
    FloatL2Normalize,
    FloatNetwork,
    fold_input,
)
from peephole.fixedpoint.formats import BITS, INT32_MAX, fraction_bits, to_fixed, to_float
from peephole.fixedpoint.layers import (
    Add,
    Conv2d,
    Convolution,
    DepthwiseConv2d,
    GlobalAveragePool,
    L2Normalize,
    Layer,
    MaxPool,
    Tensor,
    add_shifts,
)
from peephole.fixedpoint.program import RECOGNISE, IntegerProgram
from peephole.fixedpoint.proof import Range, accumulator_bounds, value_ranges
from peephole.fixedpoint.report import QuantizationReport, measure

Mean = NDArray[np.float64] | None
Statistics = dict[str, NDArray[np.float64]]

INPUT_OFFSET = 128
INPUT_FRAC_BITS = 7
LARGEST_NORM = 30
FACTOR_BITS = 30
UNIT_FRAC_BITS = 14  # one itself must fit, which has no room in Q15


@dataclass(frozen=True)
class QuantizationOptions:
    """How to quantize.

    margin: how far every range reaches beyond the largest value seen; what is larger saturates. Two
    bits (4.0) cost about a decibel, since weights are the coarser part; without them a few values of
    an unusual face saturate and spoil its descriptor (`benchmarks/quantization.py` measures it).
    equalise: rescale channels to fill their tensor's range. correct_bias: take the mean error that
    rounded weights cause off the biases.
    weights_per: `channel` (a format per output channel) or `layer`.
    wide_share: layers with at most this share of the multiplications give up no weight bits and sum
    in 64 bits where they must; 0 means none may, 1 means all may.
    """

    margin: float = 4.0
    equalise: bool = True
    correct_bias: bool = True
    weights_per: str = "channel"
    wide_share: float = 0.002
    report_images: int = 32
    crop: str = "detect"
    task: str = RECOGNISE
    card: Mapping[str, Any] = field(default_factory=dict)


def quantize(
    network: FloatNetwork, images: NDArray[np.uint8], options: QuantizationOptions | None = None, bits: int = BITS
) -> tuple[IntegerProgram, QuantizationReport]:
    """Quantize a network; `images`, uint8 [N,H,W], are what it will see (some hundred faces).

    Raises `ValueError` naming the layer for weights that are not finite or ranges that are empty.
    """
    options = options or QuantizationOptions()
    if bits != BITS:
        raise ValueError(f"{bits} bits are not supported; use {BITS}")
    if len(images) == 0:
        raise ValueError("there are no calibration images; name a tar or folder of some hundred faces")
    network = fold_input(network, INPUT_OFFSET, 1 << INPUT_FRAC_BITS)
    maxima, means = calibrate(network, images)
    if options.equalise:
        network, factors = equalise(network, maxima, options.margin)
        maxima, means = ({name: v * factors[name] for name, v in part.items()} for part in (maxima, means))
    program, given_up = _program(network, choose_formats(network, maxima, options.margin), means, options)
    sample = images[:: max(1, len(images) // options.report_images)][: options.report_images]
    return program, measure(program, network, sample, given_up, len(images))


def calibrate(network: FloatNetwork, images: NDArray[np.uint8]) -> tuple[Statistics, Statistics]:
    """Return the largest magnitude and the mean of every channel over the images: [C] by tensor name."""
    tensors = (network.input, *network.tensors)
    maxima = {tensor.name: np.zeros(tensor.channels) for tensor in tensors}
    means = {tensor.name: np.zeros(tensor.channels) for tensor in tensors}
    for made in network.batches(images):
        for name, largest in maxima.items():
            np.maximum(largest, np.abs(made[name]).max((0, 1, 2)), out=largest)
            means[name] += made[name].mean((1, 2), dtype=np.float64).sum(0) / len(images)
    for name, largest in maxima.items():
        if not (largest.max() > 0 and np.isfinite(largest).all()):
            raise ValueError(f"tensor {name}: is {largest.max()} for every image; calibrate with varied faces")
    return maxima, means


def choose_formats(network: FloatNetwork, maxima: Statistics, margin: float) -> dict[str, int]:
    """Return the fraction bits of every tensor, the input's too, from its channels' maxima."""
    frac_bits = {name: fraction_bits(float(largest.max()) * margin) for name, largest in maxima.items()}
    frac_bits[network.input.name] = INPUT_FRAC_BITS
    frac_bits |= {layer.output: UNIT_FRAC_BITS for layer in network.layers if isinstance(layer, FloatL2Normalize)}
    for _ in network.layers:  # a chain of pools settles in at most as many rounds
        for layer in network.layers:
            if isinstance(layer, MaxPool):
                pair = (layer.input, layer.output)
                shared = INPUT_FRAC_BITS if network.input.name in pair else min(frac_bits[name] for name in pair)
                frac_bits |= dict.fromkeys(pair, shared)
    return frac_bits


def _program(
    network: FloatNetwork, frac_bits: Mapping[str, int], means: Statistics, options: QuantizationOptions
) -> tuple[IntegerProgram, dict[str, NDArray[np.int64]]]:
    layers: list[Layer] = []
    given_up: dict[str, NDArray[np.int64]] = {}
    shapes = {tensor.name: tensor for tensor in (network.input, *network.tensors)}
    work = {
        layer.name: layer.weight.size * shapes[layer.output].height * shapes[layer.output].width
        for layer in network.layers
        if isinstance(layer, FloatConvolution)
    }
    for layer in network.layers:
        formats = (frac_bits[layer.input], frac_bits[layer.output])
        match layer:
            case FloatConv2d() | FloatDepthwiseConv2d():
                inputs = value_ranges(network.input.name, INPUT_OFFSET, layers)[layer.input]
                wide = work[layer.name] <= options.wide_share * sum(work.values())
                mean = means[layer.input] if options.correct_bias else None
                conv, given_up[layer.name] = quantize_conv(layer, formats, inputs, options.weights_per, wide, mean)
                layers.append(conv)
            case FloatAdd():
                shift, other_shift, norm = add_shifts(formats[0], frac_bits[layer.other], formats[1])
                layers.append(Add(**_fields(layer), shift=shift, other_shift=other_shift, norm=norm))
            case MaxPool():
                layers.append(layer)
            case FloatGlobalAveragePool():
                source = shapes[layer.input]
                factor, shift = mean_factor(source.height * source.width, formats[1] - formats[0])
                layers.append(GlobalAveragePool(**_fields(layer), factor=factor, shift=shift))
            case FloatL2Normalize():
                layers.append(L2Normalize(**_fields(layer), frac_bits=formats[1]))
    tensors = {t.name: Tensor(t.name, t.height, t.width, t.channels, frac_bits[t.name]) for t in shapes.values()}
    start = tensors.pop(network.input.name)
    card = dict(network.card) | dict(options.card)
    written = tuple(tensors.values())
    program = IntegerProgram(
        network.name,
        start,
        INPUT_OFFSET,
        written,
        tuple(layers),
        network.output,
        options.crop,
        card=card,
        task=options.task,
    )
    return program, given_up


def _fields(layer: Any) -> dict[str, Any]:
    return {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}


def quantize_conv(
    layer: FloatConvolution, formats: tuple[int, int], inputs: Range, weights_per: str, wide: bool, mean: Mean = None
) -> tuple[Convolution, NDArray[np.int64]]:
    """Quantize one convolution, plain or depthwise.

    formats: fraction bits of input and output. inputs: what the input can hold. wide: sum in 64
    bits rather than give up weight bits. mean: of every input channel, [I]; the mean that rounding
    the weights adds to the output is taken off the bias (Nagel et al., 2019).

    Returns the layer and the fraction bits given up for the 32-bit proof, int64 [O].
    """
    entered, left = formats
    largest = np.abs(layer.weight).reshape(len(layer.weight), -1).max(1)
    most = LARGEST_NORM + left - entered
    wanted = np.array([min(most, fraction_bits(float(w)) if w > 0 else most) for w in largest], np.int64)
    bits = wanted.copy()
    while True:
        bits = np.full_like(bits, bits.min()) if weights_per == "layer" else bits
        too_few = bits < left - entered
        if too_few.any():
            raise ValueError(
                f"layer {layer.name}: its output needs finer steps than its sums have; calibrate with other images"
            )
        conv = _rounded(layer, bits, formats, mean)
        proof = accumulator_bounds(conv, inputs) <= INT32_MAX
        bias_fits = np.abs(np.ldexp(layer.bias, (entered + bits).astype(np.int32))) < INT32_MAX
        too_large = ~bias_fits if wide else ~(bias_fits & proof)
        reducible = too_large & (bits > left - entered)
        if not reducible.any():
            break
        bits = bits - reducible
    if not bias_fits.all():
        raise ValueError(f"layer {layer.name}: a bias is too large beside its weights; train with weight decay")
    return dataclasses.replace(conv, accumulator_bits=32 if proof.all() else 64), wanted - bits


def _rounded(layer: FloatConvolution, bits: NDArray[np.int64], formats: tuple[int, int], mean: Mean) -> Convolution:
    entered, left = formats
    per_output = bits.reshape(-1, *[1] * (layer.weight.ndim - 1))
    weight = to_fixed(layer.weight, per_output)
    bias = layer.bias
    if mean is not None:
        error = (to_float(weight, per_output) - layer.weight).sum((1, 2))
        bias = bias - (error @ mean if isinstance(layer, FloatConv2d) else error * mean)
    common: dict[str, Any] = {
        "accumulator_bits": 64,
        "weight": weight,
        "bias": to_fixed(bias, entered + bits, np.int32),
        "norm": (entered + bits - left).astype(np.uint8),
        "weight_frac_bits": bits.astype(np.int8),
    }
    fields = _fields(layer) | common
    return Conv2d(**fields, accumulation="full") if isinstance(layer, FloatConv2d) else DepthwiseConv2d(**fields)


def mean_factor(count: int, finer: int = 0) -> tuple[int, int]:
    """Return (factor, shift) of a mean over `count` values whose result has `finer` more fraction bits.

    The factor has 31 significant bits and is rounded up: the kernel's result is then the nearest
    integer for up to 16,384 values, an error of at most half a step.
    """
    shift = FACTOR_BITS + (count - 1).bit_length() - finer
    if not 1 <= shift <= 61:
        raise ValueError(f"a mean over {count} values to {finer} more fraction bits is out of range; pool in two steps")
    scale = 1 << (shift + finer)
    return -(-scale // count), shift
