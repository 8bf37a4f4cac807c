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

Activation = NDArray[np.signedinteger[Any]]  # int16 or int8 [H,W,C]


class Kernels(Protocol):
    """The kernels that a program needs: `peephole._core` and `fixedpoint.reference` both have them.

    Those of 16 bits end in `_s16`, those that read 8 bits in `_s8`. Each writes a slice of channels.
    """

    def conv2d_s16(self, *arguments: Any) -> None:
        """Convolution."""

    def conv2d_s8(self, *arguments: Any) -> None:
        """Convolution."""

    def depthwise_conv2d_s16(self, *arguments: Any) -> None:
        """Convolution of every channel by itself."""

    def depthwise_conv2d_s8(self, *arguments: Any) -> None:
        """Convolution of every channel by itself."""

    def add_s16(self, *arguments: Any) -> None:
        """Sum of two tensors."""

    def add_s8(self, *arguments: Any) -> None:
        """Sum of two tensors."""

    def maxpool_s16(self, *arguments: Any) -> None:
        """Max pool."""

    def maxpool_s8(self, *arguments: Any) -> None:
        """Max pool."""

    def global_average_pool_s16(self, *arguments: Any) -> None:
        """Mean over height and width."""

    def global_average_pool_s8(self, *arguments: Any) -> None:
        """Mean over height and width."""

    def l2_normalize_s16(self, *arguments: Any) -> None:
        """A vector scaled to length one."""

    def l2_normalize_s8(self, *arguments: Any) -> None:
        """A vector scaled to length one."""


def buffers(program: IntegerProgram) -> dict[str, Activation]:
    """Allocate every tensor of a program."""
    return {name: np.zeros(tensor.shape, tensor.dtype) for name, tensor in program.tensor_table.items()}


def check_image(image: NDArray[np.uint8], tensor: Tensor) -> None:
    """Raise `ValueError` unless `image` is uint8 [H,W] of the program's input size."""
    if image.dtype != np.uint8 or image.shape != (tensor.height, tensor.width):
        wanted = f"uint8 {tensor.height}x{tensor.width}"
        raise ValueError(f"the image is {image.dtype} {image.shape}; the program takes grey {wanted}")


def enter(image: NDArray[np.uint8], offset: int, tensor: Activation) -> None:
    """Write an image into the input tensor as `pixel - offset`."""
    np.subtract(image, np.int16(offset), out=tensor[..., 0], dtype=np.int16, casting="unsafe")  # it fits: validation


def apply(kernels: Kernels, layer: Layer, tensors: dict[str, Activation]) -> None:
    """Run one layer from the tensors that it reads into its slice of the output tensor."""
    x, out, channel = tensors[layer.input], tensors[layer.output], layer.channel
    narrow = x.dtype == np.int8
    match layer:
        case Conv2d() | DepthwiseConv2d():
            _convolve(kernels, layer, x, out)
        case Add():
            add = kernels.add_s8 if narrow else kernels.add_s16
            add(x, tensors[layer.other], layer.shift, layer.other_shift, layer.norm, layer.relu, out, channel)
        case MaxPool():
            pool = kernels.maxpool_s8 if narrow else kernels.maxpool_s16
            pool(x, layer.size, layer.stride, out, channel)
        case GlobalAveragePool():
            average = kernels.global_average_pool_s8 if narrow else kernels.global_average_pool_s16
            average(x, layer.factor, layer.shift, out, channel)
        case L2Normalize():
            normalize = kernels.l2_normalize_s8 if narrow else kernels.l2_normalize_s16
            normalize(x.reshape(-1), layer.frac_bits, out.reshape(-1))


def _convolve(kernels: Kernels, layer: Convolution, x: Activation, out: Activation) -> None:
    arrays = (x, layer.weight, layer.bias, layer.norm, layer.stride, layer.padding, layer.relu)
    plain = isinstance(layer, Conv2d)
    if x.dtype == np.int8:
        convolve = kernels.conv2d_s8 if plain else kernels.depthwise_conv2d_s8
        convolve(*arrays, out, layer.channel)
    elif plain:
        kernels.conv2d_s16(*arrays, layer.accumulation, layer.accumulator_bits, out, layer.channel)
    else:
        kernels.depthwise_conv2d_s16(*arrays, layer.accumulator_bits, out, layer.channel)


def written(layer: Layer, tensors: dict[str, Activation]) -> Activation:
    """Return the slice of its output tensor that a layer wrote, as a view."""
    count = layer.channels if isinstance(layer, Convolution) else tensors[layer.input].shape[2]
    return tensors[layer.output][..., layer.channel : layer.channel + count]


def fill(kernels: Kernels, program: IntegerProgram, image: NDArray[np.uint8], tensors: dict[str, Activation]) -> None:
    """Run all layers on one image, uint8 [H,W]. Of a mirrored program the tensors end up as of the image itself."""
    start, last = tensors[program.input.name], program.layers[-1]
    if not program.mirrored:
        enter(image, program.input_offset, start)
        for layer in program.layers:
            apply(kernels, layer, tensors)
        return
    vectors = []
    for view in (image[:, ::-1], image):
        enter(view, program.input_offset, start)
        for layer in program.layers[:-1]:
            apply(kernels, layer, tensors)
        vectors.append(tensors[last.input].copy())
    add = kernels.add_s8 if vectors[0].dtype == np.int8 else kernels.add_s16
    add(*vectors, 0, 0, 1, False, tensors[last.input], 0)
    apply(kernels, last, tensors)


def run(program: IntegerProgram, image: NDArray[np.uint8], kernels: Kernels = reference) -> dict[str, Activation]:
    """Run one image, uint8 [H,W]; return what each layer wrote, int16 or int8 [H,W,C], by layer name."""
    check_image(image, program.input)
    tensors = buffers(program)
    fill(kernels, program, image, tensors)
    return {layer.name: written(layer, tensors) for layer in program.layers}
