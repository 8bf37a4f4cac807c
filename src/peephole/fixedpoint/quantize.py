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

from peephole.fixedpoint.averages import average_factors, counts_of, mean_factor
from peephole.fixedpoint.equalise import equalise
from peephole.fixedpoint.float_layers import (
    FloatAdd,
    FloatAveragePool,
    FloatConv2d,
    FloatConvolution,
    FloatCopyChannels,
    FloatDepthwiseConv2d,
    FloatGlobalAveragePool,
    FloatL2Normalize,
    FloatLayer,
    integer_clips,
)
from peephole.fixedpoint.float_network import FloatNetwork, FloatTensor
from peephole.fixedpoint.formats import BITS, WIDTHS, limits, to_float
from peephole.fixedpoint.layers import (
    Add,
    AveragePool,
    Convolution,
    CopyChannels,
    GlobalAveragePool,
    L2Normalize,
    Layer,
    MaxPool,
    ShuffleChannels,
    Tensor,
    Upsample,
    add_shifts,
)
from peephole.fixedpoint.network_formats import NetworkFormats, TensorFormat
from peephole.fixedpoint.pixels import as_pixels
from peephole.fixedpoint.program import RECOGNISE, IntegerProgram
from peephole.fixedpoint.proof import value_ranges
from peephole.fixedpoint.ranges import (
    Statistics,
    calibrate,
    check_any,
    check_seen,
    check_varied,
    sample_values,
    spread,
)
from peephole.fixedpoint.report import QuantizationReport, measure
from peephole.fixedpoint.rounding import ConvRounding, fields_of, quantize_conv
from peephole.fixedpoint.tensor_formats import WIDE, RangeRule, choose_formats, wide_tensors
from peephole.fixedpoint.validation import IMAGE


@dataclass(frozen=True)
class QuantizationOptions(RangeRule):
    """How to quantize; the defaults are those of 16 bits, and `of` gives those of 8.

    equalise: rescale channels. correct_bias: take the mean error that rounded weights cause off the biases.
    weights_per: `channel` (a format per output channel) or `layer`.
    wide_share: layers with at most this share of the multiplications give up no weight bits and sum
    in 64 bits where they must; 0 means none may, 1 means all may.
    """

    equalise: bool = True
    correct_bias: bool = True
    weights_per: str = "channel"
    wide_share: float = 0.002
    report_images: int = 32
    crop: str = "detect"
    task: str = RECOGNISE
    card: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, bits: int, **changes: Any) -> "QuantizationOptions":
        """Return what suits this width, with changes. Raises `ValueError` for a width that there is not."""
        _check_width(bits)
        own: dict[str, Any] = {} if bits == BITS else {"margin": 1.0, "ranges": "least_squares"}
        return cls(**(own | changes))


def _check_width(bits: int) -> None:
    if bits not in WIDTHS:
        raise ValueError(f"{bits} bits are not supported; use 8 or 16")


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
    network: FloatNetwork, images: NDArray[Any], options: QuantizationOptions | None = None, bits: int = BITS
) -> tuple[IntegerProgram, QuantizationReport]:
    """Quantize a network; `images` are some hundred of what it will see, as `FloatNetwork.activations` takes them.

    Raises `ValueError` naming the layer for weights that are not finite or ranges that are empty.
    """
    options = options or QuantizationOptions.of(bits)
    prepared = prepare(network, images, options, bits)
    program, given_up = to_program(prepared, options)
    sample = spread(images, options.report_images)
    return program, measure(program, prepared.network, sample, given_up, len(images))


def prepare(network: FloatNetwork, images: NDArray[Any], options: QuantizationOptions, bits: int) -> Prepared:
    """Choose formats; rescale the network to suit them. Raises `ValueError` as `quantize` does."""
    _check_width(bits)
    check_any(images)
    if network.formats is not None and network.formats.bits == bits:
        return Prepared(network, network.formats.tensors, None, network.formats)
    network, maxima, means = calibrate_equalised(network, images, options, bits)
    samples = {} if options.ranges == "maximum" else sample_values(network, images)
    wide = wide_tensors(network) if bits < BITS else frozenset()
    widths = {tensor.name: BITS if tensor.name in wide else bits for tensor in (network.input, *network.tensors)}
    tensors = choose_formats(network, maxima, samples, {BITS: WIDE, bits: options}, widths)
    return Prepared(network, tensors, means if options.correct_bias else None)


def calibrate_equalised(
    network: FloatNetwork, images: NDArray[Any], options: QuantizationOptions, bits: int
) -> tuple[FloatNetwork, Statistics, Statistics]:
    """Return the network with its channels rescaled as this width wants it, and its maxima and means (`calibrate`).

    Raises `ValueError` for images that tell nothing, and a network that sees nothing.
    """
    check_any(images)
    network = as_pixels(network, bits)
    check_varied(network, images)
    maxima, means = calibrate(network, images)
    check_seen(network)
    if not options.equalise:
        return network, maxima, means
    network, factors = equalise(network, maxima, options.margin, bits)
    maxima, means = ({name: v * factors[name] for name, v in part.items()} for part in (maxima, means))
    return network, maxima, means


