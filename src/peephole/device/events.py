"""What a device tells of, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from peephole.device.client import Command, Device
from peephole.device.errors import LostSessionError
from peephole.doorbell.voting import REASONS
from peephole.firmware.events import EVENTS, KINDS, PROBLEMS

# In the order of csrc/app/admin.h: ph_admin_event_kind; and of session.h: ph_refusal.
_KINDS = ("doorbell", "started", "refused", "paired", "session", "restored")
_REFUSALS = (
    "",
    "damaged",
    "other version",
    "unknown type",
    "not paired",
    "no button",
    "no session",
    "replayed",
    "out of order",
    "wrong key",
    "failed",
)
_PROBLEMS = tuple(PROBLEMS)
_REASONS = tuple(REASONS)


@dataclass(frozen=True)
class DeviceEvent:
    """One event.

    Attributes:
        sequence: Counts the events since the device was switched on.
        time: Seconds since 1970.
        kind: button, visit_started, decided, visit_ended, door, problem, started, refused, paired, session or restored.
        details: What belongs to the kind.
    """

    sequence: int
    time: float
    kind: str
    details: dict[str, Any]


def past_events(device: Device, after: int = 0) -> list[DeviceEvent]:
    """Return what the device still remembers of after an event, the oldest first."""
    events: list[DeviceEvent] = []
    count = after + 1
    while after < count:
        count, some = device.ask(Command.EVENTS, after)
        events += [_event(device, columns) for columns in some]
        if not some:
            break
        after = events[-1].sequence
    return events


def followed_events(device: Device, after: int, wait: float = 1.0) -> Iterator[DeviceEvent | None]:
    """Yield events as they happen; None when there was none for `wait` seconds."""
    device.ask(Command.FOLLOW, after, True)
    while True:
        try:
            columns = device.next_event(wait)
        except LostSessionError:
            device.ask(Command.FOLLOW, after, True)
            continue
        if columns is None:
            yield None
            continue
        event = _event(device, columns)
        after = event.sequence
        yield event


def _event(device: Device, columns: list[Any]) -> DeviceEvent:
    sequence, moment, kind, doorbell, visit, on, more = columns
    name = EVENTS[doorbell] if kind == 0 else _KINDS[kind]
    details: dict[str, Any] = {}
    if name == "refused":
        details = {"reason": _REFUSALS[more[0]], "frames": more[1]}
    elif name == "door":
        details = {"visit": visit, "open": on}
    elif name == "problem":
        details = {"problem": _PROBLEMS[more[0]], "status": more[1], "over": not on}
    elif name == "visit_started":
        details = {"visit": visit, "first_seen": device.moment(more[6])}
    elif more is not None:
        details = {"visit": visit} | _visit(device, more)
    return DeviceEvent(sequence, device.moment(moment), name, details)


def _visit(device: Device, more: list[Any]) -> dict[str, Any]:
    decision, reason, person, stranger, distance, margin, first, last, sightings, repeat, silent, stored = more
    return {
        "decision": KINDS[decision],
        "reason": _REASONS[reason],
        "person": person or None,
        "stranger": stranger or None,
        "distance": distance,
        "margin": margin,
        "first_seen": device.moment(first),
        "last_seen": device.moment(last),
        "sightings": sightings,
        "repeat": repeat,
        "silent": silent,
        "stored": stored,
    }
