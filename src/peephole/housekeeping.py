"""Forgets what is old, at the start and every hour."""

import threading
import time
from collections.abc import Callable
from types import TracebackType

from peephole.live import Announcer, Changed, Message
from peephole.store.retention import Forgotten

_EVERY = 3600.0


class Housekeeper:
    """A service (`listening.Service`) that calls `forget` with the time, and tells open pages what that changed.

    `tell` takes a sentence for the terminal.
    """

    def __init__(self, forget: Callable[[float], Forgotten], announcer: Announcer, tell: Callable[[str], None]) -> None:
        """Prepare the thread; entering starts it."""
        self._forget = forget
        self._announcer = announcer
        self._tell = tell
        self._stop = threading.Event()
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._work, name="housekeeping", daemon=True)

    def hear(self, message: Message) -> None:
        """Need nothing of what happens."""

    def connections(self) -> tuple[str, ...]:
        """Connect to nothing."""
        return ()

    def trouble(self) -> str | None:
        """Return why nothing could be forgotten."""
        return self._trouble

    def __enter__(self) -> "Housekeeper":
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join(5.0)

    def _work(self) -> None:
        while True:
            self._once()
            if self._stop.wait(_EVERY):
                return

    def _once(self) -> None:
        try:
            done = self._forget(time.time())
        except OSError as error:  # a full disk, mostly; the next hour is another try
            self._trouble = f"what is old could not be forgotten: {error}"
            return
        self._trouble = None
        if done != Forgotten():
            rows = f", {done.door} rows of the door's log" if done.door else ""
            visits = f"{done.strangers} strangers, {done.visits} visits, {done.looks} looks"
            self._tell(f"forgotten for their age: {visits}{rows}")
            for what in ("strangers", "visits"):
                self._announcer.announce(Changed(what))
