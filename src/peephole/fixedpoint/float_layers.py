"""The layers of a float network, under the names of the integer ones, and what each computes: float32 [N,H,W,C]."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, get_args

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.averages import counts_of
from peephole.fixedpoint.formats import limits, round_half_up
from peephole.fixedpoint.layers import MaxPool, ShuffleChannels, Upsample, channels_read, padding_end
from peephole.fixedpoint.window import Pair, Windowed

Activation = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FloatConv2d(Windowed):
    """Convolution with zero padding, groups and a clip. weight: float32 [O,KH,KW,I/groups]; bias: float64 [O].

    ReLU cuts off what is below 0, `floor` what is below it, and `ceiling` (6 of a ReLU6) what is above it.
    """

    kind: ClassVar[str] = "conv2d"
    name: str
    input: str
    output: str
    channel: int
    stride: int
    padding: int
    relu: bool
    weight: NDArray[np.float32]
    bias: NDArray[np.float64]
    stride_x: int | None = None
    padding_left: int | None = None
    dilation: int = 1
    dilation_x: int | None = None
    groups: int = 1
    ceiling: float | None = None
    floor: float | None = None

    @property
    def kernel_size(self) -> Pair:
        """Height and width of the kernel."""
        return self.weight.shape[1], self.weight.shape[2]

    @property
    def channels(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])


@dataclass(frozen=True, eq=False)
class FloatDepthwiseConv2d(Windowed):
    """Convolution of every channel by its own kernel. weight: float32 [C,KH,KW]; bias: float64 [C]."""

    kind: ClassVar[str] = "depthwise_conv2d"
    name: str
    input: str
    output: str
    channel: int
    stride: int
    padding: int
    relu: bool
    weight: NDArray[np.float32]
    bias: NDArray[np.float64]
    stride_x: int | None = None
    padding_left: int | None = None
    dilation: int = 1
    dilation_x: int | None = None
    ceiling: float | None = None
    floor: float | None = None

    @property
    def kernel_size(self) -> Pair:
        """Height and width of the kernel."""
        return self.weight.shape[1], self.weight.shape[2]

    @property
    def channels(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])


@dataclass(frozen=True)
class FloatAdd:
    """Sum of two tensors of the same shape, with a clip as of a convolution."""

    kind: ClassVar[str] = "add"
    name: str
    input: str
    other: str
    output: str
    channel: int
    relu: bool
    ceiling: float | None = None
    floor: float | None = None


@dataclass(frozen=True)
class FloatAveragePool(Windowed):
    """Mean over windows, of the taps inside of the input and, if `counts_padding`, of those in the padding.

    Fields as of `layers.AveragePool`.
    """

    kind: ClassVar[str] = "average_pool"
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
class FloatCopyChannels:
    """Channels first .. first + count - 1 of a tensor, with a clip as of a convolution."""

    kind: ClassVar[str] = "copy_channels"
    name: str
    input: str
    output: str
    channel: int
    first: int
    count: int
    relu: bool = False
    ceiling: float | None = None
    floor: float | None = None


@dataclass(frozen=True)
class FloatGlobalAveragePool:
    """Mean over height and width."""

    kind: ClassVar[str] = "global_average_pool"
    name: str
    input: str
    output: str
    channel: int


@dataclass(frozen=True)
class FloatL2Normalize:
    """A vector [1,1,C] scaled to length one; zeros stay zeros."""

    kind: ClassVar[str] = "l2_normalize"
    name: str
    input: str
    output: str
    channel: int


FloatConvolution = FloatConv2d | FloatDepthwiseConv2d
FloatClipped = FloatConv2d | FloatDepthwiseConv2d | FloatAdd | FloatCopyChannels
FloatLayer = (
    FloatConv2d
    | FloatDepthwiseConv2d
    | FloatAdd
    | MaxPool
    | FloatAveragePool
    | FloatGlobalAveragePool
    | FloatCopyChannels
    | ShuffleChannels
    | Upsample
    | FloatL2Normalize
)
LAYERS: dict[str, type[FloatLayer]] = {cls.kind: cls for cls in get_args(FloatLayer)}


def run_layer(layer: FloatLayer, size: Pair, x: Activation, *others: Activation) -> Activation:
    """Run a layer whose output has this height and width; others: what it reads beside its input."""
    match layer:
        case FloatConv2d():
            return _conv(layer, size, x)
        case FloatDepthwiseConv2d():
            return _depthwise(layer, size, x)
        case FloatAdd():
            return _activated(layer, x + others[0])
        case MaxPool():
            return np.asarray(np.maximum.reduce(_taps(layer, size, x, outside=-np.inf)), np.float32)
        case FloatAveragePool():
            return _average(layer, size, x)
        case FloatCopyChannels():
            return _activated(layer, x[..., layer.first : layer.first + layer.count].copy())
        case ShuffleChannels():
            return x[..., channels_read(layer, x.shape[3])]
        case Upsample():
            return x.repeat(2, axis=1).repeat(2, axis=2)
        case FloatGlobalAveragePool():
            return np.asarray(x.mean((1, 2), keepdims=True), np.float32)
        case FloatL2Normalize():
            length = np.linalg.norm(x, axis=3, keepdims=True)
            return np.asarray(x / np.maximum(length, np.finfo(np.float32).tiny), np.float32)


def _taps(layer: Windowed, size: Pair, x: Activation, outside: float = 0) -> list[Activation]:
    """Return what every tap of the kernel sees, row by row of the kernel: KH * KW views [N,OH,OW,I].

    outside: what taps outside of the input see.
    """
    window = layer.window
    (top, left), (height, width), (rows, columns) = window.padding, window.extent, size
    stride_y, stride_x = window.stride
    below = max(0, (rows - 1) * stride_y + height - top - x.shape[1])
    right = max(0, (columns - 1) * stride_x + width - left - x.shape[2])
    if top or left or below or right:
        x = np.pad(x, ((0, 0), (top, below), (left, right), (0, 0)), constant_values=outside)
    return [
        x[:, i : i + rows * stride_y : stride_y, j : j + columns * stride_x : stride_x][:, :rows, :columns]
        for i in range(0, height, window.dilation[0])
        for j in range(0, width, window.dilation[1])
    ]


def _average(layer: FloatAveragePool, size: Pair, x: Activation) -> Activation:
    counts = counts_of(layer, (x.shape[1], x.shape[2]), size)
    return np.asarray(sum(_taps(layer, size, x)) / counts[..., None], np.float32)


def _activated(layer: FloatClipped, y: Activation) -> Activation:
    low = 0 if layer.relu else layer.floor
    clips = low is not None or layer.ceiling is not None
    return np.asarray(np.clip(y, low, layer.ceiling, out=y) if clips else y, np.float32)


def _conv(layer: FloatConv2d, size: Pair, x: Activation) -> Activation:
    taps = _taps(layer, size, x)
    parts = [
        _sums([tap[..., start:stop] for tap in taps], weight)
        for start, stop, weight in _groups(layer.groups, x.shape[3], layer.weight)
    ]
    y = np.concatenate(parts, axis=3) if len(parts) > 1 else parts[0]
    y += layer.bias.astype(np.float32)
    return _activated(layer, y)


def _groups(groups: int, channels: int, weight: NDArray[np.float32]) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
    """Yield the first input channel of each group, the first of the next, and its weights."""
    inputs = channels // groups
    for group, part in enumerate(np.split(weight, groups)):
        yield group * inputs, (group + 1) * inputs, part


def _sums(taps: list[Activation], weight: NDArray[np.float32]) -> Activation:
    """Return the sums of products of taps [N,OH,OW,I] and weight [O,KH,KW,I]: [N,OH,OW,O]."""
    table = (np.concatenate(taps, axis=3) if len(taps) > 1 else taps[0]).reshape(-1, weight[0].size)
    return np.asarray(table.dot(weight.reshape(len(weight), -1).T).reshape(*taps[0].shape[:3], len(weight)))


def _depthwise(layer: FloatDepthwiseConv2d, size: Pair, x: Activation) -> Activation:
    taps = _taps(layer, size, x)
    y = np.zeros_like(taps[0]) + layer.bias.astype(np.float32)
    for tap, weight in zip(taps, layer.weight.reshape(layer.channels, -1).T, strict=True):
        y += tap * weight
    return _activated(layer, y)


def integer_clips(layer: FloatClipped, frac_bits: int, bits: int) -> dict[str, Any]:
    """Return ceiling and floor in an output's integers; those that lie beyond its type are no clips."""
    low, high = limits(bits)
    values = {"ceiling": layer.ceiling, "floor": layer.floor}
    scale = 2.0**frac_bits
    whole: dict[str, Any] = {name: v if v is None else int(round_half_up(v * scale)) for name, v in values.items()}
    return {name: v if v is not None and low <= v <= high else None for name, v in whole.items()}
