"""The float network that an integer program rounds: the same weights, each divided by its power of two."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.float_layers import (
    FloatAdd,
    FloatConv2d,
    FloatDepthwiseConv2d,
    FloatGlobalAveragePool,
    FloatL2Normalize,
    FloatLayer,
)
from peephole.fixedpoint.float_network import FloatNetwork, FloatTensor
from peephole.fixedpoint.layers import Add, Conv2d, DepthwiseConv2d, GlobalAveragePool, L2Normalize, Layer, MaxPool
from peephole.fixedpoint.program import IntegerProgram


def dequantized(program: IntegerProgram) -> FloatNetwork:
    """Return the network whose values the program's integers stand for.

    Raises `ValueError` for a layer that ONNX models are not written of, and for clips other than ReLU.
    """
    return FloatNetwork(
        name=program.name,
        input=_tensor(program, program.input.name),
        offset=float(program.input_offset),
        scale=float(2**program.input.frac_bits),
        tensors=tuple(_tensor(program, name) for name in program.tensor_table if name != program.input.name),
        layers=tuple(_layer(program, layer) for layer in program.layers),
        output=program.output,
        mirrored=program.mirrored,
    )


def _tensor(program: IntegerProgram, name: str) -> FloatTensor:
    tensor = program.tensor(name)
    return FloatTensor(name, tensor.height, tensor.width, tensor.channels)


def _layer(program: IntegerProgram, layer: Layer) -> FloatLayer:
    if (getattr(layer, "ceiling", None), getattr(layer, "floor", None)) != (None, None):
        raise ValueError(f"layer {layer.name}: clips other than ReLU are not written here")
    place = (layer.name, layer.input, layer.output, layer.channel)
    match layer:
        case Conv2d() | DepthwiseConv2d():
            weight, bias = _parameters(program, layer)
            kind = FloatDepthwiseConv2d if isinstance(layer, DepthwiseConv2d) else FloatConv2d
            made = kind(*place, layer.stride, layer.padding, layer.relu, weight, bias)
            names = ("stride_x", "padding_left", "dilation", "dilation_x", "groups")
            return dataclasses.replace(made, **{n: getattr(layer, n) for n in names if hasattr(made, n)})
        case Add():
            return FloatAdd(layer.name, layer.input, layer.other, layer.output, layer.channel, layer.relu)
        case MaxPool():
            return layer
        case GlobalAveragePool():
            return FloatGlobalAveragePool(*place)
        case L2Normalize():
            return FloatL2Normalize(*place)
    raise ValueError(f"layer {layer.name}: {layer.kind} is not written here")


def _parameters(
    program: IntegerProgram, layer: Conv2d | DepthwiseConv2d
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return weight and bias as numbers; the bias of the `per_channel` rule stands in the output's format."""
    scale = np.exp2(-layer.weight_frac_bits.astype(np.float64))
    weight = layer.weight * scale.reshape(-1, *[1] * (layer.weight.ndim - 1))
    sums = scale * 2.0 ** -program.tensor(layer.input).frac_bits
    if layer.accumulation == "per_channel":
        sums = np.full_like(scale, 2.0 ** -program.tensor(layer.output).frac_bits)
    return weight.astype(np.float32), layer.bias * sums
