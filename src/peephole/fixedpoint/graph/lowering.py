"""From a simplified graph to a float network: tensors, layers, and concatenations as slices of one tensor."""

from typing import Any

import numpy as np

from peephole.fixedpoint.float_layers import (
    FloatAdd,
    FloatAveragePool,
    FloatConv2d,
    FloatCopyChannels,
    FloatDepthwiseConv2d,
    FloatGlobalAveragePool,
    FloatL2Normalize,
    FloatLayer,
)
from peephole.fixedpoint.float_network import FloatNetwork, FloatTensor
from peephole.fixedpoint.graph.nodes import (
    Add,
    AveragePool,
    Bounds,
    Concatenate,
    Convolution,
    Graph,
    Input,
    MaxPool,
    Mean,
    Node,
    Normalize,
    Shuffle,
    Slice,
    Upsample,
)
from peephole.fixedpoint.layers import MaxPool as MaxPoolLayer
from peephole.fixedpoint.layers import ShuffleChannels
from peephole.fixedpoint.layers import Upsample as UpsampleLayer
from peephole.fixedpoint.validation import LARGEST_DEPTHWISE_KERNEL
from peephole.fixedpoint.window import window_fields

Place = tuple[str, int]  # a tensor's name and the first channel in it


def lower(graph: Graph, **fields: Any) -> FloatNetwork:
    """Lay a graph out that `passes.simplify` has been over; fields: the network's others, its name for one."""
    names = _names(graph)
    places: dict[Node, Place] = {}
    for node in reversed(graph.nodes):  # a concatenation comes after its parts
        tensor, channel = places.setdefault(node, (names[node], 0))
        if isinstance(node.operator, Concatenate):
            for part in node.inputs:
                places[part] = (tensor, channel)
                channel += part.shape[0]
    made = [node for node in graph.nodes if not isinstance(node.operator, Input)]
    tensors = [_tensor(node, names) for node in made if places[node][0] == names[node]]
    layers = [_layer(node, names, places) for node in made if not isinstance(node.operator, Concatenate)]
    return FloatNetwork(
        input=_tensor(graph.input, names),
        tensors=tuple(tensors),
        layers=tuple(layers),
        output=places[graph.output][0],
        **fields,
    )


def _names(graph: Graph) -> dict[Node, str]:
    """Return a name for every node: that of its module, numbered from the second on."""
    names: dict[Node, str] = {}
    taken: set[str] = set()
    for node in graph.nodes:
        base = node.origin.path or (NORMALIZE if isinstance(node.operator, Normalize) else node.origin.label)
        name, number = base, 2
        while name in taken:
            name, number = f"{base}.{number}", number + 1
        taken.add(name)
        names[node] = name
    return names


NORMALIZE = FloatL2Normalize.kind  # torch calls that one "div"


def _tensor(node: Node, names: dict[Node, str]) -> FloatTensor:
    channels, height, width = node.shape
    return FloatTensor(names[node], height, width, channels)


def _layer(node: Node, names: dict[Node, str], places: dict[Node, Place]) -> FloatLayer:
    sources = [places[source][0] for source in node.inputs]
    where: dict[str, Any] = dict(zip(("output", "channel"), places[node], strict=True))
    where |= {"name": names[node], "input": sources[0]}
    match node.operator:
        case Convolution() as conv:
            return _convolution(conv, node.inputs[0].shape[0], where)
        case Add(clip):
            return FloatAdd(**where, other=sources[1], **_clip(clip))
        case MaxPool() as pool:
            return MaxPoolLayer(**where, **_window(pool), **window_fields(pool.stride, pool.before, pool.dilation))
        case AveragePool() as pool:
            moves = window_fields(pool.stride, pool.before)
            ends: dict[str, Any] = (
                {"padding_bottom": pool.after[0], "padding_right": pool.after[1]} if pool.counts_padding else {}
            )
            return FloatAveragePool(**where, **_window(pool), **moves, **ends, counts_padding=pool.counts_padding)
        case Mean():
            return FloatGlobalAveragePool(**where)
        case Slice(first, count, clip):
            return FloatCopyChannels(**where, first=first, count=count, **_clip(clip))
        case Shuffle(groups):
            return ShuffleChannels(**where, groups=groups)
        case Upsample():
            return UpsampleLayer(**where)
        case Normalize():
            return FloatL2Normalize(**where)
    raise TypeError(f"{names[node]}: {type(node.operator).__name__} is left to be simplified")


def _window(pool: MaxPool | AveragePool) -> dict[str, Any]:
    height, width = pool.size
    return {"size": height, "size_x": None if width == height else width}


def _clip(clip: Bounds) -> dict[str, Any]:
    relu = clip.low == 0
    return {"relu": relu, "floor": None if relu else clip.low, "ceiling": clip.high}


def _convolution(conv: Convolution, inputs: int, where: dict[str, Any]) -> FloatLayer:
    outputs, height, width, _ = conv.weight.shape
    fields = where | window_fields(conv.stride, conv.before, conv.dilation) | _clip(conv.clip) | {"bias": conv.bias}
    small = height * width <= LARGEST_DEPTHWISE_KERNEL
    if conv.groups > 1 and conv.groups == inputs == outputs and small:
        return FloatDepthwiseConv2d(**fields, weight=np.ascontiguousarray(conv.weight[..., 0], np.float32))
    return FloatConv2d(**fields, weight=np.ascontiguousarray(conv.weight, np.float32), groups=conv.groups)
