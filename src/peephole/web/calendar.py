"""A month of visits, day by day."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from peephole.doorbell.visit import Kind

NEAREST, FURTHEST = 1970, 2999
"""Years that a month may be of: before the one no visit was counted, beyond the other no calendar goes."""


@dataclass(frozen=True)
class Day:
    """One day: how many visits began on it, and how many of each kind."""

    day: date
    counts: dict[Kind, int]
    inside: bool
    """Whether it is of this month and not of the one before or after."""
    today: bool

    @property
    def visits(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    @property
    def said(self) -> str:
        """The day and its visits in words, for whoever does not see the dots."""
        words = {"known": "of somebody known", "stranger": "of a stranger", "unsure": "not sure"}
        kinds = ", ".join(f"{number} {words[kind]}" for kind, number in self.counts.items() if number)
        name = f"{self.day.day} {self.day:%B}"
        return f"{name}: {self.visits} visit{'s' if self.visits != 1 else ''}{f' ({kinds})' if kinds else ''}"


@dataclass(frozen=True)
class Month:
    """A month in weeks that begin on Mondays."""

    first: date
    weeks: tuple[tuple[Day, ...], ...]

    @property
    def title(self) -> str:
        """`November 2026`."""
        return f"{self.first:%B %Y}"

    @property
    def before(self) -> str:
        """The month before, as `month_named` reads it; empty where there is none."""
        return "" if self.first.year == NEAREST and self.first.month == 1 else f"{_shifted(self.first, -1):%Y-%m}"

    @property
    def after(self) -> str:
        """The month after; empty where there is none."""
        return "" if self.first.year == FURTHEST and self.first.month == 12 else f"{_shifted(self.first, 1):%Y-%m}"


def month_named(text: str, otherwise: date) -> date:
    """Return the first day of a month such as `2026-11`; that of `otherwise` where the text is none.

    Of a year that no calendar shows it is the nearest one that a calendar does.
    """
    try:
        found = datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        found = otherwise.replace(day=1)
    return found.replace(year=min(max(found.year, NEAREST), FURTHEST))


def span_of(first: date) -> tuple[float, float]:
    """Return when a month begins and ends by the local clock, seconds since 1970."""
    return _midnight(first), _midnight(_shifted(first, 1))


def month_of(first: date, moments: Sequence[tuple[float, Kind]], today: date) -> Month:
    """Lay out a month; moments: when visits began, and of what kind they were."""
    counts: dict[date, Counter[Kind]] = {}
    for time, kind in moments:
        counts.setdefault(datetime.fromtimestamp(time).date(), Counter())[kind] += 1
    monday = first - timedelta(days=first.weekday())
    end = _shifted(first, 1)
    weeks = []
    while monday < end:
        days = [monday + timedelta(days=number) for number in range(7)]
        weeks.append(
            tuple(_day(day, counts.get(day, Counter()), day.month == first.month, day == today) for day in days)
        )
        monday += timedelta(days=7)
    return Month(first, tuple(weeks))


def _day(day: date, counts: Counter[Kind], inside: bool, today: bool) -> Day:
    kinds: tuple[Kind, ...] = ("known", "stranger", "unsure")
    return Day(day, {kind: counts[kind] for kind in kinds if inside and counts[kind]}, inside, today)


def _shifted(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day).timestamp()
