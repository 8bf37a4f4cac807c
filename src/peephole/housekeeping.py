"""Forgets what is old, at the start and every minute: what was discarded is erased soon after its ten minutes."""

import threading
import time
from collections.abc import Callable
from types import TracebackType

from peephole.live import Announcer, Changed, Message
from peephole.store.retention import Forgotten

_EVERY = 60.0
_LEAP = 3600.0
_SETTLED = 86400.0


class SteadyClock:
    """The time in seconds since 1970, in which a leap ahead counts once it has lasted for a day.

    What is forgotten is gone: a clock that is set wrong and set right again must not cost anybody's pictures. Going
    back counts at once, since less is old then.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Trust the clock as it is now."""
        self._wall = wall
        self._monotonic = monotonic
        self._ahead = wall() - monotonic()
        self._leap: tuple[float, float] | None = None  # how far ahead it is now, and since when

    def now(self) -> float:
        """Return the time; to be asked more often than once an hour."""
        since = self._monotonic()
        ahead = self._wall() - since
        if ahead <= self._ahead + _LEAP:
            self._ahead, self._leap = ahead, None
        elif self._leap is None or abs(ahead - self._leap[0]) > _LEAP:
            self._leap = ahead, since
        elif since - self._leap[1] >= _SETTLED:
            self._ahead, self._leap = ahead, None
        return self._ahead + since

    @property
    def leap(self) -> float:
        """How many seconds the clock has leapt ahead that do not count yet; 0 for none."""
        return 0.0 if self._leap is None else self._leap[0] - self._ahead


class Housekeeper:
    """A service (`listening.Service`) that calls `forget` with the time, and tells open pages what that changed.

    `tell` takes a sentence for the terminal.
    """

    def __init__(
        self,
        forget: Callable[[float], Forgotten],
        announcer: Announcer,
        tell: Callable[[str], None],
        clock: SteadyClock | None = None,
    ) -> None:
        """Prepare the thread; entering starts it."""
        self._forget = forget
        self._clock = clock or SteadyClock()
        self._leapt = False
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
        now = self._clock.now()
        if self._clock.leap and not self._leapt:
            hours = round(self._clock.leap / 3600)
            self._tell(f"the clock leapt ahead by {hours} h; what is old by that is kept for another day")
        self._leapt = self._clock.leap > 0
        try:
            done = self._forget(now)
        except OSError as error:  # a full disk, mostly; the next minute is another try
            self._trouble = f"what is old could not be forgotten: {error}"
            return
        self._trouble = None
        if done != Forgotten():
            rows = f", {done.door} rows of the door's log" if done.door else ""
            rows += f", {done.aside} references that were set aside" if done.aside else ""
            visits = f"{done.strangers} strangers, {done.visits} visits, {done.looks} looks"
            self._tell(f"forgotten for their age: {visits}{rows}")
            for what in ("strangers", "visits"):
                self._announcer.announce(Changed(what))
