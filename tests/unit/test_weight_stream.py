"""Weights from L3 come ahead of their layers, as far as L2 has room."""

from pathlib import Path

import pytest

from peephole.compiler.cost import Target
from peephole.compiler.memory import Memory
from peephole.compiler.planner import place
from peephole.compiler.schedule import lower
from peephole.compiler.tiled_schedule import l2_buffers, tile
from peephole.compiler.weight_stream import CHUNK_BYTES, RING, Ahead, Arrivals, chunks_of_run, lay_out
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program, landmark_program

GAP8 = Target()
CHUNK = GAP8.stored(CHUNK_BYTES)
L1_BYTES = 64 * 1024


def test_weights_lie_in_the_order_of_the_steps() -> None:
    assert lay_out([{"a": 10, "b": 20}, {}, {"c": 7}]) == {"a": (0, 10), "b": (12, 20), "c": (32, 7)}


def test_a_step_in_turns_has_a_place_of_its_own_and_the_others_share_a_ring() -> None:
    """Steps: in turns, without weights, whole with two and a half chunks; two passes of the first, then the rest."""
    ranges = [(0, 100), (0, 0), (100, 100 + 5 * CHUNK_BYTES // 2)]
    chunks = chunks_of_run(ranges, [True, True, False], [range(1), range(1), range(1, 3)], Ahead(slots=2, ring_early=1))
    told = [(c.buffer, c.begin, c.step, c.early, c.after) for c in chunks]
    own, ring = chunks[0].buffer, [100 + n * CHUNK_BYTES for n in range(3)]
    assert told == [
        (own, 0, 0, 0, 0),
        (own, 0, 1, 1, 0),
        (RING, ring[0], 3, 2, 0),
        (RING, ring[1], 3, 2, 0),
        (RING, ring[2], 3, 2, 3),
    ]
    assert [c.offset for c in chunks[2:]] == [0, CHUNK_BYTES, 0]
    early = chunks_of_run([(0, 8), (8, 16)], [True, True], [range(2)], Ahead(frozenset({0, 1})))
    assert [c.early for c in early] == [0, 0]  # the first one has no step before it


def test_chunks_arrive_one_after_the_other_as_places_are_free() -> None:
    arrivals = Arrivals(GAP8, chunks_of_run([(0, 4 * CHUNK_BYTES)], [False], [range(1)], Ahead(slots=2)))
    arrivals.begin_step(0)
    assert arrivals.wait(1, 0) == CHUNK
    assert arrivals.wait(2 * CHUNK_BYTES, 0) == 2 * CHUNK
    arrivals.release(CHUNK_BYTES, 5 * CHUNK)
    assert arrivals.wait(3 * CHUNK_BYTES, 0) == 6 * CHUNK
    assert arrivals.wait(3 * CHUNK_BYTES, 7 * CHUNK) == 7 * CHUNK
    arrivals.release(2 * CHUNK_BYTES + 1, 5 * CHUNK)
    assert arrivals.wait(4 * CHUNK_BYTES, 0) == 7 * CHUNK


@pytest.mark.parametrize("ahead", [Ahead(), Ahead(frozenset({1}))])
def test_the_weights_of_the_next_step_come_meanwhile(ahead: Ahead) -> None:
    arrivals = Arrivals(GAP8, chunks_of_run([(0, 4), (4, 8)], [True, True], [range(2)], ahead))
    arrivals.begin_step(0)
    assert arrivals.wait(4, 0) == GAP8.stored(4)
    arrivals.begin_step(9 * CHUNK)
    assert arrivals.wait(8, 9 * CHUNK) == 9 * CHUNK + (0 if ahead.early else GAP8.stored(4))


def test_what_has_gone_is_not_waited_for_again() -> None:
    chunks = chunks_of_run([(0, 2 * CHUNK_BYTES)], [False], [range(1)], Ahead(slots=1))
    arrivals = Arrivals(GAP8, chunks)
    arrivals.begin_step(0)
    now = arrivals.wait(CHUNK_BYTES, 0)
    arrivals.release(CHUNK_BYTES, now)
    assert arrivals.wait(CHUNK_BYTES, now) == now < arrivals.wait(CHUNK_BYTES + 1, now)


@pytest.mark.parametrize(("path", "most"), [(default_program(), 13e6), (default_program(8), 10.5e6)])
def test_the_recogniser_hardly_waits(path: Path, most: float) -> None:
    tiled = tile(lower(IntegerProgram.load(path)), L1_BYTES)
    assert sum(tiled.waits.values()) < 3 * CHUNK and tiled.cost.cycles < most


def test_less_l2_is_never_faster() -> None:
    schedule = lower(IntegerProgram.load(default_program()))
    tiled = [tile(schedule, L1_BYTES, l2_bytes=1024 * size) for size in (124, 160, 256)]
    times = [one.cost.cycles for one in tiled]
    assert times == sorted(times, reverse=True) and times[0] > times[-1]
    for one, size in zip(tiled, (124, 160, 256), strict=True):
        assert place(l2_buffers(schedule, one), Memory(l2=1024 * size)).main.peak_bytes <= 1024 * size


def test_slow_weights_are_waited_for() -> None:
    schedule = lower(IntegerProgram.load(landmark_program()))
    waits = [sum(tile(schedule, L1_BYTES, Target(l3_bytes_per_second=rate)).waits.values()) for rate in (5e6, 100e6)]
    assert waits[0] > 10 * waits[1]
