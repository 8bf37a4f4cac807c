"""Operators that move a window over a map, and the linear layer, which is one: what the builder adds for them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.graph import nodes, views
from peephole.fixedpoint.graph.builder import Builder, Value
from peephole.fixedpoint.graph.nodes import Node
from peephole.fixedpoint.graph.views import CHANNELS, HEIGHT, WIDTH, UnsupportedError, axes_of, dim, view_of
from peephole.fixedpoint.window import Pair, extent_of

Numbers = int | Sequence[int]


class _Map:
    """A value as channels, height and width; `pair` gives numbers in that order, `value` the result as it was seen.

    Its dimensions are [C,H,W], or [C,L] of a height or a width of one; height and width may be exchanged.
    """

    def __init__(self, builder: Builder, value: Value) -> None:
        value = builder.channels_in_order(value)
        self.rank = len(value.view) - 1
        if self.rank not in (1, 2):
            raise UnsupportedError(f"a tensor {list(value.sizes)} is no map [N,C,H,W] or [N,C,L]; reshape it")
        channels, *sides = value.view
        down, along = sides if self.rank == 2 else ((), sides[0])
        _, rows, columns = view_of(value.node.shape)
        self.exchanged = (down, along) != (rows, columns)
        if (self.exchanged and (down, along) != (columns, rows)) or channels != dim(CHANNELS, value.node.shape[0]):
            if value.node.shape[1:] == (1, 1):
                raise UnsupportedError(
                    f"a vector of {value.node.shape[0]} numbers cannot become a map {list(value.sizes)}; "
                    "make the map by convolutions, or feed it in as the network's input"
                )
            raise UnsupportedError(
                f"a tensor {list(value.sizes)} whose channels stand elsewhere, or whose rows or columns are in another "
                "order, cannot be read; transpose it back"
            )
        self.node: Node = value.node
        self.channels, height, width = value.node.shape
        self.sides = (height, width)

    def pair(self, numbers: Numbers, neutral: int) -> Pair:
        """Return one number for the height and one for the width; neutral: where there is no such dimension."""
        given = [numbers] if isinstance(numbers, int) else list(numbers)
        given = given * self.rank if len(given) == 1 else given
        if len(given) != self.rank:
            raise UnsupportedError(f"{given} must be {self.rank} numbers")
        down, along = (neutral, given[0]) if self.rank == 1 else (given[0], given[1])
        return (along, down) if self.exchanged else (down, along)

    def kernel(self, weight: NDArray[Any]) -> NDArray[np.float64]:
        """Return weights [O,I,K..] as [O,KH,KW,I]."""
        if weight.ndim != 2 + self.rank:
            raise UnsupportedError(f"weights {list(weight.shape)} do not fit a map of {self.rank} dimensions")
        if self.rank == 1:
            weight = weight[:, :, None, :]
        if self.exchanged:
            weight = weight.transpose(0, 1, 3, 2)
        return np.asarray(weight.transpose(0, 2, 3, 1), np.float64)

    def value(self, node: Node) -> Value:
        """Return a map of the same dimensions as the framework sees it."""
        channels, height, width = view_of(node.shape)
        if self.rank == 1:
            return Value(node, (channels, height if self.exchanged else width))
        return Value(node, (channels, width, height) if self.exchanged else (channels, height, width))


def _outputs(sides: Pair, extent: Pair, stride: Pair, before: Pair, after: Pair, ceiling: bool = False) -> Pair:
    made = []
    for side, reach, step, first, last in zip(sides, extent, stride, before, after, strict=True):
        _check_stride(step)
        room = side + first + last - reach
        count = (-(-room // step) if ceiling else room // step) + 1
        if ceiling and (count - 1) * step >= side + first:
            count -= 1  # that window would begin in the padding
        if room < 0 or min(first, last) < 0:
            raise UnsupportedError(f"a window of {extent} does not fit a map of {sides}; make the input larger")
        if first >= reach or (count - 1) * step - first >= side:
            raise UnsupportedError(f"a window lies in the padding {before}, {after} altogether; pad less")
        made.append(count)
    return made[0], made[1]


def _check_stride(stride: int) -> None:
    if stride < 1:
        raise UnsupportedError(f"a window moves by 1 or more, not by {stride}; export the network again")


def same_padding(extent: int, stride: int, side: int, more_before: bool) -> tuple[int, int]:
    """Return the padding at both ends for which a side becomes ceil(side / stride) (`SAME_UPPER`, `SAME_LOWER`)."""
    _check_stride(stride)
    total = max(0, (-(-side // stride) - 1) * stride + extent - side)
    less = total // 2
    return (total - less, less) if more_before else (less, total - less)


def convolve(
    builder: Builder,
    value: Value,
    weight: NDArray[Any],
    bias: NDArray[Any] | None,
    *,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    after: Numbers | None = None,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Value:
    """Convolution; weight [O,I/groups,K..]. after: padding at the ends, if not `padding`, which may also be a word.

    The words are `valid`, `same` (torch: only with stride 1), `same_upper` and `same_lower`.
    """
    source = _Map(builder, value)
    kernel = source.kernel(weight)
    if groups < 1 or kernel.shape[3] * groups != source.channels or len(kernel) % groups:
        raise UnsupportedError(
            f"weights {list(weight.shape)} in {groups} groups do not fit {source.channels} input channels"
        )
    step, spread = source.pair(stride, 1), source.pair(dilation, 1)
    extent = extent_of((kernel.shape[1], kernel.shape[2]), spread)
    if isinstance(padding, str):
        before, end = _padding_of_word(padding, source, extent, step)
    else:
        before = source.pair(padding, 0)
        end = before if after is None else source.pair(after, 0)
    sides = _outputs(source.sides, extent, step, before, end)
    added = np.zeros(len(kernel)) if bias is None else np.asarray(bias, np.float64)
    made = nodes.Convolution(kernel, added, step, before, end, spread, groups)
    return source.value(builder.new(made, [source.node], (len(kernel), *sides)))


def _padding_of_word(word: str, source: _Map, extent: Pair, stride: Pair) -> tuple[Pair, Pair]:
    if word == "valid":
        return (0, 0), (0, 0)
    if word not in ("same", "same_upper", "same_lower"):
        raise UnsupportedError(f"padding {word!r} is not supported; give numbers")
    ends = [
        same_padding(reach, step, side, word == "same_lower")
        for reach, step, side in zip(extent, stride, source.sides, strict=True)
    ]
    return (ends[0][0], ends[1][0]), (ends[0][1], ends[1][1])


def pad(builder: Builder, value: Value, before: Numbers, after: Numbers, constant: float) -> Value:
    """Rows and columns of a constant around a map."""
    source = _Map(builder, value)
    first, last = source.pair(before, 0), source.pair(after, 0)
    if min(*first, *last) < 0:
        raise UnsupportedError(f"padding {first}, {last} cuts off rows or columns, which is not supported")
    height, width = (side + a + b for side, a, b in zip(source.sides, first, last, strict=True))
    node = builder.new(nodes.Pad(first, last, constant), [source.node], (source.channels, height, width))
    return source.value(node)


def max_pool(
    builder: Builder,
    value: Value,
    size: Numbers,
    *,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    after: Numbers | None = None,
    dilation: Numbers = 1,
    ceiling: bool = False,
) -> Value:
    """Maximum over windows; `ceiling`: the last window may hang out further than the padding."""
    source = _Map(builder, value)
    window, spread, before = source.pair(size, 1), source.pair(dilation, 1), source.pair(padding, 0)
    step = source.pair(stride, 1) if stride else window
    end = before if after is None else source.pair(after, 0)
    sides = _outputs(source.sides, extent_of(window, spread), step, before, end, ceiling)
    made = nodes.MaxPool(window, step, before, spread)
    return source.value(builder.new(made, [source.node], (source.channels, *sides)))


def average_pool(
    builder: Builder,
    value: Value,
    size: Numbers,
    *,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    after: Numbers | None = None,
    ceiling: bool = False,
    counts_padding: bool = True,
) -> Value:
    """Mean over windows; `counts_padding`: the padding's zeros count."""
    source = _Map(builder, value)
    window, before = source.pair(size, 1), source.pair(padding, 0)
    step = source.pair(stride, 1) if stride else window
    end = before if after is None else source.pair(after, 0)
    sides = _outputs(source.sides, window, step, before, end, ceiling)
    if window == source.sides and sides == (1, 1) and not any((*before, *end)):
        return source.value(builder.new(nodes.Mean(), [source.node], (source.channels, 1, 1)))
    counts = counts_padding and any((*before, *end))
    made = nodes.AveragePool(window, step, before, end if counts else (0, 0), counts)
    return source.value(builder.new(made, [source.node], (source.channels, *sides)))


