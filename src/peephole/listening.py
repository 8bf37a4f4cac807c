"""Listeners that take their time: what a doorbell tells waits in a queue for a thread of its own."""

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from peephole.live import Message, View

MOST_WAITING = 256
Item = TypeVar("Item")


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


class NewestQueue(Generic[Item]):
    """What waits for a thread, in order; where it is full the oldest gives way to the newest. Any thread may put."""

    def __init__(self, most: int, dropped: Callable[[Item], None]) -> None:
        """Start empty; `most` items fit, and `dropped` is told of each that had to go."""
        self._items: queue.Queue[Item | None] = queue.Queue(most)
        self._dropped = dropped

    def put(self, item: Item | None) -> None:
        """Add an item, or None for the end; never blocks."""
        while True:
            try:
                self._items.put_nowait(item)
            except queue.Full:
                self._drop_oldest()
            else:
                return

    def get(self, timeout: float | None = None) -> Item | None:
        """Wait for the next item, and take it out; None is the end. Raises `queue.Empty` after `timeout` seconds."""
        return self._items.get(timeout=timeout)

    def _drop_oldest(self) -> None:
        try:
            oldest = self._items.get_nowait()
        except queue.Empty:
            return  # taken out meanwhile
        if oldest is not None:
            self._dropped(oldest)


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
        self._waiting: NewestQueue[Message] = NewestQueue(MOST_WAITING, self._count_dropped)
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def hear(self, message: Message) -> None:
        """Queue a message; never blocks."""
        if not isinstance(message, View):
            self._waiting.put(message)

    def __enter__(self) -> "QueuedListener":
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let what waits be handled, for five seconds at most, and end."""
        self._waiting.put(None)
        self._thread.join(5.0)

    def _count_dropped(self, message: Message) -> None:
        self.dropped += 1

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None:
            try:
                self._handle(message)
            except Exception as error:
                self._failed(error)
