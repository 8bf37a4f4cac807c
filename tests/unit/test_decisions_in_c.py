"""The decisions of csrc/app are those of the plain Python in tests/decisions_in_python.py, whatever is drawn."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import decisions_in_python as plain
from peephole import _core
from peephole.doorbell.policy import Bars, Policy, bars, milliseconds, whole_numbers
from peephole.doorbell.trace import OWNERS_WORD
from peephole.doorbell.visit import Look, Quality
from peephole.doorbell.voting import REASONS, decide, same_stranger, voters
from peephole.fixedpoint.program import Calibration
from peephole.people.matching import References
from peephole.vision.detector import Box

# People and looks on a line, at few places, and bars at the squares of what lies between these: so it is common that
# somebody is named by some of the looks only, that two people are equally near, and that a distance is just on a bar.
LINE = [0, 3, 5, 12, 40, 45]
STEPS = [0, 4, 9, 16, 25, 49, 81, 144]

places = st.tuples(st.sampled_from(LINE), st.just(0))
edges = st.tuples(*2 * [st.sampled_from([-32768, -32767, 0, 1, 32767])])
descriptors = (places | places | places | edges).map(lambda values: np.array(values, np.int16))
galleries = st.lists(st.tuples(st.sampled_from(["anna", "ben", "cy"]), descriptors), max_size=5)


@st.composite
def visits(draw) -> list[Look]:
    drawn = draw(
        st.lists(st.tuples(descriptors, st.integers(0, 3), st.booleans() | st.just(True), st.booleans()), max_size=13)
    )
    return [
        Look(time / 10, Box(0, 0, 80, 80), descriptor, Quality(80, 50, 9, value, first or good), b"")
        for time, (descriptor, value, first, good) in enumerate(drawn)
    ]


policies = st.builds(
    Policy, known_sightings=st.integers(1, 4), stranger_sightings=st.integers(1, 5), votes=st.integers(1, 9)
)


@st.composite
def four_bars(draw) -> Bars:
    known = draw(st.sampled_from(STEPS))
    outer = draw(st.sampled_from([step for step in [*STEPS, 784, 1600] if step >= known]))
    same = draw(st.sampled_from([step for step in STEPS if step <= known]))
    return Bars(known, outer, same, draw(st.sampled_from([0, 5, 16, 20, 25])))


@given(visits(), galleries, four_bars(), policies)
def test_a_decision_is_the_plain_one(looks, gallery, bars, policy):
    found = decide(looks, References.of(gallery), bars, policy)
    told = (found.kind, found.person, found.distance, found.margin, found.reason, found.nearest)
    assert told == plain.decide(looks, gallery, bars, policy)
    assert found.text == REASONS[found.reason] and found.stranger is None


@given(visits(), galleries, four_bars(), policies)
def test_a_stranger_seen_before_is_the_plain_one(looks, gallery, bars, policy):
    found = same_stranger(looks, References.of(gallery), bars, policy)
    assert (None if found is None else (found.person, found.distance)) == plain.same_stranger(
        looks, gallery, bars, policy
    )


@given(visits(), policies)
def test_the_voters_are_the_plain_ones(looks, policy):
    assert [look.time for look in voters(looks, policy)] == [look.time for look in plain.voters(looks, policy)]


HOSTS_OWN = {"ring_seconds"}
"""Settings of what the host alone does: a device's button wakes it up."""


def test_every_reason_is_reached():
    """The drawn galleries above prove little unless they come to every verdict."""
    random = np.random.default_rng(1)
    seen = set()
    for _ in range(3000):
        people = [
            (str(owner), random.integers(-40, 40, 2).astype(np.int16)) for owner in range(int(random.integers(0, 4)))
        ]
        middle = random.integers(-40, 40, 2)
        looks = [
            Look(
                0.0,
                Box(0, 0, 80, 80),
                (middle + random.integers(-9, 9, 2)).astype(np.int16),
                Quality(80, 50, 9, int(value), bool(random.integers(0, 9)) and middle[0] < 35),
                b"",
            )
            for value in random.integers(0, 9, int(random.integers(0, 9)))
        ]
        at = Bars(200, 900, 50, 40)
        found = decide(looks, References.of(people), at, Policy())
        assert found.reason == plain.decide(looks, people, at, Policy())[4]
        seen.add(found.reason)
    assert seen == set(REASONS) - OWNERS_WORD


