"""Who may be the same, and which visits go with some of a stranger's looks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from peephole.people.alike import Pair, pairs_within, visits_that_follow
from peephole.people.matching import References, distance, median


def look(*values: int) -> np.ndarray:
    return np.array(values, np.int16)


def test_the_nearest_pairs_first_and_none_beyond_the_bar() -> None:
    looks = References.of([("c", look(9, 0)), ("a", look(0, 0)), ("b", look(2, 0)), ("d", look(100, 0))])
    assert pairs_within(looks, 49) == [Pair("a", "b", 4), Pair("b", "c", 49)]
    assert pairs_within(References.of([]), 10**12) == [] == pairs_within(References.of([("a", look(1))]), 10**12)


def test_one_stray_look_makes_no_pair() -> None:
    looks = References.of(
        [("a", look(0)), ("a", look(1)), ("a", look(50)), ("b", look(51)), ("b", look(90)), ("b", look(91))]
    )
    assert pairs_within(looks, 100) == []


LOOKS = st.lists(st.tuples(st.sampled_from("abc"), arrays(np.int16, 3)), min_size=1, max_size=9)


@given(LOOKS, st.integers(0, 3 * 65535**2))
def test_distances_are_those_of_the_matching_to_the_last_bit(looks: list[tuple[str, np.ndarray]], bar: int) -> None:
    def one_way(one: str, other: str) -> int:
        nearest = (min(distance(a, b) for name, b in looks if name == other) for whose, a in looks if whose == one)
        return median(nearest)

    names = sorted({name for name, _ in looks})
    expected = {(a, b): min(one_way(a, b), one_way(b, a)) for a in names for b in names if a < b}
    found = {(pair.one, pair.other): pair.distance for pair in pairs_within(References.of(looks), bar)}
    assert found == {pair: near for pair, near in expected.items() if near <= bar}


def test_visits_go_with_most_of_their_looks_else_with_the_nearer_ones_else_they_stay() -> None:
    descriptors = {1: look(0), 2: look(1), 3: look(100), 4: look(101)}
    owners = {1: "mixed", 2: "chosen's", 3: "mixed", 4: "other's"}
    own = {"mixed": [look(2), look(3), look(99)], "far": [look(98)], "gone": []}
    visits = ["mixed", "chosen's", "other's", "far", "gone"]
    follow = visits_that_follow(visits, owners, [1, 2], descriptors, lambda visit: own[visit])
    assert follow == ["mixed", "chosen's"]
