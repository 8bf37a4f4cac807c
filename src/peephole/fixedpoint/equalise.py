"""Cross-layer equalisation: every channel of a tensor made to fill the tensor's range.

ReLU, max pool and mean commute with a positive factor per channel, so channel c of a tensor can be
made s times as large if its writer's weights are multiplied by s and its readers' weights for it are
divided by s (Nagel et al., "Data-Free Quantization", 2019). The network stays the same function;
its readers' sums reach less far beyond what really occurs, and the 32-bit proof costs fewer
weight bits.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.float_network import FloatConv2d, FloatL2Normalize, FloatLayer, FloatNetwork
from peephole.fixedpoint.formats import BITS, integer_bits

LARGEST_FACTOR = 64.0  # a channel that calibration hardly ever saw active is enlarged no more than this
FULL = 1 - 2.0 ** (2 - BITS)  # just below a power of two, which would need one integer bit more


def equalise(
    network: FloatNetwork, maxima: Mapping[str, NDArray[np.float64]], margin: float
) -> tuple[FloatNetwork, dict[str, NDArray[np.float64]]]:
    """Return the rescaled network and the factor of every channel, [C] by tensor name.

    maxima: largest magnitude of every channel, [C] by tensor name. margin: by how much the range
    shall exceed them. Input and descriptor keep their scale, and so does what is scaled to length one.
    """
    factors = _factors(network, maxima, margin)
    layers: list[FloatLayer] = []
    for layer in network.layers:
        if isinstance(layer, FloatConv2d):
            made = factors[layer.output][layer.channel : layer.channel + layer.channels]
            weight = layer.weight * made[:, None, None, None] / factors[layer.input]
            layer = dataclasses.replace(layer, weight=weight.astype(np.float32), bias=layer.bias * made)
        layers.append(layer)
    return dataclasses.replace(network, layers=tuple(layers)), factors


def _factors(
    network: FloatNetwork, maxima: Mapping[str, NDArray[np.float64]], margin: float
) -> dict[str, NDArray[np.float64]]:
    fixed = {network.input.name, network.output}
    factors = {network.input.name: np.ones(network.input.channels)}
    for layer in network.layers:
        if isinstance(layer, FloatL2Normalize):
            fixed |= {layer.input, layer.output}
    pools = [layer for layer in network.layers if not isinstance(layer, FloatConv2d | FloatL2Normalize)]
    for layer in reversed(pools):  # a pool passes its input's scale on, so what it writes cannot be scaled alone
        if layer.output in fixed:
            fixed.add(layer.input)
    for tensor in network.tensors:
        channels = maxima[tensor.name]
        largest = channels.max()
        target = FULL * 2.0 ** integer_bits(largest * margin) / margin
        wanted = target / np.maximum(channels, largest / LARGEST_FACTOR)
        factors[tensor.name] = np.ones_like(channels) if tensor.name in fixed else wanted
    for layer in pools:
        source = factors[layer.input]
        factors[layer.output][layer.channel : layer.channel + len(source)] = source
    return factors
