"""Whether all is well, and if not, since when."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

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


class Watched(Protocol):
    """The part of a camera that is looked at."""

    @property
    def camera(self) -> str:
        """Its name; empty where the only one has none."""

    @property
    def status(self) -> Status:
        """How its source is doing."""


class Health:
    """What is wrong with a household; asked from any thread, the more often the more exact are the times."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        clock: Callable[[], float] = time.monotonic,
        notices: Mapping[str, Check] | None = None,
    ) -> None:
        """Start with all well.

        checks: one a part of the household. notices: what the owner should know and no new start would mend; while one
        lasts the doorbell is well.
        """
        self._clock = clock
        self._notices = notices or {}
        self._unstored: dict[str, str] = {}  # by camera
        stored = lambda: next(iter(tuple(self._unstored.values())), None)  # noqa: E731
        self._checks: dict[str, Check] = {**checks, "storage": stored, **self._notices}
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def parts(self) -> tuple[str, ...]:
        """What is looked at."""
        return tuple(self._checks)

    def hear(self, message: Message) -> None:
        """Remember whether the doorbell can store what it sees."""
        if isinstance(message, Problem) and message.reason in ("storage", "storage_back"):
            if message.reason == "storage":
                self._unstored[message.camera] = message.text
            else:
                self._unstored.pop(message.camera, None)

    def faults(self) -> tuple[Fault, ...]:
        """Return what is wrong now."""
        wrong = {part: text for part, check in self._checks.items() if (text := check()) is not None}
        with self._lock:
            now = self._clock()
            self._since = {part: self._since.get(part, now) for part in wrong}
            return tuple(Fault(part, text, self._since[part]) for part, text in wrong.items())

    def failing(self, faults: tuple[Fault, ...]) -> bool:
        """Tell whether one of them has lasted for longer than a minute."""
        return any(self._clock() - fault.since > PATIENCE for fault in faults if fault.part not in self._notices)


def camera_check(status: Callable[[], Status]) -> Check:
    """Return the check of a source: wrong while it is lost, and when it has ended."""

    def check() -> str | None:
        now = status()
        return named(now.camera, now.text) if now.state in ("lost", "ended") else None

    return check


def source_checks(cameras: Sequence[Watched]) -> dict[str, Check]:
    """Return the checks of the sources of cameras, "camera front" for one."""
    return {f"camera {one.camera}".rstrip(): camera_check(partial(getattr, one, "status")) for one in cameras}


def named(camera: str, text: str) -> str:
    """Say of which camera a text is, where it has a name."""
    return f"{camera}: {text}" if camera else text
