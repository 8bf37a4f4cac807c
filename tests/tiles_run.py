"""A machine with a scratchpad, in Python: a call's tiles in order, each run on a copy of what it reads alone."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from peephole.compiler.streaming import Enter
from peephole.compiler.tiles import Span, Work, channels_read, columns_read, rows_read, split
from peephole.fixedpoint.interpreter import Activation, Kernels, apply_rows
from peephole.fixedpoint.layers import AveragePool, Conv2d, CopyChannels, DepthwiseConv2d, Layer
from peephole.fixedpoint.window import Windowed


@dataclass(frozen=True)
class Tile:
    """Rows, columns and channels of what is written, counted in the rows wanted and in the layer's own channels."""

    rows: Span
    columns: Span
    channels: Span


def tiles_of(work: Work, rows: int, columns: int, channels: int, channels_first: bool) -> Iterator[Tile]:
    """Yield tiles of this size in order. channels_first: for each channels all rows and columns, else the reverse."""
    pixels = [(down, along) for down in split(work.output.height, rows) for along in split(work.output.width, columns)]
    parts = split(work.channels, channels)
    if channels_first:
        yield from (Tile(down, along, part) for part in parts for down, along in pixels)
    else:
        yield from (Tile(down, along, part) for down, along in pixels for part in parts)


def run_tile(kernels: Kernels, work: Work, tile: Tile, inputs: Sequence[Activation], output: Activation) -> None:
    """Run one tile as a machine with a scratchpad does: copy its input, run the kernel on that alone, copy the output.

    inputs, output: what the whole call gets (`interpreter.apply_rows`). Raises `TypeError` for an image that enters.
    """
    layer = work.layer
    if isinstance(layer, Enter):
        raise TypeError("an image enters by a copy, not by a kernel")
    down, top = rows_read(work, tile.rows)
    along, left = columns_read(work, tile.columns)
    seen = channels_read(work, tile.channels)
    part = [
        np.ascontiguousarray(x[down.first : down.end, along.first : along.end, seen.first : seen.end]) for x in inputs
    ]
    made = np.zeros((tile.rows.count, tile.columns.count, tile.channels.count), output.dtype)
    apply_rows(kernels, part_of_layer(layer, tile.channels, left), part, made, top)
    first = layer.channel + tile.channels.first
    output[
        tile.rows.first : tile.rows.end,
        tile.columns.first : tile.columns.end,
        first : first + tile.channels.count,
    ] = made


def part_of_layer(layer: Layer, channels: Span, left: int) -> Layer:
    """Return the layer for a tile: these channels alone, written from channel 0 on, hanging out so far on the left."""
    fields: dict[str, Any] = {"channel": 0}
    chosen = slice(channels.first, channels.end)
    if isinstance(layer, Windowed):
        fields["padding_left"] = left
    if isinstance(layer, AveragePool):
        fields["padding_right"] = layer.padding_end[1]
    if isinstance(layer, Conv2d | DepthwiseConv2d):
        arrays = ("weight", "bias", "norm", "weight_frac_bits")
        fields |= {name: np.ascontiguousarray(getattr(layer, name)[chosen]) for name in arrays}
    if isinstance(layer, Conv2d):
        fields["groups"] = max(1, channels.count * layer.groups // layer.channels)
    if isinstance(layer, CopyChannels):
        fields |= {"first": 0, "count": channels.count}
    return dataclasses.replace(layer, **fields)
