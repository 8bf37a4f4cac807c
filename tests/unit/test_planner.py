"""The memory planner: no two living buffers share a byte, and what it calls the least is the least."""

import dataclasses
import itertools
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from peephole.compiler import heuristic
from peephole.compiler.blocks import Block, crowds, live_bound, peak
from peephole.compiler.exact import Answer, branch_and_bound, cp_sat, window_bound
from peephole.compiler.memory import Buffer, Memory, Placement, check_placement
from peephole.compiler.planner import NoRoomError, place, place_arena

# Alive at one step: 4 bytes at most. But the three single bytes that live on must lie at the edges, one after the other
# in turn, and there are but two edges: found by random search, and cut down to what no block can be left out of.
NEVER_4 = [(3, 0, 0), (2, 1, 1), (1, 0, 3), (1, 1, 5), (2, 5, 5), (1, 3, 6), (3, 6, 6)]
# Neither greedy-by-size nor any of our greedy orders nor the local search reach 12, which is the most alive at a step.
HARD_12 = [
    *[(3, 0, 0), (1, 0, 1), (2, 0, 2), (2, 0, 3), (2, 0, 3), (1, 1, 4), (1, 1, 5), (3, 4, 6)],
    *[(2, 3, 7), (2, 0, 7), (2, 2, 8), (2, 5, 9), (3, 7, 9), (1, 7, 9), (1, 8, 9), (1, 9, 9)],
]


def blocks(*triples: tuple[int, int, int]) -> list[Block]:
    return [Block(*triple) for triple in triples]


def buffers(*triples: tuple[int, int, int]) -> list[Buffer]:
    return [Buffer(f"b{number}", "L2", *triple) for number, triple in enumerate(triples)]


@st.composite
def some_buffers(draw: st.DrawFn, most: int = 10, bytes_: int = 60) -> list[Buffer]:
    """Buffers of two levels; some are views of one before."""
    made: list[Buffer] = []
    for number in range(draw(st.integers(1, most))):
        first = draw(st.integers(0, 9))
        last = draw(st.integers(first, 9))
        level = draw(st.sampled_from(["L1", "L2"]))
        larger = [b for b in made if b.level == level]
        if larger and draw(st.integers(0, 3)) == 0:
            owner = draw(st.sampled_from(larger))
            start = draw(st.integers(0, owner.bytes - 1))
            size = draw(st.integers(1, owner.bytes - start))
            made.append(Buffer(f"b{number}", level, size, first, last, owner.name, start))
        else:
            made.append(Buffer(f"b{number}", level, draw(st.integers(1, bytes_)), first, last))
    return made


def bytes_taken(placement: Placement) -> dict[tuple[str, int], dict[int, set[str]]]:
    """Whose each byte of a level is at each step, by the names of the buffers that are no views."""
    owner = {b.name: b.alias_of for b in placement.buffers}

    def root(name: str) -> str:
        above = owner[name]
        return name if above is None else root(above)

    taken: dict[tuple[str, int], dict[int, set[str]]] = {}
    for b in placement.buffers:
        for step in range(b.first_use, b.last_use + 1):
            bytes_ = taken.setdefault((b.level, step), {})
            for at in range(placement.offset(b.name), placement.offset(b.name) + b.bytes):
                bytes_.setdefault(at, set()).add(root(b.name))
    return taken


@given(some_buffers(), st.sampled_from([1, 2, 4, 16]))
def test_no_byte_belongs_to_two(made: list[Buffer], alignment: int) -> None:
    placement = place(made, alignment=alignment, seconds=0.1)
    assert [b.name for b in placement.buffers] == [b.name for b in made]
    for (level, _), bytes_ in bytes_taken(placement).items():
        assert all(len(names) == 1 for names in bytes_.values())
        plan = next(plan for plan in placement.levels if plan.level == level)
        assert max(bytes_) < plan.peak_bytes
    for b in placement.buffers:
        assert b.alias_of is not None or placement.offset(b.name) % alignment == 0
        if b.alias_of is not None:
            assert placement.offset(b.name) == placement.offset(b.alias_of) + b.alias_offset


@given(some_buffers())
def test_the_bound_is_the_most_that_is_alive_and_the_peak_is_not_below(made: list[Buffer]) -> None:
    placement = place(made, alignment=1, seconds=0.1)
    for plan in placement.levels:
        alive = [len(taken) for (level, _), taken in bytes_taken(placement).items() if level == plan.level]
        # A view keeps all of its owner alive, so there may be more than the bytes that are named at the step.
        assert max(alive) <= plan.lower_bound_bytes <= plan.peak_bytes
        assert plan.optimal or plan.peak_bytes > plan.lower_bound_bytes


