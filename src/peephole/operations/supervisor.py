"""Looks every few seconds whether the doorbell's thread still works, and tells systemd.

The thread leaves a mark (`beat_at`) with every frame and while it waits for a camera. As long as the marks are fresh
systemd's watchdog is fed; when they are not, the thread hangs, and systemd starts the process anew.
"""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from peephole.live import Look, Message
from peephole.operations.health import Health
from peephole.operations.systemd import notify, watchdog_seconds

HUNG_SECONDS = 15.0
"""Without a mark for so long the doorbell's thread counts as hung. A frame takes it under a second."""
LOOK_SECONDS = 5.0


class Alive(Protocol):
    """The part of `live.LiveDoorbell` that is looked at."""

    @property
    def beat_at(self) -> float | None:
        """When the doorbell's thread left its last mark, by time.monotonic(); None while there is no such thread."""


def hang_check(live: Alive, clock: Callable[[], float] = time.monotonic) -> Callable[[], str | None]:
    """Return the check of the doorbell's thread, for `Health`."""

    def check() -> str | None:
        beat = live.beat_at
        if beat is None or clock() - beat <= HUNG_SECONDS:
            return None
        return f"the doorbell has hung for {clock() - beat:.0f} seconds"

    return check


class Supervisor:
    """A service (`listening.Service`) that feeds systemd's watchdog and keeps the times of what is wrong."""

    def __init__(self, live: Alive, health: Health, tell: Callable[[str], None]) -> None:
        """Prepare the thread; entering starts it. tell: is told when the doorbell hangs, once."""
        self._health = health
        self._tell = tell
        self._hung = hang_check(live)
        self._watchdog = watchdog_seconds()
        self._every = LOOK_SECONDS if self._watchdog is None else min(LOOK_SECONDS, self._watchdog / 4)
        self._ready = threading.Event()
        self._wake = threading.Event()
        self._stop = False
        self._status = ""
        self._told = False
        self._thread = threading.Thread(target=self._work, name="supervisor", daemon=True)

    def begun(self) -> None:
        """Take note that the page or the first frame is there: the service has started."""
        if not self._ready.is_set():
            self._ready.set()
            self._wake.set()

    def ending(self) -> None:
        """Tell systemd that the service stops, which may take some seconds."""
        notify("STOPPING=1")

    def hear(self, message: Message) -> None:
        """Take a message; never blocks."""
        if isinstance(message, Look):
            self.begun()

    def connections(self) -> tuple[str, ...]:
        """Connect to nothing beyond this machine."""
        return ()

    def trouble(self) -> str | None:
        """Return why the doorbell's thread counts as hung."""
        return self._hung()

    def __enter__(self) -> "Supervisor":
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.ending()
        self._stop = True
        self._wake.set()
        self._thread.join(5.0)

    def _work(self) -> None:
        said_ready = False
        while not self._stop:
            self._wake.clear()
            if self._ready.is_set() and not said_ready:
                said_ready = True
                notify("READY=1")
            self._look()
            self._wake.wait(self._every)

    def _look(self) -> None:
        hung = self._hung()
        if hung is None:
            self._told = False
            if self._watchdog is not None:
                notify("WATCHDOG=1")
        elif not self._told:
            self._told = True
            self._tell(hung)
        status = "; ".join(fault.text for fault in self._health.faults()) or "all is well"
        if status != self._status:
            self._status = status
            notify(f"STATUS={status}")
