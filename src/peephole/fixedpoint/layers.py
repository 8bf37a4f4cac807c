"""Tensors and layers of an integer program.

Activations are int16 or int8 [H,W,C]. A layer reads whole tensors and writes a slice of another's channels
from `channel` on, so that concatenation is two layers writing into one tensor.

What a layer reads decides its width: a convolution of an int8 tensor has int8 weights and sums in 32
bits. It writes as many bits, but three kinds may write int16 from int8, for a descriptor that keeps
its precision: convolutions, the mean and the scaling to length one (which always does).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.formats import limits
from peephole.fixedpoint.window import Pair, Windowed

Weight = NDArray[np.signedinteger[Any]]  # int16 or int8


@dataclass(frozen=True)
class Tensor:
    """An activation [height,width,channels] of 16 or 8 bits; value = integer / 2**frac_bits."""

    name: str
    height: int
    width: int
    channels: int
    frac_bits: int
    bits: int = 16

    @property
    def dtype(self) -> type[np.signedinteger[Any]]:
        """The numpy type of its integers."""
        return np.int8 if self.bits == 8 else np.int16

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return (self.height, self.width, self.channels)


@dataclass(frozen=True, eq=False)
class Conv2d(Windowed):
    """Convolution with zero padding, groups and a clip (`clip_limits`), such as ReLU.

    weight: int16 or int8 [O,KH,KW,I/groups], as its input, Q(weight_frac_bits[o]). norm: uint8 [O], F_in + F_w - F_out.
    bias: int32 [O], in the accumulator's format (F_in + F_w) for the `full` rule, in the output's
    format for `per_channel`.
    accumulation: `full` rounds once; `per_channel` rounds and clips after every input channel.
    accumulator_bits: 32 where the weights prove that the sum fits, else 64, which int8 weights never need.
    """

    kind: ClassVar[str] = "conv2d"
    name: str
    input: str
    output: str
    channel: int
    stride: int
    padding: int
    relu: bool
    accumulation: str
    accumulator_bits: int
    weight: Weight
    bias: NDArray[np.int32]
    norm: NDArray[np.uint8]
    weight_frac_bits: NDArray[np.int8]
    stride_x: int | None = None
    padding_left: int | None = None
    dilation: int = 1
    dilation_x: int | None = None
    groups: int = 1
    ceiling: int | None = None
    floor: int | None = None

    @property
    def kernel_size(self) -> Pair:
        """Height and width of the kernel."""
        return self.weight.shape[1], self.weight.shape[2]

    @property
    def channels(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])


@dataclass(frozen=True, eq=False)
class DepthwiseConv2d(Windowed):
    """Convolution of every channel by its own kernel, with zero padding and a clip.

    weight: int16 or int8 [C,KH,KW], as its input, KH * KW at most 64, Q(weight_frac_bits[c]).
    norm: uint8 [C], F_in + F_w - F_out. bias: int32 [C], in the accumulator's format (F_in + F_w).
    The sum is rounded once.
    accumulator_bits: 32 where the weights prove that the sum fits, else 64, which int8 weights never need.
    """

    kind: ClassVar[str] = "depthwise_conv2d"
    accumulation: ClassVar[str] = "full"
    name: str
    input: str
    output: str
    channel: int
    stride: int
    padding: int
    relu: bool
    accumulator_bits: int
    weight: Weight
    bias: NDArray[np.int32]
    norm: NDArray[np.uint8]
    weight_frac_bits: NDArray[np.int8]
    stride_x: int | None = None
    padding_left: int | None = None
    dilation: int = 1
    dilation_x: int | None = None
    ceiling: int | None = None
    floor: int | None = None

    @property
    def kernel_size(self) -> Pair:
        """Height and width of the kernel."""
        return self.weight.shape[1], self.weight.shape[2]

    @property
    def channels(self) -> int:
        """Output channels, which are as many as the input's."""
        return int(self.weight.shape[0])


@dataclass(frozen=True)
class Add:
    """Sum of two tensors of the same shape, with a clip: what a residual connection ends in.

    y = clip((input * 2**shift + other * 2**other_shift + 2**(norm-1)) >> norm). The sum has the most
    fraction bits of the three tensors, so that nothing is lost before the one rounding.
    """

    kind: ClassVar[str] = "add"
    name: str
    input: str
    other: str
    output: str
    channel: int
    relu: bool
    shift: int
    other_shift: int
    norm: int
    ceiling: int | None = None
    floor: int | None = None


@dataclass(frozen=True)
class MaxPool(Windowed):
    """Maximum over windows of `size` rows and `size_x` (or `size`) columns; taps outside of the input are left out."""

    kind: ClassVar[str] = "max_pool"
    name: str
    input: str
    output: str
    channel: int
    size: int
    stride: int
    size_x: int | None = None
    stride_x: int | None = None
    padding: int = 0
    padding_left: int | None = None
    dilation: int = 1
    dilation_x: int | None = None

    @property
    def kernel_size(self) -> Pair:
        """Height and width of the window."""
        return self.size, self.size if self.size_x is None else self.size_x


