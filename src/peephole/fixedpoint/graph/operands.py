"""What operators are given, tensors or constants, and arithmetic between the two; the same for every front end."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.graph.builder import Builder, Length, Value
from peephole.fixedpoint.graph.views import UnsupportedError

Constant = NDArray[np.float64]


TINY = 1e-6
"""What a vector's length may be kept from zero by: so little that leaving it out changes nothing worth a bit."""


def tensor(operand: Any) -> Value:
    """Return an operand that must be a tensor."""
    if isinstance(operand, Length):
        raise UnsupportedError("a vector's length is good only to divide the vector by, as in normalize")
    if not isinstance(operand, Value):
        raise UnsupportedError("an operator between constants and lists is not supported; give it the tensor itself")
    return operand


def constant(operand: Any) -> Constant:
    """Return an operand that must be a constant."""
    if isinstance(operand, Value | Length | list):
        raise UnsupportedError("weights that the network computes are not supported; they must be constants")
    with np.errstate(invalid="ignore"):  # of a NaN; whoever takes the number tells where it is
        return np.asarray(operand, np.float64)


def optional(operand: Any) -> Constant | None:
    """Return an operand that is a constant or left out."""
    return None if operand is None else constant(operand)


def bound(operand: Any) -> float | None:
    """Return an end of a clip; None where it is left out or infinite."""
    if operand is None:
        return None
    array = constant(operand)
    if array.size != 1:
        raise UnsupportedError("clips of several values are not supported; use one")
    if math.isnan(array.item()):
        raise UnsupportedError("a clip to what is not a number; give it an end, or leave it out")
    largest = float(np.finfo(np.float32).max)
    return None if math.isinf(array.item()) or abs(array.item()) >= largest else float(array.item())


def clip(builder: Builder, operand: Any, low: Any, high: Any) -> Value | Length:
    """Cut off what is below `low` and above `high`; a length may only be kept from zero."""
    lowest, highest = bound(low), bound(high)
    if not isinstance(operand, Length):
        return builder.clip(tensor(operand), lowest, highest)
    if highest is not None or (lowest or 0.0) > TINY:
        raise _not_tiny()
    return operand


def _not_tiny() -> UnsupportedError:
    return UnsupportedError(f"a vector's length may be kept from zero by a constant of at most {TINY}, not more")


def place(value: Value, dimension: int) -> int:
    """Return the number of a dimension without the batch, of one with it."""
    number = dimension % (len(value.view) + 1)
    if number == 0:
        raise UnsupportedError("the batch dimension cannot be used; use the others")
    return number - 1


def permute(builder: Builder, value: Value, order: list[int]) -> Value:
    """See the dimensions, the batch first, in another order."""
    numbers = [dimension % (len(value.view) + 1) for dimension in order]
    if numbers[0] != 0:
        raise UnsupportedError(
            "the batch must stay the first dimension; attention and other layers that move it are not supported"
        )
    return builder.permute(value, [number - 1 for number in numbers[1:]])


def select(builder: Builder, value: Value, dimension: int, index: int) -> Value:
    """One entry of a dimension, which then is gone."""
    at = place(value, dimension)
    size = value.sizes[at]
    if not -size <= index < size:
        raise UnsupportedError(f"entry {index} of a dimension of {size} is not there")
    index %= size
    part = builder.slice(value, at, index, index + 1)
    return Value(part.node, tuple(d for i, d in enumerate(part.view) if i != at))


def add(builder: Builder, first: Any, second: Any, factor: float = 1.0) -> Value | Length:
    """First + factor * second."""
    if isinstance(first, Length) and not isinstance(second, Value | Length):
        added = constant(second) * factor
        if not (added.min() >= 0 and added.max() <= TINY):
            raise _not_tiny()
        return first
    if isinstance(first, Value) and isinstance(second, Value):
        return builder.add(first, second if factor == 1 else builder.affine(second, factor=factor))
    if isinstance(first, Value):
        return builder.affine(first, offset=constant(second) * factor)
    return builder.affine(tensor(second), factor=factor, offset=constant(first))


def subtract(builder: Builder, first: Any, second: Any, factor: float = 1.0) -> Value | Length:
    """First - factor * second."""
    if isinstance(first, Value) and not isinstance(second, Value):
        return builder.affine(first, centre=constant(second) * factor)
    return add(builder, first, second, -factor)


def multiply(builder: Builder, first: Any, second: Any) -> Value:
    """Tensor times constant."""
    if isinstance(first, Value) and isinstance(second, Value):
        raise UnsupportedError(
            "the product of two tensors is not supported; use their sum or concatenation, or a constant factor"
        )
    value, factor = (first, second) if isinstance(first, Value | Length) else (second, first)
    return builder.affine(tensor(value), factor=constant(factor))


def times_weights(first: Any, second: Any) -> None:
    """Refuse a matrix product that is no tensor times constant weights."""
    if isinstance(first, Value) and isinstance(second, Value):
        raise UnsupportedError("the matrix product of two tensors is not supported; use a sum or a concatenation")
    if not isinstance(first, Value):
        raise UnsupportedError("weights times a tensor are not supported; transpose both, or use a linear layer")


def divide(builder: Builder, first: Any, second: Any) -> Value:
    """Tensor divided by a constant or by its own length."""
    if isinstance(first, Value) and isinstance(second, Length):
        return builder.divide_by_length(first, second)
    if not isinstance(first, Value) or isinstance(second, Value):
        raise UnsupportedError("division is supported by constants and by the descriptor's own length only")
    divisor = constant(second)
    if not divisor.all():
        raise UnsupportedError("a tensor is divided by zero")
    return builder.affine(first, factor=1 / divisor)


def batch_norm(
    builder: Builder, value: Value, statistics: tuple[Any, Any], gain: Any, offset: Any, eps: float
) -> Value:
    """(x - mean) / sqrt(variance + eps) * gain + offset, one of each a channel. statistics: mean and variance."""
    mean, variance = statistics
    if mean is None or variance is None:
        raise UnsupportedError("batch norm without running statistics is not supported; track them in training")
    factor = 1 / np.sqrt(constant(variance) + eps)
    factor = factor if gain is None else factor * constant(gain)
    added = np.zeros_like(factor) if offset is None else constant(offset)
    sides = (1,) * (len(value.view) - 1)
    centre, factor, added = (part.reshape(-1, *sides) for part in (constant(mean), factor, added))
    return builder.affine(value, centre, factor, added)
