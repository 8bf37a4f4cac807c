"""What each operator of ONNX is in the typed graph. `OPERATORS` is the list of what can be imported."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from peephole.fixedpoint.graph import operands, windows
from peephole.fixedpoint.graph.builder import Builder, Length, Value
from peephole.fixedpoint.graph.operands import constant, optional, place, tensor
from peephole.fixedpoint.graph.views import UnsupportedError

# By which places and which rounding every pixel is taken twice, where a side becomes twice as long.
DOUBLING = {
    "asymmetric": ("floor", "round_prefer_floor"),
    "half_pixel": ("round_prefer_floor", "round_prefer_ceil"),
    "pytorch_half_pixel": ("round_prefer_floor", "round_prefer_ceil"),
}
NEAREST = "use asymmetric and floor, as torch exports it"
FLOATS = (1, 10, 11, 16)  # onnx.TensorProto: float, float16, double, bfloat16


@dataclass(frozen=True)
class Operation:
    """A node: what it reads, None where left out, its attributes, how many outputs it has, and the batch's size."""

    inputs: list[Any]
    attributes: dict[str, Any]
    outputs: int
    batch: int

    def input(self, number: int) -> Any:
        """Return an input, None where it is left out."""
        return self.inputs[number] if number < len(self.inputs) else None

    @property
    def value(self) -> Value:
        """The first input, which must be a tensor."""
        return tensor(self.inputs[0])

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def numbers(self, name: str, number: int) -> list[int] | None:
        """Return whole numbers that are an attribute in older versions and an input in newer ones."""
        given = self.attributes.get(name, self.input(number))
        if isinstance(given, Value):
            raise UnsupportedError(f"{name} that the network computes are not supported; they must be constants")
        return None if given is None else [int(n) for n in np.atleast_1d(given)]


Handler = Callable[[Builder, Operation], Any]


def _word(o: Operation) -> str:
    word = o.get("auto_pad", b"NOTSET").decode()
    return "" if word == "NOTSET" else str(word).lower()


def _ends(o: Operation) -> tuple[list[int], list[int]]:
    pads = list(o.get("pads") or [0, 0] * (len(o.value.view) - 1))
    half = len(pads) // 2
    return pads[:half], pads[half:]


def _conv(builder: Builder, o: Operation) -> Value:
    before, after = _ends(o)
    word = _word(o)
    return windows.convolve(
        builder,
        o.value,
        constant(o.input(1)),
        optional(o.input(2)),
        stride=o.get("strides", 1),
        padding=word or before,
        after=None if word else after,
        dilation=o.get("dilations", 1),
        groups=o.get("group", 1),
    )


def _pooled(o: Operation) -> dict[str, Any]:
    before, after = _ends(o)
    size = o.get("kernel_shape")
    strides = o.get("strides", [1] * len(size))
    if _word(o) in ("same_upper", "same_lower"):
        sides = o.value.sizes[1:]
        both = [
            windows.same_padding((n - 1) * d + 1, step, side, _word(o) == "same_lower")
            for n, d, step, side in zip(size, o.get("dilations", [1] * len(size)), strides, sides, strict=True)
        ]
        before, after = [b for b, _ in both], [a for _, a in both]
    return {
        "size": size,
        "stride": strides,
        "padding": before,
        "after": after,
        "ceiling": bool(o.get("ceil_mode", 0)),
    }


def _max_pool(builder: Builder, o: Operation) -> Value:
    return windows.max_pool(builder, o.value, **_pooled(o), dilation=o.get("dilations", 1))


def _average_pool(builder: Builder, o: Operation) -> Value:
    if set(o.get("dilations", [1])) != {1}:
        raise UnsupportedError("an average over every other pixel is not supported; leave dilations out")
    return windows.average_pool(builder, o.value, **_pooled(o), counts_padding=bool(o.get("count_include_pad", 0)))


def _global_pool(maximum: bool) -> Handler:
    return lambda builder, o: windows.reduce(builder, o.value, range(1, len(o.value.view)), True, maximum)


def _reduced(maximum: bool) -> Handler:
    def reduce(builder: Builder, o: Operation) -> Value:
        axes = o.numbers("axes", 1)
        if not axes:
            raise UnsupportedError("a mean over everything mixes the batch; name the axes, [2, 3] for a map")
        places = [place(o.value, axis) for axis in axes]
        return windows.reduce(builder, o.value, places, bool(o.get("keepdims", 1)), maximum)

    return reduce


def _reduced_sum(builder: Builder, o: Operation) -> Value:
    mean = _reduced(False)(builder, o)
    return builder.affine(mean, factor=math.prod(o.value.sizes) / math.prod(mean.sizes))


def _gemm(builder: Builder, o: Operation) -> Value:
    if o.get("transA", 0):
        raise UnsupportedError("a transposed tensor is not supported in Gemm; transpose its weights")
    weight = constant(o.input(1)) * o.get("alpha", 1.0)
    bias = None if o.input(2) is None else constant(o.input(2)) * o.get("beta", 1.0)
    weight = weight if o.get("transB", 0) else weight.T
    bias = None if bias is None else np.broadcast_to(bias.ravel(), len(weight))
    return windows.linear(builder, o.value, weight, bias)