@dataclass(frozen=True, eq=False)
class AveragePool(Windowed):
    """Mean over windows: clip((sum * factors[n - 1] + 2**(shift-1)) >> shift), n the number of taps that count.

    Those inside of the input count and, if `counts_padding`, those in the padding, as zeros; it then
    reaches `padding_bottom` (or `padding`) below the input and `padding_right` (or `padding_left`) beyond it.
    factors: int32 [KH*KW], about 2**shift / n; `averages.average_factors` makes them.
    """

    kind: ClassVar[str] = "average_pool"
    name: str
    input: str
    output: str
    channel: int
    size: int
    stride: int
    shift: int
    factors: NDArray[np.int32]
    size_x: int | None = None
    stride_x: int | None = None
    padding: int = 0
    padding_left: int | None = None
    dilation: int = 1
    dilation_x: int | None = None
    counts_padding: bool = False
    padding_bottom: int | None = None
    padding_right: int | None = None

    @property
    def kernel_size(self) -> Pair:
        """Height and width of the window."""
        return self.size, self.size if self.size_x is None else self.size_x

    @property
    def padding_end(self) -> Pair:
        """How far the padding reaches below and on the right."""
        return padding_end(self)


@dataclass(frozen=True)
class CopyChannels:
    """Channels first .. first + count - 1 of a tensor, in another's format: clip(x * 2**shift), rounded half up.

    What is left of a split, of a concatenation of tensors that are used elsewhere too or have other
    formats, of a ReLU that stands alone, and of the step between 8 and 16 bits.
    """

    kind: ClassVar[str] = "copy_channels"
    name: str
    input: str
    output: str
    channel: int
    first: int
    count: int
    shift: int
    relu: bool = False
    ceiling: int | None = None
    floor: int | None = None


@dataclass(frozen=True)
class ShuffleChannels:
    """Channel g * C/groups + k becomes channel k * groups + g (ShuffleNet; Zhang et al., 2018)."""

    kind: ClassVar[str] = "shuffle_channels"
    name: str
    input: str
    output: str
    channel: int
    groups: int


@dataclass(frozen=True)
class Upsample:
    """Every pixel four times: a map made twice as high and twice as wide (nearest neighbour)."""

    kind: ClassVar[str] = "upsample"
    name: str
    input: str
    output: str
    channel: int


@dataclass(frozen=True)
class GlobalAveragePool:
    """Mean over height and width: clip((sum * factor + 2**(shift-1)) >> shift)."""

    kind: ClassVar[str] = "global_average_pool"
    name: str
    input: str
    output: str
    channel: int
    factor: int
    shift: int


@dataclass(frozen=True)
class L2Normalize:
    """A vector [1,1,C] scaled to length one, int16 Q(frac_bits), which the output tensor has too."""

    kind: ClassVar[str] = "l2_normalize"
    name: str
    input: str
    output: str
    channel: int
    frac_bits: int


Convolution = Conv2d | DepthwiseConv2d
Clipped = Conv2d | DepthwiseConv2d | Add | CopyChannels
Layer = (
    Conv2d
    | DepthwiseConv2d
    | Add
    | MaxPool
    | AveragePool
    | GlobalAveragePool
    | CopyChannels
    | ShuffleChannels
    | Upsample
    | L2Normalize
)


def weight_bytes(layer: Any) -> int:
    """Return the bytes of a convolution's weights, biases and shifts; 0 for any other layer."""
    return layer.weight.nbytes + layer.bias.nbytes + layer.norm.nbytes if isinstance(layer, Convolution) else 0


def read_by_outputs(values: NDArray[Any], outputs: int, groups: int = 1) -> NDArray[Any]:
    """Spread values of every input channel, [I], over the outputs that read them: [O,I/groups]."""
    return np.repeat(values.reshape(groups, -1), outputs // groups, axis=0)


def padding_end(layer: Any) -> Pair:
    """Return how far the padding of an average pool reaches below and on the right, of an integer one or its twin."""
    top, left = layer.window.padding
    bottom, right = layer.padding_bottom, layer.padding_right
    return top if bottom is None else bottom, left if right is None else right


def channels_read(layer: Any, channels: int) -> NDArray[np.intp]:
    """Return which of so many input channels every channel that a layer writes comes from, where each has one."""
    if layer.kind == CopyChannels.kind:
        return np.arange(layer.first, layer.first + layer.count)
    if layer.kind == ShuffleChannels.kind:
        return np.arange(channels).reshape(layer.groups, -1).T.ravel()
    return np.arange(channels)


def channels_written(layer: Any, channels: int) -> int:
    """Return how many channels a layer writes that reads so many."""
    if layer.kind in (Conv2d.kind, DepthwiseConv2d.kind):
        return int(layer.channels)
    return int(layer.count) if layer.kind == CopyChannels.kind else channels


def clip_limits(layer: Clipped, bits: int) -> tuple[int, int]:
    """Return the least and the greatest integer that a layer writes to a tensor of so many bits.

    ReLU cuts off what is below 0, `floor` what is below it, and `ceiling` (as of ReLU6) what is above it.
    """
    low, high = limits(bits)
    if layer.floor is not None:
        low = layer.floor
    return 0 if layer.relu else low, high if layer.ceiling is None else layer.ceiling


def add_shifts(frac_bits: int, other_frac_bits: int, output_frac_bits: int) -> tuple[int, int, int]:
    """Return shift, other_shift and norm of an `Add` between tensors of these fraction bits."""
    finest = max(frac_bits, other_frac_bits, output_frac_bits)
    return finest - frac_bits, finest - other_frac_bits, finest - output_frac_bits


def tensors_read(layer: Any) -> tuple[str, ...]:
    """Return the names of the tensors that a layer reads: of an integer program, of its float twin, of a schedule."""
    return (layer.input, layer.other) if layer.kind == Add.kind else (layer.input,)
