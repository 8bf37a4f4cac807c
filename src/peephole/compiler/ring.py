"""The ring of chunks that weights from L3 pass through: how large it is, and what is waited for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from peephole.compiler.tiler import IN_L1, STAGED, TileCost, cut, tile_costs, timed
from peephole.compiler.weight_stream import CHUNK_BYTES, MOST_SLOTS, Arrivals

if TYPE_CHECKING:
    from peephole.compiler.tiled_schedule import LayerTiles, StepTiles, TiledSchedule

ENOUGH = 1.001  # a ring that takes no longer than this times the best one's


@dataclass(frozen=True)
class _Layer:
    """A layer that runs whole. tiles: of its only call; released: whether its weights are while it runs."""

    name: str
    cycles: int
    tiles: tuple[TileCost, ...]
    released: bool


def choose_ring(
    tiled: "TiledSchedule", looped: Sequence[bool], most_slots: int = MOST_SLOTS
) -> tuple[int, Counter[str]]:
    """Return how many chunks the ring should hold, and by layer the cycles that weights are waited for, of all passes.

    That is as few as hold what must be there at once, or more where it pays, up to `most_slots`. looped: which steps
    run in turns.
    """
    if not tiled.stored.places:
        return 0, Counter()
    needed = max(_needed(tiled, step, turns) for step, turns in zip(tiled.steps, looped, strict=True))
    layers = [[] if turns else _layers(tiled, step) for step, turns in zip(tiled.steps, looped, strict=True)]
    most = min(max(needed, most_slots), tiled.stored.chunks)
    tried = {slots: _waits(tiled, layers, slots) for slots in range(min(needed, most), most + 1)}
    best = min(waits.total() for waits in tried.values()) + tiled.busy
    return next((slots, waits) for slots, waits in tried.items() if waits.total() + tiled.busy <= ENOUGH * best)


def _is_released(layer: "LayerTiles") -> bool:
    """Return whether each tile's weights are needed once."""
    made = layer.usual
    parts = -(-made.work.channels // made.size.channels)
    return made.size.channels_first or parts in (1, made.count)


def _needed(tiled: "TiledSchedule", step: "StepTiles", looped: bool) -> int:
    """Return how many chunks a step needs at once."""
    weighted = [layer for layer in step.layers if layer.layer.name in tiled.stored.places]
    if not weighted:
        return 0
    if looped:
        return tiled.stored.chunks_of([layer.layer.name for layer in weighted])
    needed = 0
    for layer in weighted:
        whole = tiled.stored.chunks_of([layer.layer.name])
        work, channels = layer.usual.work, layer.usual.size.channels
        part = work.constant_bytes + channels * work.weight_bytes // work.channels
        needed = max(needed, min(whole, part // CHUNK_BYTES + 2) if _is_released(layer) else whole)
    return needed


def _layers(tiled: "TiledSchedule", step: "StepTiles") -> list[_Layer]:
    made = []
    for layer in step.layers:
        weights = STAGED if layer.layer.name in tiled.stored.places else IN_L1
        costs = tile_costs(tiled.target, cut(layer.usual.work, layer.usual.size, weights)) if weights == STAGED else ()
        made.append(_Layer(layer.layer.name, layer.cost.cycles, tuple(costs), _is_released(layer)))
    return made


def _waits(tiled: "TiledSchedule", layers: Sequence[Sequence[_Layer]], slots: int) -> Counter[str]:
    """Run all passes with so many chunks. Return what is waited for by layer."""
    arrivals = Arrivals(tiled.target, tiled.stored, slots)
    waits: Counter[str] = Counter()
    now = 0
    for _ in range(tiled.passes):
        for step in range(tiled.once):
            now = _run_step(tiled, tiled.steps[step], layers[step], arrivals, waits, now)
        arrivals.end_pass(now)
    if tiled.tail_bytes:  # the first pass's tensors are moved aside, through L1
        moved = 2 * tiled.target.plain(tiled.tail_bytes)
        waits[tiled.steps[tiled.once].layers[0].layer.name] += moved
        now += moved
    for step in range(tiled.once, len(tiled.steps)):
        now = _run_step(tiled, tiled.steps[step], layers[step], arrivals, waits, now)
    return waits


def _run_step(
    tiled: "TiledSchedule",
    step: "StepTiles",
    layers: Sequence[_Layer],
    arrivals: Arrivals,
    waits: Counter[str],
    now: int,
) -> int:
    """Return when a step that begins now is done."""
    places = tiled.stored.places
    names = [layer.layer.name for layer in step.layers if layer.layer.name in places]
    if not layers and names:  # in turns: all weights are needed in the first one
        end = sum(places[names[-1]])
        there = arrivals.wait(end, now)
        waits[names[0]] += there - now
        now = there + step.cost.cycles
        arrivals.release(end, now)
        return now
    if not layers:
        return now + step.cost.cycles
    for layer in layers:
        if not layer.tiles:
            now += layer.cycles
            continue
        begin, size = places[layer.name]

        def release(end: int, at: int, begin: int = begin, released: bool = layer.released) -> None:
            if released:
                arrivals.release(begin + end, at)

        def wait(end: int, at: int, begin: int = begin) -> int:
            return arrivals.wait(begin + end, at)

        done = timed(layer.tiles, wait, release, now)
        waits[layer.name] += done - now - layer.cycles
        now = done
        arrivals.release(begin + size, now)
    return now
