"""From a float network to an integer program: calibrate, choose formats, round, prove.

1. Ranges: the largest magnitude of every channel over the calibration images. Channels are then
   rescaled (`equalise`). 16 bits have room for a margin over what was seen; of 8 bits each is needed,
   so the range is the one that loses least, rounding and clipping together (`ranges`).
2. Formats: one power of two per tensor; tensors tied by a max pool share theirs, and the parts of a
   concatenation live in one tensor, so nothing is shifted later.
3. Weights: one power of two per output channel. Where the worst image could overflow a 32-bit
   accumulator, fraction bits of that channel are given up until the bound is proved; 8-bit weights
   never come near it.
4. Biases: corrected for the mean error of the rounded weights, then rounded once, in the
   accumulator's format.

An 8-bit program has 8-bit activations and weights throughout. Only what is scaled to length one at
the end, and the descriptor, are written in 16 bits: no convolution reads them.

A network that was trained in its formats (`quantization_aware`) brings them along; then there is
nothing left to choose.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.equalise import equalise
from peephole.fixedpoint.float_layers import integer_clips
from peephole.fixedpoint.float_network import (
    FloatAdd,
    FloatConv2d,
    FloatConvolution,
    FloatDepthwiseConv2d,
    FloatGlobalAveragePool,
    FloatL2Normalize,
    FloatLayer,
    FloatNetwork,
    fold_input,
)
from peephole.fixedpoint.formats import (
    BITS,
    INT32_MAX,
    WIDTHS,
    fraction_bits,
    to_fixed,
    to_float,
)
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
    read_by_outputs,
)
from peephole.fixedpoint.network_formats import NetworkFormats, TensorFormat
from peephole.fixedpoint.program import RECOGNISE, IntegerProgram
from peephole.fixedpoint.proof import Range, accumulator_bounds, value_ranges
from peephole.fixedpoint.ranges import (
    RULES,
    Statistics,
    calibrate,
    least_squares_bits,
    percentile_bits,
    sample_values,
)
from peephole.fixedpoint.report import QuantizationReport, measure

INPUT_OFFSET = 128
INPUT_FRAC_BITS = 7
LARGEST_NORM = 30
FACTOR_BITS = 30
UNIT_FRAC_BITS = 14  # one itself must fit, which has no room in Q15
WIDE_MARGIN = 4.0  # of the tensors that an 8-bit program holds in 16 bits
FINEST_WEIGHT = 30
LARGEST_SPREAD = 12  # fraction bits between the channels of a layer of 8-bit weights


@dataclass(frozen=True)
class QuantizationOptions:
    """How to quantize; the defaults are those of 16 bits, and `of` gives those of 8.

    ranges: `maximum` (times margin), `percentile` of the magnitudes, or `least_squares` (the range that loses least).
    margin: how far a range by the maximum reaches beyond the largest value seen; what is larger saturates. Two
    bits (4.0) cost about a decibel, since weights are the coarser part; without them a few values of
    an unusual face saturate and spoil its descriptor (`benchmarks/quantization.py` measures it).
    equalise: rescale channels. correct_bias: take the mean error that rounded weights cause off the biases.
    weights_per: `channel` (a format per output channel) or `layer`.
    wide_share: layers with at most this share of the multiplications give up no weight bits and sum
    in 64 bits where they must; 0 means none may, 1 means all may.
    """

    margin: float = 4.0
    ranges: str = "maximum"
    percentile: float = 99.99
    equalise: bool = True
    correct_bias: bool = True
    weights_per: str = "channel"
    wide_share: float = 0.002
    report_images: int = 32
    crop: str = "detect"
    task: str = RECOGNISE
    card: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.ranges not in RULES:
            raise ValueError(f"ranges {self.ranges!r} must be one of {', '.join(RULES)}")

    @classmethod
    def of(cls, bits: int, **changes: Any) -> "QuantizationOptions":
        """Return what suits this width, with changes. Raises `ValueError` for a width that there is not."""
        if bits not in WIDTHS:
            raise ValueError(f"{bits} bits are not supported; use 8 or 16")
        own: dict[str, Any] = {} if bits == BITS else {"margin": 1.0, "ranges": "least_squares"}
        return cls(**(own | changes))


@dataclass(frozen=True)
class Prepared:
    """A float network with all that rounding it needs.

    means: of every channel, [C] by tensor name, or None where biases are not to be corrected.
    trained: the weights' formats, where they were trained.
    """

    network: FloatNetwork
    tensors: Mapping[str, TensorFormat]
    means: Statistics | None
    trained: NetworkFormats | None = None


def quantize(
    network: FloatNetwork, images: NDArray[np.uint8], options: QuantizationOptions | None = None, bits: int = BITS
) -> tuple[IntegerProgram, QuantizationReport]:
    """Quantize a network; `images`, uint8 [N,H,W], are what it will see (some hundred faces).

    Raises `ValueError` naming the layer for weights that are not finite or ranges that are empty.
    """
    options = options or QuantizationOptions.of(bits)
    prepared = prepare(network, images, options, bits)
    program, given_up = _program(prepared, options)
    sample = images[:: max(1, len(images) // options.report_images)][: options.report_images]
    return program, measure(program, prepared.network, sample, given_up, len(images))


def prepare(network: FloatNetwork, images: NDArray[np.uint8], options: QuantizationOptions, bits: int) -> Prepared:
    """Choose formats; rescale the network to suit them."""
    if bits not in WIDTHS:
        raise ValueError(f"{bits} bits are not supported; use 8 or 16")
    if len(images) == 0:
        raise ValueError("there are no calibration images; name a tar or folder of some hundred faces")
    if network.formats is not None and network.formats.bits == bits:
        return Prepared(network, network.formats.tensors, None, network.formats)
    network = fold_input(network, INPUT_OFFSET, 1 << INPUT_FRAC_BITS)
    maxima, means = calibrate(network, images)
    if options.equalise:
        network, factors = equalise(network, maxima, options.margin, bits)
        maxima, means = ({name: v * factors[name] for name, v in part.items()} for part in (maxima, means))
    tensors = choose_formats(network, maxima, images, options, bits)
    return Prepared(network, tensors, means if options.correct_bias else None)


def trainable(
    network: FloatNetwork, images: NDArray[np.uint8], options: QuantizationOptions, bits: int
) -> FloatNetwork:
    """Return the network that training in its formats starts from: rescaled, biases corrected, formats attached.

    Quantized as it is, it becomes the very program that `quantize` makes.
    """
    prepared = prepare(network, images, options, bits)
    program, _ = _program(prepared, options)
    made = {layer.name: layer for layer in program.layers if isinstance(layer, Convolution)}
    layers: list[FloatLayer] = []
    for layer in prepared.network.layers:
        if isinstance(layer, FloatConvolution):
            frac_bits = prepared.tensors[layer.input].frac_bits + made[layer.name].weight_frac_bits.astype(np.int64)
            layer = dataclasses.replace(layer, bias=to_float(made[layer.name].bias, frac_bits))
        layers.append(layer)
    weights = {name: layer.weight_frac_bits for name, layer in made.items()}
    formats = NetworkFormats(bits, prepared.tensors, weights)
    return dataclasses.replace(prepared.network, layers=tuple(layers), formats=formats)


def choose_formats(
    network: FloatNetwork,
    maxima: Statistics,
    images: NDArray[np.uint8],
    options: QuantizationOptions,
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
    chosen[network.input.name] = INPUT_FRAC_BITS
    chosen |= {layer.output: UNIT_FRAC_BITS for layer in network.layers if isinstance(layer, FloatL2Normalize)}
    for _ in network.layers:  # a chain of pools settles in at most as many rounds
        for layer in network.layers:
            if isinstance(layer, MaxPool):
                pair = (layer.input, layer.output)
                shared = INPUT_FRAC_BITS if network.input.name in pair else min(chosen[name] for name in pair)
                chosen |= dict.fromkeys(pair, shared)
            elif isinstance(layer, FloatConvolution) and layer.output in wide:
                finest = chosen[layer.input] + int(_weight_bits(layer, bits).min())  # that of the sums
                chosen[layer.output] = min(chosen[layer.output], finest)
    return {name: TensorFormat(BITS if name in wide else bits, frac_bits) for name, frac_bits in chosen.items()}


def _wide_tensors(network: FloatNetwork) -> frozenset[str]:
    """Return what an 8-bit program holds in 16 bits: the descriptor, and what is scaled to length one."""
    ends = {network.output}
    for layer in network.layers:
        if isinstance(layer, FloatL2Normalize):
            ends |= {layer.input, layer.output}
    narrow = {layer.output for layer in network.layers if isinstance(layer, MaxPool | FloatAdd)}
    read = {layer.input for layer in network.layers if not isinstance(layer, FloatL2Normalize)}
    return frozenset(ends - narrow - read)


def _program(prepared: Prepared, options: QuantizationOptions) -> tuple[IntegerProgram, dict[str, NDArray[np.int64]]]:
    network, formats = prepared.network, prepared.tensors
    layers: list[Layer] = []
    given_up: dict[str, NDArray[np.int64]] = {}
    shapes = {tensor.name: tensor for tensor in (network.input, *network.tensors)}
    bits = {name: form.bits for name, form in formats.items()}
    work = {
        layer.name: layer.weight.size * shapes[layer.output].height * shapes[layer.output].width
        for layer in network.layers
        if isinstance(layer, FloatConvolution)
    }
    for layer in network.layers:
        entered, left = formats[layer.input], formats[layer.output]
        match layer:
            case FloatConv2d() | FloatDepthwiseConv2d():
                rounding = ConvRounding(
                    weights_per="channel" if prepared.trained else options.weights_per,
                    wide=entered.bits == BITS and work[layer.name] <= options.wide_share * sum(work.values()),
                    mean=prepared.means[layer.input] if prepared.means else None,
                    trained=prepared.trained.weights[layer.name] if prepared.trained else None,
                )
                inputs = value_ranges(network.input.name, INPUT_OFFSET, layers, bits)[layer.input]
                conv, given_up[layer.name] = quantize_conv(layer, entered, left.frac_bits, inputs, rounding)
                layers.append(dataclasses.replace(conv, **integer_clips(layer, left.frac_bits, left.bits)))
            case FloatAdd():
                other = formats[layer.other].frac_bits
                shift, other_shift, norm = add_shifts(entered.frac_bits, other, left.frac_bits)
                fields = _fields(layer) | integer_clips(layer, left.frac_bits, left.bits)
                layers.append(Add(**fields, shift=shift, other_shift=other_shift, norm=norm))
            case MaxPool():
                layers.append(layer)
            case FloatGlobalAveragePool():
                source = shapes[layer.input]
                factor, shift = mean_factor(source.height * source.width, left.frac_bits - entered.frac_bits)
                layers.append(GlobalAveragePool(**_fields(layer), factor=factor, shift=shift))
            case FloatL2Normalize():
                layers.append(L2Normalize(**_fields(layer), frac_bits=left.frac_bits))
    tensors = {
        t.name: Tensor(t.name, t.height, t.width, t.channels, formats[t.name].frac_bits, formats[t.name].bits)
        for t in shapes.values()
    }
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
        mirrored=network.mirrored,
    )
    return program, given_up


def _fields(layer: Any) -> dict[str, Any]:
    return {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}


@dataclass(frozen=True, eq=False)
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


def _weight_bits(layer: FloatConvolution, bits: int, most: int = FINEST_WEIGHT) -> NDArray[np.int64]:
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
    wanted = _weight_bits(layer, entered.bits, LARGEST_NORM + least)
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
