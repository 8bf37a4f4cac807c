"""Delivers to one target, in a thread of its own: a target that is slow or away delays no other."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from peephole.listening import NewestQueue
from peephole.notify.senders import NotSent, Sender
from peephole.notify.words import Notification

MOST_WAITING = 32


@dataclass(frozen=True)
class Patience:
    """How long a message is tried: pauses grow from `first` to `longest`, up to `most` seconds after it was made."""

    first: float = 2.0
    longest: float = 60.0
    most: float = 300.0


@dataclass(frozen=True)
class Parcel:
    """A message, when it was given up to be sent (time.monotonic()), and what to do when that is settled.

    Attributes:
        message: What to send.
        since: When it was handed over.
        allowed: Asked before each attempt: False where nobody may be told any more.
        settled: Called once, with whether it was sent.
    """

    message: Notification
    since: float
    allowed: Callable[[], bool]
    settled: Callable[[bool], None]


class Courier:
    """Sends what it is given, in order, and tries again; `trouble` is a sentence while that does not work."""

    def __init__(self, name: str, sender: Sender, patience: Patience, tell: Callable[[str], None]) -> None:
        """Prepare the thread; tell: is told in a sentence when trouble begins and when it ends."""
        self.name = name
        self.sender = sender
        self.unsent = 0
        self.sent = 0
        self.failures = 0
        """Attempts that failed, whether another one was made or not."""
        self.sent_at: float | None = None
        self.trouble: str | None = None
        self._patience = patience
        self._tell = tell
        self._waiting: NewestQueue[Parcel] = NewestQueue(MOST_WAITING, self._give_up)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"notify {name}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Have each message that waits be tried once more, and then end; returns at once."""
        self._stop.set()
        self._waiting.put(None)

    def join(self, seconds: float) -> None:
        """Wait for the end."""
        self._thread.join(max(0.0, seconds))

    def hand(self, parcel: Parcel) -> None:
        """Take a message; never blocks. Where too many wait, the oldest is given up."""
        self._waiting.put(parcel)

    def _give_up(self, parcel: Parcel) -> None:
        self._settle(parcel, sent=False)

    def _work(self) -> None:
        while (parcel := self._waiting.get()) is not None:
            if parcel.allowed():
                self._settle(parcel, self._deliver(parcel))
            else:
                parcel.settled(False)

    def _deliver(self, parcel: Parcel) -> bool:
        pause = self._patience.first
        while parcel.since + self._patience.most >= time.monotonic():
            try:
                self.sender.send(parcel.message)
            except NotSent as error:
                self.failures += 1
                self._in_trouble(f"notify target {self.name}: {error}; it is tried again")
            except Exception as error:  # a fault of ours; what it says may tell the address
                self.failures += 1
                self._in_trouble(f"notify target {self.name}: unexpected {type(error).__name__}")
            else:
                self._well_again()
                return True
            left = parcel.since + self._patience.most - time.monotonic()
            if left <= 0 or self._stop.wait(min(pause, left)) or not parcel.allowed():
                return False
            pause = min(2 * pause, self._patience.longest)
        return False

    def _settle(self, parcel: Parcel, sent: bool) -> None:
        if sent:
            self.sent += 1
            self.sent_at = time.time()
        else:
            self.unsent += 1
        parcel.settled(sent)

    def _in_trouble(self, sentence: str) -> None:
        if self.trouble is None:
            self._tell(sentence)
        self.trouble = sentence

    def _well_again(self) -> None:
        if self.trouble is not None:
            self.trouble = None
            self._tell(f"notify target {self.name}: messages are sent again")
