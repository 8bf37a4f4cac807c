"""What every source of pictures gives: frames with a time of their own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from peephole.vision.image import Image as Image


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    Attributes:
        image: uint8, [H,W,3] in blue-green-red order, or [H,W] grey.
        time: seconds since the epoch. A recording counts from the moment it was opened at the rate it was recorded
            at, however fast it is read, so that its visits come out alike at any speed.
        number: frames the source has had so far; a live source skips numbers when the reader is slower than it.
    """

    image: Image
    time: float
    number: int


@dataclass(frozen=True)
class Notice:
    """One line about a change: a source was lost (`working` is False) or has come back."""

    working: bool
    text: str


Report = Callable[[Notice], None]
Beat = Callable[[], None]
"""Called by a source at least every `BEAT_SECONDS` while it waits, in the thread that asked for a frame."""
BEAT_SECONDS = 1.0


def no_beat() -> None:
    """Show nobody that a source waits and does not hang."""


class FrameSource(Protocol):
    """An iterator of frames that may hold a device, a connection or a file open until `close`."""

    name: str
    """How messages call it; never with a password in it."""
    live: bool
    """Whether its frames come at their own pace (a camera) rather than as fast as they are asked for."""

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames in order; ends with the source, or never."""
        ...

    def close(self) -> None:
        """Let go of the device; the iterator ends soon after. May be called from another thread, and twice."""
        ...
