"""The float twin of an integer program: batch norm folded, the same layers under the same names, in NumPy.

It is what the quantizer reads and what accuracy is compared with; it needs no torch. Activations
are float32 [N,H,W,C].
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from peephole.fixedpoint import storage
from peephole.fixedpoint.layers import MaxPool, tensors_read
from peephole.fixedpoint.network_formats import NetworkFormats

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
class FloatConv2d:
    """Convolution with zero padding and an optional ReLU. weight: float32 [O,KH,KW,I]; bias: float64 [O]."""

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

    @property
    def channels(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])


@dataclass(frozen=True, eq=False)
class FloatDepthwiseConv2d:
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

    @property
    def channels(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])


@dataclass(frozen=True)
class FloatAdd:
    """Sum of two tensors of the same shape, with an optional ReLU."""

    kind: ClassVar[str] = "add"
    name: str
    input: str
    other: str
    output: str
    channel: int
    relu: bool


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
FloatLayer = FloatConv2d | FloatDepthwiseConv2d | FloatAdd | MaxPool | FloatGlobalAveragePool | FloatL2Normalize
LAYERS: dict[str, type[FloatLayer]] = {
    cls.kind: cls
    for cls in (FloatConv2d, FloatDepthwiseConv2d, FloatAdd, MaxPool, FloatGlobalAveragePool, FloatL2Normalize)
}


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
        made[last.output][...] = _run(last, made[last.input])
        return made

    def _activations(self, images: NDArray[np.uint8], layers: Sequence[FloatLayer]) -> dict[str, Activation]:
        count = len(images)
        made = {t.name: np.zeros((count, t.height, t.width, t.channels), np.float32) for t in self.tensors}
        made[self.input.name] = ((images[..., None].astype(np.float32) - self.offset) / self.scale).astype(np.float32)
        for layer in layers:
            values = _run(layer, *(made[name] for name in tensors_read(layer)))
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


def _run(layer: FloatLayer, x: Activation, *others: Activation) -> Activation:
    match layer:
        case FloatConv2d():
            return _conv(layer, x)
        case FloatDepthwiseConv2d():
            return _depthwise(layer, x)
        case FloatAdd():
            return _activated(layer, x + others[0])
        case MaxPool():
            windows = sliding_window_view(x, (layer.size, layer.size), axis=(1, 2))
            return np.asarray(windows[:, :: layer.stride, :: layer.stride].max((-2, -1)))
        case FloatGlobalAveragePool():
            return np.asarray(x.mean((1, 2), keepdims=True), np.float32)
        case FloatL2Normalize():
            length = np.linalg.norm(x, axis=3, keepdims=True)
            return np.asarray(x / np.maximum(length, np.finfo(np.float32).tiny), np.float32)


def _taps(layer: FloatConvolution, x: Activation) -> list[Activation]:
    """Return what every place of the kernel sees, row by row of the kernel: KH * KW views [N,OH,OW,I]."""
    height, width = layer.weight.shape[1:3]
    if layer.padding:
        x = np.pad(x, ((0, 0), (layer.padding,) * 2, (layer.padding,) * 2, (0, 0)))
    rows = (x.shape[1] - height) // layer.stride + 1
    columns = (x.shape[2] - width) // layer.stride + 1
    return [
        x[:, i : i + rows * layer.stride : layer.stride, j : j + columns * layer.stride : layer.stride]
        for i in range(height)
        for j in range(width)
    ]


def _activated(layer: FloatConvolution | FloatAdd, y: Activation) -> Activation:
    return np.asarray(np.maximum(y, 0, out=y) if layer.relu else y, np.float32)


def _conv(layer: FloatConv2d, x: Activation) -> Activation:
    taps = _taps(layer, x)
    table = (np.concatenate(taps, axis=3) if len(taps) > 1 else taps[0]).reshape(-1, len(taps) * x.shape[3])
    y = table.dot(layer.weight.reshape(layer.channels, -1).T).reshape(*taps[0].shape[:3], layer.channels)
    y += layer.bias.astype(np.float32)
    return _activated(layer, y)


def _depthwise(layer: FloatDepthwiseConv2d, x: Activation) -> Activation:
    taps = _taps(layer, x)
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
    for layer in network.layers:
        if network.input.name in tensors_read(layer):
            if not isinstance(layer, FloatConv2d) or (layer.padding and shift):
                raise ValueError(
                    f"layer {layer.name}: the input's offset cannot be folded in; train with (x - {offset}) / {scale}"
                )
            bias = layer.bias + layer.weight.astype(np.float64).sum((1, 2, 3)) * shift
            weight = (layer.weight.astype(np.float64) * factor).astype(np.float32)
            layer = dataclasses.replace(layer, weight=weight, bias=bias)
        layers.append(layer)
    return dataclasses.replace(network, offset=float(offset), scale=float(scale), layers=tuple(layers))
