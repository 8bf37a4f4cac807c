"""How the bytes of a grey image enter an integer program: as pixel - offset, in steps of 1/128."""

import dataclasses
from typing import Any

import numpy as np

from peephole.fixedpoint.float_layers import FloatConv2d, FloatLayer
from peephole.fixedpoint.float_network import FloatNetwork, FloatTensor, fold_input
from peephole.fixedpoint.formats import BITS
from peephole.fixedpoint.layers import tensors_read
from peephole.fixedpoint.validation import IMAGE

OFFSET, SCALE = 128, 128
"""Of a grey image where nothing else is said: it enters as (pixel - 128) / 128."""


def as_pixels(network: FloatNetwork, bits: int) -> FloatNetwork:
    """Return the same network for images that enter as (pixel - offset) / 128, with a whole offset.

    The offset is 128 where the layers that read the image can take the difference in. Of 16 bits it
    may be the network's own; else a 1x1 convolution before the others does the scaling.
    """
    if network.input_kind != IMAGE:
        return network
    try:
        return fold_input(network, OFFSET, SCALE)
    except ValueError:
        own = bits == BITS and network.offset in range(256)
        readers = [layer for layer in network.layers if network.input.name in tensors_read(layer)]
        if own and all(isinstance(layer, FloatConv2d) for layer in readers):
            return fold_input(network, int(network.offset), SCALE)
        return _scaled_first(network)


def _scaled_first(network: FloatNetwork) -> FloatNetwork:
    """Return the network with the scaling of the image as a layer of its own."""
    start = network.input
    scaled = FloatTensor(f"{start.name}.scaled", start.height, start.width, 1)
    weight = np.full((1, 1, 1, 1), SCALE / network.scale, np.float32)
    bias = np.array([(OFFSET - network.offset) / network.scale])
    layers = [_reading(layer, start.name, scaled.name) for layer in network.layers]
    first = FloatConv2d(scaled.name, start.name, scaled.name, 0, 1, 0, False, weight, bias)
    return dataclasses.replace(
        network,
        offset=float(OFFSET),
        scale=float(SCALE),
        tensors=(scaled, *network.tensors),
        layers=(first, *layers),
    )


def _reading(layer: FloatLayer, name: str, other: str) -> FloatLayer:
    """Return a layer that reads another tensor in place of the one of this name."""
    fields: dict[str, Any] = {end: other for end in ("input", "other") if getattr(layer, end, None) == name}
    return dataclasses.replace(layer, **fields)
