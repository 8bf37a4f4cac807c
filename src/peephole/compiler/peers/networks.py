"""The networks whose memory is compared: ours, and two that everybody knows, with weights drawn at random.

What a network needs depends on its shapes alone, so nothing has to be trained or fetched.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from peephole.fixedpoint.formats import BITS
from peephole.fixedpoint.layers import Conv2d
from peephole.fixedpoint.program import NETWORK, IntegerProgram
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from peephole.fixedpoint.validation import TENSOR

if TYPE_CHECKING:
    from torch import nn

DESCRIPTOR = 128


@dataclasses.dataclass(frozen=True)
class Shape:
    """A network by what it is called in the table: how torch makes it, and the side of its grey input."""

    make: Callable[[], "nn.Module"]
    side: int


def _backbone(name: str, side: int, width: float = 1.0) -> Shape:
    def make() -> "nn.Module":
        from peephole.models import build
        from peephole.models.squeezeface import SqueezeFace

        network = build(name, DESCRIPTOR, width=width, size=side)
        if isinstance(network, SqueezeFace):
            network.fit(side)  # its last window serves all sizes until then
        return network

    return Shape(make, side)


def _landmarks() -> "nn.Module":
    from peephole.models.landmarks import LandmarkNet

    return LandmarkNet()


SHAPES: Mapping[str, Shape] = {
    "SqueezeNet 1.1, 128x128": _backbone("squeezenet1_1", 128),
    "SqueezeFace (the recogniser), 108x108": _backbone("squeezeface", 108),
    "five landmarks, 64x64": Shape(_landmarks, 64),
    "MobileNet V1 0.25, 128x128": _backbone("mobilenet_v1", 128, 0.25),
    "MobileNet V2 0.35, 128x128": _backbone("mobilenet_v2", 128, 0.35),
}


def program_of(shape: Shape, bits: int) -> IntegerProgram:
    """Return the network as a program of 8 or 16 bits for one pass over a tensor; seeded, so always the same.

    Raises `ModuleNotFoundError` without torch.
    """
    import torch

    from peephole.fixedpoint.importer import import_network

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = shape.make().eval()
    imported = import_network(network, "shape", (shape.side, shape.side))
    faces = np.random.default_rng(0).integers(0, 256, (2, shape.side, shape.side), np.uint8)
    options = QuantizationOptions.of(bits, task=NETWORK, report_images=1)
    program, _ = quantize(imported, faces, options, bits)
    return _of_a_tensor(program)


def _of_a_tensor(program: IntegerProgram) -> IntegerProgram:
    """The first layer's sums were proved for pixels; for any integers they may need 64 bits. No buffer changes."""
    first = program.input.name
    layers = tuple(
        dataclasses.replace(layer, accumulator_bits=64)
        if isinstance(layer, Conv2d) and layer.input == first and program.input.bits == BITS
        else layer
        for layer in program.layers
    )
    return dataclasses.replace(program, layers=layers, input_kind=TENSOR, input_offset=0)
