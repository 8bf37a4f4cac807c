"""Runs an integer program layer by layer on a set of kernels; with the NumPy references it is the specification."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint import reference
from peephole.fixedpoint.formats import limits
from peephole.fixedpoint.layers import (
    Add,
    AveragePool,
    Conv2d,
    Convolution,
    CopyChannels,
    DepthwiseConv2d,
    GlobalAveragePool,
    L2Normalize,
    Layer,
    MaxPool,
    ShuffleChannels,
    Tensor,
    Upsample,
    channels_written,
    clip_limits,
    tensors_read,
)
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.validation import IMAGE
from peephole.fixedpoint.window import Pair, Windowed

Activation = NDArray[np.signedinteger[Any]]  # int16 or int8 [H,W,C]
CACHE_LINE = 64  # bytes


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

    def max_pool_s16(self, *arguments: Any) -> None:
        """Max pool."""

    def max_pool_s8(self, *arguments: Any) -> None:
        """Max pool."""

    def average_pool_s16(self, *arguments: Any) -> None:
        """Mean over windows."""

    def average_pool_s8(self, *arguments: Any) -> None:
        """Mean over windows."""

    def copy_channels_s16(self, *arguments: Any) -> None:
        """Channels of a tensor, in another's format."""

    def copy_channels_s8(self, *arguments: Any) -> None:
        """Channels of a tensor, in another's format."""

    def shuffle_channels_s16(self, *arguments: Any) -> None:
        """Channels in another order."""

    def shuffle_channels_s8(self, *arguments: Any) -> None:
        """Channels in another order."""

    def upsample_s16(self, *arguments: Any) -> None:
        """Every pixel four times."""

    def upsample_s8(self, *arguments: Any) -> None:
        """Every pixel four times."""

    def global_average_pool_s16(self, *arguments: Any) -> None:
        """Mean over height and width."""

    def global_average_pool_s8(self, *arguments: Any) -> None:
        """Mean over height and width."""

    def l2_normalize_s16(self, *arguments: Any) -> None:
        """A vector scaled to length one."""

    def l2_normalize_s8(self, *arguments: Any) -> None:
        """A vector scaled to length one."""


def buffers(program: IntegerProgram) -> dict[str, Activation]:
    """Allocate every tensor of a program, each from the begin of a line of the cache on."""
    return {name: _zeros(tensor) for name, tensor in program.tensor_table.items()}


