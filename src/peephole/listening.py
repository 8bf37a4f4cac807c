"""Listeners that take their time: what a doorbell tells waits in a queue for a thread of its own."""

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from peephole.live import Look, Message

MOST_WAITING = 256


class Service(Protocol):
    """A part of the running household that hears what happens: a notifier, the broker, the door.

    Entering it starts it, leaving it stops it within some seconds; neither raises for a peer that is away.
    """

    def hear(self, message: Message) -> None:
        """Take a message; never blocks and never raises."""
        ...

    def connections(self) -> tuple[str, ...]:
        """Return every address that this part connects to, each with the reason, for the owner's eyes."""
        ...

    def trouble(self) -> str | None:
        """Return what the owner should put right, in one sentence; None while all is well."""
        ...

    def __enter__(self) -> object:
        """Start."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        ...


class QueuedListener:
    """Hands messages to `handle`, one after the other, in a thread of its own.

    Where `handle` falls behind, the oldest messages are dropped and counted. Frames are not passed on. What `handle`
    raises is a fault of ours: it is told to `failed` and the next message is handled.
    """

    def __init__(self, name: str, handle: Callable[[Message], None], failed: Callable[[Exception], None]) -> None:
        """Prepare the thread; entering starts it."""
        self.dropped = 0
        self._handle = handle
        self._failed = failed
        self._waiting: queue.Queue[Message | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def hear(self, message: Message) -> None:
        """Queue a message; never blocks."""
        if not isinstance(message, Look):
            self._put(message)

    def __enter__(self) -> "QueuedListener":
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let what waits be handled, for five seconds at most, and end."""
        self._put(None)
        self._thread.join(5.0)

    def _put(self, message: Message | None) -> None:
        while True:
            try:
                self._waiting.put_nowait(message)
            except queue.Full:
                self._drop_oldest()
            else:
                return

    def _drop_oldest(self) -> None:
        try:
            self._waiting.get_nowait()
        except queue.Empty:
            return  # handled meanwhile
        self.dropped += 1

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None:
            try:
                self._handle(message)
            except Exception as error:
                self._failed(error)
