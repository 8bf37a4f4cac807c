"""Frames on a serial line: COBS (Cheshire and Baker, 1999), a version, a type and a CRC-32. The same as csrc/app."""

import struct
import zlib
from dataclasses import dataclass

VERSION = 1
HELLO, PAIR, REQUEST = 0x01, 0x02, 0x03
WELCOME, PAIRED, REPLY, EVENT, REFUSED = 0x81, 0x82, 0x83, 0x84, 0xFF
LONGEST_MESSAGE = 1024
_LONGEST_RUN = 254
_LONGEST_FRAME = 1200  # stuffed; what is longer is no frame


def stuffed(frame: bytes) -> bytes:
    """Return a frame without a zero in it, and with one before and one behind it."""
    out = bytearray(b"\0")
    for run in frame.split(b"\0"):
        while len(run) >= _LONGEST_RUN:
            out += b"\xff" + run[:_LONGEST_RUN]
            run = run[_LONGEST_RUN:]
        out += bytes([len(run) + 1]) + run
    return bytes(out) + b"\0"


def unstuffed(content: bytes) -> bytes | None:
    """Return the frame of what stood between two zeros; None if it was cut."""
    out = bytearray()
    at = 0
    while at < len(content):
        run = content[at]
        if at + run > len(content):
            return None
        out += content[at + 1 : at + run]
        at += run
        if run <= _LONGEST_RUN and at < len(content):
            out += b"\0"
    return bytes(out)


@dataclass(frozen=True)
class Frame:
    """A whole frame whose checksum is right; `body` is without version, type and checksum."""

    version: int
    type: int
    body: bytes


def checked(frame: bytes) -> bytes:
    """Return a frame with its checksum behind it."""
    return frame + struct.pack("<I", zlib.crc32(frame))


def packed(frame_type: int, body: bytes = b"") -> bytes:
    """Return what is sent for a frame."""
    return stuffed(checked(bytes([VERSION, frame_type]) + body))


class FrameReader:
    """Finds frames in what arrives; anything else is passed over."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def take(self, content: bytes) -> list[Frame]:
        """Return the frames that are complete now."""
        *whole, last = (self._rest + content).split(b"\0")
        self._rest = bytearray(last[-_LONGEST_FRAME:])
        return [frame for part in whole if (frame := _frame(bytes(part))) is not None]


def _frame(content: bytes) -> Frame | None:
    frame = unstuffed(content) if len(content) <= _LONGEST_FRAME else None
    if frame is None or len(frame) < 6 or zlib.crc32(frame[:-4]) != int.from_bytes(frame[-4:], "little"):
        return None
    return Frame(frame[0], frame[1], frame[2:-4])