def _zeros(tensor: Tensor) -> Activation:
    size = math.prod(tensor.shape) * (tensor.bits // 8)
    room = np.zeros(size + CACHE_LINE, np.uint8)
    first = -room.ctypes.data % CACHE_LINE
    return room[first : first + size].view(tensor.dtype).reshape(tensor.shape)


def check_image(image: NDArray[np.uint8], tensor: Tensor) -> None:
    """Raise `ValueError` unless `image` is uint8 [H,W] of the program's input size."""
    if image.dtype != np.uint8 or image.shape != (tensor.height, tensor.width):
        wanted = f"uint8 {tensor.height}x{tensor.width}"
        raise ValueError(f"the image is {image.dtype} {image.shape}; the program takes grey {wanted}")


def check_input(program: IntegerProgram, values: NDArray[Any]) -> None:
    """Raise `ValueError` unless `values` are what the program takes.

    An image, uint8 [H,W], or for the input kind `tensor` integers [H,W,C] of the input's type.
    """
    if program.input_kind == IMAGE:
        check_image(values, program.input)
        return
    wanted = program.input
    if values.dtype != wanted.dtype or values.shape != wanted.shape:
        form = f"int{wanted.bits} {wanted.shape} of {wanted.frac_bits} fraction bits"
        raise ValueError(f"the input is {values.dtype} {values.shape}; program {program.name} takes {form}")


def enter_input(program: IntegerProgram, values: NDArray[Any], tensor: Activation) -> None:
    """Write what `check_input` has checked into the input tensor."""
    if program.input_kind == IMAGE:
        enter(values, program.input_offset, tensor)
    else:
        tensor[...] = values


def enter(image: NDArray[np.uint8], offset: int, tensor: Activation) -> None:
    """Write an image into the input tensor as `pixel - offset`."""
    plane = tensor[..., 0]
    np.copyto(plane, np.ascontiguousarray(image), casting="unsafe")  # modulo 2^bits; what is left in the end fits
    np.subtract(plane, np.int64(offset).astype(plane.dtype), out=plane)


def apply(kernels: Kernels, layer: Layer, tensors: Mapping[str, Activation]) -> None:
    """Run one layer from the tensors that it reads into its slice of the output tensor."""
    top = layer.window.padding[0] if isinstance(layer, Windowed) else 0
    apply_rows(kernels, layer, [tensors[name] for name in tensors_read(layer)], tensors[layer.output], top)


def apply_rows(
    kernels: Kernels, layer: Layer, inputs: Sequence[Activation], out: Activation, padding_top: int = 0
) -> None:
    """Run one layer on a strip: from the rows at hand into its slice of channels of the rows wanted.

    inputs: of every tensor that the layer reads (`tensors_read`), the rows at hand, [h,W,I]. out: the
    rows wanted of its output tensor, [oh,OW,C]. padding_top: how far the first window hangs out above
    the rows at hand; `window.strip` tells both. What windows miss below counts as outside of the
    tensor. Layers without a window make a row of every row; the mean, the upsampling and the scaling
    to length one run on whole tensors alone.
    """
    x, channel = inputs[0], layer.channel
    narrow = x.dtype == np.int8
    match layer:
        case Conv2d() | DepthwiseConv2d():
            _convolve(kernels, layer, x, out, padding_top)
        case Add():
            add = kernels.add_s8 if narrow else kernels.add_s16
            clip = clip_limits(layer, out.itemsize * 8)
            add(x, inputs[1], layer.shift, layer.other_shift, layer.norm, *clip, out, channel)
        case MaxPool():
            pool = kernels.max_pool_s8 if narrow else kernels.max_pool_s16
            pool(x, layer.kernel_size, *_moves(layer, padding_top), out, channel)
        case AveragePool():
            window_mean = kernels.average_pool_s8 if narrow else kernels.average_pool_s16
            around = (layer.padding_end, layer.counts_padding, layer.factors, layer.shift)
            window_mean(x, layer.kernel_size, *_moves(layer, padding_top), *around, out, channel)
        case CopyChannels():
            copy = kernels.copy_channels_s8 if narrow else kernels.copy_channels_s16
            copy(x, layer.first, layer.count, layer.shift, *clip_limits(layer, out.itemsize * 8), out, channel)
        case ShuffleChannels():
            shuffle = kernels.shuffle_channels_s8 if narrow else kernels.shuffle_channels_s16
            shuffle(x, layer.groups, out, channel)
        case Upsample():
            (kernels.upsample_s8 if narrow else kernels.upsample_s16)(x, out, channel)
        case GlobalAveragePool():
            average = kernels.global_average_pool_s8 if narrow else kernels.global_average_pool_s16
            average(x, layer.factor, layer.shift, out, channel)
        case L2Normalize():
            normalize = kernels.l2_normalize_s8 if narrow else kernels.l2_normalize_s16
            normalize(x.reshape(-1), layer.frac_bits, out.reshape(-1))


def _moves(layer: Windowed, padding_top: int) -> tuple[Pair, Pair, Pair]:
    """Return stride, padding and dilation for rows at hand."""
    window = layer.window
    return window.stride, (padding_top, window.padding[1]), window.dilation


def _convolve(kernels: Kernels, layer: Convolution, x: Activation, out: Activation, padding_top: int) -> None:
    arrays = (x, layer.weight, layer.bias, layer.norm, *_moves(layer, padding_top))
    clip = clip_limits(layer, out.itemsize * 8)
    narrow = x.dtype == np.int8
    if isinstance(layer, Conv2d) and narrow:
        kernels.conv2d_s8(*arrays, layer.groups, *clip, out, layer.channel)
    elif isinstance(layer, Conv2d):
        sums = (layer.accumulation, layer.accumulator_bits)
        kernels.conv2d_s16(*arrays, layer.groups, *clip, *sums, out, layer.channel)
    elif narrow:
        kernels.depthwise_conv2d_s8(*arrays, *clip, out, layer.channel)
    else:
        kernels.depthwise_conv2d_s16(*arrays, *clip, layer.accumulator_bits, out, layer.channel)


def written(layer: Layer, tensors: dict[str, Activation]) -> Activation:
    """Return the slice of its output tensor that a layer wrote, as a view."""
    count = channels_written(layer, tensors[layer.input].shape[2])
    return tensors[layer.output][..., layer.channel : layer.channel + count]


def run_layers(
    kernels: Kernels,
    program: IntegerProgram,
    values: NDArray[Any],
    tensors: dict[str, Activation],
) -> None:
    """Run all layers on one input that is checked. Of a mirrored program the tensors end up as of the image itself.

    tensors: those of `buffers`, which are written over.
    """

    def body() -> None:
        for layer in body_of(program):
            apply(kernels, layer, tensors)

    start, last = tensors[program.input.name], program.layers[-1]
    if not program.mirrored:
        enter_input(program, values, start)
        body()
        return
    vectors = []
    for view in (values[:, ::-1], values):
        enter(view, program.input_offset, start)
        body()
        vectors.append(tensors[last.input].copy())
    add = kernels.add_s8 if vectors[0].dtype == np.int8 else kernels.add_s16
    halved = tensors[last.input]
    add(*vectors, 0, 0, 1, *limits(halved.itemsize * 8), halved, 0)
    apply(kernels, last, tensors)


def body_of(program: IntegerProgram) -> tuple[Layer, ...]:
    """Return the layers that every view of an image goes through: all, but the last of a mirrored program."""
    return program.layers[:-1] if program.mirrored else program.layers


def run(program: IntegerProgram, values: NDArray[Any], kernels: Kernels = reference) -> dict[str, Activation]:
    """Run one input (`check_input`); return what each layer wrote, int16 or int8 [H,W,C], by layer name."""
    check_input(program, values)
    tensors = buffers(program)
    run_layers(kernels, program, values, tensors)
    return {layer.name: written(layer, tensors) for layer in program.layers}