def test_looks_of_another_length_are_refused():
    look = Look(0.0, Box(0, 0, 80, 80), np.array([1, 2, 3], np.int16), Quality(80, 50, 9, 500, True), b"")
    people = References.of([("anna", np.array([1, 2], np.int16))])
    with pytest.raises(ValueError, match="the looks have 3 values each, the references have 2"):
        decide([look], people, Bars(1, 1, 1, 1), Policy())


# Bars. Rates of whole 1e-9 and distances of descriptors of length one in Q14.


@st.composite
def calibrations(draw) -> Calibration:
    rates = sorted(draw(st.sets(st.integers(100, 900_000_000), min_size=1, max_size=6)))
    distances = sorted(draw(st.lists(st.integers(0, 2**31), min_size=len(rates), max_size=len(rates))))
    return Calibration(tuple((rate / 1e9, distance) for rate, distance in zip(rates, distances, strict=True)), "drawn")


@given(st.integers(1, 2**32 - 1))
def test_the_logarithm_is_just_below_the_true_one(x):
    assert -2 / 2**24 < _core.log2_q24(x) / 2**24 - math.log2(x) <= 1e-12


@given(calibrations(), st.integers(1, 1_000_000_000), st.integers(1, 500))
def test_bars_differ_from_the_float_formula_by_no_more_than_is_promised(calibration, rate, people):
    policy = Policy(known_rate=rate / 1e9)
    found = bars(policy, calibration, people)
    expected = plain.bars(policy, calibration, people)
    allowed = 0.0
    for (low, near), (high, far) in zip(calibration.points, calibration.points[1:], strict=False):
        if low <= rate / 1e9 / people <= high:
            # The logarithm's share, one for the floor, and what floating point itself is off by.
            step = (far - near) * (6 / math.log2(high / low) + 1) / 2**24
            allowed = max(allowed, 2 + min(step, far - near))
    assert abs(found.known - expected.known) <= allowed


@given(calibrations(), st.data())
def test_bars_are_exact_at_the_points(calibration, data):
    rate, distance = data.draw(st.sampled_from(calibration.points))
    people = data.draw(st.integers(1, 4))
    assert bars(Policy(known_rate=rate * people), calibration, people).known == distance


def test_bars_of_the_default_program_differ_by_a_few_parts_in_ten_million():
    points = ((1e-4, 233647151), (1e-3, 308171921), (1e-2, 391213169), (1e-1, 463279199))
    calibration = Calibration(points, "as the weights that come with peephole have it")
    for people in range(1, 200):
        found, expected = bars(Policy(), calibration, people), plain.bars(Policy(), calibration, people)
        for name, value in dataclasses.asdict(found).items():
            assert abs(value - getattr(expected, name)) <= 1 + 83e6 * 3 / 2**24


def test_rates_that_whole_numbers_do_not_tell_apart_give_the_strictest_distance():
    calibration = Calibration(((1e-4, 100), (1e-4 + 1e-13, 200), (1e-2, 300)), "made up")
    assert bars(Policy(known_rate=1e-4), calibration, 1).known == 100


# The policy in whole numbers


def test_the_default_policy_of_c_is_that_of_python():
    """`PH_DEFAULT_POLICY` and `Policy()` are the same numbers."""
    assert _core.Policy.default().numbers() == whole_numbers(Policy()).numbers()


@pytest.mark.parametrize("field", sorted({field.name for field in dataclasses.fields(Policy)} - HOSTS_OWN))
def test_every_setting_reaches_c(field):
    changed = dataclasses.replace(Policy(), **{field: getattr(Policy(), field) * 2})
    assert whole_numbers(changed).numbers() != whole_numbers(Policy()).numbers()


def test_a_number_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="votes must be a whole number that fits int32"):
        whole_numbers(Policy(votes=2**31))


def test_times_become_milliseconds():
    assert [milliseconds(seconds) for seconds in (0.0, 0.4, 1 / 3, -1.5)] == [0, 400, 333, -1500]
    assert milliseconds(math.inf) == -milliseconds(-math.inf) == 2**60
