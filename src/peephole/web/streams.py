"""Everything that flows to browsers: server-sent events and the live picture.

A viewer never holds up the doorbell: each has a mailbox of its own, in which only the newest picture and a limited
number of events wait.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from anyio import to_thread

from peephole.doorbell.events import Challenge, VisitEnded
from peephole.live import Announcer, Changed, Message, Presence, Status, View
from peephole.web.door import Camera, Happenings
from peephole.web.lists import challenge_line, lost_line, present_line, state_word
from peephole.web.overlay import Painter

MOST_WAITING = 256
"""Events that wait for one viewer; a slower one loses the oldest and reads the lists instead."""
HEARTBEAT = 15.0
"""Seconds after which a line without meaning shows that the connection still stands."""
BOUNDARY = "peephole-frame"
CHALLENGE, THANKS = 8.0, 4.0
"""Seconds for which the picture says what the visitor is told, unless that is said again; as in app.js."""


class Mailbox:
    """What one viewer has not been sent yet. Filled from any thread, emptied in the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, camera: str | None = None) -> None:
        """Start empty. camera: whose pictures are taken; None: of every one."""
        self._camera = camera
        self._views: dict[str, View] = {}
        self.messages: deque[Message] = deque(maxlen=MOST_WAITING)
        self.closed = False
        self._loop = loop
        self._filled = asyncio.Event()

    def put(self, message: Message) -> None:
        """Take a message; never blocks."""
        if isinstance(message, View):
            if self._camera not in (None, message.camera):
                return
            self._views[message.camera] = message
        else:
            self.messages.append(message)
        self._wake()

    def views(self) -> list[View]:
        """Take the newest picture of each camera out."""
        return [self._views.pop(camera) for camera in list(self._views)]

    def close(self) -> None:
        """Let the viewer's stream end."""
        self.closed = True
        self._wake()

    async def wait(self, seconds: float) -> None:
        """Return when something arrived, or after so many seconds."""
        try:
            await asyncio.wait_for(self._filled.wait(), seconds)
        except TimeoutError:
            return
        self._filled.clear()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has ended, and the viewer with it
            self._loop.call_soon_threadsafe(self._filled.set)


