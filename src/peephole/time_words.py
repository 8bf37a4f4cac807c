"""Times as people say them, and as programs read them."""

from datetime import UTC, datetime


def moment(time: float, now: datetime) -> str:
    """A time as people say it: `10:21`, `yesterday 10:21`, `3 May 10:21`."""
    at = datetime.fromtimestamp(time, now.tzinfo)
    days = (now.date() - at.date()).days
    clock = f"{at:%H:%M}"
    if days == 0:
        return clock
    if days == 1:
        return f"yesterday {clock}"
    year = f" {at.year}" if at.year != now.year else ""
    return f"{at.day} {at:%b}{year} {clock}"


def day(time: float, now: datetime) -> str:
    """A day: `3 May`, `3 May 2027`."""
    at = datetime.fromtimestamp(time, now.tzinfo)
    return f"{at.day} {at:%b}{f' {at.year}' if at.year != now.year else ''}"


def duration(seconds: float) -> str:
    """A length of time: `6 s`, `2 min`."""
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def utc(time: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, to the millisecond: `2026-05-03T08:21:00.000Z`."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
