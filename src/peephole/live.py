"""The doorbell at work: takes frames from a source, shows them to the doorbell, and tells listeners what happened.

It knows nothing of pages or terminals; both listen. A listener is called in the threads that watch cameras, by one at a
time, and must not block: whoever is slow keeps what it has not handled yet for itself.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol

from peephole.doorbell.doorbell import LiveFace
from peephole.doorbell.events import Event
from peephole.polygons import Polygon
from peephole.retries import Retries
from peephole.vision.sources import BEAT_SECONDS, Frame, FrameSource, Image, Notice

State = Literal["starting", "watching", "lost", "ended"]
"""How a source is doing; lost: it may come back."""
RING_PAUSE = 2.0
"""Presses at one camera that follow each other faster are one: a button that bounces, or is heard of in two ways."""
RATED_FRAMES = 20
"""The rate of a camera is that of so many of its newest frames."""


@dataclass(frozen=True)
class View:
    """The newest frame of a camera, and the faces that the doorbell follows in it."""

    frame: Frame
    faces: tuple[LiveFace, ...]
    seconds: float = 0.0
    """That the doorbell worked on it."""
    camera: str = ""
    zone: Polygon | None = None
    """Faces whose middle lies outside of it are not looked at."""

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
        camera: name of the camera; empty where the only one has no name.
    """

    state: State
    text: str
    camera: str = ""


@dataclass(frozen=True)
class Changed:
    """Something that lists show was changed, on the page or elsewhere; `what` is people, strangers or visits."""

    what: str


Message = Event | View | Presence | Status | Changed
Listener = Callable[[Message], None]


class Watcher(Protocol):
    """The part of a `doorbell.watcher.Watcher` that is needed to watch a source."""

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
    """Passes messages on to whoever listens at the moment; any thread may listen, leave and announce.

    Listeners hear one message at a time, also where several cameras have something to tell; what a listener announces
    meanwhile, in the same thread, is told at once.
    """

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._amendments: tuple[Callable[[Message], Message], ...] = ()
        self._lock = threading.Lock()
        self._telling = threading.RLock()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every message from now on; returns the function that ends it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def leave() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return leave

    def amend(self, change: Callable[[Message], Message]) -> None:
        """Have every message from now on pass through `change` before anybody hears it; it must not block."""
        with self._lock:
            self._amendments = (*self._amendments, change)

    def announce(self, message: Message) -> None:
        """Tell everybody."""
        for change in self._amendments:
            message = change(message)
        with self._telling:
            for listener in self._listeners:
                listener(message)