def _matmul(builder: Builder, o: Operation) -> Value:
    operands.times_weights(o.inputs[0], o.input(1))
    return windows.linear(builder, o.value, constant(o.input(1)).T, None)


def _batch_norm(builder: Builder, o: Operation) -> Value:
    if o.get("training_mode", 0):
        raise UnsupportedError("batch norm is in training mode; export for inference")
    eps = float(o.get("epsilon", 1e-5))
    return operands.batch_norm(builder, o.value, (o.input(3), o.input(4)), o.input(1), o.input(2), eps)


def _clip(builder: Builder, o: Operation) -> Any:
    return operands.clip(builder, o.inputs[0], o.get("min", o.input(1)), o.get("max", o.input(2)))


def _extreme(largest: bool) -> Handler:
    def clip(builder: Builder, o: Operation) -> Any:
        if len(o.inputs) != 2 or (isinstance(o.inputs[0], Value) and isinstance(o.inputs[1], Value)):
            raise UnsupportedError("only of a tensor and a constant is that supported")
        first, other = o.inputs if isinstance(o.inputs[0], Value | Length) else o.inputs[::-1]
        return operands.clip(builder, first, other if largest else None, None if largest else other)

    return clip


def _sum(builder: Builder, o: Operation) -> Value | Length:
    total = o.inputs[0]
    for other in o.inputs[1:]:
        total = operands.add(builder, total, other)
    return total if isinstance(total, Length) else tensor(total)


def _concatenate(builder: Builder, o: Operation) -> Value:
    parts = [tensor(part) for part in o.inputs]
    return builder.concatenate(parts, place(parts[0], o.get("axis")))


