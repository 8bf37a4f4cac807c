"""Tile sizes for a scratchpad: of all that fit, those that the cost model predicts to be the fastest.

Tiles run one after the other. While one is computed, the next one's input and weights come and the last one's output
goes: so two of each are in L1 where there is more than one. What does not change from one tile to the next stays.
Biases and shifts of all channels come at the beginning. Input channels are not cut, see `tiles`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import NamedTuple

from peephole.compiler.cost import Target, compute_cycles, least_cycles
from peephole.compiler.memory import aligned
from peephole.compiler.tiles import (
    Span,
    Work,
    channel_sizes,
    channels_read,
    column_sizes,
    columns_read,
    piece,
    row_sizes,
    rows_read,
    split,
)
from peephole.compiler.weight_stream import ALIGNMENT, CHUNK_BYTES

IN_L1, IN_L2, STAGED = "L1", "L2", "staged"
HELD_BYTES = 64 * 1024  # of weights that may be kept in L2 while a layer goes through them again and again


@dataclass(frozen=True)
class Size:
    """Rows, columns and channels of a tile, and the order of tiles.

    channels_first: for each channels all rows and columns, so that weights come once; else for each rows and columns
    all channels, so that the input does.
    """

    rows: int
    columns: int
    channels: int
    channels_first: bool = True


@dataclass(frozen=True)
class Room:
    """Bytes of L1, both halves of what is there twice: inputs, weights, outputs, and biases with shifts."""

    inputs: int
    weights: int
    outputs: int
    constants: int

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.inputs + self.weights + self.outputs + self.constants


@dataclass(frozen=True)
class Cost:
    """What is predicted. Cycles are of the cluster.

    cycles: from beginning to end. compute, moved, stored: cycles that the cores, transfers between L2 and L1, and
    transfers from L3 to L2 are busy. in_bytes, out_bytes: from L2 to L1 and back. stored_bytes: from L3 to L2.
    """

    cycles: int = 0
    compute: int = 0
    moved: int = 0
    stored: int = 0
    in_bytes: int = 0
    out_bytes: int = 0
    stored_bytes: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        """One after the other."""
        return Cost(*(a + b for a, b in zip(self._values, other._values, strict=True)))

    def __mul__(self, times: int) -> "Cost":
        """So many times, one after the other."""
        return Cost(*(times * value for value in self._values))

    @property
    def traffic(self) -> int:
        """Bytes that are moved, between any two memories."""
        return self.in_bytes + self.out_bytes + self.stored_bytes

    @property
    def _values(self) -> tuple[int, ...]:
        return (
            self.cycles,
            self.compute,
            self.moved,
            self.stored,
            self.in_bytes,
            self.out_bytes,
            self.stored_bytes,
        )


@dataclass(frozen=True)
class Tiling:
    """How a call is cut: the size, into how many tiles, the L1 that they need, and what they are predicted to cost."""

    work: Work
    size: Size
    count: int
    room: Room
    cost: Cost


@dataclass(frozen=True)
class Cut:
    """A call cut by a size: spans of rows, columns and channels.

    weights: where they are: in L1 all the time; in L2, for many calls; or staged: released as the one call goes.
    """

    work: Work
    size: Size
    weights: str
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]
    channels: tuple[Span, ...]

    @property
    def pixels(self) -> int:
        """Tiles of each channels, of all maps."""
        return len(self.rows) * len(self.columns) * self.work.maps

    @property
    def count(self) -> int:
        """Tiles."""
        return self.pixels * len(self.channels)

    @cached_property
    def room(self) -> Room:
        """What must be in L1."""
        work = self.work
        rows, columns, channels = (max(span.count for span in of) for of in (self.rows, self.columns, self.channels))
        reads = (
            {rows_read(work, span)[0] for span in self.rows},
            {columns_read(work, span)[0] for span in self.columns},
            {channels_read(work, span) for span in self.channels},
        )
        seen = [max(span.count for span in spans) for spans in reads]
        moving = prod(len(spans) for spans in reads) * work.maps
        inputs = work.sources * aligned(seen[0] * seen[1] * seen[2] * work.source.bits // 8, ALIGNMENT)
        outputs = aligned(rows * columns * channels * work.output.bits // 8, ALIGNMENT)
        weights = aligned(channels * work.weight_bytes // work.channels, ALIGNMENT)
        held = self.weights != IN_L1
        return Room(
            inputs=inputs * min(2, moving),
            weights=weights * min(2, len(self.channels)) * held,
            outputs=outputs * min(2, self.count),
            constants=aligned(work.constant_bytes, ALIGNMENT) * held,
        )


def cut(work: Work, size: Size, weights: str) -> Cut:
    """Cut a call."""
    rows, columns = split(work.output.height, size.rows), split(work.output.width, size.columns)
    return Cut(work, size, weights, rows, columns, split(work.channels, size.channels))


class TileCost(NamedTuple):
    """Of one tile: cycles until its input and weights have come, until its output has gone, of compute; and bytes.

    end: up to where of the layer's biases, shifts and weights it needs them.
    """

    load: int
    store: int
    compute: int
    in_bytes: int
    out_bytes: int
    end: int = 0


def predict(target: Target, whole: Cut) -> Cost:
    """Predict what a call costs tile by tile.

    The first tile's input and weights come before it, the last one's output goes after it, and between them each tile
    takes as long as its compute or the transfers beside it. What weights from L3 are waited for depends on what runs
    before, and is not in it (`weight_stream`).
    """
    work = whole.work
    tiles = list(_tiles(target, whole))
    loads, stores = [tile.load for tile in tiles], [tile.store for tile in tiles]
    size = work.weight_bytes + work.constant_bytes if whole.weights == STAGED else 0
    return Cost(
        cycles=timed(tiles, lambda end, now: now, lambda end, now: None),
        compute=sum(tile.compute for tile in tiles),
        moved=sum(loads) + sum(stores),
        stored=target.stored(size, -(-size // CHUNK_BYTES)),
        in_bytes=sum(tile.in_bytes for tile in tiles),
        out_bytes=sum(tile.out_bytes for tile in tiles),
        stored_bytes=size,
    )


def timed(
    tiles: Sequence[TileCost], wait: Callable[[int, int], int], release: Callable[[int, int], None], now: int = 0
) -> int:
    """Return when tiles that begin now are done, one after the other, as csrc/ports/gap8/tiles.c runs them.

    wait: returns when so many bytes of the layer's weights are there, not before a time. release: is told how many
    bytes no other tile needs, and when.
    """
    now = wait(tiles[0].end, now) + tiles[0].load
    release(tiles[0].end, now)
    for tile, following, before in zip(tiles, [*tiles[1:], None], [None, *tiles[:-1]], strict=True):
        beside = before.store if before else 0
        if following:
            now = wait(following.end, now)
            beside += following.load
        now += max(tile.compute, beside)
        if following:
            release(following.end, now)
    return now + tiles[-1].store


def tile_costs(target: Target, whole: Cut) -> list[TileCost]:
    """Return what each tile costs, in order, and up to where it needs weights."""
    work, pixels = whole.work, whole.pixels
    each = work.weight_bytes // work.channels
    order = _order(pixels, len(whole.channels), whole.size.channels_first)
    ends = [work.constant_bytes + whole.channels[part].end * each for _, part in order]
    return [tile._replace(end=end) for tile, end in zip(_tiles(target, whole), ends, strict=True)]


def _tiles(target: Target, whole: Cut) -> Iterator[TileCost]:
    """Yield what each tile costs, in order; what the one before has left in L1 does not come again."""
    work, size = whole.work, whole.size
    pixels = [(down, along) for down in whole.rows for along in whole.columns] * work.maps
    each_map = len(whole.rows) * len(whole.columns)
    reads = [(rows_read(work, down)[0], columns_read(work, along)[0]) for down, along in pixels]
    reads_channels = [channels_read(work, span) for span in whole.channels]
    each = work.weight_bytes // work.channels
    width, out_width = work.source.bits // 8, work.output.bits // 8
    known: dict[tuple[int, ...], TileCost] = {}  # most tiles are alike
    last_read: tuple[object, ...] = ()
    last_part = -1
    constants = work.constant_bytes if whole.weights != IN_L1 else 0
    for pixel, part in _order(len(pixels), len(whole.channels), size.channels_first):
        read = (*reads[pixel], reads_channels[part])
        of_map = (pixel // each_map, *read)
        new_input, new_weights = of_map != last_read, part != last_part and whole.weights != IN_L1
        last_read, last_part = of_map, part
        rows, columns = (span.count for span in pixels[pixel])
        seen_rows, seen_columns, seen = (span.count for span in read)
        channels = whole.channels[part].count
        key = (rows, columns, channels, seen_rows, seen_columns, seen, new_input, new_weights, constants)
        if key not in known:
            weights = channels * each * new_weights
            block = (seen_rows, seen_columns, seen)
            come = work.sources * target.block(block, (work.source.width, work.source.channels), width) * new_input
            made, tensor = (rows, columns, channels), (work.output.width, work.output.channels)
            known[key] = TileCost(
                load=come + target.plain(weights) + target.plain(constants),
                store=target.block(made, tensor, out_width),
                compute=compute_cycles(target, work.layer, piece(work, *made)),
                in_bytes=work.sources * prod(block) * width * new_input + weights + constants,
                out_bytes=prod(made) * out_width,
            )
        yield known[key]
        constants = 0


def _order(pixels: int, parts: int, channels_first: bool) -> Iterator[tuple[int, int]]:
    if channels_first:
        return ((pixel, part) for part in range(parts) for pixel in range(pixels))
    return ((pixel, part) for pixel in range(pixels) for part in range(parts))


def candidates(work: Work, weights: str, columns: Sequence[int]) -> Iterator[Cut]:
    """Yield the ways to cut a call: both orders where they differ."""
    for rows in row_sizes(work):
        for along in columns:
            for channels in channel_sizes(work):
                first = cut(work, Size(rows, along, channels), weights)
                yield first
                again = weights != STAGED or work.weight_bytes + work.constant_bytes <= HELD_BYTES
                if again and work.shares_input and first.pixels > 1 and len(first.channels) > 1:
                    yield cut(work, Size(rows, along, channels, channels_first=False), weights)


@dataclass
class Tiler:
    """Finds tilings, and remembers them: a network has many calls of one shape."""

    target: Target = field(default_factory=Target)
    _found: dict[tuple[Work, str], list[tuple[int, Tiling]]] = field(default_factory=dict)

    def choose(self, work: Work, capacity: int, weights: str = STAGED) -> Tiling:
        """Return the tiling within so many bytes of L1 that is predicted to be the fastest.

        Of equals the one with the least traffic, then the fewest tiles, then the least L1. A row is cut into columns
        only where no whole row fits. Of the sizes of `tiles.sizes` none is left out but those that take longer by their
        number alone. Raises `ValueError` where nothing fits: layer, least bytes, bytes there.
        """
        known = self._found.setdefault((work, weights), [])
        for limit, tiling in known:
            if tiling.room.bytes <= capacity <= limit:
                return tiling
        tiling = self._search(work, capacity, weights)
        known.append((capacity, tiling))
        return tiling

    def _search(self, work: Work, capacity: int, weights: str) -> Tiling:
        fitting: list[Cut] = []
        for columns in ([work.output.width], column_sizes(work)):
            fitting = [c for c in candidates(work, weights, columns) if c.room.bytes <= capacity]
            if fitting:
                break
        if not fitting:
            least = min(c.room.bytes for c in candidates(work, weights, column_sizes(work)))
            raise ValueError(
                f"layer {work.layer.name}: its smallest tile needs {least:,} bytes of L1, and there are {capacity:,} "
                f"beside stacks and weights that stay, {least - capacity:,} too few; raise --l1 or make the layer's "
                "window or its channels fewer"
            )
        best: Tiling | None = None
        for made in sorted(fitting, key=lambda c: c.count):
            if best and self._least(work, made.count) > best.cost.cycles:
                break
            tiling = Tiling(work, made.size, made.count, made.room, predict(self.target, made))
            if best is None or _rank(tiling) < _rank(best):
                best = tiling
        assert best is not None  # noqa: S101 - something fits
        return best

    def _least(self, work: Work, count: int) -> int:
        """Return the cycles that so many tiles do not go below: what all compute with forks, outputs with set-ups."""
        target, out = self.target, work.output
        compute = work.maps * least_cycles(target, work.layer, piece(work, out.height, out.width, work.channels))
        values = work.maps * out.height * out.width * work.channels * out.bits // 8
        outputs = values // target.dma_bytes_per_cycle + count * target.dma_setup_cycles
        return max(compute + count * target.fork_cycles, outputs)


def _rank(tiling: Tiling) -> tuple[int, int, int, int]:
    return tiling.cost.cycles, tiling.cost.traffic, tiling.count, tiling.room.bytes
