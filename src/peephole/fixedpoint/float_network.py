"""The float twin of an integer program: batch norm folded, the same layers under the same names, in NumPy.

It is what the quantizer reads and what accuracy is compared with; it needs no torch. Activations
are float32 [N,H,W,C].
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint import storage
from peephole.fixedpoint.float_layers import (
    LAYERS,
    Activation,
    FloatConv2d,
    FloatConvolution,
    FloatLayer,
    run_layer,
)
from peephole.fixedpoint.layers import tensors_read
from peephole.fixedpoint.network_formats import NetworkFormats
from peephole.fixedpoint.validation import IMAGE, INPUT_KINDS, TENSOR

KIND = "float network"


@dataclass(frozen=True)
class FloatTensor:
    """An activation [height,width,channels]."""

    name: str
    height: int
    width: int
    channels: int


@dataclass(frozen=True, eq=False)
class FloatNetwork:
    """Grey images uint8 [N,H,W] to descriptors float32 [N,D]. The image enters as (pixel - offset) / scale.

    input_kind: `tensor` takes float32 [N,H,W,C] as it is instead, of any channels; offset and scale are then 0 and 1.
    The output may have any shape; `outputs` returns what is no vector.
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
    input_kind: str = IMAGE

    def __post_init__(self) -> None:
        """Check that every weight is a number, and the input. Raises `ValueError` naming the layer."""
        if self.input_kind not in INPUT_KINDS:
            raise ValueError(f"input kind {self.input_kind!r} must be one of {', '.join(INPUT_KINDS)}")
        if self.input_kind == TENSOR and (self.offset, self.scale) != (0, 1):
            raise ValueError(f"network {self.name}: input kind {TENSOR} has offset 0 and scale 1")
        for layer in self.layers:
            numbers = (layer.weight, layer.bias) if isinstance(layer, FloatConvolution) else ()
            if not all(np.isfinite(array).all() for array in numbers):
                raise ValueError(f"layer {layer.name}: weights hold NaN or infinity; use an earlier checkpoint")

    def activations(self, images: NDArray[Any]) -> dict[str, Activation]:
        """Run a batch; return every tensor, float32 [N,H,W,C], by name.

        Of a mirrored network the tensors are those of the images themselves, but for the last layer's.
        """
        self._check_inputs(images)
        if not self.mirrored:
            return self._activations(images, self.layers)
        mirrored = self._activations(images[:, :, ::-1], self.layers[:-1])
        made, last = self._activations(images, self.layers[:-1]), self.layers[-1]
        made[last.input] = np.asarray((made[last.input] + mirrored[last.input]) / 2, np.float32)
        made[last.output][...] = run_layer(last, (1, 1), made[last.input])
        return made

    def _check_inputs(self, images: NDArray[Any]) -> None:
        height, width, channels = self.input.height, self.input.width, self.input.channels
        if self.input_kind == TENSOR:
            if images.dtype != np.float32 or images.ndim != 4 or images.shape[1:] != (height, width, channels):
                wanted = f"float32 [N,{height},{width},{channels}]"
                raise ValueError(f"the inputs are {images.dtype} {images.shape}; the network takes {wanted}")
            return
        if images.ndim != 3 or images.dtype != np.uint8 or images.shape[1:] != (self.input.height, self.input.width):
            wanted = f"uint8 [N,{self.input.height},{self.input.width}]"
            raise ValueError(f"the images are {images.dtype} {images.shape}; the network takes grey {wanted}")

    def _activations(self, images: NDArray[Any], layers: Sequence[FloatLayer]) -> dict[str, Activation]:
        count = len(images)
        made = {t.name: np.zeros((count, t.height, t.width, t.channels), np.float32) for t in self.tensors}
        values = images if self.input_kind == TENSOR else images[..., None].astype(np.float32)
        made[self.input.name] = ((values - self.offset) / self.scale).astype(np.float32)
        for layer in layers:
            values = run_layer(layer, made[layer.output].shape[1:3], *(made[name] for name in tensors_read(layer)))
            made[layer.output][..., layer.channel : layer.channel + values.shape[3]] = values
        return made

    def batches(self, images: NDArray[Any], size: int = 4) -> Iterator[dict[str, Activation]]:
        """Run many images, `size` at a time."""
        for start in range(0, len(images), size):
            yield self.activations(images[start : start + size])

    def outputs(self, inputs: NDArray[Any]) -> Activation:
        """Return what the network makes of inputs, as `activations` takes them: float32 [N,H,W,C]."""
        tensor = next(tensor for tensor in self.tensors if tensor.name == self.output)
        parts = [made[self.output] for made in self.batches(inputs)]
        return np.concatenate([np.zeros((0, tensor.height, tensor.width, tensor.channels), np.float32), *parts])

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
        if self.input_kind != IMAGE:
            structure["input_kind"] = self.input_kind
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
                input_kind=str(structure.get("input_kind", IMAGE)),
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"{path}: not a whole float network ({error}); make it again") from error


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
