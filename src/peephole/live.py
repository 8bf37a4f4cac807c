"""The doorbell at work: takes frames from a source, shows them to the doorbell, and tells listeners what happened.

It knows nothing of pages or terminals; both listen. A listener is called in the thread that runs the doorbell and
must not block: whoever is slow keeps what it has not handled yet for itself.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from peephole.doorbell.doorbell import LiveFace
from peephole.doorbell.events import Event
from peephole.vision.sources import BEAT_SECONDS, Frame, FrameSource, Image, Notice

State = Literal["starting", "watching", "lost", "ended"]
"""How a source is doing; lost: it may come back."""


@dataclass(frozen=True)
class Look:
    """The newest frame, and the faces that the doorbell follows in it."""

    frame: Frame
    faces: tuple[LiveFace, ...]
    seconds: float = 0.0
    """That the doorbell worked on it."""

    @property
    def present(self) -> tuple[str, ...]:
        """Who is at the door, in words."""
        return tuple(face.label if face.kind != "unsure" else "somebody" for face in self.faces)


@dataclass(frozen=True)
class Presence:
    """Who is at a door that sends no pictures, in words, the first one first."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """How the source is doing; `text` is one line for people.

    Attributes:
        state: one word for programs.
        text: what to show.
    """

    state: State
    text: str


@dataclass(frozen=True)
class Changed:
    """Something that lists show was changed, on the page or elsewhere; `what` is people, strangers or visits."""

    what: str


Message = Event | Look | Presence | Status | Changed
Listener = Callable[[Message], None]


class Watcher(Protocol):
    """The part of `doorbell.Doorbell` that is needed to watch a source."""

    def recover(self) -> list[Event]:
        """End the visits that a killed process left open."""
        ...

    def process(self, frame: Frame) -> list[Event]:
        """Look at one frame."""
        ...

    def gallery_version(self) -> object:
        """Return what changes when people or strangers do, whoever changed them, as of the newest frame."""
        ...

    def ring(self, time: float, source: str, image: Image | None) -> list[Event]:
        """Note that the bell was pressed."""
        ...

    def flush(self) -> list[Event]:
        """End every open visit."""
        ...

    def current(self) -> tuple[LiveFace, ...]:
        """Return the faces of the newest frame."""
        ...


class Announcer:
    """Passes messages on to whoever listens at the moment; any thread may listen, leave and announce."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._lock = threading.Lock()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every message from now on; returns the function that ends it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def leave() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return leave

    def announce(self, message: Message) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            listener(message)


class LiveDoorbell:
    """One source watched by one doorbell."""

    pictures = True

    def __init__(self, watcher: Watcher, announcer: Announcer | None = None) -> None:
        self.announcer = announcer or Announcer()
        self.newest: Look | None = None
        self.newest_at: float | None = None
        self.beat_at: float | None = None
        """When the thread that watches left its last mark, by time.monotonic(); None while nothing is watched."""
        self.status = Status("starting", "Starting")
        self._watcher = watcher
        self._source: FrameSource | None = None
        self._stopped = threading.Event()
        self._gallery_version: object = None
        self._at_work = threading.Lock()

    @property
    def present(self) -> tuple[str, ...]:
        """Who is at the door now, in words."""
        return self.newest.present if self.newest is not None else ()

    def report(self, notice: Notice) -> None:
        """Take what the source says of itself. To be given to `open_source`."""
        self._set(Status("watching" if notice.working else "lost", notice.text))

    def beat(self) -> None:
        """Leave a mark that the thread which watches still works; also to be called wherever it waits."""
        self.beat_at = time.monotonic()

    def watch(self, source: FrameSource, *, at_its_pace: bool) -> None:
        """Watch until the source ends or `stop` is called, then end the open visits.

        Args:
            source: where the frames come from; closed at the end.
            at_its_pace: play a recording as fast as it was recorded instead of as fast as possible.

        Raises:
            OSError, ValueError: the source failed for good; the visits until then are stored.
        """
        self._source = source
        self.beat()
        if self._stopped.is_set():
            source.close()
        try:
            self._tell(self._watcher.recover())
            frames: Iterator[Frame] = iter(source)
            for frame in frames if source.live or not at_its_pace else self._in_time(frames):
                if self._stopped.is_set():
                    break
                if self.newest is None:
                    self._set(Status("watching", f"Watching {source.name}"))
                self.beat()
                begin = time.monotonic()
                with self._at_work:
                    events = self._watcher.process(frame)
                self.newest_at = time.monotonic()
                self.newest = Look(frame, self._watcher.current(), self.newest_at - begin)
                self.announcer.announce(self.newest)
                self._tell(events)
                self._notice_changes()
            self._set(Status("ended", f"{source.name} has ended"))
        except (OSError, ValueError) as error:
            self._set(Status("ended", str(error)))
            raise
        finally:
            source.close()
            try:
                with self._at_work:
                    events = self._watcher.flush()
            finally:
                self.beat_at = None
            self._tell(events)

    def ring(self, source: str) -> None:
        """Somebody pressed a bell ("button", "mqtt", "http"); may be called from any thread, also without a picture."""
        newest = self.newest
        with self._at_work:
            now = self._now()
            events = self._watcher.ring(now, source, None if newest is None else newest.frame.image)
        self._tell(events)

    def stop(self) -> None:
        """End `watch` soon; may be called from any thread, and before it."""
        self._stopped.set()
        if self._source is not None:
            self._source.close()

    def _now(self) -> float:
        """Return the time by the clock of the frames, which of a recording is not that of the wall."""
        if self.newest is None or self.newest_at is None:
            return time.time()
        return self.newest.frame.time + time.monotonic() - self.newest_at

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            self.announcer.announce(event)

    def _notice_changes(self) -> None:
        """Tell of what was changed elsewhere, by a command in another terminal for one."""
        version = self._watcher.gallery_version()
        if version != self._gallery_version and self._gallery_version is not None:
            for what in ("people", "strangers", "visits"):
                self.announcer.announce(Changed(what))
        self._gallery_version = version

    def _set(self, status: Status) -> None:
        self.status = status
        self.announcer.announce(status)

    def _in_time(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Hold each frame back until its time has come; a delay is not made up for by a hurry later."""
        ahead: float | None = None
        for frame in frames:
            now = time.monotonic()
            if ahead is None or now > frame.time + ahead + 0.5:
                ahead = now - frame.time
            if self._stop_comes_before(frame.time + ahead):
                return
            yield frame

    def _stop_comes_before(self, end: float) -> bool:
        while (left := end - time.monotonic()) > BEAT_SECONDS:
            self.beat()
            if self._stopped.wait(BEAT_SECONDS):
                return True
        return self._stopped.wait(max(0.0, left))
