"""A schedule cut into tiles: for every layer of every step its tilings, what stays in L1, and what a face costs.

Layers that run in turns have their weights in L2 until the step is over. Those of some of them, chosen so that the step
is fastest, stay in L1 too; the others' come again each turn. Strips stay in L2: no tile is handed from one layer to the
next within L1. Both passes of a mirrored program run the last steps together, as far as maps are small, so that their
weights come once.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from itertools import combinations
from typing import Any

from peephole.compiler.cost import Target, is_narrow
from peephole.compiler.memory import ACTIVATIONS, L1, MAIN, Buffer, Memory, aligned
from peephole.compiler.planner import place
from peephole.compiler.ring import run_ahead
from peephole.compiler.schedule import KEPT, WEIGHTS, Schedule, Step
from peephole.compiler.streaming import Call, Operation
from peephole.compiler.tiler import IN_L1, IN_L2, STAGED, Cost, Room, Tiler, Tiling
from peephole.compiler.tiles import Work
from peephole.compiler.weight_stream import (
    ALIGNMENT,
    CHUNK_BYTES,
    RING,
    Ahead,
    Places,
    lay_out,
    own_buffer,
    ring_steps,
)
from peephole.fixedpoint.layers import Conv2d, DepthwiseConv2d, tensors_read

DEEP_STACK_BYTES = 4096  # of a core for ph_conv2d_few_s16 or a depthwise convolution of 8 bits
BYTE, FEW_CHANNELS = 8, 8  # ph_has_few_taps of csrc/kernels/conv2d_few.h
L2_BYTES = 256 * 1024  # of L2, half of GAP8's
FIRST, SECOND = "first pass", "second pass"  # tensors that both passes make together
TOGETHER_BYTES = 48 * 1024  # of L2, for the tensors of one pass of those that run together
EVERY_SET = 6  # of so many layers all sets are tried; of more, those with the least weights first


@dataclass(frozen=True)
class LayerTiles:
    """A layer of a step: its calls, each shape with how many there are of it, and what all of them cost.

    stays: bytes of weights, biases and shifts that are in L1 all the step. cost: of one pass, weights from L3 included.
    """

    layer: Operation
    calls: tuple[tuple[Tiling, int], ...]
    stays: int
    cost: Cost

    @property
    def usual(self) -> Tiling:
        """The tiling of the shape that most calls have."""
        return max(self.calls, key=lambda call: call[1])[0]

    @property
    def turns(self) -> int:
        """How many calls there are."""
        return sum(count for _, count in self.calls)

    @property
    def l1_bytes(self) -> int:
        """The most that any call needs in L1, beside what stays there."""
        return max(tiling.room.bytes for tiling, _ in self.calls)


@dataclass(frozen=True)
class StepTiles:
    """The layers of a step, which take L1 one after the other."""

    name: str
    layers: tuple[LayerTiles, ...]

    @property
    def cost(self) -> Cost:
        """Of one pass."""
        return sum((layer.cost for layer in self.layers), Cost())

    @property
    def l1_bytes(self) -> int:
        """What stays, and the most that a layer needs beside it."""
        return sum(layer.stays for layer in self.layers) + max(layer.l1_bytes for layer in self.layers)


@dataclass(frozen=True)
class TiledSchedule:
    """All steps. l1_bytes: of the whole L1, stacks included.

    once: the first step that runs once; those before it run for each pass, and those behind it for both at once.
    tail_bytes: of L2, what the tensors of one pass take there. looped: which steps run in turns. places: of each
    layer's weights in L3. ahead: how far they come ahead. waits: by layer, the cycles that they are waited for, of all
    passes; the first one that runs for both waits until the tensors of one are moved aside.
    """

    target: Target
    l1_bytes: int
    steps: tuple[StepTiles, ...]
    passes: int
    once: int
    tail_bytes: int
    looped: tuple[bool, ...]
    places: Places
    ahead: Ahead = field(default_factory=Ahead)
    waits: Mapping[str, int] = field(default_factory=dict)

    @property
    def run(self) -> list[range]:
        """The steps as they run: each pass, and what runs once."""
        head, tail = range(self.once), range(self.once, len(self.steps))
        return [range(len(self.steps))] if self.passes == 1 else [*[head] * self.passes, tail]

    @cached_property
    def ranges(self) -> list[tuple[int, int]]:
        """Where the weights of each step begin and end in L3; nothing where there are none."""
        made = []
        for step in self.steps:
            names = [layer.layer.name for layer in step.layers if layer.layer.name in self.places]
            made.append((self.places[names[0]][0], sum(self.places[names[-1]])) if names else (0, 0))
        return made

    def passes_of(self, step: int) -> int:
        """Return how often a step runs for one face."""
        return 1 if step >= self.once else self.passes

    def cost_of(self, step: int, layer: LayerTiles) -> Cost:
        """Return what a layer of a step costs for a whole face: all passes, and what it waits for."""
        return layer.cost * self.passes_of(step) + Cost(cycles=self.waits.get(layer.layer.name, 0))

    @property
    def cost(self) -> Cost:
        """Of a whole face, all passes."""
        layers = ((number, layer) for number, step in enumerate(self.steps) for layer in step.layers)
        return sum((self.cost_of(number, layer) for number, layer in layers), Cost())

    @property
    def milliseconds(self) -> float:
        """Predicted for a whole face."""
        return self.target.milliseconds(self.cost.cycles)


def machine_of(schedule: Schedule) -> Target:
    """Return GAP8 with the stacks that a program needs: deep ones where a kernel lays weights on its own."""
    deep = any(_is_deep(schedule, layer) for step in schedule.steps for layer in step.segment.layers)
    return Target(core_stack_bytes=DEEP_STACK_BYTES) if deep else Target()


def _is_deep(schedule: Schedule, layer: Operation) -> bool:
    bits, channels = (getattr(schedule.tensors[tensors_read(layer)[0]], name) for name in ("bits", "channels"))
    if isinstance(layer, Conv2d):
        return not is_narrow(layer) and bool(channels < FEW_CHANNELS)
    return isinstance(layer, DepthwiseConv2d) and bool(bits == BYTE)


def tile(schedule: Schedule, l1_bytes: int, target: Target | None = None, l2_bytes: int | None = None) -> TiledSchedule:
    """Cut every layer of a schedule into tiles that fit into so many bytes of L1, less what the target reserves.

    l2_bytes: of L2; activations and weights at hand should take no more than `L2_BYTES` either. Weights come as far
    ahead as they have room there, and both passes run the last steps together if their tensors do; what needs more
    takes more.

    Raises `ValueError` where that is nothing, and for a layer no tile of which fits: layer, least bytes, bytes there.
    """
    machine = target or machine_of(schedule)
    capacity = l1_bytes - machine.reserved_l1_bytes
    if capacity < 1:
        raise ValueError(
            f"L1 has {l1_bytes:,} bytes, and stacks on {machine.name} take {machine.reserved_l1_bytes:,}; raise --l1"
        )
    tiler = Tiler(machine)
    limit = L2_BYTES if l2_bytes is None else min(L2_BYTES, l2_bytes)

    def fits(tiled: TiledSchedule) -> bool:
        return place(l2_buffers(schedule, tiled), Memory()).main.peak_bytes <= limit

    alone = len(schedule.steps) - 1, 0
    tried = dict.fromkeys([together_from(schedule), alone])
    tiled = [_tile(tiler, schedule, l1_bytes, capacity, *together) for together in tried]
    return min(map(partial(run_ahead, fits=fits), tiled), key=lambda one: (not fits(one), one.cost.cycles))


def _tile(tiler: Tiler, schedule: Schedule, l1_bytes: int, capacity: int, once: int, tail_bytes: int) -> TiledSchedule:
    machine = tiler.target
    maps = [schedule.passes if once <= number < len(schedule.steps) - 1 else 1 for number in range(len(schedule.steps))]
    steps = tuple(
        _tile_step(tiler, schedule, step, capacity, count) for step, count in zip(schedule.steps, maps, strict=True)
    )
    weights = [
        {la.layer.name: la.usual.work.stored_bytes for la in step.layers if la.usual.work.weight_bytes}
        for step in steps
    ]
    looped = tuple(step.segment.looped for step in schedule.steps)
    return TiledSchedule(machine, l1_bytes, steps, schedule.passes, once, tail_bytes, looped, lay_out(weights))


def together_from(schedule: Schedule) -> tuple[int, int]:
    """Return the first step that runs once for all passes, and the bytes of L2 that its and later tensors take.

    Of a mirrored program these are the last steps, none in turns, whose tensors fit `TOGETHER_BYTES`; at least the very
    last one, in which both passes meet, and which needs no bytes of its own.
    """
    steps, last = schedule.steps, len(schedule.steps) - 1
    best = last, 0
    if schedule.passes == 1:
        return best
    for first in range(last - 1, 0, -1):
        if steps[first].segment.looped:
            break
        size = place(tail_buffers(schedule, first), Memory()).main.peak_bytes
        if size > TOGETHER_BYTES:
            break
        best = first, size
    return best


def tail_buffers(schedule: Schedule, first: int) -> list[Buffer]:
    """Return the buffers of tensors that are there at step `first` or later, and of all that shares bytes with them."""
    kept = [b for b in schedule.buffers if b.level == MAIN and b.holds == ACTIVATIONS and not b.name.endswith(KEPT)]
    held = {b.alias_of or b.name for b in kept if b.last_use >= first}
    return [b for b in kept if (b.alias_of or b.name) in held]


def l2_buffers(schedule: Schedule, tiled: TiledSchedule) -> list[Buffer]:
    """Return what lies in L2: tensors, two of each that both passes make together, and weights at hand."""
    last = len(schedule.steps) - 1
    buffers = [b for b in schedule.buffers if b.level == MAIN and b.holds == ACTIVATIONS]
    if tiled.tail_bytes:
        tail = place(tail_buffers(schedule, tiled.once), Memory())
        places = {b.name: b.offset or 0 for b in tail.buffers}
        kept = next(b for b in buffers if b.name.endswith(f".{KEPT}"))
        vector = kept.name.removesuffix(f".{KEPT}")
        buffers = [b for b in buffers if b.name not in places and b is not kept]
        size = aligned(tail.main.peak_bytes, ALIGNMENT)
        buffers.append(Buffer(SECOND, MAIN, size, min(b.first_use for b in tail.buffers), last))
        buffers.append(Buffer(FIRST, MAIN, size, 0, last))
        buffers += [
            dataclasses.replace(b, alias_of=SECOND, alias_offset=places[b.name], offset=None) for b in tail.buffers
        ]
        buffers.append(dataclasses.replace(kept, first_use=last, alias_of=FIRST, alias_offset=places[vector]))
    for step, (begin, end) in enumerate(tiled.ranges):
        if end > begin and tiled.looped[step]:
            early = step - (step in tiled.ahead.early)
            buffers.append(Buffer(own_buffer(step), MAIN, aligned(end - begin, ALIGNMENT), early, step, holds=WEIGHTS))
    ring = ring_steps(tiled.ranges, tiled.looped, tiled.ahead)
    if ring:
        buffers.append(Buffer(RING, MAIN, tiled.ahead.slots * CHUNK_BYTES, *ring, holds=WEIGHTS))
    return buffers


def _tile_step(tiler: Tiler, schedule: Schedule, step: Step, capacity: int, maps: int) -> StepTiles:
    works = Counter({dataclasses.replace(work, maps=maps): count for work, count in calls_of(schedule, step).items()})
    layers = step.segment.layers
    if not step.segment.looped:
        return StepTiles(step.name, tuple(_tile_layer(tiler, works, layer, capacity, STAGED) for layer in layers))
    best: StepTiles | None = None
    for stay in _sets_that_stay(works, layers):
        left = capacity - sum(stay.values())
        if left < 1:
            continue
        try:
            tiled = [_tile_layer(tiler, works, la, left, IN_L1 if la.name in stay else IN_L2) for la in layers]
        except ValueError:
            if not stay:
                raise
            continue
        made = StepTiles(step.name, tuple(tiled))
        if best is None or (made.cost.cycles, made.cost.traffic) < (best.cost.cycles, best.cost.traffic):
            best = made
    assert best is not None  # noqa: S101 - with nothing that stays there is one, or an error
    return best


def work_of(schedule: Schedule, call: Call) -> Work:
    """Return a call as the tiler sees it: the layer, and the rows at hand and wanted."""
    source, output = schedule.tensors[tensors_read(call.layer)[0]], schedule.tensors[call.layer.output]
    at_hand = dataclasses.replace(source, height=call.inputs[0].count)
    return Work(call.layer, at_hand, dataclasses.replace(output, height=call.rows.count), call.padding_top)


def calls_of(schedule: Schedule, step: Step) -> Counter[Work]:
    """Return the calls of a step, each shape with how many there are of it."""
    return Counter(work_of(schedule, call) for turn in step.segment.turns for call in turn.calls)


def _sets_that_stay(works: Counter[Work], layers: Sequence[Operation]) -> Iterator[dict[str, int]]:
    """Yield sets of layers whose weights may stay, with their bytes: none first."""
    sizes = {
        work.layer.name: aligned(work.weight_bytes, ALIGNMENT) + aligned(work.constant_bytes, ALIGNMENT)
        for work in works
        if work.weight_bytes
    }
    order = sorted(sizes, key=lambda name: sizes[name])
    for count in range(len(order) + 1):
        chosen = combinations(order, count) if len(order) <= EVERY_SET else [tuple(order[:count])]
        yield from ({name: sizes[name] for name in names} for names in chosen)


def _tile_layer(tiler: Tiler, works: Counter[Work], layer: Operation, capacity: int, weights: str) -> LayerTiles:
    calls = tuple(
        (tiler.choose(work, capacity, weights), count) for work, count in works.items() if work.layer is layer
    )
    cost = sum((tiling.cost * count for tiling, count in calls), Cost())
    first = calls[0][0].work
    if weights != STAGED and first.weight_bytes:
        cost += _fetched(tiler.target, first)
    if weights != IN_L1:
        return LayerTiles(layer, calls, 0, cost)
    stays = aligned(first.weight_bytes, ALIGNMENT) + aligned(first.constant_bytes, ALIGNMENT)
    moved = tiler.target.plain(first.stored_bytes)
    cost += Cost(cycles=moved, moved=moved, in_bytes=first.weight_bytes + first.constant_bytes)
    return LayerTiles(layer, calls, stays, cost)


def _fetched(target: Target, work: Work) -> Cost:
    """Weights that come from L3 chunk by chunk; what is waited for them is not in it."""
    size = work.weight_bytes + work.constant_bytes
    return Cost(stored=target.stored(size, -(-size // CHUNK_BYTES)), stored_bytes=size)


def l1_buffers(tiled: TiledSchedule) -> list[Buffer]:
    """Return what is in L1: stacks always, and at each step what stays and the tiles of one layer after the other.

    The latter share one buffer, `STEP.tiles`, of which each layer's are views, as in most of its turns; the halves of
    what is there twice are one.
    """
    buffers = [Buffer("stacks.L1", L1, tiled.target.reserved_l1_bytes, 0, len(tiled.steps) - 1, holds="stacks")]
    for number, step in enumerate(tiled.steps):
        shared = f"{step.name}.tiles"
        size = max(layer.l1_bytes for layer in step.layers)
        buffers.append(Buffer(shared, L1, size, number, number))
        for layer in step.layers:
            if layer.stays:
                buffers.append(Buffer(f"{layer.layer.name}.weights.L1", L1, layer.stays, number, number, holds=WEIGHTS))
            begin = 0
            for part in dataclasses.fields(Room):
                taken = getattr(layer.usual.room, part.name)
                holds = WEIGHTS if part.name in ("weights", "constants") else ACTIVATIONS
                if taken:
                    name = f"{layer.layer.name}.{part.name}.tile"
                    buffers.append(Buffer(name, L1, taken, number, number, shared, begin, holds=holds))
                begin += taken
    return buffers


def record_tiles(tiled: TiledSchedule) -> dict[str, Any]:
    """Return tiles and predictions as plain values; bytes and cycles are of all passes of one input."""
    layers = []
    for number, step in enumerate(tiled.steps):
        times = tiled.passes_of(number)
        for layer in step.layers:
            told: dict[str, Any] = {"step": number, "layer": layer.layer.name, "tile": asdict(layer.usual.size)}
            told |= {"tiles": layer.usual.count, "turns": layer.turns * times}
            told |= {"l1_bytes": layer.l1_bytes, "weights_that_stay_bytes": layer.stays}
            layers.append(told | _record_cost(tiled.target, tiled.cost_of(number, layer)))
    told = {"target": asdict(tiled.target), "l1_bytes": tiled.l1_bytes, "passes": tiled.passes}
    return told | {"predicted": _record_cost(tiled.target, tiled.cost), "layers": layers}


def _record_cost(target: Target, cost: Cost) -> dict[str, Any]:
    return {
        "l2_to_l1_bytes": cost.in_bytes,
        "l1_to_l2_bytes": cost.out_bytes,
        "l3_to_l2_bytes": cost.stored_bytes,
        "compute_cycles": cost.compute,
        "l2_l1_cycles": cost.moved,
        "l3_l2_cycles": cost.stored,
        "cycles": cost.cycles,
        "milliseconds": target.milliseconds(cost.cycles),
    }
