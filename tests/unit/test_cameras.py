"""Several cameras at once: one that fails, ends or hangs leaves the others alone; listeners hear one at a time."""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from films import Film, House
from peephole import cameras as watching
from peephole.cameras import Failure, Unopened, joined
from peephole.doorbell.events import Problem, Rang
from peephole.live import Announcer, Message, Status, View
from peephole.operations.supervisor import ALONE_SECONDS, HUNG_SECONDS, to_be_started_anew
from peephole.vision.sources import Frame
from peephole.vision.sources.live import LiveSource, Patience
from peephole.web.streams import Streams
from waiting import until


def test_one_that_fails_leaves_the_others_alone_and_all_visits_are_ended() -> None:
    house, fault = House.of("front", "garden", "back"), OSError("the cable was cut")
    failures = house.watch(Film("a", 5), Film("b", 2, failure=fault), Unopened("back", ValueError("no such file")))
    assert {(one.camera, str(one.error)) for one in failures} == {
        ("garden", "the cable was cut"),
        ("back", "no such file"),
    }
    assert failures == house.failures
    assert [house.looks(name) for name in ("front", "garden", "back")] == [5, 2, 0]
    assert house.flushed() == {"front", "garden", "back"}
    assert [live.status.text for live in house.cameras.cameras] == [
        "a has ended",
        "the cable was cut",
        "no such file",
    ]


def test_only_a_fault_of_the_program_is_ours() -> None:
    assert [Failure("a", error).is_ours for error in (OSError("x"), ValueError("x"), TypeError("x"))] == [
        False,
        False,
        True,
    ]


def test_all_end_soon_after_they_are_told_to() -> None:
    house, wait = House.of("front", "garden"), threading.Event()
    watched = threading.Thread(target=lambda: house.watch(Film("a", wait=wait), Film("b", wait=wait)))
    watched.start()
    house.cameras.stop()
    wait.set()
    watched.join(30)
    assert not watched.is_alive()
    assert house.flushed() == {"front", "garden"}


def test_one_that_hangs_does_not_keep_the_others_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "STOP_SECONDS", 0.3)
    house, never = House.of("front", "garden"), threading.Event()
    watched = threading.Thread(target=lambda: house.watch(Film("a"), Film("b", frames=1, wait=never)))
    watched.start()
    until(lambda: house.looks("garden") == 1)
    house.cameras.stop()
    watched.join(30)
    assert not watched.is_alive()
    until(lambda: house.flushed() == {"front"})
    never.set()


def test_the_bell_rings_at_the_camera_that_is_named_else_at_the_first() -> None:
    house = House.of("front", "garden")
    house.cameras.ring("http")
    house.cameras.ring("mqtt", "garden")
    assert [(one.source, one.camera) for one in house.heard if isinstance(one, Rang)] == [
        ("http", "front"),
        ("mqtt", "garden"),
    ]
    with pytest.raises(ValueError, match="attic: there is no camera of this name; there are: front, garden"):
        house.cameras.ring("http", "attic")


@pytest.mark.parametrize(
    ("states", "state", "text"),
    [
        (("watching", "watching"), "watching", "Watching 2 cameras"),
        (("watching", "lost"), "lost", "camera 1: gone"),
        (("ended", "lost"), "lost", "camera 1: gone"),
        (("ended", "watching"), "ended", "camera 0: gone"),
        (("starting", "watching"), "starting", "camera 0: gone"),
        (("lost", "lost"), "lost", "camera 0: gone; camera 1: gone"),
    ],
)
def test_a_household_does_as_badly_as_its_worst_camera(states, state: str, text: str) -> None:
    told = joined([Status(one, "gone", f"camera {number}") for number, one in enumerate(states)])
    assert (told.state, told.text) == (state, text)


def test_listeners_hear_one_camera_at_a_time() -> None:
    announcer, inside, most = Announcer(), [], []

    def listener(message: Message) -> None:
        inside.append(message)
        time.sleep(0.001)
        most.append(len(inside))
        inside.clear()

    announcer.listen(listener)
    tellers = [
        threading.Thread(target=lambda: [announcer.announce(Status("watching", "x")) for _ in range(20)])
        for _ in range(4)
    ]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()
    assert most == [1] * 80


