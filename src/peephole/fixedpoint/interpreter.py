"""Runs an integer program layer by layer on a set of kernels; with the NumPy references it is the specification."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint import reference
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
)
from peephole.fixedpoint.program import IntegerProgram

Activation = NDArray[np.int16]


class Kernels(Protocol):
    """The kernels that a program needs: `peephole._core` and `fixedpoint.reference` both have them."""

    def conv2d_s16(self, *arguments: Any) -> None:
        """Convolution into a slice of channels."""

    def depthwise_conv2d_s16(self, *arguments: Any) -> None:
        """Convolution of every channel by itself, into a slice of channels."""

    def add_s16(self, *arguments: Any) -> None:
        """Sum of two tensors into a slice of channels."""

    def maxpool_s16(self, *arguments: Any) -> None:
        """Max pool into a slice of channels."""

    def global_average_pool_s16(self, *arguments: Any) -> None:
        """Mean over height and width into a slice of channels."""

    def l2_normalize_s16(self, *arguments: Any) -> None:
        """A vector scaled to length one."""


def buffers(program: IntegerProgram) -> dict[str, Activation]:
    """Allocate every tensor of a program."""
    return {name: np.zeros(tensor.shape, np.int16) for name, tensor in program.tensor_table.items()}


def check_image(image: NDArray[np.uint8], tensor: Tensor) -> None:
    """Raise `ValueError` unless `image` is uint8 [H,W] of the program's input size."""
    if image.dtype != np.uint8 or image.shape != (tensor.height, tensor.width):
        wanted = f"uint8 {tensor.height}x{tensor.width}"
        raise ValueError(f"the image is {image.dtype} {image.shape}; the program takes grey {wanted}")


def enter(image: NDArray[np.uint8], offset: int, tensor: Activation) -> None:
    """Write an image into the input tensor as `pixel - offset`."""
    np.subtract(image, np.int16(offset), out=tensor[..., 0], dtype=np.int16)


def apply(kernels: Kernels, layer: Layer, tensors: dict[str, Activation]) -> None:
    """Run one layer from the tensors that it reads into its slice of the output tensor."""
    x, out = tensors[layer.input], tensors[layer.output]
    match layer:
        case Conv2d():
            kernels.conv2d_s16(
                x,
                layer.weight,
                layer.bias,
                layer.norm,
                layer.stride,
                layer.padding,
                layer.relu,
                layer.accumulation,
                layer.accumulator_bits,
                out,
                layer.channel,
            )
        case DepthwiseConv2d():
            kernels.depthwise_conv2d_s16(
                x,
                layer.weight,
                layer.bias,
                layer.norm,
                layer.stride,
                layer.padding,
                layer.relu,
                layer.accumulator_bits,
                out,
                layer.channel,
            )
        case Add():
            other = tensors[layer.other]
            kernels.add_s16(x, other, layer.shift, layer.other_shift, layer.norm, layer.relu, out, layer.channel)
        case MaxPool():
            kernels.maxpool_s16(x, layer.size, layer.stride, out, layer.channel)
        case GlobalAveragePool():
            kernels.global_average_pool_s16(x, layer.factor, layer.shift, out, layer.channel)
        case L2Normalize():
            kernels.l2_normalize_s16(x.reshape(-1), layer.frac_bits, out.reshape(-1))


def written(layer: Layer, tensors: dict[str, Activation]) -> Activation:
    """Return the slice of its output tensor that a layer wrote, as a view."""
    count = layer.channels if isinstance(layer, Convolution) else tensors[layer.input].shape[2]
    return tensors[layer.output][..., layer.channel : layer.channel + count]


def run(program: IntegerProgram, image: NDArray[np.uint8], kernels: Kernels = reference) -> dict[str, Activation]:
    """Run one image, uint8 [H,W]; return what each layer wrote, int16 [H,W,C], by layer name."""
    check_image(image, program.input)
    tensors = buffers(program)
    enter(image, program.input_offset, tensors[program.input.name])
    for layer in program.layers:
        apply(kernels, layer, tensors)
    return {layer.name: written(layer, tensors) for layer in program.layers}