def upsample(builder: Builder, value: Value) -> Value:
    """Every pixel four times, by the nearest neighbour: a map [C,H,W] becomes [C,2H,2W]."""
    source = _Map(builder, value)
    if source.rank != 2:
        raise UnsupportedError(f"a tensor {list(value.sizes)} cannot be upsampled; make a map [N,C,H,W] of it")
    height, width = source.sides
    return source.value(builder.new(nodes.Upsample(), [source.node], (source.channels, 2 * height, 2 * width)))


def check_doubled(made: Sequence[float], sizes: Sequence[int]) -> None:
    """Refuse any upsampling but one by two. made: what the sizes after the batch, [C,H,W], are to become."""
    twice = [*sizes[:-2], *(2 * side for side in sizes[-2:])]
    if list(made) != twice:
        told = "x".join(f"{side:g}" for side in made[-2:])
        here = "x".join(map(str, sizes[-2:]))
        raise UnsupportedError(f"upsampling from {here} to {told} is not supported; by 2 is, once or several times")


def adaptive_pool(builder: Builder, value: Value, outputs: Numbers, maximum: bool) -> Value:
    """Mean or maximum over as many equal windows as there shall be outputs."""
    value = builder.channels_in_order(value)
    source = _Map(builder, value)
    wanted = source.pair([-1 if n is None else n for n in _listed(outputs)], 1)
    wanted = tuple(side if n < 1 else n for n, side in zip(wanted, source.sides, strict=True))  # type: ignore[assignment]
    if any(side % n for side, n in zip(source.sides, wanted, strict=True)):
        raise UnsupportedError(
            f"an adaptive pool from {source.sides} to {wanted} has windows of many sizes; use sizes that divide"
        )
    window = (source.sides[0] // wanted[0], source.sides[1] // wanted[1])
    if window == (1, 1):
        return value
    size = _seen(source, window)
    pool = max_pool if maximum else average_pool
    return pool(builder, value, size)


def _listed(numbers: Any) -> list[Any]:
    return [numbers] if isinstance(numbers, int) else list(numbers)


def _seen(source: _Map, pair: Pair) -> list[int]:
    """Return a pair as `_Map.pair` takes it."""
    down, along = (pair[1], pair[0]) if source.exchanged else pair
    return [along] if source.rank == 1 else [down, along]


def reduce(builder: Builder, value: Value, dimensions: Sequence[int], keep: bool, maximum: bool) -> Value:
    """Mean or maximum over height, width or both, each as a whole, in whatever dimensions they are seen."""
    value = builder.channels_in_order(value)
    node = value.node
    channels, height, width = node.shape
    digits = [digit for place in dimensions for digit in value.view[place]]
    axes = {digit.axis for digit in digits}
    seen = math.prod(digit.size for digit in digits)
    if CHANNELS in axes or seen != math.prod({HEIGHT: height, WIDTH: width}[axis] for axis in axes):
        raise UnsupportedError(
            "only height and width, each as a whole, can be averaged; a mean over channels is a 1x1 convolution"
        )
    if axes:
        window = (height if HEIGHT in axes else 1, width if WIDTH in axes else 1)
        sides = (height // window[0], width // window[1])
        if maximum:
            node = builder.new(nodes.MaxPool(window, window), [node], (channels, *sides))
        elif sides == (1, 1):
            node = builder.new(nodes.Mean(), [node], (channels, 1, 1))
        else:
            node = builder.new(nodes.AveragePool(window, window), [node], (channels, *sides))
    left = [() if i in dimensions else d for i, d in enumerate(value.view) if keep or i not in dimensions]
    return Value(node, tuple(left))


def linear(builder: Builder, value: Value, weight: NDArray[Any], bias: NDArray[Any] | None) -> Value:
    """Linear layer over the last dimension, weight [O,F]: a convolution with as large a kernel as was flattened."""
    if weight.ndim != 2:
        raise UnsupportedError(f"weights {list(weight.shape)} are no matrix [O,F]; give a vector a second dimension")
    value = builder.placed(value, channels=-1)
    *kept, last = value.view
    shape, axes = value.node.shape, axes_of([last])
    sizes = dict(zip(views.AXES, shape, strict=True))
    outputs, features = weight.shape
    if features != views.sizes((last,))[0] or axes & axes_of(kept):
        raise UnsupportedError(
            f"weights {list(weight.shape)} do not fit a tensor {list(value.sizes)}; flatten it whole"
        )
    if shape[0] > 1 and CHANNELS not in axes:
        raise UnsupportedError(
            f"a linear layer over the last of {list(value.sizes)}, not over its channels, is not supported; "
            "flatten the tensor, or transpose it so that channels come last"
        )
    kernel_size = [sizes[axis] if axis in axes else 1 for axis in (HEIGHT, WIDTH)]
    kernel = np.zeros((outputs, *kernel_size, shape[0]))
    channel, row, column = views.flat_positions(last, shape)
    kernel[:, row, column, channel] = weight
    sides = (shape[1] // kernel_size[0], shape[2] // kernel_size[1])
    added = np.zeros(outputs) if bias is None else np.asarray(bias, np.float64)
    node = builder.new(nodes.Convolution(kernel, added), [value.node], (outputs, *sides))
    return Value(node, (*kept, dim(CHANNELS, outputs)))
