"""How far weights come ahead of their layers: as far as L2 has room and it pays; and what is waited for."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from peephole.compiler.tiler import IN_L1, STAGED, TileCost, cut, tile_costs, timed
from peephole.compiler.weight_stream import CHUNK_BYTES, Ahead, Arrivals, chunks_of_run

if TYPE_CHECKING:
    from peephole.compiler.tiled_schedule import LayerTiles, TiledSchedule

PAYS = 0.9995  # a step ahead is taken where it takes at most this share of the time before
MOST_EARLY = 3  # steps


@dataclass(frozen=True)
class _Layer:
    """A layer that runs whole. tiles: of its only call; released: whether its weights are while it runs."""

    name: str
    cycles: int
    tiles: tuple[TileCost, ...]
    released: bool


def run_ahead(tiled: "TiledSchedule", fits: Callable[["TiledSchedule"], bool]) -> "TiledSchedule":
    """Return the schedule with weights that come as far ahead as it pays. fits: whether L2 has room for one."""
    layers = [[] if turns else _layers(tiled, step) for step, turns in enumerate(tiled.looped)]

    def timed_with(ahead: Ahead) -> "TiledSchedule":
        made = dataclasses.replace(tiled, ahead=ahead)
        return dataclasses.replace(made, waits=_waits(made, layers))

    best = timed_with(Ahead(slots=max([1, *(_needed(tiled, step) for step in range(len(tiled.steps)))])))
    while True:
        tried = [timed_with(ahead) for ahead in _further(best)]
        better = [one for one in tried if one.cost.cycles < PAYS * best.cost.cycles]
        chosen = next((one for one in sorted(better, key=lambda one: one.cost.cycles) if fits(one)), None)
        if chosen is None:
            return best
        best = chosen


def _further(tiled: "TiledSchedule") -> Iterator[Ahead]:
    """Yield what comes a little further ahead."""
    ahead = tiled.ahead
    for step, turns in enumerate(tiled.looped):
        if turns and step and step not in ahead.early:
            yield dataclasses.replace(ahead, early=ahead.early | {step})
    for slots in (1, 2, 4):
        yield dataclasses.replace(ahead, slots=ahead.slots + slots)
        if ahead.ring_early < MOST_EARLY:
            yield dataclasses.replace(ahead, slots=ahead.slots + slots - 1, ring_early=ahead.ring_early + 1)


def _is_released(layer: "LayerTiles") -> bool:
    """Return whether each tile's weights are needed once."""
    made = layer.usual
    parts = -(-made.work.channels // made.size.channels)
    return made.size.channels_first or parts in (1, made.count)


def _needed(tiled: "TiledSchedule", step: int) -> int:
    """Return how many chunks of the ring a step needs at once."""
    needed = 0
    for layer in tiled.steps[step].layers:
        work, channels = layer.usual.work, layer.usual.size.channels
        if work.weight_bytes and not tiled.looped[step]:
            part = work.constant_bytes + channels * work.weight_bytes // work.channels
            whole = -(-work.stored_bytes // CHUNK_BYTES) + 1
            needed = max(needed, min(whole, -(-part // CHUNK_BYTES) + 1) if _is_released(layer) else whole)
    return needed


def _layers(tiled: "TiledSchedule", step: int) -> list[_Layer]:
    made = []
    for layer in tiled.steps[step].layers:
        weights = STAGED if layer.layer.name in tiled.places else IN_L1
        costs = tile_costs(tiled.target, cut(layer.usual.work, layer.usual.size, weights)) if weights == STAGED else ()
        made.append(_Layer(layer.layer.name, layer.cost.cycles, tuple(costs), _is_released(layer)))
    return made


def _waits(tiled: "TiledSchedule", layers: Sequence[Sequence[_Layer]]) -> Counter[str]:
    """Run all passes. Return what is waited for by layer."""
    arrivals = Arrivals(tiled.target, chunks_of_run(tiled.ranges, tiled.looped, tiled.run, tiled.ahead))
    waits: Counter[str] = Counter()
    now = 0
    for steps in tiled.run:
        if tiled.tail_bytes and steps[0] == tiled.once:  # the first pass's tensors were moved aside, through L1
            moved = 2 * tiled.target.plain(tiled.tail_bytes)
            waits[tiled.steps[tiled.once].layers[0].layer.name] += moved
            now += moved
        for step in steps:
            arrivals.begin_step(now)
            now = _run_step(tiled, step, layers[step], arrivals, waits, now)
    return waits


def _run_step(
    tiled: "TiledSchedule", step: int, layers: Sequence[_Layer], arrivals: Arrivals, waits: Counter[str], now: int
) -> int:
    """Return when a step that begins now is done."""
    begin, end = tiled.ranges[step]
    if tiled.looped[step] or begin == end:  # in turns all weights are needed in the first one
        if end > begin:
            there = arrivals.wait(end, now)
            waits[tiled.steps[step].layers[0].layer.name] += there - now
            now = there
        return now + tiled.steps[step].cost.cycles
    for layer in layers:
        if not layer.tiles:
            now += layer.cycles
            continue
        first, size = tiled.places[layer.name]

        def release(end: int, at: int, first: int = first, released: bool = layer.released) -> None:
            if released:
                arrivals.release(first + end, at)

        def wait(end: int, at: int, first: int = first) -> int:
            return arrivals.wait(first + end, at)

        done = timed(layer.tiles, wait, release, now)
        waits[layer.name] += done - now - layer.cycles
        now = done
        arrivals.release(first + size, now)
    return now