@given(some_buffers())
def test_the_same_buffers_get_the_same_plan(made: list[Buffer]) -> None:
    first, second = place(made, seconds=0.1), place(made, seconds=0.1)
    assert first.buffers == second.buffers and first.levels == second.levels


def least_height(given_blocks: list[Block]) -> int:
    """The least peak, by trying every offset of every block."""

    def fits(height: int, offsets: tuple[int, ...]) -> bool:
        if len(offsets) == len(given_blocks):
            return True
        new = given_blocks[len(offsets)]
        return any(
            fits(height, (*offsets, at))
            for at in (range(height - new.reach + 1) if new.fixed is None else (new.fixed,))
            if at + new.reach <= height
            and not any(
                new.meets(old) and at < start + old.size and start < at + new.size
                for old, start in zip(given_blocks, offsets, strict=False)
            )
        )

    return next(height for height in itertools.count(1) if fits(height, ()))


def collide(one: Block, other: Block) -> bool:
    """Whether two that have their places share a byte."""
    if one.fixed is None or other.fixed is None or not one.meets(other):
        return False
    return one.fixed < other.fixed + other.size and other.fixed < one.fixed + one.size


TINY = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 5), st.integers(0, 5)).map(
        lambda t: Block(t[0], min(t[1:]), max(t[1:]))
    ),
    min_size=1,
    max_size=5,
)


@given(TINY)
def test_the_search_agrees_with_trying_everything(given_blocks: list[Block]) -> None:
    bound = live_bound(given_blocks)[0]
    answer = branch_and_bound(given_blocks, sum(b.size for b in given_blocks) + 1, bound, 10**6)
    assert answer.proved and answer.offsets is not None
    assert peak(given_blocks, answer.offsets) == least_height(given_blocks)


