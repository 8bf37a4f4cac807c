"""Looks every few seconds whether the doorbell's threads still work, and tells systemd.

A camera's thread leaves a mark (`beat_at`) with every frame and while it waits for a picture. As long as the marks are
fresh systemd's watchdog is fed; when they are not, the thread hangs, and systemd starts the process anew. Where the
threads of other cameras still work, that waits for some minutes: they would be interrupted each time.
"""

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol

from peephole.live import LiveDoorbell, Message, View
from peephole.operations.health import Check, Health, named, source_checks
from peephole.operations.systemd import notify, watchdog_seconds

HUNG_SECONDS = 15.0
"""Without a mark for so long the doorbell's thread counts as hung. A frame takes it under a second."""
ALONE_SECONDS = 600.0
"""So long one camera of several may hang before the process is started anew."""
LOOK_SECONDS = 5.0


class Alive(Protocol):
    """The part of a `live.LiveDoorbell` that is looked at."""

    @property
    def camera(self) -> str:
        """Its name; empty where the only one has none."""

    @property
    def beat_at(self) -> float | None:
        """When the doorbell's thread left its last mark, by time.monotonic(); None while there is no such thread."""


def hang_check(live: Alive, clock: Callable[[], float] = time.monotonic) -> Callable[[], str | None]:
    """Return the check of a camera's thread, for `Health`."""

    def check() -> str | None:
        seconds = silent_seconds(live, clock())
        if seconds <= HUNG_SECONDS:
            return None
        return named(live.camera, f"the doorbell has hung for {seconds:.0f} seconds")

    return check


def checks_of(cameras: Sequence[LiveDoorbell]) -> dict[str, Check]:
    """Return what `Health` looks at of each camera: its source ("camera front") and its thread ("doorbell front")."""
    hangs = {f"doorbell {live.camera}".rstrip(): hang_check(live) for live in cameras}
    return {**source_checks(cameras), **hangs}


def silent_seconds(live: Alive, now: float) -> float:
    """Return how long a camera's thread has left no mark; 0 while there is no such thread."""
    beat_at = live.beat_at  # read once: its thread may end at this moment
    return 0.0 if beat_at is None else now - beat_at


def to_be_started_anew(cameras: Sequence[Alive], now: float) -> bool:
    """Tell whether threads hang so that the process should be started anew: all that watch, or one for minutes."""
    silent = [silent_seconds(live, now) for live in cameras if live.beat_at is not None]
    return bool(silent) and (min(silent) > HUNG_SECONDS or max(silent) > ALONE_SECONDS)


class Supervisor:
    """A service (`listening.Service`) that feeds systemd's watchdog and keeps the times of what is wrong."""

    def __init__(self, cameras: Sequence[Alive], health: Health, tell: Callable[[str], None]) -> None:
        """Prepare the thread; entering starts it. tell: is told when a camera's thread hangs, once."""
        self._health = health
        self._tell = tell
        self._cameras = tuple(cameras)
        self._checks = [hang_check(live) for live in cameras]
        self._watchdog = watchdog_seconds()
        self._every = LOOK_SECONDS if self._watchdog is None else min(LOOK_SECONDS, self._watchdog / 4)
        self._ready = threading.Event()
        self._wake = threading.Event()
        self._stop = False
        self._status = ""
        self._told: set[int] = set()
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
        if isinstance(message, View):
            self.begun()

    def connections(self) -> tuple[str, ...]:
        """Connect to nothing beyond this machine."""
        return ()

    def trouble(self) -> str | None:
        """Return which threads count as hung."""
        return "; ".join(text for check in self._checks if (text := check()) is not None) or None

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
        for number, check in enumerate(self._checks):
            if (text := check()) is None:
                self._told.discard(number)
            elif number not in self._told:
                self._told.add(number)
                self._tell(text)
        if self._watchdog is not None and not to_be_started_anew(self._cameras, time.monotonic()):
            notify("WATCHDOG=1")
        status = "; ".join(fault.text for fault in self._health.faults()) or "all is well"
        if status != self._status:
            self._status = status
            notify(f"STATUS={status}")
