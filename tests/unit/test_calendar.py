"""A month of visits, day by day."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.web.calendar import month_named, month_of, span_of

NOVEMBER = date(2026, 11, 1)  # a Sunday


def at(day: int, hour: int = 12) -> float:
    return datetime(2026, 11, day, hour).timestamp()


def test_visits_are_counted_by_day_and_kind() -> None:
    month = month_of(NOVEMBER, [(at(3), "known"), (at(3, 23), "stranger"), (at(30), "known")], date(2026, 11, 23))
    days = {day.day.day: day for week in month.weeks for day in week if day.inside}

    assert len(days) == 30 and month.title == "November 2026"
    assert days[3].counts == {"known": 1, "stranger": 1}
    assert days[3].said == "3 November: 2 visits (1 of somebody known, 1 of a stranger)"
    assert (days[30].visits, days[4].visits) == (1, 0)
    assert [number for number, day in days.items() if day.today] == [23]


def test_weeks_begin_on_mondays_and_are_filled_from_the_months_beside() -> None:
    month = month_of(NOVEMBER, [], date(2026, 11, 23))
    assert [week[0].day for week in month.weeks][:2] == [date(2026, 10, 26), date(2026, 11, 2)]
    assert not month.weeks[0][0].inside and month.weeks[0][6].inside
    assert (month.before, month.after) == ("2026-10", "2026-12")


@given(st.dates(date(1970, 1, 1), date(2999, 12, 31)))
def test_each_day_of_a_month_is_there_once(day: date) -> None:
    month = month_of(day.replace(day=1), [], day)
    inside = [one.day for week in month.weeks for one in week if one.inside]
    assert inside == sorted(set(inside)) and day in inside
    assert all(len(week) == 7 for week in month.weeks)
    since, before = span_of(month.first)
    assert 27 * 86400 < before - since < 32 * 86400


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("2026-02", date(2026, 2, 1)),
        ("", date(2026, 11, 1)),
        ("soon", date(2026, 11, 1)),
        ("0001-01", date(1970, 1, 1)),
        ("9999-12", date(2999, 12, 1)),
    ],
)
def test_what_is_no_month_is_the_one_of_the_day(text: str, first: date) -> None:
    assert month_named(text, date(2026, 11, 23)) == first


def test_there_is_no_month_beyond_the_last() -> None:
    assert (
        month_of(date(2999, 12, 1), [], NOVEMBER).after == "" and month_of(date(1970, 1, 1), [], NOVEMBER).before == ""
    )
