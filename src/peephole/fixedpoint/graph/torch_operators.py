"""What each operator of torch is in the typed graph. `OPERATORS` is the list of what can be imported."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from peephole.fixedpoint.graph import windows
from peephole.fixedpoint.graph.builder import Builder, Length, Value
from peephole.fixedpoint.graph.views import UnsupportedError

Arguments = dict[str, Any]
Handler = Callable[[Builder, Arguments], Any]

RESHAPES = frozenset(
    ("view", "reshape", "_unsafe_view", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as")
)
SAME = ("contiguous", "clone", "detach", "alias", "lift_fresh_copy", "expand_as", "to", "_to_copy", "type_as")
DROPOUTS = ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")


def _value(thing: Any) -> Value:
    if not isinstance(thing, Value):
        raise UnsupportedError("an operator between constants and lists is not supported; give it the tensor itself")
    return thing


def _weights(thing: Any) -> np.ndarray[Any, Any]:
    if isinstance(thing, Value | Length | list):
        raise UnsupportedError("weights that the network computes are not supported; they must be constants")
    return np.asarray(thing, np.float64)


def _optional(thing: Any) -> np.ndarray[Any, Any] | None:
    return None if thing is None else _weights(thing)


def _place(value: Value, dimension: int) -> int:
    """Return the number of a dimension without the batch."""
    rank = len(value.view) + 1
    place = dimension % rank
    if place == 0:
        raise UnsupportedError("the batch dimension cannot be used; use the others")
    return place - 1


def _conv(builder: Builder, a: Arguments) -> Value:
    if a.get("transposed") or any(a.get("output_padding", ())):
        raise UnsupportedError("transposed convolutions are not supported; use a convolution on a larger map")
    if isinstance(a["padding"], str) and a["padding"] == "same" and set(a["stride"]) != {1}:
        raise UnsupportedError("padding 'same' needs stride 1")
    return windows.convolve(
        builder,
        _value(a["self"]),
        _weights(a["weight"]),
        _optional(a["bias"]),
        stride=a["stride"],
        padding=a["padding"],
        dilation=a["dilation"],
        groups=a["groups"],
    )


def _linear(builder: Builder, a: Arguments) -> Value:
    return windows.linear(builder, _value(a["self"]), _weights(a["weight"]), _optional(a["bias"]))


def _matmul(builder: Builder, a: Arguments) -> Value:
    other = a.get("other", a.get("mat2"))
    if not isinstance(a["self"], Value) or isinstance(other, Value):
        raise UnsupportedError("only a tensor times constant weights is supported; products of tensors are not")
    return windows.linear(builder, a["self"], _weights(other).T, None)


def _addmm(builder: Builder, a: Arguments) -> Value:
    if (a["beta"], a["alpha"]) != (1, 1) or isinstance(a["mat2"], Value):
        raise UnsupportedError("only a linear layer is supported, without factors")
    return windows.linear(builder, _value(a["mat1"]), _weights(a["mat2"]).T, _weights(a["self"]))


def _batch_norm(builder: Builder, a: Arguments) -> Any:
    if a.get("training"):
        raise UnsupportedError("batch norm is in training mode; export network.eval()")
    if a["running_mean"] is None or a["running_var"] is None:
        raise UnsupportedError("batch norm without running statistics is not supported; track them in training")
    factor = 1 / np.sqrt(_weights(a["running_var"]) + float(a["eps"]))
    factor = factor if a["weight"] is None else factor * _weights(a["weight"])
    offset = 0.0 if a["bias"] is None else _weights(a["bias"])
    return builder.affine(
        _value(a["self"]), _channelwise(a["self"], a["running_mean"]), *_both(a["self"], factor, offset)
    )


def _channelwise(value: Value, vector: Any) -> np.ndarray[Any, Any]:
    """Return a vector [C] so that it broadcasts along the first dimension after the batch."""
    array = _weights(vector)
    return array.reshape(array.shape + (1,) * (len(value.view) - 1)) if array.ndim == 1 else array


def _both(value: Value, factor: Any, offset: Any) -> tuple[Any, Any]:
    return _channelwise(value, factor), _channelwise(value, offset)


def _legit(builder: Builder, a: Arguments) -> list[Any]:
    return [_batch_norm(builder, a), None, None]


def _relu(builder: Builder, a: Arguments) -> Value:
    return builder.clip(_value(a["self"]), 0.0, None)


def _relu6(builder: Builder, a: Arguments) -> Value:
    return builder.clip(_value(a["self"]), 0.0, 6.0)


def _bound(number: Any) -> float | None:
    if number is None:
        return None
    array = _weights(number)
    if array.size != 1:
        raise UnsupportedError("clips of several values are not supported; use one")
    return None if math.isinf(array.item()) else float(array.item())


def _clamp(builder: Builder, a: Arguments) -> Any:
    if isinstance(a["self"], Length):
        return a["self"]  # which keeps `normalize` from dividing by zero
    low = a.get("min", a.get("min_val"))
    return builder.clip(_value(a["self"]), _bound(low), _bound(a.get("max", a.get("max_val"))))


def _add(builder: Builder, a: Arguments) -> Value:
    first, second = a["self"], a["other"]
    if isinstance(first, Value) and isinstance(second, Value):
        if a.get("alpha", 1) != 1:
            second = builder.affine(second, factor=float(a["alpha"]))
        return builder.add(first, second)
    if isinstance(first, Value):
        return builder.affine(first, offset=_weights(second) * a.get("alpha", 1))
    return builder.affine(_value(second), factor=float(a.get("alpha", 1)), offset=_weights(first))


def _sub(builder: Builder, a: Arguments) -> Value:
    first, second, alpha = a["self"], a["other"], float(a.get("alpha", 1))
    if isinstance(first, Value) and isinstance(second, Value):
        return builder.add(first, builder.affine(second, factor=-alpha))
    if isinstance(first, Value):
        return builder.affine(first, centre=_weights(second) * alpha)
    return builder.affine(_value(second), factor=-alpha, offset=_weights(first))


def _rsub(builder: Builder, a: Arguments) -> Value:
    return _sub(builder, a | {"self": a["other"], "other": a["self"]})


def _mul(builder: Builder, a: Arguments) -> Value:
    first, second = a["self"], a["other"]
    if isinstance(first, Value) and isinstance(second, Value):
        raise UnsupportedError("the product of two tensors is not supported; only of a tensor and a constant")
    value, constant = (first, second) if isinstance(first, Value) else (second, first)
    return builder.affine(_value(value), factor=_weights(constant))


def _div(builder: Builder, a: Arguments) -> Value:
    first, second = a["self"], a["other"]
    if isinstance(first, Value) and isinstance(second, Length):
        return builder.divide_by_length(first, second)
    if not isinstance(first, Value) or isinstance(second, Value) or a.get("rounding_mode"):
        raise UnsupportedError("division is supported by constants and by the descriptor's own length only")
    divisor = _weights(second)
    if not divisor.all():
        raise UnsupportedError("a tensor is divided by zero")
    return builder.affine(first, factor=1 / divisor)


def _neg(builder: Builder, a: Arguments) -> Value:
    return builder.affine(_value(a["self"]), factor=-1.0)


def _max_pool(builder: Builder, a: Arguments) -> Value:
    return windows.max_pool(
        builder,
        _value(a["self"]),
        a["kernel_size"],
        stride=a["stride"] or None,
        padding=a["padding"],
        dilation=a["dilation"],
        ceiling=a["ceil_mode"],
    )


def _average_pool(builder: Builder, a: Arguments) -> Value:
    if a.get("divisor_override"):
        raise UnsupportedError("an average pool with its own divisor is not supported; leave divisor_override out")
    return windows.average_pool(
        builder,
        _value(a["self"]),
        a["kernel_size"],
        stride=a["stride"] or None,
        padding=a["padding"],
        ceiling=a["ceil_mode"],
        counts_padding=a["count_include_pad"],
    )


def _adaptive(maximum: bool) -> Handler:
    return lambda builder, a: windows.adaptive_pool(builder, _value(a["self"]), a["output_size"], maximum)


def _reduced(maximum: bool) -> Handler:
    def reduce(builder: Builder, a: Arguments) -> Value:
        value = _value(a["self"])
        given = a.get("dim")
        given = [given] if isinstance(given, int) else given
        if not given:
            raise UnsupportedError("a mean over everything mixes the batch; name the dimensions, (2, 3) for a map")
        return windows.reduce(builder, value, [_place(value, d) for d in given], a.get("keepdim", False), maximum)

    return reduce


def _cat(builder: Builder, a: Arguments) -> Value:
    parts = [_value(part) for part in a["tensors"]]
    return builder.concatenate(parts, _place(parts[0], a["dim"]))


def _chunk(builder: Builder, a: Arguments) -> list[Value]:
    value = _value(a["self"])
    place = _place(value, a["dim"])
    return _in_parts(builder, value, place, -(-value.sizes[place] // a["chunks"]))


def _split(builder: Builder, a: Arguments) -> list[Value]:
    value = _value(a["self"])
    place = _place(value, a["dim"])
    counts: Any = a.get("split_size", a.get("split_sizes"))
    if isinstance(counts, int):
        return _in_parts(builder, value, place, counts)
    return builder.split(value, counts, place)


def _in_parts(builder: Builder, value: Value, place: int, count: int) -> list[Value]:
    size = value.sizes[place]
    return builder.split(value, [min(count, size - start) for start in range(0, size, count)], place)


def _slice(builder: Builder, a: Arguments) -> Value:
    value, start, end = _value(a["self"]), a["start"] or 0, a["end"]
    if a["dim"] % (len(value.view) + 1) == 0 and start == 0:
        return value  # the whole batch
    place = _place(value, a["dim"])
    return builder.slice(value, place, start, value.sizes[place] if end is None else end, a["step"])


def _narrow(builder: Builder, a: Arguments) -> Value:
    value = _value(a["self"])
    return builder.slice(value, _place(value, a["dim"]), a["start"], a["start"] + a["length"])


def _select(builder: Builder, a: Arguments) -> Value:
    value = _value(a["self"])
    place = _place(value, a["dim"])
    index = a["index"] % value.sizes[place]
    part = builder.slice(value, place, index, index + 1)
    return Value(part.node, tuple(d for i, d in enumerate(part.view) if i != place))


def _permute(builder: Builder, a: Arguments) -> Value:
    value = _value(a["self"])
    order = [d % (len(value.view) + 1) for d in a["dims"]]
    if order[0] != 0:
        raise UnsupportedError("the batch must stay the first dimension")
    return builder.permute(value, [d - 1 for d in order[1:]])


def _transpose(builder: Builder, a: Arguments) -> Value:
    value = _value(a["self"])
    one, other = _place(value, a["dim0"]), _place(value, a["dim1"])
    order = list(range(len(value.view)))
    order[one], order[other] = order[other], order[one]
    return builder.permute(value, order)


def _pad(builder: Builder, a: Arguments) -> Value:
    value, pads = _value(a["self"]), a["pad"]
    if a.get("mode", "constant") != "constant":
        raise UnsupportedError(f"padding mode {a['mode']!r} is not supported; pad with zeros")
    rank = len(value.view) - 1
    ends = [(pads[i], pads[i + 1]) for i in range(0, len(pads), 2)]  # the last dimension first
    if any(any(pair) for pair in ends[rank:]):
        raise UnsupportedError("only height and width can be padded")
    ends = ([*ends, (0, 0), (0, 0)])[:rank][::-1]
    return windows.pad(builder, value, [b for b, _ in ends], [e for _, e in ends], float(a.get("value") or 0))


def _length(builder: Builder, a: Arguments) -> Length:
    value, dimensions = _value(a["self"]), a["dim"] or []
    if a["ord"] != 2 or len(dimensions) != 1 or not a["keepdim"]:
        raise UnsupportedError("only the Euclidean length of a descriptor [N,D] is supported, as in normalize")
    return builder.length(value, _place(value, dimensions[0]))


def _same(builder: Builder, a: Arguments) -> Any:
    return a["self"]


def _dropout(builder: Builder, a: Arguments) -> Any:
    if a.get("train"):
        raise UnsupportedError("dropout is in training mode; export network.eval()")
    return a["self"]


def _item(builder: Builder, a: Arguments) -> Any:
    found = a["self"][a["index"]]
    if found is None:
        raise UnsupportedError("the places of maxima are not supported; use the maxima alone")
    return found


def _first(handler: Handler) -> Handler:
    return lambda builder, a: [handler(builder, a), None]


OPERATORS: dict[str, Handler] = {
    **dict.fromkeys(("conv1d", "conv2d", "convolution"), _conv),
    "linear": _linear,
    **dict.fromkeys(("matmul", "mm"), _matmul),
    "addmm": _addmm,
    "batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": _legit,
    "relu": _relu,
    "relu6": _relu6,
    **dict.fromkeys(("hardtanh", "clamp", "clamp_min", "clamp_max", "clip"), _clamp),
    "add": _add,
    **dict.fromkeys(("sub", "subtract"), _sub),
    "rsub": _rsub,
    **dict.fromkeys(("mul", "multiply"), _mul),
    **dict.fromkeys(("div", "divide", "true_divide"), _div),
    "neg": _neg,
    **dict.fromkeys(("max_pool1d", "max_pool2d"), _max_pool),
    "max_pool2d_with_indices": _first(_max_pool),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d"), _average_pool),
    **dict.fromkeys(("adaptive_avg_pool1d", "adaptive_avg_pool2d", "_adaptive_avg_pool2d"), _adaptive(False)),
    **dict.fromkeys(("adaptive_max_pool1d", "adaptive_max_pool2d"), _first(_adaptive(True))),
    "mean": _reduced(False),
    "amax": _reduced(True),
    **dict.fromkeys(("cat", "concat", "concatenate"), _cat),
    "chunk": _chunk,
    **dict.fromkeys(("split", "split_with_sizes"), _split),
    "slice": _slice,
    "narrow": _narrow,
    "select": _select,
    "channel_shuffle": lambda builder, a: builder.shuffle(_value(a["self"]), a["groups"]),
    "permute": _permute,
    "transpose": _transpose,
    **dict.fromkeys(("pad", "constant_pad_nd"), _pad),
    "linalg_vector_norm": _length,
    **dict.fromkeys(SAME, _same),
    **dict.fromkeys(DROPOUTS, _dropout),
    "getitem": _item,
}