def trainable(network: FloatNetwork, images: NDArray[Any], options: QuantizationOptions, bits: int) -> FloatNetwork:
    """Return the network that training in its formats starts from: rescaled, biases corrected, formats attached.

    Quantized as it is, it becomes the very program that `quantize` makes.
    """
    prepared = prepare(network, images, options, bits)
    program, _ = to_program(prepared, options)
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


def to_program(prepared: Prepared, options: QuantizationOptions) -> tuple[IntegerProgram, dict[str, NDArray[np.int64]]]:
    """Round a network in its formats; return the program and the weight bits given up, int64 [O] by convolution.

    Raises `ValueError` naming the layer whose weights or bias no format of its channels holds.
    """
    network, formats = prepared.network, prepared.tensors
    shapes = {tensor.name: tensor for tensor in (network.input, *network.tensors)}
    shares = _shares_of_work(network, shapes)
    bits = {name: form.bits for name, form in formats.items()}
    inputs = None if network.input_kind == IMAGE else limits(formats[network.input.name].bits)
    layers: list[Layer] = []
    given_up: dict[str, NDArray[np.int64]] = {}
    for layer in network.layers:
        if not isinstance(layer, FloatConvolution):
            layers.append(_integer_layer(layer, shapes, formats))
            continue
        entered, left = formats[layer.input], formats[layer.output]
        rounding = _conv_rounding(layer, prepared, options, shares[layer.name])
        ranges = value_ranges(network.input.name, int(network.offset), layers, bits, inputs)
        conv, given_up[layer.name] = quantize_conv(layer, entered, left.frac_bits, ranges[layer.input], rounding)
        layers.append(dataclasses.replace(conv, **integer_clips(layer, left.frac_bits, left.bits)))
    return _program(network, formats, tuple(layers), options), given_up


def _shares_of_work(network: FloatNetwork, shapes: Mapping[str, FloatTensor]) -> dict[str, float]:
    """Return which part of the network's multiplications each convolution does."""
    work = {
        layer.name: layer.weight.size * shapes[layer.output].height * shapes[layer.output].width
        for layer in network.layers
        if isinstance(layer, FloatConvolution)
    }
    return {name: count / sum(work.values()) for name, count in work.items()}


def _conv_rounding(
    layer: FloatConvolution, prepared: Prepared, options: QuantizationOptions, share: float
) -> ConvRounding:
    """Return how a convolution is rounded that does this share of the multiplications."""
    return ConvRounding(
        weights_per="channel" if prepared.trained else options.weights_per,
        wide=prepared.tensors[layer.input].bits == BITS and share <= options.wide_share,
        mean=prepared.means[layer.input] if prepared.means else None,
        trained=prepared.trained.weights[layer.name] if prepared.trained else None,
    )


def _program(
    network: FloatNetwork, formats: Mapping[str, TensorFormat], layers: tuple[Layer, ...], options: QuantizationOptions
) -> IntegerProgram:
    start, *written = (
        Tensor(t.name, t.height, t.width, t.channels, formats[t.name].frac_bits, formats[t.name].bits)
        for t in (network.input, *network.tensors)
    )
    return IntegerProgram(
        network.name,
        start,
        int(network.offset),
        tuple(written),
        layers,
        network.output,
        options.crop,
        card=dict(network.card) | dict(options.card),
        task=options.task,
        mirrored=network.mirrored,
        input_kind=network.input_kind,
    )


def _integer_layer(layer: FloatLayer, shapes: Mapping[str, FloatTensor], formats: Mapping[str, TensorFormat]) -> Layer:
    """Return the integer twin of a layer without weights."""
    source, out = shapes[layer.input], shapes[layer.output]
    entered, left = formats[layer.input], formats[layer.output]
    finer = left.frac_bits - entered.frac_bits
    match layer:
        case FloatAdd():
            first, second, norm = add_shifts(entered.frac_bits, formats[layer.other].frac_bits, left.frac_bits)
            fields = fields_of(layer) | integer_clips(layer, left.frac_bits, left.bits)
            return Add(**fields, shift=first, other_shift=second, norm=norm)
        case FloatAveragePool():
            sizes = (source.height, source.width), (out.height, out.width)
            counts = counts_of(layer, *sizes)
            taps = layer.kernel_size[0] * layer.kernel_size[1]
            factors, shift = average_factors(counts.ravel().tolist(), taps, finer)
            return AveragePool(**fields_of(layer), factors=factors, shift=shift)
        case FloatGlobalAveragePool():
            factor, shift = mean_factor(source.height * source.width, finer)
            return GlobalAveragePool(**fields_of(layer), factor=factor, shift=shift)
        case FloatCopyChannels():
            return CopyChannels(**fields_of(layer) | integer_clips(layer, left.frac_bits, left.bits), shift=finer)
        case FloatL2Normalize():
            return L2Normalize(**fields_of(layer), frac_bits=left.frac_bits)
        case MaxPool() | ShuffleChannels() | Upsample():
            return layer
        case FloatConv2d() | FloatDepthwiseConv2d():
            raise TypeError(f"layer {layer.name} has weights")
