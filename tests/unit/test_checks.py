"""Whether a reference belongs where it is, and which of many are nearly the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.people.checks import place_of, without
from peephole.people.matching import References
from peephole.people.redundancy import MOST_REFERENCES, redundant

KNOWN, STRANGER = 100, 400  # squared: 10 and 20 apart


def at(*places: int) -> list[np.ndarray]:
    """Looks on a line; two are as far apart as their places, squared."""
    return [np.array([place, 0], np.int16) for place in places]


def others(**places: int) -> References:
    return References.of((name, look) for name, place in places.items() for look in at(place))


def fault(look: int, own: list[int], **else_: int) -> str:
    return place_of(at(look)[0], at(*own), others(**else_), KNOWN, STRANGER).fault


def test_distances_to_the_persons_others_and_to_the_nearest_other_person():
    place = place_of(at(0)[0], at(3, 5, 9), others(ben=40, carl=30), KNOWN, STRANGER)
    assert (place.own, place.nearest_own, place.other, place.other_distance) == (25, 9, "carl", 900)


def test_alone_in_the_world():
    place = place_of(at(0)[0], [], References.of([]), KNOWN, STRANGER)
    assert (place.own, place.nearest_own, place.other, place.other_distance, place.fault) == (None,) * 4 + ("",)


@pytest.mark.parametrize(
    ("look", "own", "ben", "wrong"),
    [
        (0, [2, 3], 30, ""),
        (0, [2, 3], 10, "cross_risk"),  # somebody like this would be known as Ben
        (0, [2, 3], 11, ""),  # nearer to her own ones, and beyond the bar
        (0, [15, 16], 12, "cross_risk"),  # more like Ben than like any of hers
        (0, [25, 26], 22, "self_outlier"),  # too far from Ben to be taken for him, but unlike hers
        (0, [25, 1], 90, ""),  # of three two agree
        (0, [25], 90, ""),  # of two that differ nobody can say which one is wrong
    ],
)
def test_what_is_wrong_with_a_reference(look, own, ben, wrong):
    assert fault(look, own, ben=ben) == wrong


def test_everybody_else():
    left = without(References.of([("a", at(1)[0]), ("b", at(2)[0]), ("a", at(3)[0])]), "a")
    assert (left.owners, left.descriptors.tolist()) == (("b",), [[2, 0]])
    assert without(left, "b").owners == ()


def test_the_younger_of_two_that_are_nearly_the_same_goes():
    assert redundant(at(0, 50, 100, 51, 101), keep=3) == [3, 4]
    assert redundant(at(0, 50, 100), keep=3) == []


@given(st.lists(st.integers(-30_000, 30_000), min_size=1, max_size=60))
def test_as_many_as_are_wanted_stay_and_the_oldest_among_them(places):
    left_out = redundant(at(*places))
    assert len(places) - len(left_out) == min(len(places), MOST_REFERENCES)
    assert 0 not in left_out and len(set(left_out)) == len(left_out)
