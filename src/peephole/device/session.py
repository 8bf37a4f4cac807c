"""A session with a device: what is said in it nobody else can read, change or repeat. csrc/app/session.h says how."""

import os
import struct
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from peephole.device import framing
from peephole.device.errors import (
    CommandError,
    DeviceError,
    LostAnswerError,
    LostSessionError,
    SilentDeviceError,
    WrongKeyError,
)
from peephole.device.framing import Frame, FrameReader, packed
from peephole.device.keys import ID_BYTES, KEY_BYTES
from peephole.device.line import Line

NONCE_BYTES = 16
_POLL = 0.05  # seconds of one wait for bytes
_QUIET = 0.3  # seconds after which something that was damaged is sent again

DAMAGED, OTHER_VERSION, TYPE, UNPAIRED, BUTTON, NO_SESSION, REPLAYED, ORDER, FORGED, FAILED = range(1, 11)


class Session:
    """One owner's side of a line. Requests go one after the other.

    Args:
        line: To the device.
        seconds: How long an answer may take.
        attempts: How often a request is sent before the device counts as silent.
    """

    def __init__(self, line: Line, seconds: float = 5.0, attempts: int = 3) -> None:
        self._line = line
        self._seconds = seconds
        self._attempts = attempts
        self._reader = FrameReader()
        self._frames: deque[Frame] = deque()
        self._events: deque[Any] = deque()
        self._owner: ChaCha20Poly1305 | None = None
        self._device: ChaCha20Poly1305 | None = None
        self._number = 0
        self._sent = 0
        self._heard = -1

    def pair(self) -> bytes:
        """Return the new key that the device makes, if its button was pressed."""
        frame = self._exchange(packed(framing.PAIR), lambda frame: frame.type == framing.PAIRED)
        if len(frame.body) != KEY_BYTES:
            raise DeviceError(f"{self._line.name}: the device's key is {len(frame.body)} bytes long, not {KEY_BYTES}")
        return frame.body

    def open(self, find_key: Callable[[bytes], bytes]) -> None:
        """Begin a session; `find_key` returns the key of an id. The first request proves it to both sides."""
        nonce = os.urandom(NONCE_BYTES)
        length = 2 * NONCE_BYTES + ID_BYTES

        def is_answer(frame: Frame) -> bool:
            return frame.type == framing.WELCOME and len(frame.body) == length and frame.body.startswith(nonce)

        body = self._exchange(packed(framing.HELLO, nonce), is_answer).body
        nonces = body[: 2 * NONCE_BYTES]
        secret = find_key(body[2 * NONCE_BYTES :])
        both = HKDF(SHA256(), 64, salt=nonces, info=b"peephole session 1").derive(secret)
        self._owner, self._device = ChaCha20Poly1305(both[:32]), ChaCha20Poly1305(both[32:])
        self._number = int.from_bytes(nonces[NONCE_BYTES : NONCE_BYTES + 4], "little")
        self._sent, self._heard = 0, -1

    def ask(self, command: int, *arguments: object) -> list[Any]:
        """Return what the device answers, without the leading 0.

        Raises `CommandError` when it refuses, `LostSessionError` when the request was not taken, `LostAnswerError` when
        it was, or may have been, and the answer is lost, and other `DeviceError`.
        """
        if self._owner is None:
            raise LostSessionError(f"{self._line.name}: no session was begun")
        request = cbor2.dumps([command, *arguments])
        if len(request) > framing.LONGEST_MESSAGE:
            raise DeviceError(
                f"{self._line.name}: {len(request):,} bytes in one request, and a device takes "
                f"{framing.LONGEST_MESSAGE:,}; shorten the name, or change fewer settings at once"
            )
        counter = self._sent
        header = struct.pack("<BBII", framing.VERSION, framing.REQUEST, self._number, counter)
        sealed = self._owner.encrypt(_nonce(counter), request, header)
        self._sent += 1
        answer: list[bytes] = []

        def is_answer(frame: Frame) -> bool:
            text = self._opened(frame) if frame.type == framing.REPLY else None
            if text is None or text[:4] != counter.to_bytes(4, "little"):
                return False
            answer.append(text[4:])
            return True

        self._exchange(framing.stuffed(framing.checked(header + sealed)), is_answer, counter)
        return _accepted(self._line.name, answer[0])

    def next_event(self, seconds: float) -> Any | None:
        """Return the next event that the device tells of; None when there is none for so long."""
        until = time.monotonic() + seconds
        while not self._events:
            frame = self._next_frame(until)
            if frame is None:
                return None
            if frame.type == framing.EVENT:
                self._take_event(frame)
            elif frame.type == framing.REFUSED and frame.body[:1] == bytes([NO_SESSION]):
                raise LostSessionError(f"{self._line.name}: the session is over")
        return self._events.popleft()

    def _exchange(self, content: bytes, is_answer: Callable[[Frame], bool], counter: int | None = None) -> Frame:
        """Send until the answer comes. counter: of the request, whose refusals are then told by it.

        What was damaged is sent again soon; the last one is waited for to the end, as it may be behind much noise.
        """
        for attempt in range(self._attempts):
            self._line.write(content)
            until = time.monotonic() + self._seconds
            while (frame := self._next_frame(until)) is not None:
                if frame.version != framing.VERSION:
                    raise self._other_version(frame.version)
                if frame.type == framing.REFUSED:
                    sooner = self._refused(frame, counter, until, again=attempt > 0)
                    until = sooner if attempt + 1 < self._attempts else until
                elif frame.type == framing.EVENT:
                    self._take_event(frame)
                elif is_answer(frame):
                    return frame
        also = "that nobody else has its line, which takes one at a time" if "://" in self._line.name else "the speed"
        raise SilentDeviceError(
            f"{self._line.name}: no answer; check that this is a peephole device, that it is on, and {also}"
        )

    def _refused(self, frame: Frame, counter: int | None, until: float, again: bool) -> float:
        """Raise what a refusal means; return until when to wait for the answer if it may still come.

        again: the request was sent before, and may have been taken then.
        """
        if len(frame.body) != 5:
            return until
        reason, detail = struct.unpack("<BI", frame.body)
        if reason == DAMAGED:
            return min(until, time.monotonic() + _QUIET)
        if reason == OTHER_VERSION:
            raise self._other_version(detail)
        if counter is None:
            self._refused_greeting(reason, detail)
        else:
            self._refused_request(reason, detail, counter, again)
        return until

    def _refused_greeting(self, reason: int, detail: int) -> None:
        name = self._line.name
        if reason == UNPAIRED:
            raise WrongKeyError(f"{name}: not paired yet; press the device's button and run: peephole device pair")
        if reason == BUTTON:
            raise DeviceError(f"{name}: press the device's button, and pair within a minute")
        if reason == FAILED:
            raise DeviceError(f"{name}: the device could not do it (status {detail}); try again")

    def _refused_request(self, reason: int, detail: int, counter: int, again: bool) -> None:
        name = self._line.name
        if reason == NO_SESSION and detail == self._number:
            if again:
                raise LostAnswerError(
                    f"{name}: the session was over before the answer came; look what the device knows now"
                )
            raise LostSessionError(f"{name}: another owner has taken over, or the device began anew; try again")
        if reason == ORDER:
            raise LostSessionError(f"{name}: the device missed something; try again")
        if reason == REPLAYED and detail == counter:
            raise LostAnswerError(f"{name}: the device did it, but its answer was lost; look what it knows now")
        if reason == FORGED and detail == counter:
            raise WrongKeyError(f"{name}: the device has another key; press its button and run: peephole device pair")

    def _other_version(self, version: int) -> DeviceError:
        return DeviceError(
            f"{self._line.name}: the device speaks version {version} of the protocol and this program version "
            f"{framing.VERSION}; update the older one"
        )

    def _take_event(self, frame: Frame) -> None:
        text = self._opened(frame)
        if text is not None:
            self._events.append(_decoded(self._line.name, text))

    def _opened(self, frame: Frame) -> bytes | None:
        """What the device sealed; None for what it did not, or came before."""
        if self._device is None or len(frame.body) < 8:
            return None
        number, counter = struct.unpack_from("<II", frame.body)
        if number != self._number or counter <= self._heard:
            return None
        header = bytes([frame.version, frame.type]) + frame.body[:8]
        try:
            text = self._device.decrypt(_nonce(counter), frame.body[8:], header)
        except InvalidTag:
            return None
        self._heard = counter
        return text

    def _next_frame(self, until: float) -> Frame | None:
        while not self._frames:
            left = until - time.monotonic()
            if left <= 0:
                return None
            self._frames.extend(self._reader.take(self._line.read(min(left, _POLL))))
        return self._frames.popleft()


def _nonce(counter: int) -> bytes:
    return struct.pack("<I8x", counter)


def _decoded(name: str, text: bytes) -> Any:
    try:
        return cbor2.loads(text)
    except (cbor2.CBORError, ValueError) as error:
        raise DeviceError(f"{name}: the device's words are no CBOR; update it or this program") from error


def _accepted(name: str, text: bytes) -> list[Any]:
    reply = _decoded(name, text)
    if not isinstance(reply, list) or not reply or not isinstance(reply[0], int):
        raise DeviceError(f"{name}: an answer that is none; update the device or this program")
    if reply[0] != 0:
        raise CommandError(reply[0], str(reply[1]) if len(reply) > 1 else "")
    return reply[1:]