@given(
    st.lists(
        st.builds(
            lambda size, steps, fixed, headroom: Block(size, min(steps), max(steps), fixed, headroom),
            st.integers(1, 3),
            st.tuples(st.integers(0, 4), st.integers(0, 4)),
            st.none() | st.integers(0, 4),
            st.sampled_from([0, 0, 2]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_the_search_keeps_places_and_headroom(given_blocks: list[Block]) -> None:
    assume(not any(collide(one, other) for one, other in itertools.combinations(given_blocks, 2)))
    least = least_height(given_blocks)
    assert live_bound(given_blocks)[0] <= least
    answer = branch_and_bound(given_blocks, least + 1, live_bound(given_blocks)[0], 10**6)
    assert answer.proved and answer.offsets is not None
    assert peak(given_blocks, answer.offsets) == least
    assert all(block.fixed in (None, at) for block, at in zip(given_blocks, answer.offsets, strict=True))
    assert branch_and_bound(given_blocks, least, 1, 10**6) == Answer(None, proved=True)


def repacked(draw: st.DrawFn) -> list[Block]:
    """Blocks that fill one height at every step: the hardest kind."""
    height, steps = draw(st.integers(4, 7)), draw(st.integers(3, 8))
    alive: list[tuple[int, int]] = []
    made: list[Block] = []
    for step in range(steps):
        for _ in range(2 if step else 0):
            size, first = alive.pop(draw(st.integers(0, len(alive) - 1)))
            made.append(Block(size, first, step - 1))
            if not alive:
                break
        while room := height - sum(size for size, _ in alive):
            alive.append((draw(st.integers(1, min(3, room))), step))
    return made + [Block(size, first, steps - 1) for size, first in alive]


@given(st.composite(repacked)())
def test_a_search_is_never_worse_than_the_heuristic_and_both_solvers_agree(given_blocks: list[Block]) -> None:
    bound = live_bound(given_blocks)[0]
    offsets, _ = heuristic.plan(given_blocks, bound, rounds=20)
    height = peak(given_blocks, offsets)
    assert bound <= height <= peak(given_blocks, heuristic.by_size(given_blocks))
    answer = branch_and_bound(given_blocks, height, bound, 10**6)
    assert answer.proved
    if answer.offsets is not None:
        assert bound <= peak(given_blocks, answer.offsets) < height
    assert bound <= window_bound(given_blocks, height, bound, 10**6) <= peak(given_blocks, answer.offsets or offsets)


def test_cp_sat_finds_what_our_own_search_finds() -> None:
    pytest.importorskip("ortools", reason="needs the compiler extra")
    hard = blocks(*HARD_12)
    offsets = heuristic.by_size(hard)
    answer = cp_sat(hard, offsets, peak(hard, offsets), 7, seconds=10)
    assert answer is not None and answer.proved and answer.offsets is not None
    assert peak(hard, answer.offsets) == 12
    words = [Block(16 * block.size, block.first, block.last) for block in hard]
    wide = cp_sat(words, heuristic.by_size(words), 16 * peak(hard, offsets), 100, seconds=10)
    assert wide is not None and wide.offsets is not None
    assert peak(words, wide.offsets) == 16 * 12 and all(offset % 16 == 0 for offset in wide.offsets)
    never = blocks(*NEVER_4)
    assert cp_sat(never, [0, 0, 3, 4, 0, 2, 3], 5, 4, seconds=10) == Answer(None, proved=True)


def test_a_case_that_no_greedy_order_solves() -> None:
    hard = blocks(*HARD_12)
    assert live_bound(hard)[0] == 12
    assert peak(hard, heuristic.by_size(hard)) > 12
    assert peak(hard, heuristic.plan(hard, 12)[0]) > 12
    placement = place(buffers(*HARD_12), alignment=1)
    assert (placement.peak_bytes, placement.optimal, placement.method) == (12, True, "branch and bound")


def test_a_case_whose_bound_no_plan_reaches_is_proved() -> None:
    placement = place(buffers(*NEVER_4), alignment=1)
    assert (placement.lower_bound_bytes, placement.peak_bytes, placement.optimal) == (4, 5, True)
    assert placement.main.gap == 0.25
    assert least_height(blocks(*NEVER_4)) == 5
    assert window_bound(blocks(*NEVER_4), 5, 4, 10**6) == 5
    for left_out in range(len(NEVER_4)):
        assert least_height(blocks(*NEVER_4[:left_out], *NEVER_4[left_out + 1 :])) <= 4


def test_without_time_and_without_or_tools_a_plan_says_that_it_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    placement = place(buffers(*HARD_12), alignment=1, seconds=0)
    assert (placement.optimal, placement.lower_bound_bytes) == (False, 12)
    assert placement.peak_bytes > 12
    check_placement(placement.buffers, alignment=1)


@given(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.tuples(st.integers(0, 4), st.integers(0, 4)))
def test_two_buffers_meet_exactly_if_some_step_has_both(one: tuple[int, int], other: tuple[int, int]) -> None:
    lives = [range(min(ends), max(ends) + 1) for ends in (one, other)]
    a, b = (Buffer(name, "L2", 1, life[0], life[-1]) for name, life in zip("ab", lives, strict=True))
    assert a.meets(b) == b.meets(a) == bool(set(lives[0]) & set(lives[1]))
    assert not a.meets(dataclasses.replace(b, level="L1"))


def test_crowds_are_the_largest_sets_alive_together() -> None:
    assert crowds(blocks((1, 0, 0), (1, 0, 3), (1, 1, 1), (1, 2, 3))) == [[0, 1], [1, 2], [1, 3]]
    assert crowds(blocks((1, 0, 3), (1, 1, 3), (1, 2, 2))) == [[0, 1, 2]]


def test_what_always_lives_lies_at_the_bottom_in_its_order() -> None:
    made = [Buffer("net", "L2", 400, 1, 2), Buffer("users", "L2", 8, 0, 3), Buffer("code", "L2", 16, 0, 3)]
    placement = place(made)
    assert [placement.offset(name) for name in ("users", "code", "net")] == [0, 8, 24]
    assert placement.lower_bound_bytes == placement.peak_bytes == 424


def test_what_has_an_offset_keeps_it() -> None:
    held = dataclasses.replace(buffers((4, 0, 2))[0], offset=8)
    others = [Buffer("low", "L2", 8, 0, 1), Buffer("high", "L2", 12, 2, 2)]
    placement = place([held, *others], alignment=4)
    assert [placement.offset(name) for name in ("b0", "low", "high")] == [8, 0, 12]
    # 8 + 4 + 12: nothing of 12 bytes fits below
    assert (placement.peak_bytes, placement.optimal) == (24, True)


def test_sizes_are_rounded_up_to_whole_words() -> None:
    placement = place(buffers((3, 0, 1), (5, 1, 2), (1, 0, 2)), alignment=4)
    assert (placement.peak_bytes, placement.lower_bound_bytes) == (16, 16)


def test_a_view_keeps_its_owner() -> None:
    owner = Buffer("sum", "L2", 8, 0, 1)
    made = [owner, Buffer("result", "L2", 4, 2, 3, "sum", 4), Buffer("other", "L2", 8, 3, 4)]
    placement = place(made)
    assert placement.offset("result") == placement.offset("sum") + 4
    assert placement.buffers[0].last_use == 3
    assert placement.peak_bytes == 16


def test_the_arena_lies_together_where_that_costs_nothing() -> None:
    made = [
        Buffer("a", "L2", 100, 0, 1),
        Buffer("b", "L2", 64, 1, 3),
        Buffer("weights of 1", "L2", 72, 1, 1, holds="weights"),
        Buffer("weights of 3", "L2", 100, 3, 3, holds="weights"),
    ]
    assert (place(made).peak_bytes, place(made).extent("activations")) == (236, 236)
    placement = place_arena(made)
    check_placement(placement.buffers)
    assert (placement.peak_bytes, placement.extent("activations")) == (236, 164)
    assert placement.optimal


# Every rule of `check_placement`, each broken once.
GOOD = [
    Buffer("a", "L2", 8, 0, 2, offset=0),
    Buffer("b", "L2", 8, 2, 3, offset=8),
    Buffer("c", "L2", 8, 3, 4, offset=0),
    Buffer("half", "L2", 4, 1, 1, "a", 4, offset=4),
    Buffer("far", "L3", 8, 0, 4, offset=0),
]
BROKEN = {
    "buffers a and b share bytes 4 to 7 of L2 from step 2 to 2": {1: {"offset": 4}},
    "buffers b and c share bytes 8 to 15 of L2 from step 3 to 3": {2: {"offset": 8}},
    "buffer b: lies at 10, which is not a multiple of 4 bytes": {1: {"offset": 10}},
    "buffer half: bytes 6 to 9 of a leave its 8 bytes by 2": {3: {"alias_offset": 6, "offset": 6}},
    "buffer half: lies at 8, but is 4 bytes into a, which lies at 0": {3: {"offset": 8}},
    "buffers a and c share bytes 0 to 7 of L2 from step 3 to 3": {3: {"last_use": 3}},  # by its view
    "buffer b: ends at 20, 4 bytes beyond the 16 of L2": {1: {"offset": 12}},
    "buffer c: has no offset": {2: {"offset": None}},
    "there are two buffers named a": {1: {"name": "a"}},
    "buffer half: is a view of d, which there is not": {3: {"alias_of": "d"}},
    "buffer half (L2): is a view of far in L3": {3: {"alias_of": "far"}},
    "buffer c: is a view of itself, by way of half": {
        2: {"alias_of": "half", "bytes": 4},
        3: {"alias_of": "c", "alias_offset": 0},
    },
}


def test_a_good_plan_passes() -> None:
    check_placement(GOOD, memory=Memory(l2=16))


@pytest.mark.parametrize("sentence", BROKEN)
def test_a_bad_plan_is_refused(sentence: str) -> None:
    broken = [dataclasses.replace(b, **BROKEN[sentence].get(n, {})) for n, b in enumerate(GOOD)]
    with pytest.raises(ValueError) as refusal:
        check_placement(broken, memory=Memory(l2=16))
    assert str(refusal.value) == sentence


def test_a_level_that_is_too_small_is_named_with_step_and_bytes() -> None:
    made = [Buffer("conv1", "L2", 3000, 0, 1), Buffer("pool", "L2", 1000, 1, 2), Buffer("tiny", "L2", 4, 0, 2)]
    with pytest.raises(NoRoomError) as refusal:
        place(made, 2004, steps=("conv1", "pool", "conv2"))
    assert str(refusal.value) == (
        "level L2: 4,004 bytes are needed and there are 2,004, 2,000 too few; most at step 1 (pool), where conv1 "
        "(3,000) and pool (1,000) are alive together"
    )
    assert (refusal.value.level, refusal.value.needed, refusal.value.there) == ("L2", 4004, 2004)
    with pytest.raises(ValueError, match=r"most at step 0, where alone \(17\) is alive$"):
        place([Buffer("alone", "L2", 17, 0, 0)], 31, alignment=16)
    assert place([Buffer("alone", "L2", 17, 0, 0)], 32, alignment=16).peak_bytes == 32
    with pytest.raises(ValueError, match="would fit, but no plan of all was found that does, and there is none"):
        place(buffers(*NEVER_4), 4, alignment=1)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"level": "L4"}, "level 'L4' must be one of L1, L2, L3"),
        ({"bytes": 0}, "has 0 bytes"),
        ({"first_use": 3}, "lives from step 3 to 2"),
        ({"alias_offset": 4}, "begins 4 bytes into another that it does not name"),
        ({"offset": -4}, "lies at -4"),
    ],
)
def test_a_buffer_that_cannot_be_is_refused(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(Buffer("a", "L2", 8, 0, 2), **fields)  # type: ignore[arg-type]
