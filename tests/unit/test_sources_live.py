"""Cameras and streams that come, go, fall silent and come back; the device is made up, the threads are real."""

import http.server
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

from peephole.vision.sources import Notice, open_source
from peephole.vision.sources.live import MOST_HUNG, LiveSource, Patience, open_stream
from peephole.vision.sources.stillness import Stillness
from ports import free_port
from waiting import PATIENCE, until

QUICK = Patience(open=0.2, silence=0.2, first_retry=0.01, longest_retry=0.05)
UNHURRIED = Patience(open=30, silence=30, first_retry=0.01, longest_retry=0.05)
"""For devices that fail at once, and are only slow where the machine is."""


class Device:
    """Gives so many frames, then fails, or hangs until told."""

    def __init__(
        self, frames: int, hang: threading.Event | None = None, opened: bool = True, pause: float = 0.005
    ) -> None:
        self.pause = pause
        self.left, self.hang, self.opened, self.released = frames, hang, opened, threading.Event()

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def read(self) -> tuple[bool, np.ndarray | None]:
        if self.left:
            self.left -= 1
            time.sleep(self.pause)
            return True, np.full((4, 6, 3), self.left % 256, np.uint8)
        if self.hang is not None:
            self.hang.wait(30)
        return False, None

    def release(self) -> None:
        self.released.set()


def source_of(
    devices: list[Device], notices: list[Notice], once: bool = False, patience: Patience = QUICK
) -> LiveSource:
    """The devices one after the other, then others like the last one: a busy machine may leave one behind."""
    waiting, (left, opened) = iter(devices), (devices[-1].left, devices[-1].opened)
    return LiveSource(
        "camera 7",
        lambda: next(waiting, None) or Device(left, opened=opened),
        once=once,
        report=notices.append,
        patience=patience,
    )


def frames_until(source: LiveSource, enough: Callable[[int], bool]) -> int:
    """Take frames until `enough` says so; the time-out is a failure."""
    killer = threading.Timer(PATIENCE, source.close)
    killer.start()
    count = 0
    for _ in source:
        count += 1
        if enough(count):
            killer.cancel()
            source.close()
            return count
    raise AssertionError(f"ended by itself after {count} frames")


def test_lost_camera_comes_back_and_each_change_is_said_once() -> None:
    notices: list[Notice] = []
    dead = [Device(0, opened=False) for _ in range(3)]
    devices = [Device(3), *dead, Device(10_000)]
    frames_until(source_of(devices, notices, patience=UNHURRIED), lambda count: len(notices) == 2)
    assert [notice.text for notice in notices] == [
        "camera 7: the picture stopped; trying again until it comes back",
        "camera 7: the picture is back",
    ]
    assert [notice.working for notice in notices] == [False, True]
    assert all(device.released.wait(30) for device in devices)


def test_camera_that_is_not_there_yet() -> None:
    notices: list[Notice] = []
    frames_until(source_of([Device(0, opened=False), Device(5)], notices), lambda count: count >= 1)
    assert notices[0].text == "camera 7: cannot be reached; trying again until it comes back"


def test_silent_device_is_left_behind() -> None:
    notices: list[Notice] = []
    hang = threading.Event()
    frames_until(source_of([Device(2, hang), Device(10_000)], notices), lambda count: len(notices) == 2)
    hang.set()
    assert "stopped" in notices[0].text and "back" in notices[1].text


def test_once_gives_up() -> None:
    with pytest.raises(ConnectionError, match="camera 7: cannot be reached; check"):
        list(source_of([Device(0, opened=False)], [], once=True, patience=UNHURRIED))
    with pytest.raises(ConnectionError, match="camera 7: the picture stopped"):
        list(source_of([Device(2)], [], once=True, patience=UNHURRIED))


def test_slow_reader_gets_the_newest_frame() -> None:
    numbers = []
    device = Device(10**9, pause=0)
    source = source_of([device], [])
    for frame in source:
        numbers.append(frame.number)
        if len(numbers) == 5:
            source.close()
            break
        left = device.left
        until(lambda left=left: device.left < left - 10)  # type: ignore[misc]
    # The last of the ten may not have been put down yet.
    assert all(later - earlier >= 9 for earlier, later in itertools.pairwise(numbers)), numbers


