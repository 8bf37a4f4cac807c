"""A camera that failed is tried again, with pauses that grow, while the others go on."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from films import Film, House, Watcher
from peephole import retries as retrying
from peephole.cameras import Cameras
from peephole.cli.watching import Watched, watch_all
from peephole.doorbell.events import Event
from peephole.live import Announcer, LiveDoorbell, Message, Status
from peephole.operations.health import camera_check
from peephole.retries import LEAST_PROOF, LONGEST_PAUSE, Retries
from peephole.vision.sources import Frame
from waiting import until


class Now:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_pauses_grow_until_the_camera_has_shown_that_it_works() -> None:
    told, now = list[Exception](), Now()
    retries = Retries(lambda: Film("a"), lambda error: True, told.append, now)
    fault = TypeError("a fault")
    assert not retries.worked() and not retries.failing
    assert [retries.failed(fault) for _ in range(4)] == [1, 2, 4, 8]
    assert retries.failing and not retries.worked()
    now.seconds += LEAST_PROOF - 0.1
    assert not retries.worked()
    assert retries.failed(fault) == 16  # it had not worked for long enough
    assert not retries.worked()
    now.seconds += 15.9
    assert not retries.worked()  # it shows pictures for as long as it was left alone, and is back
    now.seconds += 0.1
    assert retries.worked() and not retries.failing and not retries.worked()
    assert told == [fault]
    assert [retries.failed(fault) for _ in range(12)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, *[LONGEST_PAUSE] * 3]
    assert told == [fault, fault]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(retrying, "LEAST_PROOF", 0.0)


@dataclass
class Faulty(Watcher):
    """Has a fault at so many frames, and then none."""

    faults: int = 0
    error: Exception = field(default_factory=lambda: TypeError("a fault"))

    def process(self, frame: Frame) -> list[Event]:
        if self.faults:
            self.faults -= 1
            raise self.error
        return []


def states(house: House, camera: str) -> list[str]:
    return [one.state for one in list(house.heard) if isinstance(one, Status) and one.camera == camera]


@dataclass
class Endless:
    """Frames until the end."""

    end: threading.Event
    name: str = "the same"
    live: bool = True

    def __iter__(self) -> Iterator[Frame]:
        number = 0
        while not self.end.wait(0.002):
            yield Frame(np.zeros((4, 4, 3), np.uint8), number / 10, number)
            number += 1

    def close(self) -> None:
        pass


def tried_again(house: House, end: threading.Event, *live: bool) -> tuple[list[LiveDoorbell], threading.Thread]:
    """Watch, with an endless film for a camera that failed; returns the cameras that were opened anew."""
    opened = list[LiveDoorbell]()

    def reopen(camera: LiveDoorbell) -> Endless:
        opened.append(camera)
        return Endless(end)

    films = [Film(one.camera, wait=end, live=is_live) for one, is_live in zip(house.cameras.cameras, live, strict=True)]

    def watch() -> None:
        house.cameras.watch(films, at_its_pace=False, failed=house.failures.append, reopen=reopen)

    thread = threading.Thread(target=watch)
    thread.start()
    return opened, thread


def household_of(*watchers: Watcher) -> House:
    announcer, heard = Announcer(), list[Message]()
    announcer.listen(heard.append)
    return House(Cameras([LiveDoorbell(one, announcer, one.camera) for one in watchers]), heard)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("error", [TypeError("a fault"), OSError("no disk")])
def test_a_camera_that_failed_is_tried_again_and_told_of_once(error: Exception) -> None:
    house, end = household_of(Faulty("front", 4, error), Watcher("garden")), threading.Event()
    front = house.cameras.cameras[0]
    opened, thread = tried_again(house, end, True, True)
    until(lambda: "watching" in states(house, "front")[2:])
    assert opened == [front] * 4
    assert states(house, "front") == ["watching", "lost", "watching"]  # not in between: it had not shown that it works
    assert front.status.text == "Watching the same again"
    assert [type(one.error) for one in house.failures] == [TypeError] * isinstance(error, TypeError)  # for the log
    assert camera_check(lambda: front.status)() is None
    lost = next(one for one in house.heard if isinstance(one, Status) and one.state == "lost")
    assert "trying again until it works" in (camera_check(lambda: lost)() or "")
    assert front.beat_at is not None
    house.cameras.stop()
    end.set()
    thread.join(30)
    assert not thread.is_alive() and front.beat_at is None


@pytest.mark.usefixtures("impatient")
def test_a_fault_that_every_camera_has_ends_all_of_them() -> None:
    house, end = household_of(Faulty("front", 10**9), Faulty("garden", 10**9)), threading.Event()
    _, thread = tried_again(house, end, True, True)
    thread.join(60)
    assert not thread.is_alive()
    assert {states(house, one)[-1] for one in ("front", "garden")} == {"ended"}
    assert all(live.beat_at is not None for live in house.cameras.cameras)  # as ones that hang: the process is to end


@pytest.mark.usefixtures("impatient")
def test_a_recording_and_the_only_camera_with_a_fault_of_ours_end_as_ever() -> None:
    house, end = household_of(Watcher("front"), Faulty("film", 1)), threading.Event()
    opened, thread = tried_again(house, end, True, False)
    until(lambda: states(house, "film")[-1:] == ["ended"])
    end.set()
    thread.join(30)
    assert (opened, len(house.failures)) == ([], 1)
    alone, over = household_of(Faulty("front", 1)), threading.Event()
    opened, thread = tried_again(alone, over, True)
    thread.join(30)
    assert (opened, states(alone, "front"), len(alone.failures)) == ([], ["watching", "ended"], 1)


def test_a_pause_ends_when_the_doorbell_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 3600.0)
    house, end = household_of(Faulty("front", 1), Watcher("garden")), threading.Event()
    opened, thread = tried_again(house, end, True, True)
    until(lambda: states(house, "front")[-1:] == ["lost"])
    house.cameras.stop()
    end.set()
    thread.join(30)
    assert not thread.is_alive() and opened == []


@pytest.mark.usefixtures("impatient")
def test_the_command_opens_what_a_camera_watched_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    house, end = household_of(Faulty("front", 2, OSError("no disk"))), threading.Event()
    (front,) = house.cameras.cameras
    asked = list[tuple[str, object]]()

    def open_source(spec: str, *, masks: object, **more: object) -> Endless:
        asked.append((spec, masks))
        return Endless(end)

    monkeypatch.setattr("peephole.vision.sources.open_source", open_source)
    corner = (((0.0, 0.0), (0.1, 0.0), (0.1, 0.1)),)
    again = {"front": Watched("rtsp://front", corner)}
    watched = threading.Thread(target=lambda: watch_all(house.cameras, [Endless(end)], at_its_pace=True, again=again))
    watched.start()
    until(lambda: states(house, "front")[-1:] == ["watching"] and front.newest is not None)
    house.cameras.stop()
    end.set()
    watched.join(30)
    assert asked == [("rtsp://front", corner)] * 2  # what is masked stays so
