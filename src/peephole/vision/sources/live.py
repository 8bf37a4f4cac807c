"""Sources that come at their own pace: a camera of this machine, or a stream from the network.

One thread reads, and keeps only the newest frame; the doorbell takes it when it is ready, so that it never works on a
picture from long ago. When the source fails, or falls silent, the reader says so once and tries again, ever more
seldom; the frame that then comes is said once too.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

import cv2

from peephole.time_words import duration
from peephole.vision.sources.files import silence_opencv
from peephole.vision.sources.frame import BEAT_SECONDS, Beat, Frame, Image, Notice, Report, no_beat
from peephole.vision.sources.stillness import Stillness

MOST_HUNG = 3
"""Threads of one source that may hang in a read which never returns, before no further one is started."""


class Capture(Protocol):
    """The part of OpenCV's VideoCapture that is used here."""

    def isOpened(self) -> bool:  # noqa: N802  (OpenCV's name)
        """Tell whether frames may be read."""
        ...

    def read(self) -> tuple[bool, Image | None]:
        """Block until the next frame, an error or a time-out."""
        ...

    def release(self) -> None:
        """Let go of the device."""
        ...


@dataclass(frozen=True)
class Patience:
    """How long a live source is waited for, in seconds."""

    open: float = 5.0
    """Until a connection must stand."""
    silence: float = 10.0
    """Without a new frame until the source counts as lost, even while OpenCV still waits."""
    frozen: float = 300.0
    """With the very same picture until the source counts as lost, though frames come; it is then opened anew."""
    first_retry: float = 1.0
    """Before the second try; doubled after each further failure."""
    longest_retry: float = 30.0
    """Never wait longer than this between two tries."""


@dataclass
class _Connection:
    """One try: its thread may hang inside OpenCV for ever, and is then left behind with this object."""

    frame: Frame | None = None
    failed: bool = False