def test_close_from_another_thread_ends_a_waiting_reader() -> None:
    hang = threading.Event()
    source = LiveSource("camera 7", lambda: Device(0, hang), report=lambda notice: None)
    threading.Timer(0.1, source.close).start()
    begin = time.monotonic()
    assert list(source) == []
    assert time.monotonic() - begin < 15
    hang.set()


def test_waits_grow() -> None:
    tries: list[float] = []

    def connect() -> Device:
        tries.append(time.monotonic())
        return Device(0, opened=False)

    patience = Patience(open=0.2, silence=0.2, first_retry=0.02, longest_retry=0.16)
    source = LiveSource("camera 7", connect, report=lambda notice: None, patience=patience)
    threading.Timer(0.9, source.close).start()
    assert list(source) == []
    waits = np.diff(tries)
    assert all(wait >= least for wait, least in zip(waits, [0.02, 0.04, 0.08, 0.16, 0.16], strict=False)), waits


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://10.0.0.9/live", "rtsp://10.0.0.9"),
        ("rtsp://door:s3:cret@10.0.0.9:554/live", "rtsp://10.0.0.9:554"),
        ("rtsp://me:s3@cret@door.local/live", "rtsp://door.local"),
        ("rtsp://10.0.0.9:554/user=admin&password=s3cret", "rtsp://10.0.0.9:554"),
        ("rtsp://10.0.0.9/user=admin&password=s3@cret", "rtsp://10.0.0.9"),
        ("rtsp://[fe80::1]:554/s3cret", "rtsp://[fe80::1]:554"),
        ("https://door/live?token=s3cret", "https://door"),
        ("https://door?token=s3cret", "https://door"),
        ("rtsp://me:s3/cret@10.0.0.9/live", "rtsp://***"),
        ("rtsp://me:12/34@10.0.0.9/live", "rtsp://***"),
        ("rtsp://me:s3@cret/s3@door/live", "rtsp://***"),
        ("rtsp://me:s3?cret@10.0.0.9/live", "rtsp://***"),
        ("rtsp://me:s3#cret@10.0.0.9/live", "rtsp://***"),
        ("rtsp://door:s3cret/live", "rtsp://door"),
        ("rtsp://", "rtsp://***"),
    ],
)
def test_nothing_secret_of_an_address_is_shown(url: str, shown: str) -> None:
    assert open_stream(url, once=True, report=lambda notice: None).name == shown


@pytest.mark.parametrize("spec", ["rtps://me:s3cret@door/live", "rtsp:/me:s3cret@door", "me:s3cret@door/live"])
def test_a_misspelt_address_is_not_repeated(spec: str) -> None:
    with pytest.raises(ValueError, match="begins with rtsp://") as caught:
        open_source(spec, report=lambda notice: None)
    assert "s3cret" not in str(caught.value)


def test_unreachable_stream() -> None:
    address = f"rtsp://owner:secret@127.0.0.1:{free_port()}/live"
    with pytest.raises(ConnectionError, match=r"^rtsp://127[.]0[.]0[.]1:\d+: cannot be reached"):
        list(open_source(address, report=lambda notice: None, once=True))


def test_stream_that_accepts_and_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"rtsp://127.0.0.1:{mute.getsockname()[1]}/live"
        begin = time.monotonic()
        with pytest.raises(ConnectionError, match="cannot be reached"):
            list(open_stream(address, once=True, report=lambda notice: None, patience=Patience(open=0.5, silence=0.5)))
        assert time.monotonic() - begin < 60  # it would never


