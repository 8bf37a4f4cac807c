"""Programs of both widths: every convolution in 16 bits or in 8, and what lies between them.

A convolution has the width of what it reads. One of 8 bits writes 8 or 16; one of 16 bits writes 16. So

* a tensor has 16 bits where a convolution of 16 bits reads or writes it, and 8 elsewhere;
* what an addition, a max pool or a shuffle joins has one width, 16 if any of it must have 16, and a mean of
  16 bits has 16;
* where a convolution of 8 bits reads a tensor of 16, one copy requantizes it, for all such readers together.

Nothing is copied from 8 bits to 16: what writes for a reader of 16 bits writes 16 at once, so no precision is
lost on the way. With all convolutions in 8 bits that is the 8-bit program itself.
"""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from peephole.fixedpoint.float_layers import (
    FloatAdd,
    FloatAveragePool,
    FloatConvolution,
    FloatCopyChannels,
    FloatGlobalAveragePool,
    FloatLayer,
)
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.formats import BITS
from peephole.fixedpoint.layers import MaxPool, ShuffleChannels, Upsample, tensors_read
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.quantize import Prepared, QuantizationOptions, calibrate_equalised, to_program
from peephole.fixedpoint.ranges import Samples, Statistics, sample_values
from peephole.fixedpoint.tensor_formats import choose_formats, wide_tensors

NARROW = 8
COPY = ".int8"  # of a tensor's name: the same in 8 bits

Options = Mapping[int, QuantizationOptions]


@dataclass(frozen=True)
class Calibrated:
    """A network whose channels are evened out, and what calibration saw of it; the same for all choices of widths.

    maxima, means: of every channel, [C] by tensor name; samples: values [K]. options: by width.
    """

    network: FloatNetwork
    maxima: Statistics
    means: Statistics
    samples: Samples
    options: Options

    @property
    def convolutions(self) -> tuple[str, ...]:
        """The layers that have a width of their own."""
        return tuple(layer.name for layer in self.network.layers if isinstance(layer, FloatConvolution))


def calibrate_mixed(network: FloatNetwork, images: NDArray[Any], options: Options) -> Calibrated:
    """See what the images make of the network, and even its channels out as 8 bits want it.

    Raises `ValueError` for a network that was trained in its formats, which settle every width, and as `quantize` does.
    """
    if network.formats is not None:
        raise ValueError(
            f"network {network.name}: was trained in formats of {network.formats.bits} bits, so there are no widths to "
            "choose; leave out --bits mixed, or quantize the float checkpoint that it came from"
        )
    network, maxima, means = calibrate_equalised(network, images, options[NARROW], NARROW)
    return Calibrated(network, maxima, means, sample_values(network, images), options)


def prepare_mixed(calibrated: Calibrated, narrow: Collection[str]) -> Prepared:
    """Return the network with these convolutions in 8 bits, the others in 16: copies put in, all formats chosen."""
    widths = tensor_widths(calibrated.network, narrow)
    network, copied = with_copies(calibrated.network, widths, narrow)
    widths |= dict.fromkeys(copied, NARROW)
    maxima, means = (
        part | {copy: part[name] for copy, name in copied.items()} for part in (calibrated.maxima, calibrated.means)
    )
    samples = calibrated.samples | {copy: calibrated.samples[name] for copy, name in copied.items()}
    tensors = choose_formats(network, maxima, samples, calibrated.options, widths)
    return Prepared(network, tensors, means if calibrated.options[BITS].correct_bias else None)


def mixed_program(calibrated: Calibrated, narrow: Collection[str]) -> IntegerProgram:
    """Return the program that has these convolutions in 8 bits and the others in 16."""
    return to_program(prepare_mixed(calibrated, narrow), calibrated.options[BITS])[0]


def tensor_widths(network: FloatNetwork, narrow: Collection[str]) -> dict[str, int]:
    """Return the bits of every tensor, the input too, by the rule at the head of this module."""
    wide: set[str] = set()
    for layer in network.layers:
        if isinstance(layer, FloatConvolution) and layer.name not in narrow:
            wide |= {layer.input, layer.output}
    settled = False
    while not settled:
        before = len(wide)
        for layer in network.layers:
            wide |= _widened(layer, wide)
        settled = len(wide) == before
    wide |= wide_tensors(network)
    return {tensor.name: BITS if tensor.name in wide else NARROW for tensor in (network.input, *network.tensors)}


def _widened(layer: FloatLayer, wide: Collection[str]) -> set[str]:
    """Return which tensors of a layer must have 16 bits, seeing which others have."""
    ends = {*tensors_read(layer), layer.output}
    if isinstance(layer, MaxPool | ShuffleChannels | Upsample | FloatAdd):
        return ends if any(name in wide for name in ends) else set()
    if isinstance(layer, FloatCopyChannels):
        return {layer.input} if layer.output in wide else set()
    if isinstance(layer, FloatAveragePool | FloatGlobalAveragePool):
        return {layer.output} if layer.input in wide else set()
    return set()


def with_copies(
    network: FloatNetwork, widths: Mapping[str, int], narrow: Collection[str]
) -> tuple[FloatNetwork, dict[str, str]]:
    """Return the network with a copy of every 16-bit tensor that convolutions of 8 bits read, and they read that.

    Also which tensor each copy is of, by the copy's name.
    """
    tensors = {tensor.name: tensor for tensor in (network.input, *network.tensors)}
    layers: list[FloatLayer] = []
    copied: dict[str, str] = {}
    for layer in network.layers:
        if isinstance(layer, FloatConvolution) and layer.name in narrow and widths[layer.input] == BITS:
            copy = layer.input + COPY
            if copy not in copied:
                copied[copy] = layer.input
                layers.append(FloatCopyChannels(copy, layer.input, copy, 0, 0, tensors[layer.input].channels))
            layer = dataclasses.replace(layer, input=copy)
        layers.append(layer)
    added = tuple(dataclasses.replace(tensors[name], name=copy) for copy, name in copied.items())
    return dataclasses.replace(network, tensors=(*network.tensors, *added), layers=tuple(layers)), copied
