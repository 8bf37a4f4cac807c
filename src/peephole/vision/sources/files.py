"""Recordings: a video file, or a folder of pictures read in the order of their names."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2

from peephole.image_files import SUFFIXES, read_picture
from peephole.vision.sources.frame import Frame, Image

FOLDER_RATE = 5.0
"""Pictures a second that a folder stands for: as frames are commonly cut out of a recording."""
FALLBACK_RATE = 10.0
"""For a video that does not say how fast it was recorded."""


def silence_opencv() -> None:
    """Keep OpenCV and FFmpeg from writing to stderr: what went wrong is said once, by us, in one line."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(0)


class FolderSource:
    """The pictures of a folder (or one single picture), sorted by name, `FOLDER_RATE` a second."""

    live = False

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        """List the pictures and read the first, so that a file that is no picture fails here.

        Raises:
            OSError: the first cannot be read.
            ValueError: there is none, or the first is no picture.
        """
        self.name = str(path)
        found = [path] if path.is_file() else sorted(path.iterdir())
        self._paths = [entry for entry in found if entry.suffix.lower() in SUFFIXES and entry.is_file()]
        if not self._paths:
            raise ValueError(f"{path}: the folder holds no picture; put JPEG, PNG or WebP files into it")
        self._first: Image | None = read_picture(self._paths[0])
        self._start = clock()
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        """Decode one picture after the other."""
        for number, path in enumerate(self._paths):
            if self._closed.is_set():
                return
            picture, self._first = self._first, None
            yield Frame(read_picture(path) if picture is None else picture, self._start + number / FOLDER_RATE, number)

    def close(self) -> None:
        """End the iterator."""
        self._closed.set()


class VideoSource:
    """A video file (MP4, AVI, GIF and whatever else OpenCV's FFmpeg reads)."""

    live = False

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Open the file and read its first frame, so that a file that is no video fails here.

        Raises:
            ValueError: no frame can be read from it.
        """
        silence_opencv()
        self.name = str(path)
        with path.open("rb") as file:
            text = _is_text(file.read(512))
        if text:
            raise ValueError(f"{path}: not a video but text; name a video file, a picture or a folder of pictures")
        self._capture = cv2.VideoCapture(self.name, cv2.CAP_FFMPEG)
        self._first = self._read()
        if self._first is None:
            self._capture.release()
            raise ValueError(f"{path}: not a video that can be read, or one cut off before its first picture")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._rate = rate if 0.1 <= rate <= 1000 else FALLBACK_RATE
        # A GIF does not say how many pictures it has, but its last byte marks its end.
        self._cut = path.suffix.lower() == ".gif" and _last_byte(path) != b";"
        self._promised = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._start = clock()
        self._closed = threading.Event()

    def _read(self) -> Image | None:
        got, image = self._capture.read()
        return image.astype("uint8", copy=False) if got else None

    def __iter__(self) -> Iterator[Frame]:
        """Decode the frames in order.

        Raises:
            ValueError: after the last frame that could be read, where the file promised clearly more of them.
        """
        image, number = self._first, 0
        while image is not None and not self._closed.is_set():
            yield Frame(image, self._start + number / self._rate, number)
            image, number = self._read(), number + 1
        closed = self._closed.is_set()
        self._capture.release()
        # Containers may count a frame or two more than can be decoded; a cut file lacks far more than that.
        if not closed and self._cut:
            raise ValueError(
                f"{self.name}: the video is cut off after {number} pictures, which were used; copy the file again"
            )
        if not closed and number < 0.95 * self._promised - 2:
            raise ValueError(
                f"{self.name}: the video is cut off: {number} of {self._promised:.0f} pictures could be read and "
                "were used; copy the file again"
            )

    def close(self) -> None:
        """End the iterator; the file is released by the thread that reads it."""
        self._closed.set()


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)


def _is_text(beginning: bytes) -> bool:
    """FFmpeg plays text as a terminal would, and follows the addresses of playlists; neither is a recording."""
    return bool(beginning) and all(byte >= 32 or byte in b"\t\n\r\f" for byte in beginning)
