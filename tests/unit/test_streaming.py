"""Row streaming and segments: every row in time and once, and no other partition needs less."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from graphs import graphs, random_graph, random_network
from peephole.compiler.planner import place
from peephole.compiler.schedule import Passes, lower
from peephole.compiler.segments import Partitions, best, partition
from peephole.compiler.streaming import Enter, Rows, Segment
from peephole.fixedpoint.layers import Add, Conv2d, MaxPool, Tensor, tensors_read
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program


def conv(name: str, source: str, kernel: int, **fields: Any) -> Conv2d:
    zeros = np.zeros(1, np.int32)
    settings = {"stride": 1, "padding": kernel // 2} | fields
    weight = np.zeros((1, kernel, kernel, 1), np.int16)
    moves = settings["stride"], settings["padding"]
    none = zeros, zeros.astype(np.uint8), zeros.astype(np.int8)
    return Conv2d(name, source, name, 0, *moves, False, "full", 64, weight, *none)


def spans(segment: Segment) -> list[list[tuple[str, tuple[Rows, ...], Rows, int]]]:
    return [[(c.layer.name, c.inputs, c.rows, c.padding_top) for c in turn.calls] for turn in segment.turns]


def test_a_convolution_and_a_pool_turn_by_turn() -> None:
    """3x3 over 4 rows, then the larger of every two: each turn of the pool needs two new rows of the convolution."""
    layers = (conv("a", "x", 3), MaxPool("b", "a", "b", 0, 2, 2))
    segment = Segment(layers, ("a",), "b", 1, {"x": 4, "a": 4, "b": 2})
    assert spans(segment) == [
        [("a", (Rows(0, 3),), Rows(0, 2), 1), ("b", (Rows(0, 2),), Rows(0, 1), 0)],
        [("a", (Rows(1, 4),), Rows(2, 4), 0), ("b", (Rows(2, 4),), Rows(1, 2), 0)],
    ]
    assert [dict(turn.kept) for turn in segment.turns] == [{"a": 0}, {"a": 2}]
    assert segment.capacity == {"a": 2}


def test_rows_that_two_windows_see_stay() -> None:
    """A 3x3 window moves by one row: two of the three rows stay in the strip."""
    layers = (conv("a", "x", 1), conv("b", "a", 3, padding=0))
    segment = Segment(layers, ("a",), "b", 1, {"x": 5, "a": 5, "b": 3})
    assert segment.capacity == {"a": 3}
    assert [turn.calls[0].rows for turn in segment.turns] == [Rows(0, 3), Rows(3, 4), Rows(4, 5)]
    assert [turn.kept["a"] for turn in segment.turns] == [0, 1, 2]


def test_rows_that_no_window_sees_are_never_made() -> None:
    layers = (conv("a", "x", 1), MaxPool("b", "a", "b", 0, 1, 3))
    segment = Segment(layers, ("a",), "b", 1, {"x": 7, "a": 7, "b": 3})
    assert [turn.calls[0].rows for turn in segment.turns] == [Rows(0, 1), Rows(3, 4), Rows(6, 7)]
    assert segment.capacity == {"a": 1}


@pytest.mark.parametrize(
    ("kernel", "rows", "lead"),
    [(1, 1, 10), (3, 1, 20), (3, 2, 30), (5, 1, 30)],
)
def test_how_far_an_output_must_lie_before_its_input(kernel: int, rows: int, lead: int) -> None:
    """Row r is written while row r - kernel // 2 is read, and rows are 10 bytes long."""
    segment = Segment((conv("a", "x", kernel),), (), "a", rows, {"x": 8, "a": 8})
    assert segment.lead_bytes("x", {"x": 10, "a": 10}) == lead


def test_an_output_with_shorter_rows_needs_a_lead_at_the_beginning_alone() -> None:
    segment = Segment((conv("a", "x", 3),), (), "a", 1, {"x": 8, "a": 8})
    assert segment.lead_bytes("x", {"x": 10, "a": 5}) == 10  # rows 0 and 1 are written while row 0 is read


