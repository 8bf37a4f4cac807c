"""Whether other settings make opening easier: then the owner is asked for the password again.

Those of a person are in `people.rules`.
"""

from typing import Any

from peephole.door.settings import DoorSettings
from peephole.people.hours import within_others

_MODES = ("off", "dry-run", "on")
_MORE = ("most_openings", "lock_out_after", "open_rate", "pulse_seconds")
_LESS = ("lock_out_minutes", "least_looks", "least_seconds", "margin_factor")


def easier(before: DoorSettings, after: DoorSettings) -> tuple[str, ...]:
    """Return the settings that were changed so that the door opens more easily, more often or for longer.

    A setting that this function does not know counts as such, whatever the change.
    """
    return tuple(
        name
        for name in DoorSettings.model_fields
        if (old := getattr(before, name)) != (new := getattr(after, name)) and not _stricter(name, old, new)
    )


def _stricter(name: str, old: Any, new: Any) -> bool:
    if name == "mode":
        return _MODES.index(new) < _MODES.index(old)
    if name in _MORE:
        return bool(new < old)
    if name in _LESS:
        return bool(new > old)
    if name == "hours":
        return within_others(new, old)
    return (name, new) in (("liveness", "required"), ("challenge", "turn"), ("require_ring", True))
