"""The loop between source and doorbell: order of messages, pace, end, failure."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from peephole.doorbell.doorbell import LiveFace
from peephole.doorbell.events import Event, Problem, Rang
from peephole.live import Changed, LiveDoorbell, Message, Status, View
from peephole.vision.sources import Frame, Notice


class Recording:
    name, live = "a recording", False

    def __init__(self, times: list[float], failure: Exception | None = None) -> None:
        self.times, self.failure, self.closed = times, failure, False

    def __iter__(self) -> Iterator[Frame]:
        for number, at in enumerate(self.times):
            yield Frame(np.zeros((4, 4, 3), np.uint8), at, number)
        if self.failure:
            raise self.failure

    def close(self) -> None:
        self.closed = True


class Bell:
    """Tells one event a frame; `versions` are those of its gallery, frame by frame."""

    def __init__(self, *versions: int) -> None:
        self.versions = list(versions)

    def recover(self) -> list[Event]:
        return [Problem(0, "recover", "recovered")]

    def process(self, frame: Frame) -> list[Event]:
        return [Problem(frame.time, "frame", str(frame.number))]

    def gallery_version(self) -> object:
        return self.versions.pop(0) if self.versions else None

    def ring(self, time: float, source: str, image: object) -> list[Event]:
        return [Rang("v1", time, source)]

    def flush(self) -> list[Event]:
        return [Problem(0, "flush", "flushed")]

    def current(self) -> tuple[LiveFace, ...]:
        return ()


def listening(live: LiveDoorbell) -> list[Message]:
    heard: list[Message] = []
    live.announcer.listen(heard.append)
    return heard


def words(messages: list[Message]) -> list[str]:
    return [
        message.text if isinstance(message, Problem | Status) else "look"
        for message in messages
        if isinstance(message, Problem | Status | View)
    ]


def test_everything_in_order_from_recovery_to_flush() -> None:
    live, source = LiveDoorbell(Bell()), Recording([0.0, 0.1])
    heard = listening(live)
    live.watch(source, at_its_pace=False)
    assert words(heard) == [
        "recovered", "Watching a recording", "look", "0", "look", "1", "a recording has ended", "flushed",
    ]  # fmt: skip
    assert source.closed


def test_what_another_process_changed_is_told_once() -> None:
    live = LiveDoorbell(Bell(7, 7, 8, 8))
    heard = listening(live)
    live.watch(Recording([0.0, 0.1, 0.2, 0.3]), at_its_pace=False)
    changes = [(number, message.what) for number, message in enumerate(heard) if isinstance(message, Changed)]
    third = next(number for number, message in enumerate(heard) if isinstance(message, Problem) and message.text == "2")
    assert changes == [(third + 1, "people"), (third + 2, "strangers"), (third + 3, "visits")]


def test_failure_of_the_source_still_ends_the_visits() -> None:
    live = LiveDoorbell(Bell())
    heard = listening(live)
    with pytest.raises(ValueError, match="cut off"):
        live.watch(Recording([0.0], ValueError("the video is cut off")), at_its_pace=False)
    assert words(heard)[-2:] == ["the video is cut off", "flushed"]
    assert live.status.state == "ended"


def test_recording_is_played_at_its_pace() -> None:
    live = LiveDoorbell(Bell())
    begin = time.monotonic()
    live.watch(Recording([100.0, 100.1, 100.3]), at_its_pace=True)
    assert 0.29 <= time.monotonic() - begin < 60
    begin = time.monotonic()
    LiveDoorbell(Bell()).watch(Recording([0.0, 1000.0]), at_its_pace=False)
    assert time.monotonic() - begin < 60


def test_stop_ends_a_long_wait() -> None:
    live = LiveDoorbell(Bell())
    threading.Timer(0.1, live.stop).start()
    begin = time.monotonic()
    live.watch(Recording([0.0, 1000.0]), at_its_pace=True)
    assert time.monotonic() - begin < 60


def test_stop_before_start() -> None:
    live, source = LiveDoorbell(Bell()), Recording([0.0])
    live.stop()
    live.watch(source, at_its_pace=False)
    assert live.newest is None and source.closed


def test_lost_and_back() -> None:
    live = LiveDoorbell(Bell())
    live.report(Notice(False, "camera 0: cannot be reached"))
    assert live.status == Status("lost", "camera 0: cannot be reached")
    live.report(Notice(True, "camera 0: the picture is back"))
    assert live.status.state == "watching"


def test_who_left_hears_nothing_more() -> None:
    live = LiveDoorbell(Bell())
    heard: list[Message] = []
    leave = live.announcer.listen(heard.append)
    leave()
    live.watch(Recording([0.0]), at_its_pace=False)
    assert heard == []


def test_a_ring_is_told_at_once_by_the_clock_of_the_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveDoorbell(Bell())
    heard = listening(live)
    monkeypatch.setattr("peephole.live.time.time", lambda: 5000.0)
    monkeypatch.setattr("peephole.live.time.monotonic", lambda: 7.0)

    live.ring("http")
    live.watch(Recording([100.0]), at_its_pace=False)
    monkeypatch.setattr("peephole.live.time.monotonic", lambda: 9.0)
    live.ring("button")

    assert [one for one in heard if isinstance(one, Rang)] == [Rang("v1", 5000.0, "http"), Rang("v1", 102.0, "button")]


def test_a_thread_that_works_or_waits_leaves_marks_and_one_that_is_done_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peephole.live.BEAT_SECONDS", 0.02)
    live = LiveDoorbell(Bell())
    marks: set[float | None] = set()
    live.announcer.listen(lambda message: marks.add(live.beat_at))
    watching = threading.Thread(target=lambda: live.watch(Recording([0.0, 1.0]), at_its_pace=True))
    watching.start()
    while watching.is_alive():
        marks.add(live.beat_at)
        time.sleep(0.002)
    assert len(marks - {None}) >= 4  # two frames leave two
    assert live.beat_at is None


def test_presses_of_a_button_that_bounces_or_is_heard_of_in_two_ways_are_one_ring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [7.0]
    monkeypatch.setattr("peephole.live.time.monotonic", lambda: clock[0])
    live = LiveDoorbell(Bell())
    heard = listening(live)
    for at, source in ((7.0, "button"), (7.1, "button"), (8.9, "mqtt"), (9.1, "http")):
        clock[0] = at
        live.ring(source)
    assert [one.source for one in heard if isinstance(one, Rang)] == ["button", "http"]


def test_a_ring_at_a_camera_that_has_ended_is_a_visit_that_is_over() -> None:
    live = LiveDoorbell(Bell())
    live.watch(Recording([0.0]), at_its_pace=False)
    heard = listening(live)
    live.ring("button")
    assert [one.text if isinstance(one, Problem) else type(one) for one in heard] == [Rang, "flushed"]


def test_a_thread_that_a_fault_of_ours_ends_is_told_and_counts_as_one_that_hangs() -> None:
    live = LiveDoorbell(Bell())
    with pytest.raises(TypeError):
        live.watch(Recording([0.0], TypeError("a bug")), at_its_pace=False)
    assert live.status.state == "ended" and "a fault of the doorbell itself (TypeError)" in live.status.text
    assert live.beat_at is not None
