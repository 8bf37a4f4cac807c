"""Keeps in touch with a device: one thread owns the line, hears what happens, does what is asked, and finds back.

Whoever shows a device reads what it was last heard to remember, and so never waits for the line.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from peephole.device.client import Device, DevicePerson, DeviceStranger, Info
from peephole.device.errors import (
    CommandError,
    DeviceError,
    LostLineError,
    LostSessionError,
    SilentDeviceError,
    WrongKeyError,
)
from peephole.device.events import DeviceEvent, followed_events, past_events
from peephole.device.line import Line
from peephole.device.session import Session
from peephole.device.visits import Names, VisitBook, named, to_event, who
from peephole.doorbell.events import Problem
from peephole.doorbell.pictures import portrait
from peephole.live import Announcer, Changed, Presence, State, Status
from peephole.time_words import moment
from peephole.vision.detector import Box

HEARTBEAT = 15.0
"""Seconds after which a device that says nothing is asked whether it is still there, and what it remembers."""
PAUSES = (1.0, 30.0)
"""Seconds before the line is opened again: after it was lost, and in the end; they double in between."""
PATIENCE = 30.0
"""Seconds that somebody who asks for something waits for it."""
_WAIT = 0.25  # seconds that an event is waited for before the other work is looked at

Result = TypeVar("Result")
# Sequence number, kind and the device's own milliseconds: no other event has all three.
_Mark = tuple[int, str, int]


@dataclass(frozen=True)
class Memory:
    """What a device was last heard to remember.

    Attributes:
        info: None until it was heard for the first time.
        people: in the order in which they were added.
        strangers: the same; only those whose picture has come, if they have one.
        pictures: of strangers, JPEG by number.
        book: its visits.
        problems: those that are not over, a sentence by slug.
    """

    info: Info | None = None
    people: tuple[DevicePerson, ...] = ()
    strangers: tuple[DeviceStranger, ...] = ()
    pictures: Mapping[int, bytes] = field(default_factory=dict)
    book: VisitBook = field(default_factory=VisitBook)
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        """People's names by id."""
        return {str(person.id): person.name for person in self.people}


class _HeardLine:
    """A line that tells when something came over it, and is gone when the work is to end."""

    def __init__(self, line: Line, heard: Callable[[], None], stopped: threading.Event) -> None:
        self.name = line.name
        self._line = line
        self._heard = heard
        self._stopped = stopped

    def read(self, seconds: float) -> bytes:
        if self._stopped.is_set():
            raise LostLineError(f"{self.name}: closed")
        content = self._line.read(seconds)
        if content:
            self._heard()
        return content

    def write(self, content: bytes) -> None:
        self._line.write(content)


