"""Cross-layer equalisation: channels rescaled so that a tensor's one format suits them all.

ReLU, max pool and mean commute with a positive factor per channel, so channel c of a tensor can be
made s times as large if its writer's weights are multiplied by s and its readers' weights for it are
divided by s (Nagel et al., "Data-Free Quantization", 2019). Channels that meet in an addition share
the least of their factors. The network stays the same function.

With 16 bits every channel is made to fill the tensor's range: its readers' sums then reach less far
beyond what really occurs, and the 32-bit proof costs fewer weight bits. With 8 bits that would make
the readers' weights too uneven for one format per output channel, so half the way is gone, in
logarithms: activations and weights share the unevenness (as in SmoothQuant; Xiao et al., 2023).
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.float_layers import (
    FloatAveragePool,
    FloatClipped,
    FloatConv2d,
    FloatConvolution,
    FloatCopyChannels,
    FloatGlobalAveragePool,
    FloatL2Normalize,
    FloatLayer,
)
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.formats import BITS, integer_bits
from peephole.fixedpoint.layers import (
    MaxPool,
    ShuffleChannels,
    Upsample,
    channels_read,
    channels_written,
    read_by_outputs,
    tensors_read,
)

LARGEST_FACTOR = 64.0  # a channel that calibration hardly ever saw active is enlarged no more than this


def equalise(
    network: FloatNetwork, maxima: Mapping[str, NDArray[np.float64]], margin: float, bits: int = BITS
) -> tuple[FloatNetwork, dict[str, NDArray[np.float64]]]:
    """Return the rescaled network and the factor of every channel, [C] by tensor name.

    maxima: largest magnitude of every channel, [C] by tensor name. margin: by how much the range
    shall exceed them. bits: 16, or 8 to share the unevenness between activations and weights.
    Input and descriptor keep their scale, and so does what is scaled to length one.
    """
    factors = _factors(network, maxima, margin, bits)
    layers: list[FloatLayer] = []
    for layer in network.layers:
        if isinstance(layer, FloatConvolution):
            made = factors[layer.output][layer.channel : layer.channel + layer.channels]
            if isinstance(layer, FloatConv2d):
                read = read_by_outputs(factors[layer.input], layer.channels, layer.groups)
                weight = layer.weight * made[:, None, None, None] / read[:, None, None, :]
            else:
                weight = layer.weight * (made / factors[layer.input])[:, None, None]
            layer = dataclasses.replace(layer, weight=weight.astype(np.float32), bias=layer.bias * made)
        layers.append(layer)
    return dataclasses.replace(network, layers=tuple(layers)), factors


def _factors(
    network: FloatNetwork, maxima: Mapping[str, NDArray[np.float64]], margin: float, bits: int
) -> dict[str, NDArray[np.float64]]:
    fixed = {network.input.name, network.output}
    for layer in network.layers:
        if isinstance(layer, FloatL2Normalize):
            fixed |= {layer.input, layer.output}
        elif isinstance(layer, FloatClipped) and (layer.ceiling, layer.floor) != (None, None):
            fixed.add(layer.output)  # one ceiling for all channels is at the same height in all of them
    computed = _computed_channels(network)
    groups = _tied_channels(network)
    full = 1 - 2.0 ** (2 - bits)  # just below a power of two, which would need one integer bit more
    reach = _weights_reach(network, groups) if bits < BITS else None
    of_group = np.full(sum(len(labels) for labels in groups.values()), np.inf)
    for name, labels in groups.items():
        channels = maxima[name]
        largest = channels.max()
        target = full * 2.0 ** integer_bits(largest * margin, bits) / margin
        wish = 1 / np.maximum(channels, largest / LARGEST_FACTOR)
        if reach is not None:
            wish = np.sqrt(wish * reach[labels])
        if name in fixed:
            of_group[labels] = 0  # less than any other wish
        else:
            own = computed[name]
            np.minimum.at(of_group, labels[own], (wish * target / (wish * channels).max())[own])
    of_group[of_group == 0] = 1
    return {name: of_group[labels] for name, labels in groups.items()}


def _computed_channels(network: FloatNetwork) -> dict[str, NDArray[np.bool_]]:
    """Return which channels of every tensor are more than chosen, averaged or moved from others, [C] by name.

    Of the others what they are made from decides: a pool makes nothing larger.
    """
    passing = MaxPool | FloatAveragePool | FloatGlobalAveragePool | FloatCopyChannels | ShuffleChannels | Upsample
    channels = {tensor.name: tensor.channels for tensor in (network.input, *network.tensors)}
    computed = {name: np.ones(count, np.bool_) for name, count in channels.items()}
    for layer in network.layers:
        if isinstance(layer, passing):
            count = channels_written(layer, channels[layer.input])
            computed[layer.output][layer.channel : layer.channel + count] = False
    return computed


def _weights_reach(network: FloatNetwork, groups: Mapping[str, NDArray[np.int64]]) -> NDArray[np.float64]:
    """Return how large the readers' weights for a channel are beside those for the others, by label: 1 at most."""
    reach = np.full(sum(len(labels) for labels in groups.values()), 1 / LARGEST_FACTOR)
    for layer in network.layers:
        if isinstance(layer, FloatConv2d):
            parts = np.split(layer.weight.astype(np.float64) ** 2, layer.groups)
            spread = np.sqrt(np.concatenate([weight.mean((0, 1, 2)) for weight in parts]))
            np.maximum.at(reach, groups[layer.input], spread / max(spread.max(), np.finfo(np.float64).tiny))
        elif isinstance(layer, FloatConvolution):  # depthwise: its formats per channel absorb any factor
            np.maximum.at(reach, groups[layer.input], 1.0)
    return reach


def _tied_channels(network: FloatNetwork) -> dict[str, NDArray[np.int64]]:
    """Return a label of every channel, [C] by tensor name; channels of one label must have one factor.

    A pool passes its input's scale on, and so does what moves channels; an addition needs one scale for what it adds.
    """
    labels: dict[str, NDArray[np.int64]] = {}
    start = 0
    for tensor in (network.input, *network.tensors):
        labels[tensor.name] = np.arange(start, start + tensor.channels)
        start += tensor.channels
    ties = [layer for layer in network.layers if not isinstance(layer, FloatConvolution | FloatL2Normalize)]
    settled = False
    while not settled:  # the least label of a group spreads over it
        settled = True
        for layer in ties:
            read = channels_read(layer, len(labels[layer.input]))
            parts = [(name, read) for name in tensors_read(layer)]
            parts.append((layer.output, np.arange(layer.channel, layer.channel + len(read))))
            least = np.minimum.reduce([labels[name][channels] for name, channels in parts])
            for name, channels in parts:
                settled &= bool((labels[name][channels] == least).all())
                labels[name][channels] = least
    return labels
