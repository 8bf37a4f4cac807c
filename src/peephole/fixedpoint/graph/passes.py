"""What makes a graph smaller and changes no function: padding, constants and clips go into the layers beside them."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from peephole.fixedpoint.graph.nodes import (
    Add,
    Affine,
    AveragePool,
    Bounds,
    Clip,
    Concatenate,
    Convolution,
    Graph,
    Input,
    MaxPool,
    Mean,
    Node,
    Normalize,
    Operator,
    Pad,
    Shuffle,
    Slice,
    Upsample,
    Vector,
)
from peephole.fixedpoint.graph.views import UnsupportedError
from peephole.fixedpoint.layers import read_by_outputs
from peephole.fixedpoint.validation import LARGEST_DEPTHWISE_KERNEL
from peephole.fixedpoint.window import Pair, extent_of

Kind = TypeVar("Kind", bound=Operator)


def simplify(graph: Graph) -> None:
    """Run all passes, in the order that leaves least; afterwards no `Affine`, `Clip` or `Pad` is left."""
    scalings_to_affine(graph)
    for run in (fold_padding, fold_affine, fold_input_mixing, affine_to_convolution, fuse_clips, copy_shared_parts):
        run(graph)
        graph.settle()


def _each(graph: Graph, kind: type[Kind], change: Callable[[Graph, Node, Kind], None]) -> None:
    for node in list(graph.nodes):
        if isinstance(node.operator, kind) and node in graph.users:
            change(graph, node, node.operator)


# Padding


def fold_padding(graph: Graph) -> None:
    """Let convolutions and pools pad for themselves; elsewhere padding is a depthwise convolution."""
    _each(graph, Pad, _fold_pad)


def _fold_pad(graph: Graph, node: Node, pad: Pad) -> None:
    source = node.inputs[0]
    if not any((*pad.before, *pad.after)):
        graph.bypass(node, source)
        return
    for user in graph.users[node]:
        padded = _padded(user, pad, source)
        if padded is not None:
            user.operator, user.inputs = padded, [source]
    graph.settle()
    if node in graph.users:
        node.operator = _padding_convolution(pad, node)


def _padded(user: Node, pad: Pad, source: Node) -> Convolution | MaxPool | AveragePool | None:
    operator = user.operator
    if not isinstance(operator, Convolution | MaxPool | AveragePool):
        return None
    before = (operator.before[0] + pad.before[0], operator.before[1] + pad.before[1])
    if isinstance(operator, MaxPool):
        extent = extent_of(operator.size, operator.dilation)
        outside = pad.value == -np.inf or (pad.value == 0 and least(source) >= 0)
        return replace(operator, before=before) if outside and _reaches(user, source, before, extent) else None
    after = (operator.after[0] + pad.after[0], operator.after[1] + pad.after[1])
    if pad.value != 0:
        return None
    if isinstance(operator, Convolution):
        extent = extent_of(operator.weight.shape[1:3], operator.dilation)
        return replace(operator, before=before, after=after) if _reaches(user, source, before, extent) else None
    if any((*operator.before, *operator.after)) or not _reaches(user, source, before, operator.size):
        return None  # a mean that does not count its own padding but counts this
    return replace(operator, before=before, after=after, counts_padding=True)


def _reaches(user: Node, source: Node, before: Pair, extent: Pair) -> bool:
    """Tell whether every window meets something of what is padded, as the kernels want it."""
    stride = user.operator.stride  # type: ignore[union-attr]  # of windows only
    sides = zip(user.shape[1:], source.shape[1:], before, extent, stride, strict=True)
    return all(first < reach and (count - 1) * step - first < side for count, side, first, reach, step in sides)


def _padding_convolution(pad: Pad, node: Node) -> Convolution:
    """Return a depthwise convolution by a single one in a window that reaches from end to end of the padding."""
    size = [1 + first + last for first, last in zip(pad.before, pad.after, strict=True)]
    if pad.value != 0 or size[0] * size[1] > LARGEST_DEPTHWISE_KERNEL:
        raise UnsupportedError(
            f"module {node.origin.path or '(top level)'}: padding by {pad.value:g} of {pad.before} and {pad.after} "
            "is not supported here; pad by zeros in a convolution"
        )
    channels = node.shape[0]
    weight = np.zeros((channels, *size, 1))
    weight[:, pad.after[0], pad.after[1]] = 1
    total = (size[0] - 1, size[1] - 1)
    return Convolution(weight, np.zeros(channels), before=total, after=total, groups=channels)


# Constants and batch norm


def scalings_to_affine(graph: Graph) -> None:
    """Take a 1x1 convolution that only scales every channel for the constants that it is."""
    _each(graph, Convolution, _as_affine)


def _as_affine(graph: Graph, node: Node, conv: Convolution) -> None:
    channels = node.inputs[0].shape[0]
    if not _pointwise(conv) or len(conv.weight) != channels or conv.groups not in (1, channels):
        return
    weight = conv.weight[:, 0, 0, :]
    if conv.groups == 1 and np.count_nonzero(weight - np.diag(weight.diagonal())):
        return
    factor = weight.diagonal() if conv.groups == 1 else weight[:, 0]
    node.operator = Affine(np.zeros(channels), factor.copy(), conv.bias)


def _pointwise(conv: Convolution) -> bool:
    """Tell whether a convolution makes every pixel of one pixel, by a matrix and nothing else."""
    plain = conv.stride == (1, 1) and conv.clip == Bounds() and not any((*conv.before, *conv.after))
    return plain and conv.weight.shape[1:3] == (1, 1)


def fold_input_mixing(graph: Graph) -> None:
    """Fold a 1x1 convolution of the input, as of colours, into all that read it where that makes no more weights."""
    count = -1
    while count != len(graph.nodes):  # one may have stood before another
        count = len(graph.nodes)
        for node in list(graph.users[graph.input]):
            mixing = node.operator
            if isinstance(mixing, Convolution) and mixing.groups == 1 and _pointwise(mixing):
                _mix_in_readers(graph, node, mixing)


def _mix_in_readers(graph: Graph, node: Node, mixing: Convolution) -> None:
    matrix = mixing.weight[:, 0, 0, :]
    readers = [(user, user.operator) for user in graph.users[node]]
    able = [(user, conv) for user, conv in readers if isinstance(conv, Convolution) and _can_mix(conv, mixing)]
    before = matrix.size + sum(conv.weight.size for _, conv in able)
    after = sum(conv.weight[..., 0].size * matrix.shape[1] for _, conv in able)
    if len(able) == len(readers) > 0 and node is not graph.output and after <= before:
        for user, conv in able:
            bias = conv.bias + conv.weight.sum((1, 2)) @ mixing.bias
            user.operator = replace(conv, weight=conv.weight @ matrix, bias=bias)
        graph.bypass(node, graph.input)


def _can_mix(conv: Convolution, mixing: Convolution) -> bool:
    """Tell whether a convolution can read what is mixed before it is; padding must stay zero for that."""
    return conv.groups == 1 and not (mixing.bias.any() and any((*conv.before, *conv.after)))


def fold_affine(graph: Graph) -> None:
    """Fold batch norm and constants into a convolution before them, else into all that read them."""
    count = -1
    while count != len(graph.nodes):  # what moved ahead of a concatenation may be folded in the next round
        count = len(graph.nodes)
        _each(graph, Affine, _fold_affine)


def _fold_affine(graph: Graph, node: Node, affine: Affine) -> None:
    source = node.inputs[0]
    before = source.operator
    if not (affine.centre.any() or affine.offset.any()) and (affine.factor == 1).all():
        graph.bypass(node, source)
    elif isinstance(before, Affine) and graph.alone(source):
        node.operator, node.inputs = _composed(before, affine), [source.inputs[0]]
        graph.settle()
    elif isinstance(before, Convolution) and before.clip == Bounds() and graph.alone(source):
        source.operator = _scaled(before, affine)
        graph.bypass(node, source)
    elif isinstance(before, Concatenate) and graph.alone(source) and _parts_can_take(graph, source):
        _into_parts(source, affine)
        graph.bypass(node, source)
    elif graph.output is not node:
        _into_readers(graph, node, affine)


def _into_readers(graph: Graph, node: Node, affine: Affine) -> None:
    readers = [(user, user.operator) for user in graph.users[node]]
    able = [(user, conv) for user, conv in readers if isinstance(conv, Convolution) and _can_read(conv, affine)]
    if len(able) == len(readers):
        for user, conv in able:
            user.operator = _reading(conv, affine)
        graph.bypass(node, node.inputs[0])


def _composed(first: Affine, second: Affine) -> Affine:
    return Affine(
        first.centre, first.factor * second.factor, (first.offset - second.centre) * second.factor + second.offset
    )


def _scaled(conv: Convolution, affine: Affine) -> Convolution:
    weight = conv.weight * affine.factor[:, None, None, None]
    return replace(conv, weight=weight, bias=(conv.bias - affine.centre) * affine.factor + affine.offset)


def _shift(affine: Affine) -> Vector:
    """Return what zero becomes."""
    return np.asarray(affine.offset - affine.centre * affine.factor)


def _can_read(conv: Convolution, affine: Affine) -> bool:
    """Tell whether a convolution can do without the values being scaled; padding must stay zero for that."""
    return not _shift(affine).any() or not any((*conv.before, *conv.after))


def _reading(conv: Convolution, affine: Affine) -> Convolution:
    outputs = len(conv.weight)
    factor = read_by_outputs(affine.factor, outputs, conv.groups)[:, None, None, :]
    shift = read_by_outputs(_shift(affine), outputs, conv.groups)
    bias = conv.bias + (conv.weight.sum((1, 2)) * shift).sum(1)
    return replace(conv, weight=conv.weight * factor, bias=bias)


def _parts_can_take(graph: Graph, node: Node) -> bool:
    return all(
        graph.alone(part) and isinstance(part.operator, Convolution) and part.operator.clip == Bounds()
        for part in node.inputs
    )


def _into_parts(concatenation: Node, affine: Affine) -> None:
    start = 0
    for part in concatenation.inputs:
        own = slice(start, start + part.shape[0])
        if isinstance(part.operator, Convolution):
            part.operator = _scaled(part.operator, Affine(affine.centre[own], affine.factor[own], affine.offset[own]))
        start += part.shape[0]


def affine_to_convolution(graph: Graph) -> None:
    """Make a 1x1 depthwise convolution of every constant that went nowhere."""
    for node in graph.nodes:
        if isinstance(node.operator, Affine):
            factor = node.operator.factor
            weight = factor.reshape(-1, 1, 1, 1)
            node.operator = Convolution(weight, _shift(node.operator), groups=len(factor))


# Clips


def least(node: Node) -> float:
    """Return a bound that no value of a node lies below, -inf where none is known."""
    operator = node.operator
    low = -np.inf
    if isinstance(operator, Clip):
        low = -np.inf if operator.bounds.low is None else operator.bounds.low
        low = max(low, least(node.inputs[0])) if operator.bounds.high is None else low
    elif isinstance(operator, Convolution):
        low = -np.inf if operator.clip.low is None else operator.clip.low
    elif isinstance(operator, MaxPool | Mean | Concatenate | Slice | Shuffle | Upsample):
        low = min(least(source) for source in node.inputs)
    elif isinstance(operator, AveragePool | Add | Normalize):
        low = 0.0 if min(least(source) for source in node.inputs) >= 0 else -np.inf
    return low


def fuse_clips(graph: Graph) -> None:
    """Let what makes a value clip it; what cannot, or is read unclipped too, is copied with a clip."""
    _each(graph, Clip, _fuse_clip)


def _fuse_clip(graph: Graph, node: Node, clip: Clip) -> None:
    source = node.inputs[0]
    if _clipped_already(source, clip.bounds):
        graph.bypass(node, source)
    elif graph.alone(source) and _takes(graph, source, clip.bounds):
        _clip(graph, source, clip.bounds)
        graph.bypass(node, source)
    else:
        node.operator = Slice(0, node.shape[0], clip.bounds)


def _clipped_already(node: Node, bounds: Bounds) -> bool:
    return bounds.high is None and bounds.low is not None and least(node) >= bounds.low


def _takes(graph: Graph, node: Node, bounds: Bounds) -> bool:
    """Tell whether a node, or each that makes its values, can clip them."""
    operator = node.operator
    if isinstance(operator, Convolution | Add | Slice) or _clipped_already(node, bounds):
        return True
    if isinstance(operator, Concatenate):
        return True  # a part that cannot is copied
    if isinstance(operator, MaxPool | Shuffle | Upsample):
        return graph.alone(node.inputs[0]) and _takes(graph, node.inputs[0], bounds)
    return False


def _clip(graph: Graph, node: Node, bounds: Bounds) -> None:
    operator = node.operator
    if isinstance(operator, Convolution | Add | Slice):
        node.operator = replace(operator, clip=operator.clip.then(bounds))
    elif isinstance(operator, MaxPool | Shuffle | Upsample) and not _clipped_already(node, bounds):
        _clip(graph, node.inputs[0], bounds)
    elif isinstance(operator, Concatenate):
        for place, part in enumerate(node.inputs):
            if _clipped_already(part, bounds):
                continue
            if graph.alone(part) and _takes(graph, part, bounds):
                _clip(graph, part, bounds)
            else:
                node.inputs[place] = _copy(graph, part, node, bounds)


def _copy(graph: Graph, part: Node, reader: Node, bounds: Bounds) -> Node:
    copy = Node(Slice(0, part.shape[0], bounds), [part], part.shape, reader.origin.named("copy"))
    graph.insert_before(reader, [copy])
    graph.users[copy] = [reader]
    return copy


# Concatenation


def copy_shared_parts(graph: Graph) -> None:
    """Copy what a concatenation reads and something else too, so that every other part can be made in its place."""
    _each(graph, Concatenate, _copy_shared)


def _copy_shared(graph: Graph, node: Node, concatenation: Concatenate) -> None:
    for place, part in enumerate(node.inputs):
        if isinstance(part.operator, Input) or not graph.alone(part):
            node.inputs[place] = _copy(graph, part, node, Bounds())