class LiveDoorbell:
    """One source watched by one watcher.

    camera: its name; empty where the only one has none. zone: where the watcher looks for faces; None: everywhere.
    """

    pictures = True

    def __init__(
        self,
        watcher: Watcher,
        announcer: Announcer | None = None,
        camera: str = "",
        zone: Polygon | None = None,
    ) -> None:
        self.camera = camera
        self.zone = zone
        self.announcer = announcer or Announcer()
        self.newest: View | None = None
        self.newest_at: float | None = None
        self.beat_at: float | None = None
        """When the thread that watches left its last mark, by time.monotonic(); None while nothing is watched.

        Of a thread that a fault of ours ended the mark stays and gets old: it counts as one that hangs.
        """
        self.status = Status("starting", "Starting", camera)
        self._watcher = watcher
        self._source: FrameSource | None = None
        self._stopped = threading.Event()
        self._faulty = self._tries_again = self._recovered = False
        self._gallery_version: object = None
        self._at_work = threading.Lock()
        self._rang_at = float("-inf")
        self._frames_at: deque[float] = deque(maxlen=RATED_FRAMES)

    @property
    def cameras(self) -> "tuple[LiveDoorbell, ...]":
        """Every camera, which is this one."""
        return (self,)

    @property
    def source(self) -> str:
        """What is watched, for people; empty before `watch`."""
        return "" if self._source is None else self._source.name

    @property
    def rate(self) -> float:
        """Frames a second of late, each of which was looked at."""
        times = list(self._frames_at)
        if len(times) < 2 or self.status.state != "watching":
            return 0.0
        return (len(times) - 1) / max(time.monotonic() - times[0], 1e-3)

    @property
    def present(self) -> tuple[str, ...]:
        """Who is at the door now, in words."""
        return self.newest.present if self.newest is not None else ()

    def report(self, notice: Notice) -> None:
        """Take what the source says of itself. To be given to `open_source`."""
        self._set("watching" if notice.working else "lost", notice.text)

    def beat(self) -> None:
        """Leave a mark that the thread which watches still works; also to be called wherever it waits."""
        self.beat_at = time.monotonic()

    def watch(self, source: FrameSource, *, at_its_pace: bool, retries: Retries | None = None) -> None:
        """Watch until the source ends or `stop` is called, then end the open visits.

        Args:
            source: where the frames come from; closed at the end.
            at_its_pace: play a recording as fast as it was recorded instead of as fast as possible.
            retries: of a live source, whatever failed; it counts as lost until it is back. None: there are none.

        Raises:
            OSError, ValueError: the source failed for good; the visits until then are stored.
        """
        while True:
            try:
                self._watch_once(source, at_its_pace, retries if source.live else None)
                return
            except Exception as error:
                if retries is None or not self._tries_again:
                    raise
                if not self._wait(retries.failed(error), lambda error=error: retries.allowed(error)):  # type: ignore[misc]
                    if self._stopped.is_set():
                        self.beat_at = None
                        return
                    self._give_up(error)
                    raise
            source = retries.reopen()

    def _watch_once(self, source: FrameSource, at_its_pace: bool, retries: Retries | None) -> None:
        self._source, self._faulty = source, False
        self.beat()
        if self._stopped.is_set():
            source.close()
        try:
            if not self._recovered:
                with self._at_work:
                    events = self._watcher.recover()
                self._recovered = True
                self._tell(events)
            frames: Iterator[Frame] = iter(source)
            for frame in frames if source.live or not at_its_pace else self._in_time(frames):
                if self._stopped.is_set():
                    break
                if self.newest is None and (retries is None or not retries.failing):
                    self._set("watching", f"Watching {source.name}")
                self.beat()
                begin = time.monotonic()
                with self._at_work:
                    events = self._watcher.process(frame)
                self.newest_at = time.monotonic()
                self._frames_at.append(self.newest_at)
                self.newest = View(frame, self._watcher.current(), self.newest_at - begin, self.camera, self.zone)
                self.announcer.announce(self.newest)
                self._tell(events)
                self._notice_changes()
                if retries is not None and retries.worked():
                    self._set("watching", f"Watching {source.name} again")
            self._set("ended", f"{source.name} has ended")
        except Exception as error:
            self._tries_again = retries is not None and not self._stopped.is_set() and retries.allowed(error)
            if not self._tries_again:
                self._give_up(error)
            elif retries is not None and not retries.failing:
                self._set("lost", f"{_why(error)}; trying again until it works")
            raise
        finally:
            source.close()
            try:
                with self._at_work:
                    events = self._watcher.flush()
            finally:
                if not self._faulty:
                    self.beat_at = None
            self._tell(events)

    def _give_up(self, error: Exception) -> None:
        self._faulty = not isinstance(error, OSError | ValueError)
        self._set("ended", _why(error))

    def ring(self, source: str) -> None:
        """Somebody pressed a bell ("button", "mqtt", "http"); may be called from any thread, also without a picture.

        Raises OSError where the people cannot be read; then the next press is another try.
        """
        pressed, newest = time.monotonic(), self.newest
        with self._at_work:
            if pressed - self._rang_at < RING_PAUSE:
                return
            now = self.now()
            events = self._watcher.ring(now, source, None if newest is None else newest.frame.image)
            if self.status.state == "ended":  # no face will follow
                with suppress(OSError):  # the visit is ended by the next ring or start
                    events += self._watcher.flush()
            self._rang_at = pressed
        self._tell(events)

    def stop(self) -> None:
        """End `watch` soon; may be called from any thread, and before it."""
        self._stopped.set()
        if self._source is not None:
            self._source.close()

    def now(self) -> float:
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

    def _set(self, state: State, text: str) -> None:
        self.status = Status(state, text, self.camera)
        self.announcer.announce(self.status)

    def _in_time(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Hold each frame back until its time has come; a delay is not made up for by a hurry later."""
        ahead: float | None = None
        for frame in frames:
            now = time.monotonic()
            if ahead is None or now > frame.time + ahead + 0.5:
                ahead = now - frame.time
            if not self._wait(frame.time + ahead - now):
                return
            yield frame

    def _wait(self, seconds: float, worth_it: Callable[[], bool] = lambda: True) -> bool:
        """Wait with a beat every second; tell whether neither a stop nor `worth_it` ended it before its time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > BEAT_SECONDS:
            self.beat()
            if self._stopped.wait(BEAT_SECONDS) or not worth_it():
                return False
        return not self._stopped.wait(max(0.0, left))


def _why(error: Exception) -> str:
    """Return what is told of an error: of a fault of ours its kind alone."""
    if isinstance(error, OSError | ValueError):
        return str(error)
    return f"a fault of the doorbell itself ({type(error).__name__}); look into its log"
