"""Bars: always the calibration's distances, stricter the more people there are."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.doorbell.policy import Policy, bars, whole_points
from peephole.fixedpoint.program import Calibration

CALIBRATION = Calibration(((1e-4, 1000), (1e-3, 2000), (1e-2, 4000), (1e-1, 9000)), "made up")
POLICY = Policy(known_rate=1e-3, stranger_rate=1e-2, same_stranger_rate=1e-4, margin_share=0.1)


def test_rates_become_distances():
    found = bars(POLICY, CALIBRATION, people=1)
    assert (found.known, found.stranger, found.same_stranger, found.margin) == (2000, 4000, 1000, 200)


def test_a_rate_is_counted_in_thousand_millionths():
    rates, _ = whole_points(Calibration(((0.9, 5),), "made up"))
    assert rates.tolist() == [900_000_000]


def test_ten_people_share_the_rates_of_one():
    found = bars(POLICY, CALIBRATION, people=10)
    assert (found.known, found.stranger) == (1000, 2000)


def test_rarer_than_measured_is_the_strictest_bar_measured():
    assert bars(POLICY, CALIBRATION, people=1_000_000).known == 1000


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_more_people_never_widen_a_bar(few, more):
    few, more = sorted((few, more))
    strict, wide = bars(POLICY, CALIBRATION, more), bars(POLICY, CALIBRATION, few)
    assert strict.known <= wide.known and strict.stranger <= wide.stranger


@given(st.integers(0, 10_000))
def test_bars_are_in_order(people):
    found = bars(POLICY, CALIBRATION, people)
    assert found.same_stranger <= found.known <= found.stranger


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Policy)])
def test_every_setting_is_explained(field):
    assert f"\n        {field}: " in f"\n        {Policy.__doc__}" or f" {field}: " in (Policy.__doc__ or "")