class Challenges:
    """What the visitor before each camera is told to do, as of now; heard in any thread."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[Challenge, float]] = {}

    def hear(self, message: Message) -> None:
        """Keep what is told until it is over, or was not said again for longer than a step takes."""
        if isinstance(message, Challenge):
            self._told[message.camera] = message, time.monotonic() + (CHALLENGE if message.turn else THANKS)
        elif isinstance(message, VisitEnded):
            told = self._told.get(message.camera)
            if told is not None and told[0].visit == message.visit:
                self._told.pop(message.camera, None)

    def line(self, camera: str) -> str:
        """Return the line for whoever looks at a camera; empty: nothing is asked."""
        told = self._told.get(camera)
        return challenge_line(told[0].text) if told is not None and time.monotonic() < told[1] else ""


class Streams:
    """The open streams of all viewers."""

    def __init__(self, live: Happenings) -> None:
        self._live = live
        self._challenges = Challenges()
        live.announcer.listen(self._challenges.hear)
        self._painters = {live.camera: Painter() for live in self._live.cameras}
        self._open: set[Mailbox] = set()
        self._closed = False

    @property
    def viewers(self) -> int:
        """How many streams are open."""
        return len(self._open)

    @property
    def has_pictures(self) -> bool:
        """Whether the door sends pictures as they are taken."""
        return self._live.pictures

    def close(self) -> None:
        """End every stream, so that a server that stops need not wait for viewers to leave."""
        self._closed = True
        for mailbox in list(self._open):
            mailbox.close()

    async def events(self, faces: bool) -> AsyncGenerator[str, None]:
        """Give server-sent events: what the doorbell tells, and with `faces` who is there and where the faces are."""
        with self._mailbox(self._live.announcer) as mailbox:
            for live in self._live.cameras:
                yield sse("status", status_json(live.status, self._live.pictures))
            if faces and not self._live.pictures and self._live.status.state == "watching":
                yield sse("faces", presence_json(self._live.present))
            told = time.monotonic()
            while not (mailbox.closed or self._closed):
                await mailbox.wait(HEARTBEAT)
                messages = [mailbox.messages.popleft() for _ in range(len(mailbox.messages))]
                waiting = [
                    message_sse(one, self._live.pictures) for one in messages if faces or not isinstance(one, Presence)
                ]
                views = mailbox.views()
                if faces:
                    # Before the rest: a source that ended meanwhile leaves nobody standing at the door.
                    waiting = [sse("faces", faces_json(view)) for view in views] + waiting
                # Looks that this viewer did not ask for wake it too, and are no sign of life to it.
                if not waiting and time.monotonic() - told > 0.9 * HEARTBEAT:
                    waiting.append(": still here\n\n")
                for text in waiting:
                    yield text
                    told = time.monotonic()

    def camera(self, name: str) -> Camera:
        """Return the camera of a name, the first for none; raise KeyError where there is no such camera."""
        found = next((live for live in self._live.cameras if name in ("", live.camera)), None)
        if found is None:
            raise KeyError(name)
        return found

    async def pictures(self, camera: Camera, names: bool, rate: float, small: bool) -> AsyncGenerator[bytes, None]:
        """Give the parts of an endless multipart response, one JPEG each, at most `rate` a second.

        small: for a tile of the page.
        """
        with self._mailbox(self._live.announcer, camera.camera) as mailbox:
            view = camera.newest
            yield f"--{BOUNDARY}\r\n".encode()
            while not (mailbox.closed or self._closed):
                if view is not None:
                    yield part(await self._jpeg(view, names, small))
                    await asyncio.sleep(1 / rate)
                views = mailbox.views()
                if not views:
                    await mailbox.wait(HEARTBEAT)
                    views = mailbox.views()
                view = views[0] if views else None

    async def picture(self, camera: Camera, names: bool, small: bool) -> bytes | None:
        """Give a camera's newest picture alone. small: for a tile of the page."""
        view = camera.newest
        return None if view is None else await self._jpeg(view, names, small)

    async def _jpeg(self, view: View, names: bool, small: bool) -> bytes:
        line = self._challenges.line(view.camera)
        return await to_thread.run_sync(self._painters[view.camera].jpeg, view, names, small, line)

    @contextmanager
    def _mailbox(self, announcer: Announcer, camera: str | None = None) -> Any:
        mailbox = Mailbox(asyncio.get_running_loop(), camera)
        self._open.add(mailbox)
        leave = announcer.listen(mailbox.put)
        try:
            yield mailbox
        finally:
            leave()
            self._open.discard(mailbox)


def part(data: bytes) -> bytes:
    """One JPEG as a part of a multipart response.

    It ends with the boundary before the next part: browsers show a picture only when they have read that.
    """
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data + f"\r\n--{BOUNDARY}\r\n".encode()


def sse(event: str, data: dict[str, Any]) -> str:
    """One server-sent event; JSON has no raw line ends, so one data line is enough."""
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def message_sse(message: Message, pictures: bool = True) -> str:
    """A message as a server-sent event, named as in `peephole run --json`. pictures: whether the door sends some."""
    if isinstance(message, Status):
        return sse("status", status_json(message, pictures))
    if isinstance(message, Changed):
        return sse("changed", vars(message))
    if isinstance(message, View):
        return sse("faces", faces_json(message))
    if isinstance(message, Presence):
        return sse("faces", presence_json(message.names))
    data = message.as_json()
    if isinstance(message, Challenge):
        data["line"] = challenge_line(message.text)
    return sse(str(data["event"]), data)


def status_json(status: Status, pictures: bool = True) -> dict[str, Any]:
    """How the door is doing; `line` is what the page says of it until the next faces."""
    line = None if status.state == "watching" else lost_line(pictures)
    return {**vars(status), "word": state_word(status.state, pictures), "line": line}


def presence_json(names: Sequence[str]) -> dict[str, Any]:
    """Who is there in a sentence, where no picture shows the faces."""
    return {"camera": "", "line": present_line(names), "faces": []}


def faces_json(view: View) -> dict[str, Any]:
    """Who is there in a sentence, and where the faces are, in shares of the picture's width and height."""
    height, width = view.frame.image.shape[:2]
    return {
        "camera": view.camera,
        "line": present_line(view.present),
        "faces": [
            {
                "visit": face.visit,
                "label": face.label,
                "kind": face.kind,
                "near": face.near,
                "left": round(face.box.x / width, 4),
                "top": round(face.box.y / height, 4),
                "width": round(face.box.width / width, 4),
                "height": round(face.box.height / height, 4),
            }
            for face in view.faces
        ],
    }
