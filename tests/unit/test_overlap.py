"""Tensors that lie over each other: views of one buffer, only where that lowers the need, and to an end."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from peephole.compiler.memory import MAIN, Buffer
from peephole.compiler.overlap import Need, choose, lay_over, need
from peephole.compiler.segments import Costed, Overlap
from peephole.compiler.streaming import Segment


def cut(output: str, over: str, lead: int = 0) -> Costed:
    segment = cast(Segment, SimpleNamespace(output=output))
    return Costed(segment, 0, 1, 0, 0, 0, 0, Overlap(over, lead), saved=8)


def test_a_member_that_holds_all_others_is_the_buffer() -> None:
    buffers = [Buffer("a", MAIN, 40, 0, 1), Buffer("b", MAIN, 16, 1, 2)]
    made = lay_over(buffers, [cut("b", "a")])
    assert [(b.name, b.bytes, b.alias_of, b.alias_offset) for b in made] == [("a", 40, None, 0), ("b", 16, "a", 0)]


def test_where_none_holds_all_others_a_buffer_of_its_own_does() -> None:
    buffers = [Buffer("a", MAIN, 40, 0, 1), Buffer("b", MAIN, 16, 1, 2)]
    made = lay_over(buffers, [cut("b", "a", lead=4)])
    assert [(b.name, b.bytes, b.alias_of, b.alias_offset) for b in made] == [
        ("b over a", 44, None, 0),
        ("a", 40, "b over a", 4),
        ("b", 16, "b over a", 0),
    ]


def test_the_need_is_the_most_alive_at_one_step_in_whole_words() -> None:
    buffers = [
        Buffer("a", MAIN, 40, 0, 1),
        Buffer("b", MAIN, 17, 1, 2),
        Buffer("w", MAIN, 100, 2, 3, holds="weights"),
        Buffer("view", MAIN, 8, 1, 1, alias_of="a"),
    ]
    assert need(buffers) == Need(arena=60, total=120)
    assert need(buffers).weighed == 180
    assert Need(60, 120).exceeds(Need(59, 120)) and Need(60, 120).exceeds(Need(60, 119))
    assert not Need(60, 120).exceeds(Need(60, 120))


def needing(bytes_of: Callable[[frozenset[str]], int]) -> Callable[[Sequence[Costed]], list[Buffer]]:
    """The buffers of segments, one whose size depends on which overlaps were taken."""

    def buffers(cuts: Sequence[Costed]) -> list[Buffer]:
        taken = frozenset(c.segment.output for c in cuts if c.overlap is not None)
        return [Buffer("all", MAIN, bytes_of(taken), 0, 1)]

    return buffers


@pytest.mark.parametrize(
    ("needs", "taken"),
    [
        ({0: 40, 1: 36, 2: 32}, 2),
        ({0: 40, 1: 44, 2: 48}, 0),
        ({0: 40, 1: 32, 2: 48}, 1),  # either of two that are alike; to try them in turn would never end
        ({0: 40, 1: 40, 2: 40}, 0),  # what brings nothing is not taken
        ({0: 40, 1: 44, 2: 32}, 2),  # each alone is worse than none, both together are better
    ],
)
def test_overlaps_that_lower_the_need_are_taken(needs: dict[int, int], taken: int) -> None:
    cuts = [cut("b", "a"), cut("d", "c")]
    found: Any = choose(cuts, needing(lambda names: needs[len(names)]))
    assert sum(one.overlap is not None for one in found) == taken
    assert all(one.saved == (8 if one.overlap is not None else 0) for one in found)
