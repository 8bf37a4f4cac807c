"""What a doorbell at work prints: one line a visit, or one JSON line an event."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING

from peephole.cli.errors import complain
from peephole.cli.output import plain, print_json

if TYPE_CHECKING:
    from peephole.doorbell.events import LockedOut, Opened, Refused, VisitEnded
    from peephole.live import Message


class Terminal:
    """Prints what happens: events on stdout, the state of the source and problems on stderr.

    Where the log is one of JSON lines, visits are told there, and without names.
    """

    def __init__(self, json: bool, log_is_json: bool = False) -> None:
        self._json = json
        self._log_is_json = log_is_json

    def __call__(self, message: "Message") -> None:
        """Take one message of a live doorbell."""
        from peephole.doorbell import events
        from peephole.doorbell.events import Challenge, LockedOut, Opened, Problem, Refused, VisitEnded
        from peephole.live import Status

        if isinstance(message, Problem):
            complain(plain(message.text), part="doorbell", reason=message.reason, camera=message.camera)
        elif isinstance(message, Status) and message.state == "lost":
            complain(plain(_at(message.camera, message.text)), part="camera", reason="lost", camera=message.camera)
        elif self._log_is_json:
            _log(message)
        if self._json and isinstance(message, events.Event) and not isinstance(message, events.Rang):
            print_json(message.as_json())
            sys.stdout.flush()
        elif isinstance(message, VisitEnded) and not self._log_is_json:
            print(plain(visit_line(message)), flush=True)
        elif isinstance(message, Challenge) and not self._log_is_json:
            print(plain(f"{datetime.fromtimestamp(message.time):%H:%M:%S}  to the visitor: {message.text}"), flush=True)
        elif isinstance(message, Opened) and not self._log_is_json:
            print(plain(opened_line(message)), flush=True)
        elif isinstance(message, Refused) and not self._log_is_json:
            print(plain(refused_line(message)), flush=True)
        elif isinstance(message, LockedOut) and not self._log_is_json:
            print(plain(locked_out_line(message)), flush=True)


def _log(message: "Message") -> None:
    from peephole.doorbell.events import LockedOut, Opened, Rang, Refused, VisitEnded
    from peephole.live import Status

    if isinstance(message, VisitEnded):
        told = ("camera", "visit", "decision", "reason", "distance", "margin", "sightings", "rang", "repeat")
        seconds = round(message.last_seen - message.first_seen, 1)
        fields = {name: getattr(message, name) for name in told}
        complain("a visit ended", level="info", part="doorbell", **fields, seconds=seconds)
    elif isinstance(message, Opened):
        complain("the door", level="info", part="door", visit=message.visit, by=message.by, mode=message.mode)
    elif isinstance(message, Refused):
        fields = {"visit": message.visit, "reason": message.reason, "mode": message.mode}
        complain("the door stays shut", level="warning", part="door", **fields)
    elif isinstance(message, LockedOut):
        complain(message.text, level="warning", part="door", reason="locked_out", mode=message.mode)
    elif isinstance(message, Rang):
        fields = {"camera": message.camera, "visit": message.visit, "source": message.source}
        complain("the bell rang", level="info", part="doorbell", **fields)
    elif isinstance(message, Status):
        complain(message.text, level="info", part="camera", reason=message.state, camera=message.camera)


def _at(camera: str, text: str) -> str:
    return f"{camera}: {text}" if camera else text


def visit_line(visit: "VisitEnded") -> str:
    """One visit in one line, ending with the verdict's reason."""
    who = visit.person or (f"Stranger {visit.stranger}" if visit.stranger is not None else "somebody")
    who += f" at {visit.camera}" if visit.camera else ""
    return f"{datetime.fromtimestamp(visit.first_seen):%H:%M:%S}  {who}: {visit.decision} ({visit.text})"


def opened_line(opened: "Opened") -> str:
    """An opening of the door in one line."""
    what = "opened" if opened.mode == "on" else "would have opened"
    whose = f"for {opened.person}" if opened.person is not None else f"by {opened.by}"
    return f"{datetime.fromtimestamp(opened.time):%H:%M:%S}  the door {what} {whose}"


def refused_line(refused: "Refused") -> str:
    """A suspicious refusal in one line."""
    whom = f" for {refused.person}" if refused.person is not None else ""
    return (
        f"{datetime.fromtimestamp(refused.time):%H:%M:%S}  the door stays shut{whom}: {refused.text}{_tried(refused)}"
    )


def locked_out_line(lock_out: "LockedOut") -> str:
    """The begin of a lock-out in one line."""
    return f"{datetime.fromtimestamp(lock_out.time):%H:%M:%S}  {lock_out.text}{_tried(lock_out)}"


def _tried(event: "Refused | LockedOut") -> str:
    return "" if event.mode == "on" else " (a dry run)"
