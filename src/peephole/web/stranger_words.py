"""Strangers put into words for the page: their looks, who may be the same, and what can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peephole.doorbell.inbox import Inbox, Suggestion
from peephole.people.deeds import Deed, StrangerLook
from peephole.time_words import moment

STRIP = 12
"""Looks that a row of the inbox shows; the stranger's own page shows all."""
_NO_NAMES = ("a visit ", "a reference of ", "rules of ")


@dataclass(frozen=True)
class LookRow:
    """One picture of a strip."""

    id: int
    when: str
    quality: int
    visit: str | None


@dataclass(frozen=True)
class SuggestionRow:
    """Two strangers who may be the same: ids, numbers, and the looks of both."""

    one: str
    other: str
    numbers: tuple[int, int]
    looks: tuple[tuple[LookRow, ...], tuple[LookRow, ...]]


@dataclass(frozen=True)
class DeedRow:
    """What the owner did last; `erased` says when what it took away is erased; empty: it took nothing."""

    number: int
    text: str
    when: str
    erased: str


def look_rows(looks: Sequence[StrangerLook], now: datetime, most: int | None = None) -> tuple[LookRow, ...]:
    """Put looks into words, the newest first."""
    return tuple(LookRow(one.id, moment(one.seen, now), one.quality, one.visit) for one in looks[:most])


def suggestion_rows(
    suggestions: Sequence[Suggestion], looks: dict[str, list[StrangerLook]], now: datetime
) -> tuple[SuggestionRow, ...]:
    """Put suggestions into words."""
    return tuple(
        SuggestionRow(
            pair.one.id,
            pair.other.id,
            (pair.one.number, pair.other.number),
            (look_rows(looks.get(pair.one.id, []), now, 3), look_rows(looks.get(pair.other.id, []), now, 3)),
        )
        for pair in suggestions
    )


def deed_row(deed: Deed, now: datetime) -> DeedRow:
    """Put a deed into words, with a capital letter where it does not begin with somebody's name."""
    text = f"{deed.text[:1].upper()}{deed.text[1:]}" if deed.text.startswith(_NO_NAMES) else deed.text
    erased = f"pictures are erased at {moment(deed.until, now)}" if deed.erases else ""
    return DeedRow(deed.number, text, moment(deed.time, now), erased)


def last_deed(inbox: Inbox, now: datetime) -> DeedRow | None:
    """Return what would be undone next."""
    deeds = inbox.journal.deeds()
    return deed_row(deeds[0], now) if deeds else None
