"""Matching: the nearest person, exactly, whatever the order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.people.matching import Match, References, distance, match, median, median_distances, rank

looks = st.lists(
    st.tuples(st.sampled_from("abcd"), st.lists(st.integers(-(2**15), 2**15 - 1), min_size=3, max_size=3)),
    max_size=12,
)
descriptors = st.lists(st.integers(-(2**15), 2**15 - 1), min_size=3, max_size=3)


def references(*pairs: tuple[str, list[int]]) -> References:
    return References.of((owner, np.array(values, np.int16)) for owner, values in pairs)


def look(*values: int) -> np.ndarray:
    return np.array(values, np.int16)


def test_nearest_of_several_references_counts():
    gallery = references(("anna", [0, 0]), ("anna", [10, 0]), ("ben", [20, 0]))
    assert match(look(11, 0), gallery) == Match("anna", 1, 81)


def test_runner_up_is_somebody_else():
    gallery = references(("anna", [0, 0]), ("anna", [1, 0]))
    assert match(look(0, 0), gallery) == Match("anna", 0, None)
    assert match(look(0, 0), gallery).margin is None


def test_the_margin_is_how_much_further_away_the_next_owner_is():
    gallery = references(("anna", [0, 0]), ("ben", [10, 0]))
    assert match(look(1, 0), gallery).margin == 81 - 1


def test_empty_gallery_matches_nobody():
    assert match(look(1, 2), references()) == Match(None, None, None)


def test_distances_beyond_32_bits_are_exact():
    gallery = references(("anna", [32767] * 3))
    assert match(look(-32768, -32768, -32768), gallery).distance == 3 * 65535**2


def test_descriptors_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        references(("anna", [1, 2]), ("ben", [1, 2, 3]))


@given(descriptors, descriptors)
def test_distance_is_the_plain_definition_and_the_one_of_references(a, b):
    plain = sum((one - other) ** 2 for one, other in zip(a, b, strict=True))
    assert distance(look(*a), look(*b)) == plain == references(("anna", b)).distances(look(*a))["anna"]


def test_distance_of_a_part_of_an_array():
    every_second = np.arange(8, dtype=np.int16)[::2]
    assert distance(every_second, look(0, 0, 0, 0)) == 4 + 16 + 36


def test_of_two_middle_distances_the_larger_is_the_median():
    assert median([5]) == 5
    assert median([9, 1]) == 9
    assert median(iter([3, 9, 1])) == 3
    assert median([4, 1, 3, 2]) == 3


def test_median_needs_half_of_the_looks():
    gallery = references(("anna", [0, 0]))
    assert median_distances([look(0, 0), look(10, 0), look(10, 0)], gallery) == {"anna": 100}
    assert median_distances([look(0, 0), look(10, 0)], gallery) == {"anna": 100}
    assert median_distances([], gallery) == {}


@given(looks, descriptors, st.randoms(use_true_random=False))
def test_order_of_references_never_matters(pairs, values, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert match(look(*values), references(*pairs)) == match(look(*values), references(*shuffled))


@given(looks, descriptors)
def test_match_is_the_plain_definition(pairs, values):
    found = match(look(*values), references(*pairs))
    plain: dict[str, int] = {}
    for owner, reference in pairs:
        distance = sum((a - b) ** 2 for a, b in zip(values, reference, strict=True))
        plain[owner] = min(distance, plain.get(owner, distance))
    assert found == rank(plain)
    assert found.distance == min(plain.values(), default=None)
    assert found.margin is None or found.margin >= 0
    assert (found.margin is None) == (len(plain) < 2)
