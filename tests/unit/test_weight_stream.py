"""Weights from L3 come ahead of their layers, as far as the ring has room."""

from collections import Counter

from peephole.compiler.cost import Target
from peephole.compiler.ring import choose_ring
from peephole.compiler.schedule import lower
from peephole.compiler.tiled_schedule import tile
from peephole.compiler.weight_stream import CHUNK_BYTES, Arrivals, lay_out
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program

GAP8 = Target()
CHUNK = GAP8.stored(CHUNK_BYTES)


def test_what_comes_twice_ends_with_a_whole_chunk() -> None:
    stored = lay_out([{"a": 10, "b": 20}, {}, {"c": 7}], 1)
    assert stored.places == {"a": (0, 10), "b": (12, 20), "c": (CHUNK_BYTES, 7)}
    assert (stored.repeated, stored.chunks) == (1, 3)
    once = lay_out([{"a": 10}, {"b": 20}], 0)
    assert once.places == {"a": (0, 10), "b": (12, 20)} and (once.repeated, once.chunks) == (0, 1)
    assert lay_out([{}, {}], 1).chunks == 0


def test_chunks_arrive_one_after_the_other_as_slots_are_free() -> None:
    arrivals = Arrivals(GAP8, lay_out([{"a": 4 * CHUNK_BYTES}], 0), slots=2)
    assert arrivals.wait(1, 0) == CHUNK
    assert arrivals.wait(2 * CHUNK_BYTES, 0) == 2 * CHUNK
    arrivals.release(CHUNK_BYTES, 5 * CHUNK)
    assert arrivals.wait(3 * CHUNK_BYTES, 0) == 6 * CHUNK
    assert arrivals.wait(3 * CHUNK_BYTES, 7 * CHUNK) == 7 * CHUNK
    arrivals.release(2 * CHUNK_BYTES + 1, 5 * CHUNK)
    assert arrivals.wait(4 * CHUNK_BYTES, 0) == 7 * CHUNK


def test_the_second_pass_begins_with_chunks_of_its_own() -> None:
    arrivals = Arrivals(GAP8, lay_out([{"a": 10}, {"b": 10}], 1), slots=1)
    assert arrivals.wait(10, 0) == CHUNK
    arrivals.end_pass(3 * CHUNK)
    assert arrivals.wait(10, 0) == 4 * CHUNK
    arrivals.end_pass(9 * CHUNK)
    assert arrivals.wait(CHUNK_BYTES + 10, 0) == 10 * CHUNK


def test_the_recogniser_waits_for_hardly_more_than_its_first_chunk() -> None:
    schedule = lower(IntegerProgram.load(default_program()))
    tiled = tile(schedule, 64 * 1024)
    assert CHUNK <= sum(tiled.waits.values()) < 2 * CHUNK
    slow = tile(schedule, 64 * 1024, Target(l3_bytes_per_second=20e6))
    assert sum(slow.waits.values()) > 100 * CHUNK / 5
    looped = [step.segment.looped for step in schedule.steps]
    assert choose_ring(tiled, looped) == (tiled.slots, Counter(tiled.waits))
