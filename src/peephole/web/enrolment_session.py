"""Where somebody is introduced: one session at a time, in memory, gone when its owner leaves."""

import dataclasses
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.events import Decided, VisitEnded
from peephole.doorbell.guidance import TURNS, Instruction, Turn
from peephole.doorbell.introduction import Introduction
from peephole.live import Message, View
from peephole.web.door import Camera, Happenings

LONGEST = 300.0
"""Seconds after which a session ends by itself."""
IDLE = 45.0
"""Seconds after which it ends where nobody looks at its page any more."""
PAUSE = 0.12
"""Seconds between two frames that are looked at."""
STALE = 5.0
"""Seconds after which a picture says nothing of who is there."""
WORDS: dict[Turn, str] = {
    "straight": "straight",
    "left": "left",
    "right": "right",
    "up": "chin up",
    "down": "chin down",
}
OVER = "this introduction is over; begin another one"
NO_PICTURE = Instruction("no_picture", "The camera gives no picture.")


@dataclass
class EnrolmentSession:
    """Somebody who is being introduced at a camera. Times by time.monotonic()."""

    introduction: Introduction
    camera: Camera
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    begun: float = field(default_factory=time.monotonic)
    asked: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)
    visits: set[str] = field(default_factory=set)
    """Visits that were in view alone meanwhile."""

    def over(self, now: float) -> bool:
        """Tell whether it has lasted too long, or nobody looks at it any more."""
        return now - self.begun > LONGEST or now - self.asked > IDLE


class EnrolmentSessions:
    """One person after the other is introduced, never two at once.

    While somebody is, a face that is alone in view at that camera is no news: nobody is told of a stranger. Once that
    person is saved, her visit stays quiet to its end.
    """

    def __init__(self, memory: Doorbell, live: Happenings) -> None:
        self._memory = memory
        self._live = live
        self._session: EnrolmentSession | None = None
        self._lock = threading.Lock()
        self._quiet: deque[tuple[str, str]] = deque(maxlen=64)  # (visit, person) of those who were saved
        live.announcer.listen(self._hear)
        live.announcer.amend(self._hush)

    @property
    def cameras(self) -> tuple[str, ...]:
        """Name of every camera, the first one first; of an only one it may be empty."""
        return tuple(one.camera for one in self._live.cameras)

    def current(self) -> EnrolmentSession | None:
        """Return the session that is going on."""
        with self._lock:
            if self._session is not None and self._session.over(time.monotonic()):
                self._session = None
            return self._session

    @property
    def pictures(self) -> bool:
        """Whether the door sends any."""
        return self._live.pictures

    def looked_at(self, by_owner: bool) -> EnrolmentSession | None:
        """Return the session that is going on, which an owner's looking at it keeps going."""
        session = self.current()
        if session is not None and by_owner:
            session.asked = time.monotonic()
        return session

    def begin(self, name: str, camera: str = "") -> EnrolmentSession:
        """Begin to look; raise ValueError where another session goes on, or for a camera that there is not."""
        found = next((one for one in self._live.cameras if camera in ("", one.camera)), None)
        if found is None or not self._live.pictures:
            raise ValueError(f"{camera}: there is no camera of this name" if camera else "this door sends no pictures")
        introduction = self._memory.introduction(name)
        with self._lock:
            if self._session is not None and not self._session.over(time.monotonic()):
                raise ValueError(f"{self._session.introduction.label()} is being introduced; save or cancel that first")
            session = self._session = EnrolmentSession(introduction, found)
        threading.Thread(target=self._look, args=(session,), name="introduction", daemon=True).start()
        return session

    @contextmanager
    def held(self, token: str) -> Iterator[EnrolmentSession]:
        """Hold the session of that token, so that nobody saves or cancels it at the same time.

        Raises ValueError where it is over.
        """
        session = self.current()
        if session is None or session.token != token:
            raise ValueError(OVER)
        session.asked = time.monotonic()
        with session.lock:
            if self.current() is not session:  # saved or cancelled while this one waited
                raise ValueError(OVER)
            yield session

    def end(self, session: EnrolmentSession, person: str | None = None) -> None:
        """Forget everything that was not stored. person: id of who was saved."""
        with self._lock:
            if self._session is session:
                self._session = None
            if person is not None:
                self._quiet.extend((visit, person) for visit in session.visits)

    def _look(self, session: EnrolmentSession) -> None:
        """Look at the newest frame, again and again, until the session is over or the camera is."""
        last: View | None = None
        while self.current() is session and session.camera.status.state != "ended":
            view, seen_at = session.camera.newest, session.camera.newest_at
            with session.lock:
                if view is None or seen_at is None or time.monotonic() - seen_at > STALE:
                    session.introduction.instruction = NO_PICTURE
                elif view is not last:
                    try:
                        session.introduction.see(view.frame.image, time.monotonic(), view.zone)
                    except (OSError, ValueError) as error:
                        session.introduction.instruction = Instruction("trouble", str(error))
            last = view
            time.sleep(PAUSE)

    def _hear(self, message: Message) -> None:
        if not isinstance(message, View) or len(message.faces) != 1 or not message.faces[0].visit:
            return
        with self._lock:
            if self._session is not None and message.camera == self._session.camera.camera:
                self._session.visits.add(message.faces[0].visit)

    def _hush(self, message: Message) -> Message:
        if not isinstance(message, Decided | VisitEnded):
            return message
        session = self.current()
        with self._lock:
            going_on = session is not None and message.visit in session.visits and message.decision != "known"
            quiet = going_on or (message.visit, message.person_id) in self._quiet
        return dataclasses.replace(message, silent=True) if quiet else message


def state_of(session: EnrolmentSession) -> dict[str, Any]:
    """Return everything that the page shows of a session; `version` changes when any of it does."""
    introduction = session.introduction
    with session.lock:
        kept = {look.turn: look for look in introduction.kept}
        like, instruction = introduction.like, introduction.instruction
        strangers = introduction.strangers() if kept else ()
    looks = [
        {"turn": turn, "word": word, "number": kept[turn].number if turn in kept else None,
         "turned": turn in kept and kept[turn].turned}
        for turn, word in WORDS.items()
    ]  # fmt: skip
    said = {
        "session": session.token,
        "camera": session.camera.camera,
        "name": introduction.label(),
        "instruction": instruction.slug,
        "text": instruction.text,
        "looks": looks,
        "kept": len(kept),
        "wanted": len(TURNS),
        "like": {"id": like[0], "name": like[1]} if like is not None else None,
        "strangers": [{"id": one.id, "number": one.number, "visits": one.visits} for one in strangers],
    }
    shown = [
        instruction.slug,
        introduction.label(),
        like[0] if like is not None else "",
        *(str(look["number"]) for look in looks),
        *(one.id for one in strangers),
    ]
    return {**said, "version": "-".join(shown)}
