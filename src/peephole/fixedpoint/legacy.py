"""Import of the 2019 doorbell's published 16-bit network (FaceReID, GreenWaves Technologies, Apache-2.0).

The archive holds, for every layer, weight int16 [O,I,KH,KW], bias int16 [O] in the output's format,
and the fraction bits of input, weights and output. The topology is not in it: a 1x1 entry
convolution without ReLU, an unpadded 3x3 with stride 2, and eight fire modules, as published.
Its kernels round and clip after every input channel (`per_channel`), wrap at 32 bits, and its mean
over 49 values is low by a relative 3.5e-4 (factor 1337 of 65536).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.array_files import BROKEN
from peephole.fixedpoint.layers import Conv2d, GlobalAveragePool, Layer, MaxPool, Tensor
from peephole.fixedpoint.program import IntegerProgram

FIRES = (3, 4, 6, 7, 9, 10, 11, 12)
POOLED = frozenset({"features.0", "features.4", "features.7"})
MEAN_FACTOR, MEAN_SHIFT = 1337, 16
SIDE = 128


def import_facereid(path: Path | str) -> IntegerProgram:
    """Read the packed archive. Raises `FileNotFoundError`, or `ValueError` for a foreign file."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; name the packed facereid-int16.npz")
    try:
        with path.open("rb") as stream, np.load(stream) as archive:
            arrays = {name: archive[name] for name in archive.files}
        builder = _Builder(arrays)
        builder.conv("conv1", "image", "conv1", relu=False)
        builder.conv("features.0", "conv1", "features.0", stride=2)
        source = builder.pool("features.0")
        for number in FIRES:
            source = builder.fire(f"features.{number}", source)
        return builder.program(source)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    except PermissionError:  # tells itself what is wrong
        raise
    except BROKEN as error:
        raise ValueError(f"{path}: not the packed FaceReID archive ({error}); fetch it again") from error


class _Builder:
    """Appends layers, tracking tensors by name."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.arrays = arrays
        self.image = Tensor("image", SIDE, SIDE, 1, 0)
        self.tensors = {"image": self.image}
        self.layers: list[Layer] = []

    def _frac(self, layer: str, which: str) -> int:
        return int(self.arrays[f"{layer}.{which}_frac"])

    def conv(
        self, layer: str, source: str, output: str, channel: int = 0, total: int = 0, stride: int = 1, relu: bool = True
    ) -> None:
        weight = self.arrays[f"{layer}.weight"].transpose(0, 2, 3, 1)
        outputs, kernel = weight.shape[0], weight.shape[1]
        padding = 1 if layer.endswith("expand3x3") else 0
        side = (self.tensors[source].height + 2 * padding - kernel) // stride + 1
        self.tensors.setdefault(output, Tensor(output, side, side, total or outputs, self._frac(layer, "out")))
        self.layers.append(
            Conv2d(
                name=layer,
                input=source,
                output=output,
                channel=channel,
                stride=stride,
                padding=padding,
                relu=relu,
                accumulation="per_channel",
                accumulator_bits=32,
                weight=np.ascontiguousarray(weight),
                bias=self.arrays[f"{layer}.bias"].astype(np.int32),
                norm=np.full(outputs, self.arrays[f"{layer}.norm"], np.uint8),
                weight_frac_bits=np.full(outputs, self._frac(layer, "w"), np.int8),
            )
        )

    def pool(self, source: str) -> str:
        tensor = self.tensors[source]
        side = (tensor.height - 3) // 2 + 1
        name = f"{source}.pool"
        self.tensors[name] = Tensor(name, side, side, tensor.channels, tensor.frac_bits)
        self.layers.append(MaxPool(name, source, name, 0, 3, 2))
        return name

    def fire(self, name: str, source: str) -> str:
        squeezed = f"{name}.squeeze"
        self.conv(squeezed, source, squeezed)
        half = len(self.arrays[f"{name}.expand1x1.weight"])
        for position, part in enumerate(("expand1x1", "expand3x3")):
            self.conv(f"{name}.{part}", squeezed, name, channel=position * half, total=2 * half)
        return self.pool(name) if name in POOLED else name

    def program(self, source: str) -> IntegerProgram:
        last = self.tensors[source]
        self.tensors["descriptor"] = Tensor("descriptor", 1, 1, last.channels, last.frac_bits)
        self.layers.append(GlobalAveragePool("descriptor", source, "descriptor", 0, MEAN_FACTOR, MEAN_SHIFT))
        card = {
            "title": "FaceReID 16-bit, as published in 2019-2020",
            "origin": "GreenWaves-Technologies/FaceReID at a3bde7e, Apache License 2.0",
            "limits": "accumulators may wrap on ordinary faces; for comparison only",
        }
        tensors = tuple(tensor for tensor in self.tensors.values() if tensor is not self.image)
        return IntegerProgram("facereid-2019", self.image, 0, tensors, tuple(self.layers), "descriptor", card=card)
