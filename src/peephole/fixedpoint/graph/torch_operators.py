"""What each operator of torch is in the typed graph. `OPERATORS` is the list of what can be imported."""

import math
from collections.abc import Callable
from typing import Any

from peephole.fixedpoint.graph import operands, windows
from peephole.fixedpoint.graph.builder import Builder, Length, Value
from peephole.fixedpoint.graph.operands import constant, optional, place, tensor
from peephole.fixedpoint.graph.views import UnsupportedError

Arguments = dict[str, Any]
Handler = Callable[[Builder, Arguments], Any]

RESHAPES = frozenset(
    ("view", "reshape", "_unsafe_view", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as")
)
SAME = ("contiguous", "clone", "detach", "alias", "lift_fresh_copy", "to", "_to_copy", "type_as")
DROPOUTS = ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")


def _conv(builder: Builder, a: Arguments) -> Value:
    if a.get("transposed") or any(a.get("output_padding", ())):
        raise UnsupportedError("transposed convolutions are not supported; use a convolution on a larger map")
    if isinstance(a["padding"], str) and a["padding"] == "same" and set(a["stride"]) != {1}:
        raise UnsupportedError("padding 'same' needs stride 1")
    return windows.convolve(
        builder,
        tensor(a["self"]),
        constant(a["weight"]),
        optional(a["bias"]),
        stride=a["stride"],
        padding=a["padding"],
        dilation=a["dilation"],
        groups=a["groups"],
    )


def _linear(builder: Builder, a: Arguments) -> Value:
    return windows.linear(builder, tensor(a["self"]), constant(a["weight"]), optional(a["bias"]))


def _matmul(builder: Builder, a: Arguments) -> Value:
    other = a.get("other", a.get("mat2"))
    operands.times_weights(a["self"], other)
    return windows.linear(builder, a["self"], constant(other).T, None)


def _addmm(builder: Builder, a: Arguments) -> Value:
    if (a["beta"], a["alpha"]) != (1, 1) or isinstance(a["mat2"], Value):
        raise UnsupportedError("only a linear layer is supported, without factors")
    return windows.linear(builder, tensor(a["mat1"]), constant(a["mat2"]).T, constant(a["self"]))


def _batch_norm(builder: Builder, a: Arguments) -> Value:
    statistics = (a["running_mean"], a["running_var"])
    if a.get("training") and a["running_mean"] is not None:
        raise UnsupportedError("batch norm is in training mode; export network.eval()")
    return operands.batch_norm(builder, tensor(a["self"]), statistics, a["weight"], a["bias"], float(a["eps"]))


def _legit(builder: Builder, a: Arguments) -> list[Any]:
    return [_batch_norm(builder, a), None, None, None, None]


def _relu(builder: Builder, a: Arguments) -> Value:
    return builder.clip(tensor(a["self"]), 0.0, None)


def _relu6(builder: Builder, a: Arguments) -> Value:
    return builder.clip(tensor(a["self"]), 0.0, 6.0)


def _clamp(builder: Builder, a: Arguments) -> Any:
    low, high = a.get("min", a.get("min_val")), a.get("max", a.get("max_val"))
    return operands.clip(builder, a["self"], low, high)


def _add(builder: Builder, a: Arguments) -> Any:
    return operands.add(builder, a["self"], a["other"], float(a.get("alpha", 1)))


def _sub(builder: Builder, a: Arguments) -> Any:
    return operands.subtract(builder, a["self"], a["other"], float(a.get("alpha", 1)))


def _rsub(builder: Builder, a: Arguments) -> Any:
    return operands.subtract(builder, a["other"], a["self"], float(a.get("alpha", 1)))


def _mul(builder: Builder, a: Arguments) -> Value:
    return operands.multiply(builder, a["self"], a["other"])


def _div(builder: Builder, a: Arguments) -> Value:
    if a.get("rounding_mode"):
        raise UnsupportedError("division that rounds is not supported; divide by constants only")
    return operands.divide(builder, a["self"], a["other"])


def _neg(builder: Builder, a: Arguments) -> Value:
    return builder.affine(tensor(a["self"]), factor=-1.0)


def _max_pool(builder: Builder, a: Arguments) -> Value:
    return windows.max_pool(
        builder,
        tensor(a["self"]),
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
        tensor(a["self"]),
        a["kernel_size"],
        stride=a["stride"] or None,
        padding=a["padding"],
        ceiling=a["ceil_mode"],
        counts_padding=a["count_include_pad"],
    )


def _adaptive(maximum: bool) -> Handler:
    return lambda builder, a: windows.adaptive_pool(builder, tensor(a["self"]), a["output_size"], maximum)


def _reduced(maximum: bool) -> Handler:
    def reduce(builder: Builder, a: Arguments) -> Value:
        value = tensor(a["self"])
        given = a.get("dim")
        given = [given] if isinstance(given, int) else given
        if not given:
            raise UnsupportedError("a mean over everything mixes the batch; name the dimensions, (2, 3) for a map")
        return windows.reduce(builder, value, [place(value, d) for d in given], a.get("keepdim", False), maximum)

    return reduce


def _sum(builder: Builder, a: Arguments) -> Value:
    mean = _reduced(False)(builder, a)
    return builder.affine(mean, factor=math.prod(tensor(a["self"]).sizes) / math.prod(mean.sizes))


def _cat(builder: Builder, a: Arguments) -> Value:
    parts = [tensor(part) for part in a["tensors"]]
    return parts[0] if len(parts) == 1 else builder.concatenate(parts, place(parts[0], a["dim"]))


def _chunk(builder: Builder, a: Arguments) -> list[Value]:
    value = tensor(a["self"])
    at = place(value, a["dim"])
    return _in_parts(builder, value, at, -(-value.sizes[at] // a["chunks"]))


def _split(builder: Builder, a: Arguments) -> list[Value]:
    value = tensor(a["self"])
    at = place(value, a["dim"])
    counts: Any = a.get("split_size", a.get("split_sizes"))
    if isinstance(counts, int):
        return _in_parts(builder, value, at, counts)
    return builder.split(value, counts, at)


def _in_parts(builder: Builder, value: Value, at: int, count: int) -> list[Value]:
    size = value.sizes[at]
    return builder.split(value, [min(count, size - start) for start in range(0, size, count)], at)


def _slice(builder: Builder, a: Arguments) -> Value:
    value, end = tensor(a["self"]), a["end"]
    at = place(value, a["dim"])
    return builder.slice(value, at, a["start"] or 0, value.sizes[at] if end is None else end, a["step"])


def _narrow(builder: Builder, a: Arguments) -> Value:
    value = tensor(a["self"])
    return builder.slice(value, place(value, a["dim"]), a["start"], a["start"] + a["length"])


def _select(builder: Builder, a: Arguments) -> Value:
    return operands.select(builder, tensor(a["self"]), a["dim"], a["index"])


def _permute(builder: Builder, a: Arguments) -> Value:
    return operands.permute(builder, tensor(a["self"]), a["dims"])


def _transpose(builder: Builder, a: Arguments) -> Value:
    value = tensor(a["self"])
    one, other = place(value, a["dim0"]), place(value, a["dim1"])
    order = list(range(len(value.view)))
    order[one], order[other] = order[other], order[one]
    return builder.permute(value, order)


def _pad(builder: Builder, a: Arguments) -> Value:
    value, pads = tensor(a["self"]), a["pad"]
    if a.get("mode", "constant") != "constant":
        raise UnsupportedError(f"padding mode {a['mode']!r} is not supported; pad with zeros")
    rank = len(value.view) - 1
    ends = [(pads[i], pads[i + 1]) for i in range(0, len(pads), 2)]  # the last dimension first
    if any(any(pair) for pair in ends[rank:]):
        raise UnsupportedError("only height and width can be padded")
    ends = ([*ends, (0, 0), (0, 0)])[:rank][::-1]
    return windows.pad(builder, value, [b for b, _ in ends], [e for _, e in ends], float(a.get("value") or 0))


def _length(builder: Builder, a: Arguments) -> Length:
    value, dimensions = tensor(a["self"]), a["dim"] or []
    if a["ord"] != 2 or len(dimensions) != 1 or not a["keepdim"]:
        raise UnsupportedError("only the Euclidean length of a descriptor [N,D] is supported, as in normalize")
    return builder.length(value, place(value, dimensions[0]))


def _same(builder: Builder, a: Arguments) -> Any:
    return a["self"]


def _expand(builder: Builder, a: Arguments) -> Any:
    if not isinstance(a["self"], Length):
        raise UnsupportedError("a tensor cannot be spread over another's shape; make the shapes equal")
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


def _upsample(builder: Builder, a: Arguments) -> Value:
    value = tensor(a["self"])
    scales = [scale for scale in a.get("scale_factors") or (a.get("scales_h"), a.get("scales_w")) if scale]
    made: list[float] = a.get("output_size") or []
    if scales:  # they say which pixels are taken, also where the sizes are given too
        made = [side * scale for side, scale in zip(value.sizes[-2:], scales, strict=True)]
    windows.check_doubled([*value.sizes[:-2], *made], value.sizes)
    return windows.upsample(builder, value)


def _first(handler: Handler) -> Handler:
    return lambda builder, a: [handler(builder, a), None]


OPERATORS: dict[str, Handler] = {
    **dict.fromkeys(("conv1d", "conv2d", "convolution"), _conv),
    "linear": _linear,
    **dict.fromkeys(("matmul", "mm"), _matmul),
    "addmm": _addmm,
    "batch_norm": _batch_norm,
    **dict.fromkeys(("_native_batch_norm_legit_no_training", "_native_batch_norm_legit_functional"), _legit),
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
    **dict.fromkeys(("upsample_nearest2d", "_upsample_nearest_exact2d"), _upsample),  # by 2 they are the same
    "mean": _reduced(False),
    "amax": _reduced(True),
    "sum": _sum,
    **dict.fromkeys(("cat", "concat", "concatenate"), _cat),
    "chunk": _chunk,
    **dict.fromkeys(("split", "split_with_sizes"), _split),
    "slice": _slice,
    "narrow": _narrow,
    "select": _select,
    "channel_shuffle": lambda builder, a: builder.shuffle(tensor(a["self"]), a["groups"]),
    "permute": _permute,
    "transpose": _transpose,
    **dict.fromkeys(("pad", "constant_pad_nd"), _pad),
    "linalg_vector_norm": _length,
    **dict.fromkeys(SAME, _same),
    **dict.fromkeys(DROPOUTS, _dropout),
    **dict.fromkeys(("expand", "expand_as"), _expand),
    "getitem": _item,
}
