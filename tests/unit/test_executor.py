import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import graphs, random_graph
from peephole import _core
from peephole.compiler.emit.self_test import self_test_input as input_of
from peephole.compiler.executor import execute
from peephole.compiler.planner import place
from peephole.compiler.schedule import Passes, Schedule, lower
from peephole.fixedpoint import interpreter, reference
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program, landmark_program
from programs import programs

PASSES = [Passes(*chosen) for chosen in itertools.product((True, False), repeat=3)]


def differing(program: IntegerProgram, schedule: Schedule, kernels: Any = reference) -> list[str]:
    """The layers of which the executor wrote other rows than the interpreter; all of them have to be there."""
    image = input_of(program)
    placement = place(schedule.buffers, seconds=0.1)
    got, wanted = execute(program, schedule, placement, image, kernels), interpreter.run(program, image)
    assert [name for name in got.layers if name in wanted] == [layer.name for layer in program.layers]
    assert all(written.made.any() for written in got.layers.values())
    pairs = [(name, got.layers[name], wanted[name]) for name in wanted]
    wrong = [name for name, w, values in pairs if not np.array_equal(w.values[w.made], values[w.made])]
    parts = [wanted[layer.name] for layer in program.layers if layer.output == program.output]  # slices, in their order
    return wrong if np.array_equal(got.output, np.concatenate(parts, axis=2)) else [*wrong, "output"]


@settings(max_examples=40, deadline=None)
@given(graphs() | programs(), st.sampled_from(PASSES), st.sampled_from([reference, _core]))
def test_no_pass_and_no_plan_changes_a_bit(program: IntegerProgram, passes: Passes, kernels: Any) -> None:
    assert differing(program, lower(program, passes), kernels) == []


@pytest.mark.parametrize("path", [default_program(), landmark_program()], ids=["recogniser", "landmarks"])
def test_the_shipped_programs_run_in_their_plan(path: str) -> None:
    program = IntegerProgram.load(path)
    schedule = lower(program)
    image = input_of(program)
    got = execute(program, schedule, place(schedule.buffers), image, _core)
    wanted = interpreter.run(program, image, _core)
    assert all(np.array_equal(w.values[w.made], wanted[n][w.made]) for n, w in got.layers.items())
    assert np.array_equal(got.output, wanted[program.layers[-1].name])


def earlier(schedule: Schedule, name: str) -> Schedule:
    """The schedule as if a buffer died one step earlier than it does."""

    def shortened() -> Sequence[object]:
        return [dataclasses.replace(b, last_use=b.last_use - (b.name == name)) for b in schedule.buffers]

    return dataclasses.replace(schedule, buffers=tuple(shortened()))


def test_a_buffer_that_dies_too_early_is_seen() -> None:
    program = random_graph(1, blocks=3)
    schedule = lower(program, Passes(streaming=False, in_place=False))
    long_lived = [b.name for b in schedule.buffers if b.name in program.tensor_table and b.last_use > b.first_use]
    assert long_lived
    for name in long_lived:
        assert differing(program, earlier(schedule, name)), name


def test_rows_that_are_overwritten_before_their_last_read_are_seen() -> None:
    """A lead of too few bytes is wrong: the proof of `lead_bytes` is not an idle one."""
    seen = 0
    for seed in range(40):
        program = random_graph(seed, blocks=4)
        schedule = lower(program)
        views = [b for b in schedule.buffers if b.alias_of is not None and b.alias_offset > 0]
        if views:
            near = [dataclasses.replace(b, alias_offset=0) if b is views[0] else b for b in schedule.buffers]
            seen += bool(differing(program, dataclasses.replace(schedule, buffers=tuple(near))))
    assert seen >= 3
