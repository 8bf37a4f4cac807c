"""Hours of the week."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.people.hours import DAYS, Hours

MONDAY = datetime(2026, 11, 23)


def at(day: int, clock: str) -> datetime:
    hour, minute = clock.split(":")
    return MONDAY + timedelta(days=day, hours=int(hour), minutes=int(minute))


@pytest.mark.parametrize(
    ("text", "day", "clock", "within"),
    [
        ("7:00-20:00", 0, "07:00", True),
        ("7:00-20:00", 6, "19:59", True),
        ("7:00-20:00", 6, "20:00", False),
        ("mon-fri 07:00-20:00", 4, "12:00", True),
        ("mon-fri 07:00-20:00", 5, "12:00", False),
        ("Sat 9:00-12:00, sun 10:00-11:00", 6, "10:30", True),
        ("sat 9:00-12:00", 6, "10:30", False),
        ("fri-mon 9:00-12:00", 6, "10:30", True),
        ("fri-mon 9:00-12:00", 2, "10:30", False),
        ("22:00-6:00", 3, "23:00", True),
        ("22:00-6:00", 3, "05:59", True),
        ("22:00-6:00", 3, "12:00", False),
        ("sun 22:00-6:00", 0, "05:00", True),
        ("sun 22:00-6:00", 6, "05:00", False),
        ("0:00-24:00", 2, "23:59", True),
        ("", 2, "12:00", False),
    ],
)
def test_a_moment_is_within_or_not(text: str, day: int, clock: str, within: bool) -> None:
    assert Hours.parse(text).contains(at(day, clock)) is within


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("always", "always: hours are written as 'mon-fri 07:00-20:00, sat 9:00-12:00'"),
        ("mon-fry 7:00-8:00", "days are mon, tue, wed, thu, fri, sat, sun"),
        ("25:00-26:00", "25:00 is no time of a day"),
        ("7:60-8:00", "7:60 is no time of a day"),
    ],
)
def test_what_is_no_hours_says_how_they_are_written(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        Hours.parse(text)
    assert sentence in str(error.value)


@given(st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 10079))
def test_a_span_and_what_it_leaves_out_make_the_day(day: int, begin: int, end: int, minute: int) -> None:
    def clock(value: int) -> str:
        return f"{value // 60}:{value % 60:02}"

    inside = Hours.parse(f"{clock(begin)}-{clock(end)}")
    outside = Hours.parse(f"{clock(end)}-{clock(begin)}")
    moment = MONDAY + timedelta(minutes=minute)
    if begin == end:  # the whole day, both
        assert inside.contains(moment)
    else:
        assert inside.contains(moment) is not outside.contains(moment)
    assert Hours.parse(f"{DAYS[day]} 0:00-24:00").contains(moment) is (moment.weekday() == day)