def _split(builder: Builder, o: Operation) -> list[Value]:
    at = place(o.value, o.get("axis", 0))
    counts, size = o.numbers("split", 1), o.value.sizes[at]
    if counts is None:
        largest = -(-size // o.get("num_outputs", o.outputs))
        counts = [min(largest, size - start) for start in range(0, size, largest)]
    return builder.split(o.value, counts, at)


def _slice(builder: Builder, o: Operation) -> Value:
    value = o.value
    starts, ends = o.numbers("starts", 1) or [], o.numbers("ends", 2) or []
    axes = o.numbers("axes", 3) or list(range(len(starts)))
    steps = o.numbers("steps", 4) or [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if axis % (len(value.view) + 1) == 0 and start == 0 and step == 1 and end >= o.batch:
            continue  # the whole batch
        value = builder.slice(value, place(value, axis), start, end, step)
    return value


def _gather(builder: Builder, o: Operation) -> Value:
    index = constant(o.input(1))
    if index.ndim:
        raise UnsupportedError("gathering several entries is not supported; use Slice")
    return operands.select(builder, o.value, o.get("axis", 0), int(index))


def _reshape(builder: Builder, o: Operation) -> Any:
    wanted = o.numbers("shape", 1) or []
    sizes = o.value.sizes
    if not wanted or wanted[0] not in (0, -1, o.batch):
        raise UnsupportedError(f"a reshape to {wanted} does not keep the batch as its first dimension")
    rest = [sizes[i] if size == 0 and i < len(sizes) else size for i, size in enumerate(wanted[1:])]
    if -1 in rest and wanted[0] != -1:
        known = math.prod(size for size in rest if size != -1)
        rest[rest.index(-1)] = math.prod(sizes) // max(1, known)
    return builder.reshape(o.value, rest)


def _flatten(builder: Builder, o: Operation) -> Value:
    if o.get("axis", 1) % (len(o.value.view) + 1) != 1:
        raise UnsupportedError("only a flattening that keeps the batch is supported, axis 1")
    return builder.reshape(o.value, [math.prod(o.value.sizes)])


def _squeeze(builder: Builder, o: Operation) -> Any:
    if isinstance(o.inputs[0], Length):
        return o.inputs[0]
    axes = o.numbers("axes", 1)
    if axes is None:
        raise UnsupportedError("name the axes to squeeze; the batch may have a size of one too")
    gone = {place(o.value, axis) for axis in axes}
    return builder.reshape(o.value, [size for i, size in enumerate(o.value.sizes) if i not in gone])


def _unsqueeze(builder: Builder, o: Operation) -> Value:
    axes = o.numbers("axes", 1) or []
    sizes = list(o.value.sizes)
    rank = 1 + len(sizes) + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        if axis == 0:
            raise UnsupportedError("the batch must stay the first dimension")
        sizes.insert(axis - 1, 1)
    return builder.reshape(o.value, sizes)


def _transpose(builder: Builder, o: Operation) -> Value:
    return operands.permute(builder, o.value, list(o.get("perm") or range(len(o.value.view) + 1)[::-1]))


def _pad(builder: Builder, o: Operation) -> Value:
    value, rank = o.value, len(o.value.view) + 1
    mode = o.get("mode", b"constant").decode()
    if mode != "constant":
        raise UnsupportedError(f"padding mode {mode!r} is not supported; pad with zeros")
    pads = o.numbers("pads", 1) or []
    axes = o.numbers("axes", 3) or list(range(rank))
    ends = {axis % rank: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}
    if any(ends.get(0, (0, 0))) or any(ends.get(1, (0, 0))):
        raise UnsupportedError("only height and width can be padded")
    sides: Sequence[tuple[int, int]] = [ends.get(axis, (0, 0)) for axis in range(2, rank)]
    fill = o.get("value", o.input(2))
    return windows.pad(
        builder, value, [b for b, _ in sides], [e for _, e in sides], 0.0 if fill is None else constant(fill).item()
    )


def _length(builder: Builder, o: Operation) -> Length:
    axes = o.numbers("axes", 1) or []
    if len(axes) != 1 or not o.get("keepdims", 1):
        raise UnsupportedError("only the Euclidean length of a descriptor [N,D] is supported, as in normalize")
    return builder.length(o.value, place(o.value, axes[0]))


def _normalization(builder: Builder, o: Operation) -> Value:
    if o.get("p", 2) != 2:
        raise UnsupportedError("only the Euclidean length is supported, p 2")
    length = builder.length(o.value, place(o.value, o.get("axis", -1)))
    return builder.divide_by_length(o.value, length)


def _same(builder: Builder, o: Operation) -> Any:
    return o.inputs[0]


def _dropout(builder: Builder, o: Operation) -> Any:
    if bool(np.any(o.input(2))):
        raise UnsupportedError("dropout is in training mode; export for inference")
    return o.inputs[0]


def _expand(builder: Builder, o: Operation) -> Any:
    wanted = o.numbers("shape", 1) or []
    if isinstance(o.inputs[0], Length) or wanted[1:] == list(o.value.sizes):
        return o.inputs[0]
    raise UnsupportedError(f"a tensor {list(o.value.sizes)} cannot be spread to {wanted}; make the shapes equal")


def _cast(builder: Builder, o: Operation) -> Any:
    if o.get("to") not in FLOATS:
        raise UnsupportedError("rounding to whole numbers inside of the network is not supported; leave the cast out")
    return o.inputs[0]


def _resize(builder: Builder, o: Operation) -> Value:
    mode = o.get("mode", b"nearest").decode()
    if mode != "nearest":
        raise UnsupportedError(f"upsampling of mode {mode} is not supported; use nearest, or a convolution after it")
    places = o.get("coordinate_transformation_mode", b"half_pixel").decode()
    rounding = o.get("nearest_mode", b"round_prefer_floor").decode()
    if rounding not in DOUBLING.get(places, ()):
        raise UnsupportedError(f"upsampling by {places} and {rounding} takes other pixels than the nearest; {NEAREST}")
    return _doubled(builder, o, o.input(2), o.input(3))


def _upsample(builder: Builder, o: Operation) -> Value:
    if (mode := o.get("mode", b"nearest").decode()) != "nearest":
        raise UnsupportedError(f"upsampling of mode {mode} is not supported; use nearest, or a convolution after it")
    return _doubled(builder, o, o.get("scales", o.input(1)), None)


def _doubled(builder: Builder, o: Operation, scales: Any, sizes: Any) -> Value:
    """scales, sizes: of all dimensions, the batch's first, or of those that `axes` names; one of the two is given."""
    given = sizes if scales is None or np.size(constant(scales)) == 0 else scales
    before = [o.batch, *o.value.sizes]
    made: list[float] = [*before]
    numbers = [] if given is None else constant(given).tolist()
    axes = o.get("axes") or range(len(numbers))
    for axis, number in zip(axes, numbers, strict=True):
        made[axis] = number if given is sizes else before[axis] * number
    if len(before) != 4 or made[0] != before[0]:
        raise UnsupportedError(f"a tensor {list(o.value.sizes)} cannot be upsampled so; make a map [N,C,H,W] of it")
    windows.check_doubled(made[1:], o.value.sizes)
    return windows.upsample(builder, o.value)


OPERATORS: dict[str, Handler] = {
    "Conv": _conv,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "BatchNormalization": _batch_norm,
    "Relu": lambda builder, o: builder.clip(o.value, 0.0, None),
    "Clip": _clip,
    "Max": _extreme(True),
    "Min": _extreme(False),
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global_pool(False),
    "GlobalMaxPool": _global_pool(True),
    "Resize": _resize,
    "Upsample": _upsample,
    "ReduceMean": _reduced(False),
    "ReduceMax": _reduced(True),
    "ReduceSum": _reduced_sum,
    "Add": _sum,
    "Sum": _sum,
    "Sub": lambda builder, o: operands.subtract(builder, *o.inputs),
    "Mul": lambda builder, o: operands.multiply(builder, *o.inputs),
    "Div": lambda builder, o: operands.divide(builder, *o.inputs),
    "Neg": lambda builder, o: builder.affine(o.value, factor=-1.0),
    "Concat": _concatenate,
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Pad": _pad,
    "ReduceL2": _length,
    "LpNormalization": _normalization,
    "Expand": _expand,
    "Identity": _same,
    "Dropout": _dropout,
    "Cast": _cast,
}