class DeviceWatch:
    """One device; `watch` belongs to one thread, everything else may be called from any.

    Args:
        port: of the line, for people.
        open_line: opens it; raises `LostLineError` when it cannot be.
        find_key: returns the key of an id.
        seconds: how long an answer may take.
        heartbeat: see HEARTBEAT. pauses: see PAUSES. patience: see PATIENCE.
    """

    pictures = False
    newest = None
    camera = ""
    rate = 0.0

    def __init__(
        self,
        port: str,
        open_line: Callable[[], AbstractContextManager[Line]],
        find_key: Callable[[bytes], bytes],
        seconds: float = 5.0,
        heartbeat: float = HEARTBEAT,
        pauses: tuple[float, float] = PAUSES,
        patience: float = PATIENCE,
    ) -> None:
        self.announcer = Announcer()
        self.status = Status("starting", f"Looking for the device on {port}")
        self.memory = Memory()
        self._port = port
        self._open_line = open_line
        self._find_key = find_key
        self._seconds = seconds
        self._heartbeat = heartbeat
        self._pauses = pauses
        self._pause = pauses[0]
        self._patience = patience
        self._stopped = threading.Event()
        self._asked: queue.SimpleQueue[tuple[Callable[[Device], Any], Future[Any]]] = queue.SimpleQueue()
        self._heard_at: tuple[float, float] | None = None  # by time.time and time.monotonic
        self._key: bytes | None = None  # the id of the key that the session goes by
        self._key_before: bytes | None = None  # that of what `memory` holds
        self._mark: _Mark | None = None  # of the newest event
        self._seen: dict[int, int] = {}  # visits of a stranger when the picture was fetched, by number
        self._waiting: tuple[DeviceStranger, ...] = ()  # every stranger, whether the picture has come or not

    @property
    def cameras(self) -> "tuple[DeviceWatch, ...]":
        """What is watched: the one device."""
        return (self,)

    @property
    def source(self) -> str:
        """What is watched, for people."""
        return f"the device on {self._port}"

    @property
    def newest_at(self) -> float | None:
        """When the device was heard last, by time.monotonic(); None before it has told what it remembers."""
        return self._heard_at[1] if self._heard_at is not None and self.memory.info is not None else None

    @property
    def present(self) -> tuple[str, ...]:
        """Who is at the door now, in words."""
        memory = self.memory
        return tuple(who(named(visit, memory.names)) for visit in memory.book.visits if not visit.closed)

    def watch(self) -> None:
        """Stay in touch until `stop` is called."""
        while not self._stopped.is_set():
            try:
                with self._connected() as device:
                    self._attend(device)
            except (DeviceError, OSError) as error:
                self._lose(error)
            except (ValueError, TypeError, LookupError):
                self._lose(DeviceError(f"{self._port}: says what this program does not understand; update it"))
            self._stopped.wait(self._pause)
            self._pause = min(2 * self._pause, self._pauses[1])
        self._refuse_all("The page is being closed; nothing was changed")

    def stop(self) -> None:
        """End `watch` soon."""
        self._stopped.set()

    def ask(self, work: Callable[[Device], Result]) -> Result:
        """Let the thread that owns the line do something, and return what came of it; the lists are read anew.

        Raises what `work` raises, and `ConnectionError` with one sentence when the device does not answer.
        """
        if self.status.state != "watching":
            raise ConnectionError(self.status.text)
        done: Future[Result] = Future()
        self._asked.put((work, done))
        try:
            return done.result(self._patience)
        except TimeoutError as error:
            what = "nothing was changed" if done.cancel() else "look at the lists before you try again"
            late = f"The device on {self._port} has not answered for {self._patience:g} seconds; {what}"
            raise ConnectionError(late) from error

    def revise(self, revise: Callable[[VisitBook], VisitBook]) -> None:
        """Change the book of visits; for the work that `ask` was given."""
        self.memory = replace(self.memory, book=revise(self.memory.book))

    @contextmanager
    def _connected(self) -> Iterator[Device]:
        self._key = None
        with self._open_line() as line:
            device = Device(Session(_HeardLine(line, self._hear, self._stopped), self._seconds), self._key_of)
            if self._key != self._key_before:
                self._forget()
                self._key_before = self._key
            yield device

    def _key_of(self, identity: bytes) -> bytes:
        """Find the key of a session; all sessions on one opened line are with one device."""
        if self._key not in (None, identity):
            raise LostLineError(f"{self._port}: another device is on the line")
        key = self._find_key(identity)
        self._key = identity
        return key

    def _forget(self) -> None:
        """Begin with another device: nothing that was heard of one is shown with the next."""
        self.memory, self._mark, self._seen, self._waiting = Memory(), None, {}, ()
        self._changed("people", "strangers", "visits")

    def _hear(self) -> None:
        self._heard_at = time.time(), time.monotonic()

    def _attend(self, device: Device) -> None:
        self._read(device)
        while True:
            self._catch_up(device)
            self._pause = self._pauses[0]
            self._set("watching", self._connected_text())
            self.announcer.announce(Presence(self.present))
            self._listen(device)
            device.read_clock()
            self._read(device)

    def _listen(self, device: Device) -> None:
        """Hear events and do the work until the next heartbeat, or until an event does not follow on the one before."""
        until = time.monotonic() + self._heartbeat
        for event in followed_events(device, self._mark[0] if self._mark is not None else 0, _WAIT):
            if event is not None:
                if self._mark is not None and event.sequence != self._mark[0] + 1:
                    return
                self._take(device, [event])
            self._work(device)
            self._fetch_picture(device)
            if time.monotonic() > until:
                return

    def _catch_up(self, device: Device) -> None:
        """Take the events that the device remembers and that were not heard."""
        events = past_events(device)
        if self._mark is not None and self._mark not in [_mark(device, event) for event in events]:
            self._mark = None  # it was switched off and on, or so much has happened that nothing is known of between
            self.memory = replace(self.memory, book=self.memory.book.without_news(), problems={})
        after = self._mark[0] if self._mark is not None else 0
        self._take(device, [event for event in events if event.sequence > after])

    def _take(self, device: Device, events: Sequence[DeviceEvent]) -> None:
        """Write down what has happened, then tell of it."""
        before = self.present
        for event in events:
            self._mark = _mark(device, event)
            self.memory = replace(self.memory, book=self.memory.book.with_event(event))
        if any(event.kind == "restored" for event in events):
            self._seen = {}  # the same numbers may be other strangers now
            self.memory = replace(self.memory, pictures={})
        if any(event.kind in ("visit_ended", "restored") for event in events):
            self._read(device)  # before it is told, so that whoever then looks finds the stranger
        for event in events:
            told = to_event(event, self.memory.book, self.memory.names)
            if isinstance(told, Problem):
                self._note_problem(told)
            if told is not None:
                self.announcer.announce(told)
        if self.present != before:
            self.announcer.announce(Presence(self.present))

    def _note_problem(self, problem: Problem) -> None:
        others = {slug: text for slug, text in self.memory.problems.items() if slug != problem.reason.split("_back")[0]}
        lasting = {} if problem.reason.endswith("_back") else {problem.reason: problem.text}
        self.memory = replace(self.memory, problems=others | lasting)

    def _read(self, device: Device) -> None:
        """Read the lists, and tell of those that have changed."""
        people, strangers = tuple(device.people()), tuple(device.strangers())
        numbers = {stranger.number for stranger in strangers}
        before = self.memory
        self._seen = {number: visits for number, visits in self._seen.items() if number in numbers}
        self._waiting = strangers
        pictures = {number: picture for number, picture in before.pictures.items() if number in numbers}
        self.memory = replace(before, info=device.info, people=people, pictures=pictures)
        self._show_strangers()
        if people != before.people:
            self._changed("people", "visits")
        if self.memory.strangers != before.strangers:
            self._changed("strangers")
        if self.status.state == "watching":
            self._set("watching", self._connected_text())

    def _fetch_picture(self, device: Device) -> None:
        """Fetch one picture that has not come yet, of the stranger who was here last."""
        missing = [one for one in self._waiting if one.width and self._seen.get(one.number) != one.visits]
        if not missing:
            return
        stranger = max(missing, key=lambda one: one.last_seen)
        self._seen[stranger.number] = stranger.visits
        try:
            grey = device.picture(stranger.number)
        except CommandError:  # gone, or damaged: it is shown without one
            pass
        else:
            jpeg = portrait(grey, Box(0, 0, grey.shape[1], grey.shape[0]))
            self.memory = replace(self.memory, pictures={**self.memory.pictures, stranger.number: jpeg})
        self._show_strangers()
        self._changed("strangers", "visits")

    def _show_strangers(self) -> None:
        shown = tuple(one for one in self._waiting if not one.width or one.number in self._seen)
        self.memory = replace(self.memory, strangers=shown)

    def _work(self, device: Device) -> None:
        """Do what is asked for."""
        while not self._asked.empty():
            work, done = self._asked.get()
            if not done.set_running_or_notify_cancel():
                continue
            try:
                result = work(device)
            except (LostLineError, SilentDeviceError, LostSessionError, WrongKeyError) as error:
                done.set_exception(ConnectionError(f"{error}; look at the lists before you try again"))
                raise
            except Exception as error:
                try:
                    self._read(device)  # somebody else may have changed the lists, or the answer alone was lost
                finally:
                    done.set_exception(error)
            else:
                try:
                    self._read(device)
                finally:
                    done.set_result(result)

    def _lose(self, error: Exception) -> None:
        if self._stopped.is_set():
            return
        self.memory = replace(self.memory, book=self.memory.book.without_news())
        self._set("lost", self._lost_text(error))
        self._refuse_all(self.status.text)

    def _refuse_all(self, text: str) -> None:
        while not self._asked.empty():
            _, done = self._asked.get()
            if done.set_running_or_notify_cancel():
                done.set_exception(ConnectionError(text))

    def _connected_text(self) -> str:
        memory, info = self.memory, self.memory.info
        assert info is not None  # the lists were read  # noqa: S101
        return (
            f"Connected to the device on {self._port}: {len(memory.people)} of {info.people} people, "
            f"{len(self._waiting)} of {info.strangers} strangers"
        )

    def _lost_text(self, error: Exception) -> str:
        absent = isinstance(error, LostLineError | SilentDeviceError | LostSessionError | OSError)
        if self._heard_at is None or not absent:
            return f"{error}; trying again"
        since = moment(self._heard_at[0], datetime.now().astimezone())
        return f"The device on {self._port} has not answered since {since}; trying again"

    def _set(self, state: State, text: str) -> None:
        status = Status(state, text)
        if status != self.status:
            self.status = status
            self.announcer.announce(status)

    def _changed(self, *lists: str) -> None:
        for what in lists:
            self.announcer.announce(Changed(what))


def _mark(device: Device, event: DeviceEvent) -> _Mark:
    return event.sequence, event.kind, round((event.time - device.moment(0)) * 1000)