class LiveSource:
    """The newest frame of a camera or stream."""

    live = True

    def __init__(
        self,
        name: str,
        connect: Callable[[], Capture],
        *,
        once: bool = False,
        report: Report,
        beat: Beat = no_beat,
        patience: Patience | None = None,
    ) -> None:
        """Prepare a source; nothing is opened before the first frame is asked for.

        Args:
            name: how messages call it.
            connect: opens the device; called again for every try, in a thread of its own.
            once: raise ConnectionError at the first failure instead of trying again.
            report: takes one line at each change between working and not working.
            beat: is called while a frame is waited for, but not once `MOST_HUNG` readers hang: no further try helps
                then, only a new process.
            patience: the waits.
        """
        self.name = name
        self._connect = connect
        self._once = once
        self._report = report
        self._beat = beat
        self._readers: list[threading.Thread] = []
        self._patience = patience or Patience()
        self._changed = threading.Condition()
        self._closed = False
        self._count = 0
        self._stillness = Stillness()

    def __iter__(self) -> Iterator[Frame]:
        """Give the newest frame whenever there is a newer one than the last given; reconnects until closed.

        Raises:
            ConnectionError: the source failed, and it was opened with `once`.
        """
        wait, working, frozen = self._patience.first_retry, None, False
        while not self._closed:
            self._wait_for_a_hung_reader()
            connection = _Connection()
            reader = threading.Thread(target=self._fill, args=(connection,), name=f"read {self.name}", daemon=True)
            self._readers.append(reader)
            reader.start()
            for frame in self._frames(connection):
                same = self._stillness.seconds(frame.image, time.monotonic())
                frozen, wait = frozen and same is not None, self._patience.first_retry
                if working is False and not frozen:
                    self._report(Notice(True, f"{self.name}: the picture is back"))
                working = not frozen
                yield frame
                if same is not None and same >= self._patience.frozen:
                    frozen = connection.failed = True
                    self._stillness.count_anew(time.monotonic())
                    break
            if self._closed:
                return
            problem = self._frozen() if frozen else "the picture stopped" if working else "cannot be reached"
            if self._once:
                raise ConnectionError(
                    f"{self.name}: {problem}; check that it is switched on and that its name is right"
                )
            if working is not False:
                self._report(Notice(False, f"{self.name}: {problem}; trying again until it comes back"))
            working = False
            with self._changed:
                self._wait(lambda: self._closed, wait)
            wait = min(2 * wait, self._patience.longest_retry)

    def _frozen(self) -> str:
        return f"the picture is frozen, not one pixel of it has changed for {duration(self._patience.frozen)}"

    def close(self) -> None:
        """End the iterator now, and the reading thread with its next frame."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _frames(self, connection: _Connection) -> Iterator[Frame]:
        """Give the frames of one connection until it fails, falls silent or is closed."""
        allowed = self._patience.open + self._patience.silence
        while True:
            with self._changed:
                ready = self._wait(lambda: self._closed or connection.failed or connection.frame is not None, allowed)
                frame, connection.frame = connection.frame, None
                if self._closed or not ready or frame is None:
                    connection.failed = True
                    return
            allowed = self._patience.silence
            yield frame

    def _wait(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Wait with a beat every second; `_changed` is held."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > BEAT_SECONDS:
            self._beat()
            if self._changed.wait_for(ready, timeout=BEAT_SECONDS):
                return True
        self._beat()
        return self._changed.wait_for(ready, timeout=max(0.0, left))

    def _wait_for_a_hung_reader(self) -> None:
        """Start no further thread while too many of them hang inside OpenCV or the driver."""
        while not self._closed:
            self._readers = [reader for reader in self._readers if reader.is_alive()]
            if len(self._readers) < MOST_HUNG:
                return
            with self._changed:
                self._changed.wait_for(lambda: self._closed, timeout=BEAT_SECONDS)

    def _fill(self, connection: _Connection) -> None:
        """Read one connection into its slot; runs in a thread of its own."""
        try:
            capture = self._connect()
            try:
                while capture.isOpened() and not self._closed and not connection.failed:
                    got, image = capture.read()
                    if not got or image is None:
                        break
                    with self._changed:
                        connection.frame = Frame(image, time.time(), self._count)
                        self._count += 1
                        self._changed.notify_all()
            finally:
                capture.release()
        except cv2.error:
            pass  # a device that OpenCV cannot handle is a device that failed
        finally:
            with self._changed:
                connection.failed = True
                self._changed.notify_all()


def open_camera(
    index: int, *, once: bool, report: Report, beat: Beat = no_beat, patience: Patience | None = None
) -> LiveSource:
    """Camera number `index` of this machine."""

    def connect() -> Capture:
        silence_opencv()
        return cv2.VideoCapture(index)  # type: ignore[return-value]

    return LiveSource(f"camera {index}", connect, once=once, report=report, beat=beat, patience=patience)


def open_stream(
    url: str, *, once: bool, report: Report, beat: Beat = no_beat, patience: Patience | None = None
) -> LiveSource:
    """A stream from the network: RTSP (over TCP, which loses no parts of pictures) or HTTP."""
    limits = patience or Patience()

    def connect() -> Capture:
        silence_opencv()
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
        times = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(1000 * limits.open)]
        times += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(1000 * limits.silence)]
        return cv2.VideoCapture(url, cv2.CAP_FFMPEG, times)  # type: ignore[return-value]

    return LiveSource(shown_address(url), connect, once=once, report=report, beat=beat, patience=limits)


def shown_address(url: str) -> str:
    """The part of an address that may be shown: scheme, host and port.

    `rtsp://user:secret@door:554/live?token=x` becomes `rtsp://door:554`. Cameras take passwords in the path and the
    query too. After a password with a bare `/`, `?` or `#` in it nobody can tell the host, so `rtsp://***` remains.
    """
    scheme, _, rest = url.partition("://")
    place, *path = re.split(r"[/?#]", rest, maxsplit=1)
    torn = any("@" in part for part in path)
    parts = re.fullmatch(r"(\[[^]]*\]|[^:]*)(:\d{1,5})?(:.*)?", place.rpartition("@")[2], re.DOTALL)
    host, port = (parts[1], parts[2] or "") if parts else ("", "")
    return f"{scheme}://{host}{port}" if host and (not torn or _is_digits(host)) else f"{scheme}://***"


def _is_digits(host: str) -> bool:
    """Whether it is an address and no name."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def camera_works(index: int = 0, patience: float = 5.0) -> bool:
    """Whether a camera is there and gives a picture in time; a device file alone may be no more than a promise."""
    source = open_camera(
        index, once=True, report=lambda notice: None, patience=Patience(open=patience, silence=patience)
    )
    try:
        return any(True for _ in source)
    except ConnectionError:
        return False
    finally:
        source.close()
