"""Whether all is well, and if not, since when."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from peephole.doorbell.events import Problem
from peephole.live import Message, Status

PATIENCE = 60.0
"""Seconds that something may be wrong before the doorbell calls itself unhealthy: a camera that starts anew is not."""

Check = Callable[[], str | None]
"""Returns what is wrong in one sentence; None while all is well."""


@dataclass(frozen=True)
class Fault:
    """Something that is wrong: `part` of the household, one sentence, and since when by time.monotonic()."""

    part: str
    text: str
    since: float


class Health:
    """What is wrong with a household; asked from any thread, the more often the more exact are the times."""

    def __init__(self, checks: Mapping[str, Check], clock: Callable[[], float] = time.monotonic) -> None:
        """Start with all well. checks: one a part of the household."""
        self._clock = clock
        self._storage: str | None = None
        self._checks: dict[str, Check] = {**checks, "storage": lambda: self._storage}
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def parts(self) -> tuple[str, ...]:
        """What is looked at."""
        return tuple(self._checks)

    def hear(self, message: Message) -> None:
        """Remember whether the doorbell can store what it sees."""
        if isinstance(message, Problem) and message.reason in ("storage", "storage_back"):
            self._storage = message.text if message.reason == "storage" else None

    def faults(self) -> tuple[Fault, ...]:
        """Return what is wrong now."""
        wrong = {part: text for part, check in self._checks.items() if (text := check()) is not None}
        with self._lock:
            now = self._clock()
            self._since = {part: self._since.get(part, now) for part in wrong}
            return tuple(Fault(part, text, self._since[part]) for part, text in wrong.items())

    def failing(self, faults: tuple[Fault, ...]) -> bool:
        """Tell whether one of them has lasted for longer than a minute."""
        return any(self._clock() - fault.since > PATIENCE for fault in faults)


def camera_check(status: Callable[[], Status]) -> Check:
    """Return the check of a source: wrong while it is lost, and when it has ended."""

    def check() -> str | None:
        now = status()
        return now.text if now.state in ("lost", "ended") else None

    return check