def test_a_listener_may_announce_what_it_makes_of_a_message() -> None:
    announcer, heard = Announcer(), list[Message]()

    def listener(message: Message) -> None:
        heard.append(message)
        if isinstance(message, Status):
            announcer.announce(Problem(0, "door", message.text))

    announcer.listen(listener)
    announcer.announce(Status("lost", "the lock is away"))
    assert [type(one) for one in heard] == [Status, Problem]


class Mark:
    def __init__(self, beat_at: float | None) -> None:
        self.camera, self.beat_at = "front", beat_at


@pytest.mark.parametrize(
    ("silent", "anew"),
    [
        ([0], False),
        ([HUNG_SECONDS + 1], True),
        ([HUNG_SECONDS + 1, 0], False),
        ([HUNG_SECONDS + 1, HUNG_SECONDS + 1], True),
        ([ALONE_SECONDS + 1, 0], True),
        ([HUNG_SECONDS + 1, None], True),  # the other has ended
        ([None, None], False),
    ],
)
def test_a_camera_that_hangs_interrupts_the_others_only_after_minutes(silent: list[float | None], anew: bool) -> None:
    marks = [Mark(None if seconds is None else 5000.0 - seconds) for seconds in silent]
    assert to_be_started_anew(marks, 5000.0) == anew


class Cable:
    """A camera's device that gives three frames each time it is opened, and then fails."""

    def __init__(self) -> None:
        self.left = 3

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(0.02)
        self.left -= 1
        return (True, np.zeros((4, 4, 3), np.uint8)) if self.left >= 0 else (False, None)

    def release(self) -> None:
        pass


def test_a_camera_that_is_lost_comes_back_while_another_goes_on() -> None:
    house, end = House.of("front", "garden"), threading.Event()
    front = house.cameras.cameras[0]
    soon = Patience(open=1, silence=1, first_retry=0.05, longest_retry=0.05)
    source = LiveSource("camera 1", Cable, report=front.report, beat=front.beat, patience=soon)
    watched = threading.Thread(target=lambda: house.watch(source, Film("b", frames=50, wait=end)))
    watched.start()
    states: list[str] = []

    def came_back_twice() -> bool:
        states[:] = [one.state for one in list(house.heard) if isinstance(one, Status) and one.camera == "front"]
        return states.count("watching") >= 3

    until(came_back_twice)
    house.cameras.stop()
    end.set()
    watched.join(30)
    assert states[:5] == ["watching", "lost", "watching", "lost", "watching"]
    assert house.looks("garden") == 50
    assert {one.state for one in house.heard if isinstance(one, Status) and one.camera == "garden"} <= {
        "watching",
        "ended",
    }


def test_a_viewer_is_told_of_every_camera_and_sent_the_newest_faces_of_each() -> None:
    house = House.of("front", "garden")
    announcer = house.cameras.announcer

    def look(camera: str, number: int) -> View:
        return View(Frame(np.zeros((4, 8, 3), np.uint8), 0.0, number), (), camera=camera)

    async def told() -> list[dict[str, object]]:
        events = Streams(house.cameras).events(faces=True)
        texts = [await anext(events) for _ in house.cameras.cameras]
        for number, camera in enumerate(("front", "garden", "front")):
            announcer.announce(look(camera, number))
        announcer.announce(Status("lost", "gone", "garden"))
        texts += [await anext(events) for _ in range(3)]
        await events.aclose()  # type: ignore[attr-defined]
        return [json.loads(text.split("data: ")[1]) for text in texts]

    with ThreadPoolExecutor(1) as pool:  # after the browser tests this thread has an event loop already
        heard = pool.submit(asyncio.run, told()).result(timeout=10)
    assert [(one["camera"], one.get("state", "faces")) for one in heard] == [
        ("front", "starting"),
        ("garden", "starting"),
        ("front", "faces"),
        ("garden", "faces"),
        ("garden", "lost"),
    ]