def test_a_sum_lies_exactly_over_its_summand() -> None:
    """Also where the other summand was made of it in strips: rows that the windows still see are not yet summed up."""
    add = Add("c", "b", "x", "c", 0, False, 0, 0, 0)
    heights = dict.fromkeys(("x", "a", "b", "c"), 8)
    widths = dict.fromkeys(("x", "a", "b", "c"), 10)
    assert Segment((add,), (), "c", 8, heights).lead_bytes("x", widths) == 0
    within = Segment((conv("a", "x", 1), conv("b", "a", 3), add), ("a", "b"), "c", 1, heights)
    assert within.lead_bytes("x", widths) == 0
    behind = Segment((conv("a", "x", 3), conv("b", "a", 1), add), ("a", "b"), "c", 1, heights)
    assert behind.lead_bytes("x", widths) == 10  # the next turn's first convolution still sees the row


@settings(max_examples=25, deadline=None)
@given(graphs())
def test_every_row_is_made_before_it_is_read_and_not_twice(program: IntegerProgram) -> None:
    for step in lower(program).steps:
        segment = step.segment
        made = {name: 0 for name in segment.streamed}
        for turn in segment.turns:
            for call in turn.calls:
                for name, rows in zip(tensors_read(call.layer), call.inputs, strict=True):
                    if name in made:
                        assert turn.kept[name] <= rows.first and rows.end <= made[name]
                if call.layer.output in made:
                    done = made[call.layer.output]
                    first_writer = next(c for c in turn.calls if c.layer.output == call.layer.output)
                    assert call is not first_writer or call.rows.first >= done
                    made[call.layer.output] = call.rows.end
        assert segment.turns[-1].calls[-1].rows.end == segment.heights[segment.output]


def test_no_byte_is_written_over_what_the_caller_gives() -> None:
    for seed in range(30):
        program = random_network(seed)
        assert not [b for b in lower(program).buffers if "image" in (b.name, b.alias_of) and b.holds == "activations"]


def operations(program: IntegerProgram) -> Partitions:
    image = Tensor("bytes", program.input.height, program.input.width, 1, 0, 8)
    layers = (Enter("enter", "bytes", program.input.name), *program.layers)
    tensors = {"bytes": image} | program.tensor_table
    return Partitions(layers, tensors, frozenset({"bytes"}), frozenset({program.output}))


@pytest.mark.parametrize("seed", range(6))
def test_no_other_partition_needs_less(seed: int) -> None:
    partitions = operations(random_graph(seed, blocks=2))
    count = len(partitions.operations)
    cuts = [cut for ending in partitions.ending for cut in ending]

    def ways(start: int) -> Any:
        if start == count:
            yield ()
        for cut in (cut for cut in cuts if cut.start == start):
            for rest in ways(cut.stop):
                yield (cut, *rest)

    every = list(itertools.islice(ways(0), 200_000))
    needs = {(max(c.activations for c in way), max(c.bytes for c in way)) for way in every}
    chosen = best(partitions)
    assert sum((max(c.activations for c in chosen), max(c.bytes for c in chosen))) == min(map(sum, needs))
    for arena in sorted({a for a, _ in needs}):
        assert max(c.bytes for c in partition(partitions, arena)) == min(t for a, t in needs if a <= arena)


def test_fewer_bytes_than_any_partition_needs_are_refused() -> None:
    with pytest.raises(ValueError, match="no partition"):
        partition(operations(random_graph(0)), 1)


def test_every_pass_can_be_switched_off() -> None:
    program = IntegerProgram.load(default_program())
    plain = lower(program, Passes(streaming=False, in_place=False))
    assert len(plain.steps) == len(program.layers) + 1
    assert not any(step.segment.looped for step in plain.steps)
    assert all(buffer.alias_of is None for buffer in plain.buffers)
    copies = lower(program, Passes(concatenate=False))
    slices = sum(layer.name.endswith(("expand1x1", "expand3x3")) for layer in program.layers)
    assert sum(layer.kind == "copy_channels" for step in copies.steps for layer in step.segment.layers) == slices


def test_the_shipped_recogniser_needs_a_sixth_of_the_memory() -> None:
    program = IntegerProgram.load(default_program())

    def arena(passes: Passes) -> int:
        return place([b for b in lower(program, passes).buffers if b.holds == "activations"]).peak_bytes

    assert arena(Passes()) <= 64 * 1024
    assert arena(Passes()) * 6 < arena(Passes(streaming=False, in_place=False))
