"""What front ends build the graph with: values that know how the framework sees them, and operators without windows."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from peephole.fixedpoint.graph import views
from peephole.fixedpoint.graph.nodes import (
    Add,
    Affine,
    Bounds,
    Clip,
    Concatenate,
    Graph,
    Input,
    Node,
    Normalize,
    Operator,
    Origin,
    Shuffle,
    Slice,
)
from peephole.fixedpoint.graph.views import (
    AXES,
    CHANNELS,
    FLAT,
    Dim,
    Factor,
    Layout,
    Shape,
    UnsupportedError,
    View,
    axes_of,
    dim,
)


@dataclass(frozen=True, eq=False)
class Value:
    """A map and how the framework sees it, the batch left out."""

    node: Node
    view: View

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of the dimensions after the batch."""
        return views.sizes(self.view)


@dataclass(frozen=True, eq=False)
class Length:
    """The Euclidean length of a vector, which is good for nothing but to divide the vector by."""

    of: Value


class Builder:
    """Makes nodes in order. Dimensions are numbered without the batch, from 0.

    shape: of a sample, as the network takes it. image: a grey image, [1,H,W] or [H,W]. `origin` is
    that of the nodes made next. Every method raises `UnsupportedError` for what we have no layer for.
    """

    def __init__(self, shape: Sequence[int], image: bool) -> None:
        self.shape = tuple(shape)
        if not self.shape or min(self.shape) < 1:
            raise UnsupportedError(f"an input {list(shape)} beside the batch is no tensor; give it dimensions")
        self.origin = Origin("", "")
        self.input = Node(Input(), [], (1, 1, 1), Origin("", "image" if image else "input"))
        self.nodes: list[Node] = [self.input]
        self._digits: tuple[Factor, ...] | None = None
        if image:
            if len(self.shape) not in (2, 3) or (len(self.shape) == 3 and self.shape[0] != 1):
                raise UnsupportedError(f"the network takes {list(self.shape)}, no grey image [1,H,W]; give it tensors")
            self._digits = self._lay_out(views.reshaped(self.start().view, (1, *self.shape[-2:])))

    def start(self) -> Value:
        """Return what the network reads."""
        flat = dim(FLAT, int(np.prod(self.shape)))
        return Value(self.input, views.reshaped((flat,), self.shape))

    def new(self, operator: Operator, inputs: list[Node], shape: Shape) -> Node:
        """Append a node."""
        self.nodes.append(Node(operator, inputs, shape, self.origin))
        return self.nodes[-1]

    def finish(self, result: Value) -> Graph:
        """Return the graph whose output is this value."""
        result = self.channels_in_order(result)
        if result.node is self.input:
            raise UnsupportedError("the network returns its input; there is nothing to compute")
        taken = self.placed(self.start())
        return Graph(
            self.nodes,
            result.node,
            Layout(self.shape, taken.view, self.input.shape),
            Layout(result.sizes, result.view, result.node.shape),
        )

    # How values lie

    def placed(self, value: Value, channels: int = 0) -> Value:
        """Return the value in terms of channels, height and width; settles which those of the input are.

        channels: the dimension that they shall be, where that is not settled yet.
        """
        if value.node is not self.input:
            return value
        if self._digits is None:
            view = list(value.view)
            self._digits = self._lay_out((view.pop(channels), *view))
        digits = self._digits
        return Value(value.node, tuple(views.in_digits(dimension, digits) for dimension in value.view))

    def _lay_out(self, view: View) -> tuple[Factor, ...]:
        """Settle which of the input's dimensions are channels, height and width: as it is first read, if that will do.

        Else as the network takes it, with channels first.
        """
        if len(view) > 3 or any(len(dimension) > 1 for dimension in view):
            view = self.start().view
        if len(view) > 3:
            raise UnsupportedError(f"an input {list(self.shape)} has more than three dimensions beside the batch")
        first, *rest = view
        height, width = rest if len(rest) == 2 else ((), *rest) if rest else ((), ())
        dimensions = (first, height, width)
        made = views.sizes(dimensions)
        self.input.shape = (made[0], made[1], made[2])
        return tuple(
            Factor(axis, factor.size, factor.stride)
            for axis, dimension in zip(AXES, dimensions, strict=True)
            for factor in dimension
        )

    def channels_in_order(self, value: Value) -> Value:
        """Return the value with its channels shuffled for real where the view has two digits of them exchanged."""
        value = self.placed(value)
        shuffled = [d for d in value.view if len(d) == 2 and axes_of([d]) == {CHANNELS} and d[0].stride == 1]
        if not shuffled:
            return value
        low, high = shuffled[0]
        if high.stride != low.size or high.size * low.size != value.node.shape[0]:
            raise UnsupportedError("channels in such an order are not supported; shuffle groups of all of them")
        node = self.new(Shuffle(high.size), [value.node], value.node.shape)
        return Value(node, tuple(dim(CHANNELS, node.shape[0]) if d is shuffled[0] else d for d in value.view))

    def channel_dimension(self, value: Value) -> int | None:
        """Return which dimension is all channels in order; None where they have none of their own."""
        count = value.node.shape[0]
        if count > 1:
            return next((i for i, d in enumerate(value.view) if d == dim(CHANNELS, count)), None)
        return next((i for i, d in enumerate(value.view) if d == ()), None)

    def per_channel(self, value: Value, constant: ArrayLike) -> NDArray[np.float64]:
        """Return a constant that broadcasts over the value as one number a channel: [C]."""
        array = np.asarray(constant, np.float64)
        if not np.isfinite(array).all():
            raise UnsupportedError("a constant is infinite or not a number; look where training put it there")
        channels, rank = value.node.shape[0], len(value.view)
        if array.ndim == rank + 1 and array.shape[0] == 1:
            array = array[0]
        shape = (1,) * (rank - array.ndim) + array.shape
        varies = [i for i, size in enumerate(shape) if size != 1]
        fits = len(shape) == rank and all(shape[i] == value.sizes[i] for i in varies)
        if fits and np.ptp(array) == 0:
            return np.full(channels, array.flat[0])
        if not fits or varies != [self.channel_dimension(value)]:
            what = f"a constant {list(array.shape)} with a tensor {list(value.sizes)}"
            raise UnsupportedError(f"{what} is supported only if it is one number, or one a channel")
        return array.reshape(-1)

    # Views

    def reshape(self, value: Value, wanted: Sequence[int]) -> Value:
        """See a value in other dimensions, in row-major order."""
        return Value(value.node, views.reshaped(value.view, wanted))

    def permute(self, value: Value, order: Sequence[int]) -> Value:
        """See the dimensions in another order."""
        return Value(value.node, tuple(value.view[place] for place in order))

    # Operators

    def affine(self, value: Value, centre: ArrayLike = 0.0, factor: ArrayLike = 1.0, offset: ArrayLike = 0.0) -> Value:
        """(x - centre) * factor + offset, each one number or one a channel."""
        value = self.channels_in_order(value)
        parts = [self.per_channel(value, part) for part in (centre, factor, offset)]
        return Value(self.new(Affine(*parts), [value.node], value.node.shape), value.view)

    def clip(self, value: Value, low: float | None, high: float | None) -> Value:
        """Cut off what is below `low` and above `high`."""
        if low is None and high is None:
            return value
        if low is not None and high is not None and not low <= high:
            raise UnsupportedError(f"clips to {low}..{high}, which is no range")
        value = self.placed(value)
        return Value(self.new(Clip(Bounds(low, high)), [value.node], value.node.shape), value.view)

    def add(self, first: Value, second: Value) -> Value:
        """Sum of two values of one shape."""
        one, other = self.placed(first), self.placed(second)
        if one.sizes == other.sizes and one.view != other.view:
            one, other = self.channels_in_order(one), self.channels_in_order(other)
        if one.view != other.view or one.node.shape != other.node.shape:
            shapes = f"tensors {list(one.sizes)} and {list(other.sizes)}"
            raise UnsupportedError(f"{shapes} cannot be added; make the shapes equal")
        return Value(self.new(Add(), [one.node, other.node], one.node.shape), one.view)

    def concatenate(self, values: Sequence[Value], dimension: int) -> Value:
        """Side by side along the channels."""
        parts = [self.channels_in_order(value) for value in values]
        if len(parts) == 1:
            return parts[0]
        for part in parts:
            whole = part.view[dimension] == dim(CHANNELS, part.node.shape[0])
            if not whole or CHANNELS in axes_of(d for i, d in enumerate(part.view) if i != dimension):
                raise UnsupportedError("only channels can be concatenated; pool flattened maps first")
        rests = {(part.node.shape[1:], tuple(d for i, d in enumerate(part.view) if i != dimension)) for part in parts}
        if len(rests) > 1:
            shapes = " and ".join(str(list(part.sizes)) for part in parts)
            raise UnsupportedError(f"tensors {shapes} cannot be concatenated; make height and width equal")
        channels = sum(part.node.shape[0] for part in parts)
        node = self.new(Concatenate(), [part.node for part in parts], (channels, *parts[0].node.shape[1:]))
        view = tuple(dim(CHANNELS, channels) if i == dimension else d for i, d in enumerate(parts[0].view))
        return Value(node, view)

    def slice(self, value: Value, dimension: int, start: int, stop: int, step: int = 1) -> Value:
        """Entries start .. stop - 1 of a dimension, which must be channels or their most significant digit."""
        size = value.sizes[dimension]
        start, stop, step = slice(start, stop, step).indices(size)
        if (start, stop, step) == (0, size, 1):
            return value
        value = self.channels_in_order(value)
        digits, (channels, *sides) = value.view[dimension], value.node.shape
        whole = len(digits) == 1 and digits[0].axis == CHANNELS and digits[0].size * digits[0].stride == channels
        if not whole or step != 1 or stop <= start:
            what = f"entries {start} to {stop} (step {step}) of dimension {dimension + 1}"
            raise UnsupportedError(
                f"{what} are not supported; slice channels, with step 1, or use a strided convolution"
            )
        stride, count = digits[0].stride, stop - start
        node = self.new(Slice(start * stride, count * stride), [value.node], (count * stride, sides[0], sides[1]))
        kept: Dim = (Factor(CHANNELS, count, stride),) if count > 1 else ()
        return Value(node, tuple(kept if i == dimension else d for i, d in enumerate(value.view)))

    def split(self, value: Value, counts: Sequence[int], dimension: int) -> list[Value]:
        """Parts of so many entries each."""
        ends = itertools.accumulate(counts, initial=0)
        return [self.slice(value, dimension, start, stop) for start, stop in itertools.pairwise(ends)]

    def shuffle(self, value: Value, groups: int) -> Value:
        """Channel g * C/groups + k becomes channel k * groups + g."""
        channels, *rest = value.sizes
        if channels % groups:
            raise UnsupportedError(f"{groups} groups do not divide {channels} channels")
        apart = self.reshape(value, (groups, channels // groups, *rest))
        exchanged = self.permute(apart, (1, 0, *range(2, 2 + len(rest))))
        return self.reshape(exchanged, value.sizes)

    def length(self, value: Value, dimension: int) -> Length:
        """Euclidean length along a dimension."""
        value = self.channels_in_order(value)
        if value.node.shape[1:] != (1, 1) or dimension != self.channel_dimension(value):
            raise UnsupportedError("only the Euclidean length of a descriptor [N,D] is supported, as in normalize")
        return Length(value)

    def divide_by_length(self, value: Value, length: Length) -> Value:
        """A vector scaled to length one."""
        value = self.channels_in_order(value)
        if value.node is not length.of.node:
            raise UnsupportedError("division is supported by constants and by the descriptor's own length only")
        return Value(self.new(Normalize(), [value.node], value.node.shape), value.view)
