"""The decision over a visit, as small scripts: where each look lies on a line, and what comes out.

Anna is at 0 and Ben at 100 unless said otherwise; known within 10 (squared 100), stranger beyond 30 (900).
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.visit import Look, Quality
from peephole.doorbell.voting import REASONS, decide, same_stranger, voters
from peephole.people.matching import References
from peephole.vision.detector import Box

BARS = Bars(known=100, stranger=900, same_stranger=50, margin=20)
POLICY = Policy(known_sightings=3, stranger_sightings=4, votes=7)


def gallery(**places: int) -> References:
    return References.of((name, np.array([place, 0], np.int16)) for name, place in places.items())


FAMILY = gallery(anna=0, ben=100)


def looks(*places: int, quality: int = 500, good: bool = True) -> list[Look]:
    return [
        Look(
            float(number),
            Box(0, 0, 80, 80),
            np.array([place, 0], np.int16),
            Quality(80, 50, 9, quality, good),
            b"",
        )
        for number, place in enumerate(places)
    ]


@pytest.mark.parametrize(
    ("places", "kind", "person", "reason"),
    [
        ((0, 1, 2), "known", "anna", "looks_agree"),
        ((101, 99, 100, 102), "known", "ben", "looks_agree"),
        ((0, 1), "unsure", None, "too_few_looks"),
        ((50, 50, 50, 51), "stranger", None, "far_from_everybody"),
        ((50, 50, 51), "unsure", None, "too_few_looks"),
        ((20, 21, 22, 23), "unsure", None, "between_bars"),
        # One lucky look among a stranger's looks is outvoted; two of five leave it open who was there.
        ((0, 50, 50, 50, 51), "stranger", None, "far_from_everybody"),
        ((0, 1, 50, 50, 51), "unsure", None, "looks_disagree"),
        # One bad look among the person's: outvoted as well.
        ((0, 1, 2, 50), "known", "anna", "looks_agree"),
        # Three that name Anna among four that are somebody else: two people in one visit.
        ((0, 1, 2, 50, 50, 50, 51), "unsure", None, "looks_disagree"),
        # The same where the others are not far enough away to disagree by themselves.
        ((0, 1, 2, 31, 31, 31, 31), "unsure", None, "looks_disagree"),
        # Half Anna and half Ben: two people who crossed.
        ((0, 1, 2, 100, 101, 102), "unsure", None, "looks_disagree"),
        # Nobody's looks, and not each other's either.
        ((50, -50, 150, -100), "unsure", None, "looks_disagree"),
        ((), "unsure", None, "too_few_looks"),
    ],
)
def test_family(places, kind, person, reason):
    decision = decide(looks(*places), FAMILY, BARS, POLICY)
    assert (decision.kind, decision.person, decision.reason) == (kind, person, reason)
    assert decision.text == REASONS[reason]


def test_distance_is_the_median_and_margin_the_way_to_the_next():
    decision = decide(looks(0, 1, 3), FAMILY, BARS, POLICY)
    assert (decision.distance, decision.margin) == (1, 99**2 - 1)


def test_stranger_still_names_the_nearest():
    decision = decide(looks(40, 40, 40, 40), FAMILY, BARS, POLICY)
    assert (decision.kind, decision.nearest, decision.distance) == ("stranger", "anna", 1600)


def test_two_people_alike_are_never_told_apart_by_a_hair():
    twins = gallery(anna=0, ada=1)
    assert decide(looks(0, 0, 0), twins, BARS, POLICY).reason == "two_people_alike"


@pytest.mark.parametrize(
    ("ben", "places", "reason"),
    [
        (5, (0, 0, 0, 4, 4, 4), "looks_disagree"),  # half of the looks are nearer to Ben
        (10, (5, 5, 5), "two_people_alike"),  # just as near to either
        (10, (4, 4, 4), "looks_agree"),  # 36 - 16: a margin that is just wide enough
    ],
)
def test_people_who_are_near_one_another(ben, places, reason):
    assert decide(looks(*places), gallery(anna=0, ben=ben), BARS, POLICY).reason == reason


def test_nobody_enrolled():
    decision = decide(looks(1, 1, 1, 1), gallery(), BARS, POLICY)
    assert (decision.kind, decision.reason, decision.distance) == ("stranger", "nobody_enrolled", None)
    assert decide(looks(1), gallery(), BARS, POLICY).reason == "too_few_looks"


def test_poor_looks_never_vote():
    poor = looks(0, 0, 0, 0, good=False)
    assert decide(poor, FAMILY, BARS, POLICY).reason == "poor_looks"
    assert decide(poor, gallery(), BARS, POLICY).kind == "unsure"
    assert decide([*poor, *looks(100, 100, 100)], FAMILY, BARS, POLICY).person == "ben"


def test_best_looks_vote():
    crowd = [*looks(50, 50, 50, 50, 50, 50, 50, 50, quality=100), *looks(*[0] * 7, quality=900)]
    assert {look.quality.value for look in voters(crowd, POLICY)} == {900}
    assert decide(crowd, FAMILY, BARS, POLICY).person == "anna"


def test_stranger_is_recognised_within_the_stricter_bar_only():
    seen = gallery(s1=0)
    found = same_stranger(looks(7, 7, 7), seen, BARS, POLICY)
    assert found is not None and found.person == "s1"
    assert same_stranger(looks(8, 8, 8), seen, BARS, POLICY) is None  # 64: known for a person, not for a stranger
    assert same_stranger(looks(0, 0, 0), gallery(), BARS, POLICY) is None


places = st.lists(st.integers(-200, 200), max_size=12)


@given(places, st.randoms(use_true_random=False))
def test_order_of_looks_never_matters(spots, random):
    first = looks(*spots)
    second = list(first)
    random.shuffle(second)
    assert decide(first, FAMILY, BARS, POLICY) == decide(second, FAMILY, BARS, POLICY)


@given(places)
def test_every_decision_keeps_its_promises(spots):
    decision = decide(looks(*spots), FAMILY, BARS, POLICY)
    assert decision.margin is None or decision.margin >= 0
    assert (decision.kind == "known") == (decision.person is not None)
    if decision.kind == "known":
        assert decision.distance is not None and decision.distance <= BARS.known
        assert decision.margin is not None and decision.margin >= BARS.margin
        assert len(spots) >= POLICY.known_sightings
    if decision.kind == "stranger":
        assert decision.distance is not None and decision.distance > BARS.stranger
        assert len(spots) >= POLICY.stranger_sightings


@given(places, st.integers(-200, 200))
def test_one_look_alone_names_nobody(spots, place):
    """Whoever is not named may not become known by one more look, unless the others were nearly enough."""
    before = decide(looks(*spots), gallery(anna=0), BARS, POLICY)
    after = decide(looks(*spots, place), gallery(anna=0), BARS, POLICY)
    if before.kind == "stranger":
        assert after.kind != "known"
