"""The float twin of an integer program: batch norm folded, the same layers under the same names, in NumPy.

It is what the quantizer reads and what accuracy is compared with; it needs no torch. Activations
are float32 [N,H,W,C].
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, get_args

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint import storage
from peephole.fixedpoint.averages import window_counts
from peephole.fixedpoint.layers import MaxPool, ShuffleChannels, channels_read, padding_end, tensors_read
from peephole.fixedpoint.network_formats import NetworkFormats
from peephole.fixedpoint.window import Pair, Windowed

KIND = "float network"
Activation = NDArray[np.float32]


@dataclass(frozen=True)
class FloatTensor:
    """An activation [height,width,channels]."""

    name: str
    height: int
    width: int
    channels: int


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
    | FloatL2Normalize
)
LAYERS: dict[str, type[FloatLayer]] = {cls.kind: cls for cls in get_args(FloatLayer)}


@dataclass(frozen=True, eq=False)
class FloatNetwork:
    """Grey images uint8 [N,H,W] to descriptors float32 [N,D]. The image enters as (pixel - offset) / scale.

    formats: those that the weights were trained in, if they were. mirrored: the last layer, which scales to length one,
    reads the mean of the vectors of a face and of its mirror image.
    """

    name: str
    input: FloatTensor
    offset: float
    scale: float
    tensors: tuple[FloatTensor, ...]
    layers: tuple[FloatLayer, ...]
    output: str
    card: Mapping[str, Any] = field(default_factory=dict)
    formats: NetworkFormats | None = None
    mirrored: bool = False

    def __post_init__(self) -> None:
        """Check that every weight is a number. Raises `ValueError` naming the layer."""
        for layer in self.layers:
            if isinstance(layer, FloatConvolution) and not np.isfinite(layer.weight.sum() + layer.bias.sum()):
                raise ValueError(f"layer {layer.name}: weights hold NaN or infinity; use an earlier checkpoint")

    def activations(self, images: NDArray[np.uint8]) -> dict[str, Activation]:
        """Run a batch; return every tensor, float32 [N,H,W,C], by name.

        Of a mirrored network the tensors are those of the images themselves, but for the last layer's.
        """
        if images.ndim != 3 or images.dtype != np.uint8 or images.shape[1:] != (self.input.height, self.input.width):
            wanted = f"uint8 [N,{self.input.height},{self.input.width}]"
            raise ValueError(f"the images are {images.dtype} {images.shape}; the network takes grey {wanted}")
        if not self.mirrored:
            return self._activations(images, self.layers)
        mirrored = self._activations(images[:, :, ::-1], self.layers[:-1])
        made, last = self._activations(images, self.layers[:-1]), self.layers[-1]
        made[last.input] = np.asarray((made[last.input] + mirrored[last.input]) / 2, np.float32)
        made[last.output][...] = _run(last, (1, 1), made[last.input])
        return made

    def _activations(self, images: NDArray[np.uint8], layers: Sequence[FloatLayer]) -> dict[str, Activation]:
        count = len(images)
        made = {t.name: np.zeros((count, t.height, t.width, t.channels), np.float32) for t in self.tensors}
        made[self.input.name] = ((images[..., None].astype(np.float32) - self.offset) / self.scale).astype(np.float32)
        for layer in layers:
            values = _run(layer, made[layer.output].shape[1:3], *(made[name] for name in tensors_read(layer)))
            made[layer.output][..., layer.channel : layer.channel + values.shape[3]] = values
        return made

    def batches(self, images: NDArray[np.uint8], size: int = 4) -> Iterator[dict[str, Activation]]:
        """Run many images, `size` at a time."""
        for start in range(0, len(images), size):
            yield self.activations(images[start : start + size])

    def descriptors(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the descriptors of images uint8 [N,H,W]: float32 [N,D]."""
        width = next(tensor.channels for tensor in self.tensors if tensor.name == self.output)
        parts = [made[self.output].reshape(-1, width) for made in self.batches(images)]
        return np.concatenate(parts) if parts else np.zeros((0, width), np.float32)

    def save(self, path: Path | str) -> None:
        """Write the network as .safetensors. Raises `OSError` where that fails."""
        arrays: storage.Arrays = {}
        structure = {
            "name": self.name,
            "input": storage.to_record(self.input, arrays),
            "offset": self.offset,
            "scale": self.scale,
            "tensors": [storage.to_record(tensor, arrays) for tensor in self.tensors],
            "layers": [storage.to_record(layer, arrays) for layer in self.layers],
            "output": self.output,
            "card": dict(self.card),
        }
        if self.formats is not None:
            structure["formats"] = self.formats.as_json()
        if self.mirrored:
            structure["mirrored"] = True
        storage.write(Path(path), KIND, structure, arrays)

    @classmethod
    def load(cls, path: Path | str) -> "FloatNetwork":
        """Read a network. Raises `FileNotFoundError`, or `ValueError` for a truncated or foreign file."""
        structure, arrays = storage.read(Path(path), KIND)
        try:
            return cls(
                name=str(structure["name"]),
                input=storage.from_record(FloatTensor, structure["input"], arrays),
                offset=float(structure["offset"]),
                scale=float(structure["scale"]),
                tensors=tuple(storage.from_record(FloatTensor, r, arrays) for r in structure["tensors"]),
                layers=tuple(storage.from_record(LAYERS[r["kind"]], r, arrays) for r in structure["layers"]),
                output=str(structure["output"]),
                card=structure["card"],
                formats=NetworkFormats.from_json(structure["formats"]) if "formats" in structure else None,
                mirrored=structure.get("mirrored") is True,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}: not a whole float network ({error}); make it again") from error


def _run(layer: FloatLayer, size: Pair, x: Activation, *others: Activation) -> Activation:
    """Run a layer whose output has this height and width."""
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
    end = layer.padding_end if layer.counts_padding else None
    counts = window_counts(layer.window, (x.shape[1], x.shape[2]), size, end)
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


def fold_input(network: FloatNetwork, offset: int, scale: int) -> FloatNetwork:
    """Return the same network for an image that enters as (pixel - offset) / scale.

    The change of scale and offset goes into the weights and biases of the layers that read the
    image. Raises `ValueError` where one pads, since padding with the new zero would differ.
    """
    factor = scale / network.scale
    shift = (offset - network.offset) / network.scale
    if factor == 1 and shift == 0:
        return network
    layers: list[FloatLayer] = []
    sizes = {tensor.name: (tensor.height, tensor.width) for tensor in network.tensors}
    whole = (network.input.height, network.input.width)
    for layer in network.layers:
        if network.input.name in tensors_read(layer):
            if not isinstance(layer, FloatConv2d) or (shift and layer.window.hangs_out(whole, sizes[layer.output])):
                raise ValueError(
                    f"layer {layer.name}: the input's offset cannot be folded in; train with (x - {offset}) / {scale}"
                )
            bias = layer.bias + layer.weight.astype(np.float64).sum((1, 2, 3)) * shift
            weight = (layer.weight.astype(np.float64) * factor).astype(np.float32)
            layer = dataclasses.replace(layer, weight=weight, bias=bias)
        layers.append(layer)
    return dataclasses.replace(network, offset=float(offset), scale=float(scale), layers=tuple(layers))
