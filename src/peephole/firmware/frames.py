"""Frames for a device: grey, of its camera's size, in a file that the emulator reads one after the other."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntFlag
from itertools import chain
from typing import IO

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.doorbell.pictures import to_grey
from peephole.doorbell.policy import milliseconds
from peephole.vision.sources import Frame

WIDTH, HEIGHT = 320, 240
FRAMES = "frames.bin"


class Mode(IntFlag):
    """What the firmware does beside watching.

    LOOKS: tell what is seen, and decide nothing. PRESS: the button for pairing was pressed just now. STAY: serve the
    owner on after the last frame, until the emulator is stopped.
    """

    LOOKS = 1
    PRESS = 2
    STAY = 4


WATCH = Mode(0)
FRAMES_MAGIC = int.from_bytes(b"PPF1", "little")


@dataclass(frozen=True)
class GreyFrame:
    """pixels: uint8 [H,W]. time: milliseconds of any origin."""

    pixels: NDArray[np.uint8]
    time: int


@dataclass(frozen=True)
class Stall:
    """Nothing comes from the camera until a moment; until: milliseconds of the same clock as the frames'."""

    until: int


def for_camera(image: NDArray[np.uint8], width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """Return the middle of a picture, [H,W] or [H,W,3] (BGR), as a camera of this size would see it: uint8 [h,w].

    What sticks out on the longer side is cut off; the rest is scaled, by area where it shrinks. A picture that is grey
    and of the size already stays as it is.
    """
    grey = to_grey(image)
    high, wide = grey.shape
    if (high, wide) == (height, width):
        return grey
    across = min(wide, max(1, round(high * width / height)))
    down = min(high, max(1, round(wide * height / width)))
    left, top = (wide - across) // 2, (high - down) // 2
    middle = grey[top : top + down, left : left + across]
    way = cv2.INTER_AREA if across > width else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(middle, (width, height), interpolation=way), np.uint8)


def camera_frames(frames: Iterable[Frame]) -> Iterator[GreyFrame]:
    """Pass on the frames of a source as the device's camera sees them, at the same times."""
    for frame in frames:
        yield GreyFrame(for_camera(frame.image), milliseconds(frame.time))


def begun(frames: Iterator[GreyFrame]) -> Iterator[GreyFrame]:
    """Take the first frame now, so that what keeps it from coming is raised before anything else is begun."""
    return chain([first], frames) if (first := next(frames, None)) is not None else frames


def write_frames(
    file: IO[bytes], frames: Iterable[GreyFrame | Stall], mode: Mode = WATCH, width: int = WIDTH, height: int = HEIGHT
) -> int:
    """Write what the emulator reads, a header and then of each frame its time as int64 and its pixels.

    The header: magic, width, height and mode, each int32. Of a stall there is the time alone, as -1 less the moment.
    Numbers are little-endian. Returns how many frames there were. Raises `ValueError` for one of another size.
    """
    count = 0
    file.write(struct.pack("<4i", FRAMES_MAGIC, width, height, mode))
    for frame in frames:
        if isinstance(frame, Stall):
            file.write(struct.pack("<q", -1 - frame.until))
            continue
        if frame.pixels.shape != (height, width) or frame.pixels.dtype != np.uint8:
            raise ValueError(f"a frame is {frame.pixels.shape}, not {height} rows of {width} bytes")
        file.write(struct.pack("<q", frame.time) + frame.pixels.tobytes())
        count += 1
    return count
