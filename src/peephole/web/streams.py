"""Everything that flows to browsers: server-sent events and the live picture.

A viewer never holds up the doorbell: each has a mailbox of its own, in which only the newest picture and a limited
number of events wait.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from anyio import to_thread

from peephole.live import Announcer, Changed, Look, Message, Presence, Status
from peephole.web.door import Happenings
from peephole.web.lists import lost_line, present_line, state_word
from peephole.web.overlay import Painter

MOST_WAITING = 256
"""Events that wait for one viewer; a slower one loses the oldest and reads the lists instead."""
HEARTBEAT = 15.0
"""Seconds after which a line without meaning shows that the connection still stands."""
BOUNDARY = "peephole-frame"


class Mailbox:
    """What one viewer has not been sent yet. Filled from any thread, emptied in the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.look: Look | None = None
        self.messages: deque[Message] = deque(maxlen=MOST_WAITING)
        self.closed = False
        self._loop = loop
        self._filled = asyncio.Event()

    def put(self, message: Message) -> None:
        """Take a message; never blocks."""
        if isinstance(message, Look):
            self.look = message
        else:
            self.messages.append(message)
        self._wake()

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


class Streams:
    """The open streams of all viewers."""

    def __init__(self, live: Happenings) -> None:
        self._live = live
        self._painter = Painter()
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

    async def events(self, faces: bool) -> AsyncIterator[str]:
        """Give server-sent events: what the doorbell tells, and with `faces` who is there and where the faces are."""
        with self._mailbox(self._live.announcer) as mailbox:
            yield sse("status", status_json(self._live.status, self._live.pictures))
            if faces and not self._live.pictures and self._live.status.state == "watching":
                yield sse("faces", presence_json(self._live.present))
            told = time.monotonic()
            while not (mailbox.closed or self._closed):
                await mailbox.wait(HEARTBEAT)
                messages = [mailbox.messages.popleft() for _ in range(len(mailbox.messages))]
                waiting = [
                    message_sse(one, self._live.pictures) for one in messages if faces or not isinstance(one, Presence)
                ]
                look, mailbox.look = mailbox.look, None
                if faces and look is not None:
                    # Before the rest: a source that ended meanwhile leaves nobody standing at the door.
                    waiting.insert(0, sse("faces", faces_json(look)))
                # Looks that this viewer did not ask for wake it too, and are no sign of life to it.
                if not waiting and time.monotonic() - told > 0.9 * HEARTBEAT:
                    waiting.append(": still here\n\n")
                for text in waiting:
                    yield text
                    told = time.monotonic()

    async def pictures(self, names: bool, rate: float) -> AsyncIterator[bytes]:
        """Give the parts of an endless multipart response, one JPEG each, at most `rate` a second."""
        with self._mailbox(self._live.announcer) as mailbox:
            look = self._live.newest
            yield f"--{BOUNDARY}\r\n".encode()
            while not (mailbox.closed or self._closed):
                if look is not None:
                    data = await to_thread.run_sync(self._painter.jpeg, look, names)
                    yield part(data)
                    await asyncio.sleep(1 / rate)
                if mailbox.look is None:
                    await mailbox.wait(HEARTBEAT)
                look, mailbox.look = mailbox.look, None

    async def picture(self, names: bool) -> bytes | None:
        """Give the newest picture alone."""
        look = self._live.newest
        return None if look is None else await to_thread.run_sync(self._painter.jpeg, look, names)

    @contextmanager
    def _mailbox(self, announcer: Announcer) -> Any:
        mailbox = Mailbox(asyncio.get_running_loop())
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
    if isinstance(message, Look):
        return sse("faces", faces_json(message))
    if isinstance(message, Presence):
        return sse("faces", presence_json(message.names))
    data = message.as_json()
    return sse(str(data["event"]), data)


def status_json(status: Status, pictures: bool = True) -> dict[str, Any]:
    """How the door is doing; `line` is what the page says of it until the next faces."""
    line = None if status.state == "watching" else lost_line(pictures)
    return {**vars(status), "word": state_word(status.state, pictures), "line": line}


def presence_json(names: Sequence[str]) -> dict[str, Any]:
    """Who is there in a sentence, where no picture shows the faces."""
    return {"line": present_line(names), "faces": []}


def faces_json(look: Look) -> dict[str, Any]:
    """Who is there in a sentence, and where the faces are, in shares of the picture's width and height."""
    height, width = look.frame.image.shape[:2]
    return {
        "line": present_line(look.present),
        "faces": [
            {
                "visit": face.visit,
                "label": face.label,
                "kind": face.kind,
                "left": round(face.box.x / width, 4),
                "top": round(face.box.y / height, 4),
                "width": round(face.box.width / width, 4),
                "height": round(face.box.height / height, 4),
            }
            for face in look.faces
        ],
    }