class _Camera(http.server.BaseHTTPRequestHandler):
    """A network camera that sends a few JPEGs and hangs up."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        for value in range(0, 250, 10):
            jpeg = cv2.imencode(".jpg", np.full((64, 96, 3), value, np.uint8))[1].tobytes()
            self.wfile.write(b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
            self.wfile.write(jpeg + b"\r\n")
            time.sleep(0.02)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def camera_server(port: int = 0) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), _Camera)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_real_stream_that_ends_and_comes_back() -> None:
    notices: list[Notice] = []
    with camera_server() as port:
        source = open_stream(
            f"http://127.0.0.1:{port}/live",
            once=False,
            report=notices.append,
            patience=Patience(open=30, silence=30, first_retry=0.05),
        )
        count = frames_until(source, lambda count: len(notices) >= 2)
    assert count > 5
    assert "stopped" in notices[0].text and "back" in notices[1].text


def test_a_camera_that_is_tried_again_beats_and_one_whose_readers_all_hang_does_not() -> None:
    hang, beats, made = threading.Event(), [0], [0]
    notices: list[Notice] = []

    def connect() -> Device:
        made[0] += 1
        return Device(0, hang)

    def beat() -> None:
        beats[0] += 1

    source = LiveSource("camera 7", connect, report=notices.append, beat=beat, patience=QUICK)
    watching = threading.Thread(target=lambda: list(source))
    watching.start()
    until(lambda: made[0] == MOST_HUNG)

    def at_rest() -> bool:
        told = beats[0]
        time.sleep(0.6)  # three silences
        return beats[0] == told

    until(at_rest)
    assert made[0] == MOST_HUNG <= beats[0]
    hang.set()  # one comes back: the next try follows
    until(lambda: made[0] > MOST_HUNG)
    source.close()
    watching.join(30)
    assert [notice.working for notice in notices] == [False]


class Picture(Device):
    """A device that works, and shows the same picture as long as `changes` does not say otherwise."""

    def __init__(self, changes: Callable[[], bool]) -> None:
        super().__init__(10**9, pause=0.002)
        self.changes = changes

    def read(self) -> tuple[bool, np.ndarray | None]:
        got, image = super().read()
        return got, image if self.changes() else np.full((4, 6, 3), 7, np.uint8)


def test_a_picture_that_is_frozen_is_a_camera_that_is_lost_until_it_changes() -> None:
    notices, opened, thawed = list[Notice](), list[Device](), threading.Event()

    def connect() -> Device:
        opened.append(Picture(thawed.is_set))
        if len(opened) == 4:  # opened anew it shows the same at first: it is not back, and not told of again
            thawed.set()
        return opened[-1]

    patience = Patience(open=30, silence=30, first_retry=0.01, longest_retry=0.01, frozen=0.001)
    source = LiveSource("camera 7", connect, report=notices.append, patience=patience)
    frames_until(source, lambda count: len(notices) == 2)
    assert [(one.working, one.text) for one in notices] == [
        (
            False,
            "camera 7: the picture is frozen, not one pixel of it has changed for 1 s; "
            "trying again until it comes back",
        ),
        (True, "camera 7: the picture is back"),
    ]
    assert len(opened) >= 4
    assert all(device.released.wait(30) for device in opened[:3])


def test_a_picture_that_stays_frozen_is_asked_for_anew_only_after_as_long_again() -> None:
    class Frozen(Stillness):
        """Says that the picture has been the same for ever, until it is to count anew."""

        same = 1e9

        def seconds(self, image: np.ndarray, now: float) -> float:
            return self.same

        def count_anew(self, now: float) -> None:
            self.same = 0.0

    opened = list[Device]()

    def connect() -> Device:
        opened.append(Device(10**9))
        return opened[-1]

    patience = Patience(open=30, silence=30, first_retry=0.01, longest_retry=0.01)
    source = LiveSource("camera 7", connect, report=lambda notice: None, patience=patience)
    source._stillness = Frozen()
    frames_until(source, lambda count: count == 20)
    assert len(opened) == 2


def test_a_picture_that_changes_by_one_pixel_is_none_that_is_frozen() -> None:
    still, picture = Stillness(), np.zeros((480, 640, 3), np.uint8)
    assert still.seconds(picture, 100.0) is None
    assert [still.seconds(picture.copy(), 100.0 + seconds) for seconds in (1, 60, 299)] == [1, 60, 299]
    picture = picture.copy()
    picture[479, 638, 1] = 1
    assert still.seconds(picture, 400.0) is None
    assert still.seconds(picture.copy(), 410.0) == 10
    still.count_anew(410.0)
    assert still.seconds(picture.copy(), 415.0) == 5
    assert still.seconds(picture[:240], 416.0) is None  # another size


def test_minutes_must_pass_before_a_picture_counts_as_frozen() -> None:
    assert Patience().frozen == 300
