"""What cannot be quantized is said in a sentence that names the layer, whatever the widths; there are no warnings."""

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from peephole.fixedpoint.float_layers import FloatConv2d
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.mixed import calibrate_mixed, mixed_program
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from programs import smooth_images, tiny_network

IMAGES = smooth_images(4, 17)
OPTIONS = {bits: QuantizationOptions.of(bits, report_images=1) for bits in (8, 16)}


def in_both(network: FloatNetwork, images: Any) -> None:
    known = calibrate_mixed(network, images, OPTIONS)
    mixed_program(known, {"expand3"})


WIDTHS: dict[str, Callable[[FloatNetwork, Any], object]] = {
    "16": lambda network, images: quantize(network, images, OPTIONS[16], 16),
    "8": lambda network, images: quantize(network, images, OPTIONS[8], 8),
    "mixed": in_both,
}


def scaled(name: str, factor: float, added: float = 0) -> FloatNetwork:
    """The tiny network with one layer's weights too large or too small."""
    network = tiny_network()
    layers = [
        dataclasses.replace(la, weight=(la.weight * factor).astype(np.float32), bias=la.bias * factor + added)
        if isinstance(la, FloatConv2d) and la.name == name
        else la
        for la in network.layers
    ]
    return dataclasses.replace(network, layers=tuple(layers))


REFUSED: dict[str, tuple[FloatNetwork, Any, str]] = {
    "one black image": (
        tiny_network(),
        IMAGES[:1] * 0,
        "layer conv1: cannot be calibrated, the sample holds nothing but 0; calib",
    ),
    "no image": (tiny_network(), IMAGES[:0], "there is nothing to calibrate on; give some hundred samples"),
    "a dead layer": (scaled("squeeze", 0, -1), IMAGES, "layer squeeze: gives 0 for every sample; calibrate with what"),
    "overflow": (
        scaled("squeeze", 1e38),
        IMAGES,
        "layer (squeeze|expand1): gives values beyond what 32-bit floats hold",
    ),
    "huge values": (
        scaled("expand1", 1e12),
        IMAGES,
        r"layer expand1: gives values of up to \S+, for which (8|16) bits",
    ),
    "tiny values": (
        scaled("conv1", 1e-18),
        IMAGES,
        r"layer \w+: gives values of up to \S+, for which (8|16) bits have no",
    ),
}


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("case", REFUSED)
def test_a_sentence_names_the_layer(case: str, widths: str) -> None:
    network, images, words = REFUSED[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=words):
            WIDTHS[widths](network, images)
