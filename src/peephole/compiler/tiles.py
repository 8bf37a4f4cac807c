"""A layer call cut into tiles: which part of the output each makes, and what it reads for that.

A tile is rows x columns x channels of the output. Of the input a convolution reads all channels of the tile's groups,
with the rows and columns that its windows see; the other kinds read the channels that they write. Input channels are
not cut: a kernel keeps no sums between two calls.
"""

import dataclasses
from dataclasses import dataclass
from functools import cached_property

from peephole.compiler.cost import Piece
from peephole.compiler.memory import aligned
from peephole.compiler.streaming import Enter, Operation, Rows, is_local
from peephole.fixedpoint.layers import (
    Conv2d,
    Convolution,
    CopyChannels,
    GlobalAveragePool,
    L2Normalize,
    ShuffleChannels,
    Tensor,
    channels_written,
    tensors_read,
)
from peephole.fixedpoint.window import Windowed

Span = Rows  # first .. end - 1 of any direction


@dataclass(frozen=True)
class Work:
    """One call of a layer: from the rows at hand of what it reads to the rows wanted of what it writes.

    source, output: the tensors, as high as there are rows at hand and wanted. padding_top: how far the first window
    hangs out above the rows at hand. maps: how many tensors of this shape it makes, each of one of its own: 2 where
    both passes run together.
    """

    layer: Operation
    source: Tensor
    output: Tensor
    padding_top: int = 0
    maps: int = 1

    @cached_property
    def channels(self) -> int:
        """Channels that are written."""
        return (
            self.source.channels
            if isinstance(self.layer, Enter)
            else channels_written(self.layer, self.source.channels)
        )

    @property
    def sources(self) -> int:
        """How many tensors are read."""
        return len(tensors_read(self.layer))

    @property
    def shares_input(self) -> bool:
        """Whether tiles of other channels may read the same part of the input."""
        return isinstance(self.layer, Conv2d)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weights, without biases and shifts."""
        return self.layer.weight.nbytes if isinstance(self.layer, Convolution) else 0

    @property
    def stored_bytes(self) -> int:
        """Bytes of biases, of shifts in whole words, and of weights, as they are stored."""
        if not isinstance(self.layer, Convolution):
            return 0
        return self.layer.bias.nbytes + aligned(self.layer.norm.nbytes, 4) + self.weight_bytes

    @property
    def constant_bytes(self) -> int:
        """Bytes of biases and shifts."""
        return self.layer.bias.nbytes + self.layer.norm.nbytes if isinstance(self.layer, Convolution) else 0


def split(side: int, size: int) -> tuple[Span, ...]:
    """Cut a side into spans of so many, the last of what is left."""
    return tuple(Span(first, min(first + size, side)) for first in range(0, side, size))


def row_sizes(work: Work) -> list[int]:
    """Return how many rows a tile may have."""
    return sizes(work.output.height) if is_local(work.layer) else [work.output.height]


def column_sizes(work: Work) -> list[int]:
    """Return how many columns a tile may have."""
    return sizes(work.output.width) if is_local(work.layer) else [work.output.width]


def channel_sizes(work: Work) -> list[int]:
    """Return how many channels a tile may have. Of a grouped convolution whole groups, or a whole share of one."""
    layer, channels = work.layer, work.channels
    if isinstance(layer, Enter | L2Normalize | ShuffleChannels):
        return [channels]
    if isinstance(layer, Conv2d) and layer.groups > 1:
        outputs = channels // layer.groups
        parts = [part for part in range(1, outputs) if outputs % part == 0]
        return parts + [outputs * groups for groups in sizes(layer.groups)]
    return sizes(channels, multiple=4)


def sizes(side: int, multiple: int = 1, every: int = 16) -> list[int]:
    """Return the sizes that are tried for a side: every one of a short side, of a longer one those of equal parts.

    Of all sizes with as many parts only the one with the least is tried then, in whole multiples, and 1.
    """
    if side <= every:
        return list(range(1, side + 1))
    parts = {-(-side // count) for count in range(1, side + 1)}
    return sorted({1} | {min(side, -(-part // multiple) * multiple) for part in parts})


def rows_read(work: Work, rows: Span) -> tuple[Span, int]:
    """Return the rows at hand that rows of the output see, and how far the first window hangs out above them."""
    if not isinstance(work.layer, Windowed):
        return (rows if is_local(work.layer) else Span(0, work.source.height)), 0
    window = dataclasses.replace(work.layer.window, padding=(work.padding_top, 0))
    start, stop, top = window.strip(rows.first, rows.count, work.source.height)
    return Span(start, stop), top


def columns_read(work: Work, columns: Span) -> tuple[Span, int]:
    """Return the columns that columns of the output see, and how far the first window hangs out on the left."""
    if not isinstance(work.layer, Windowed):
        return (columns if is_local(work.layer) else Span(0, work.source.width)), 0
    window = work.layer.window
    turned = dataclasses.replace(
        window,
        size=window.size[::-1],
        stride=window.stride[::-1],
        padding=window.padding[::-1],
        dilation=window.dilation[::-1],
    )
    start, stop, left = turned.strip(columns.first, columns.count, work.source.width)
    return Span(start, stop), left


def channels_read(work: Work, channels: Span) -> Span:
    """Return the input channels that channels of the output see."""
    layer = work.layer
    if isinstance(layer, Conv2d):
        inputs, outputs = work.source.channels // layer.groups, layer.channels // layer.groups
        return Span(channels.first // outputs * inputs, ((channels.end - 1) // outputs + 1) * inputs)
    if isinstance(layer, CopyChannels):
        return Span(layer.first + channels.first, layer.first + channels.end)
    return channels


def piece(work: Work, rows: int, columns: int, channels: int) -> Piece:
    """Return what a tile of this size makes: with rows and columns at edges as many as such a tile has on average."""
    inputs, edges = 1, (0, 0)
    if isinstance(work.layer, Conv2d):
        inputs = work.source.channels // work.layer.groups
        edges = _edges(work, 0) * rows // work.output.height, _edges(work, 1) * columns // work.output.width
    elif isinstance(work.layer, GlobalAveragePool):
        inputs = work.source.height * work.source.width
    return Piece(rows, columns, channels, inputs, work.source.bits, *edges)


def _edges(work: Work, direction: int) -> int:
    """Return how many rows, or columns, of the output have windows that hang out of what is at hand."""
    assert isinstance(work.layer, Windowed)  # noqa: S101 - of a convolution
    window = work.layer.window
    stride, extent = window.stride[direction], window.extent[direction]
    padding = (work.padding_top, window.padding[1])[direction]
    side, out = (work.source.height, work.source.width)[direction], (work.output.height, work.output.width)[direction]
    first = -(-padding // stride)
    end = max(0, (side + padding - extent) // stride + 1)
    return out - max(0, min(end, out) - first)
