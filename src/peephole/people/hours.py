"""Hours of the week: when a person may come in, or when the owner wants to be left alone."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES = 24 * 60
_MONDAY = datetime(2024, 1, 1)
_SPAN = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))? +)?(\d{1,2}):(\d{2}) *- *(\d{1,2}):(\d{2})")


@dataclass(frozen=True)
class Span:
    """Some hours of some days, 0 being Monday: minutes since midnight, `begin` in and `end` out.

    A span whose end is not later than its begin goes on into the next morning, and belongs to the day it begins on.
    """

    days: frozenset[int]
    begin: int
    end: int

    def contains(self, day: int, minute: int) -> bool:
        """Tell whether a minute of a day (0: Monday) is within."""
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        return (day in self.days and minute >= self.begin) or ((day - 1) % 7 in self.days and minute < self.end)


@dataclass(frozen=True)
class Hours:
    """Spans of the week, as in `mon-fri 07:00-20:00, sat 9:00-12:00, 22:00-6:00`; no span at all is never."""

    spans: tuple[Span, ...]

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """Read spans with commas between them; without days one is for every day.

        Raises:
            ValueError: it is not written so; the sentence says how.
        """
        parts = [part.strip() for part in text.casefold().split(",")]
        return cls(tuple(_span(part, " ".join(text.split())) for part in parts if part))

    def contains(self, moment: datetime) -> bool:
        """Tell whether a moment is within, by its own clock (a local time, not UTC)."""
        return any(span.contains(moment.weekday(), moment.hour * 60 + moment.minute) for span in self.spans)


def checked_hours(text: str) -> str:
    """Return hours as they are written; raise ValueError where `Hours` cannot read them."""
    Hours.parse(text)
    return text


def within_others(hours: str, others: str) -> bool:
    """Tell whether every minute of some hours is among others; empty hours are any time."""
    if not hours or not others:
        return not others
    new, old = Hours.parse(hours), Hours.parse(others)
    week = (_MONDAY + timedelta(minutes=minute) for minute in range(7 * _MINUTES))
    return all(old.contains(moment) for moment in week if new.contains(moment))


def _span(part: str, text: str) -> Span:
    found = _SPAN.fullmatch(part)
    if found is None:
        raise ValueError(f"{text}: hours are written as 'mon-fri 07:00-20:00, sat 9:00-12:00'")
    first, last = found[1], found[2] or found[1]
    if not {first or "mon", last or "mon"} <= set(DAYS):
        raise ValueError(f"{text}: days are {', '.join(DAYS)}")
    begin, end = _minute(found[3], found[4], text), _minute(found[5], found[6], text)
    return Span(_days(first, last), begin, end)


def _days(first: str | None, last: str | None) -> frozenset[int]:
    if first is None or last is None:
        return frozenset(range(7))
    begin, end = DAYS.index(first), DAYS.index(last)
    return frozenset((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _minute(hour: str, minute: str, text: str) -> int:
    count = int(hour) * 60 + int(minute)
    if int(minute) > 59 or count > _MINUTES:
        raise ValueError(f"{text}: {hour}:{minute} is no time of a day")
    return count
