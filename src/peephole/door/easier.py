"""Whether other settings, or rules of a person, make opening easier: then the owner is asked for the password again."""

from datetime import datetime, timedelta
from typing import Any

from peephole.door.settings import DoorSettings
from peephole.people.hours import Hours
from peephole.people.records import Rules

_MODES = ("off", "dry-run", "on")
_MORE = ("most_openings", "lock_out_after", "open_rate", "pulse_seconds")
_LESS = ("lock_out_minutes", "least_looks", "least_seconds", "margin_factor")
_MONDAY = datetime(2024, 1, 1)


def easier(before: DoorSettings, after: DoorSettings) -> tuple[str, ...]:
    """Return the settings that were changed so that the door opens more easily, more often or for longer.

    A setting that this function does not know counts as such, whatever the change.
    """
    return tuple(
        name
        for name in DoorSettings.model_fields
        if (old := getattr(before, name)) != (new := getattr(after, name)) and not _stricter(name, old, new)
    )


def easier_rules(before: Rules, after: Rules) -> tuple[str, ...]:
    """Return the rules of a person that were changed so that the door opens for them more easily."""
    if not after.may_open:
        return ()
    if not before.may_open:
        return ("may_open",)
    return () if _within(after.hours, before.hours) else ("hours",)


def _stricter(name: str, old: Any, new: Any) -> bool:
    if name == "mode":
        return _MODES.index(new) < _MODES.index(old)
    if name in _MORE:
        return bool(new < old)
    if name in _LESS:
        return bool(new > old)
    if name == "hours":
        return _within(new, old)
    return (name, new) in (("liveness", "required"), ("challenge", "turn"), ("require_ring", True))


def _within(hours: str, others: str) -> bool:
    """Tell whether every minute of some hours is among others; empty hours are any time."""
    if not hours or not others:
        return not others
    new, old = Hours.parse(hours), Hours.parse(others)
    week = (_MONDAY + timedelta(minutes=minute) for minute in range(7 * 24 * 60))
    return all(old.contains(moment) for moment in week if new.contains(moment))
