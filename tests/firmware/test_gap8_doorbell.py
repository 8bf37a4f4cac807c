"""The whole doorbell for GAP8 on a host: eight threads for the cores, a model of PMSIS for board and system."""

import dataclasses
import json
import re
import select
import shutil
import socket
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from device_line import keys_of
from emitted import SANITIZED
from gap8_host import OnHost, compiled, erased_flash
from peephole.device.client import Device, DeviceLook
from peephole.device.errors import DeviceError
from peephole.device.session import Session
from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.recogniser import Recogniser
from peephole.firmware.events import Door, to_event
from peephole.firmware.frames import GreyFrame
from peephole.firmware.gap8 import Gap8Sources, gap8_sources
from peephole.firmware.people import Introduced, people_of_demo
from peephole.fixedpoint.program import IntegerProgram
from peephole.store.store import Store
from peephole.vision.sources import Frame
from peephole.weights import default_program, landmark_program

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

OWN = ("visit", "person_id", "stranger_id", "visits")  # ids are the device's, and it does not count visits aloud
START = 4_290_000  # milliseconds: the chip's clock of microseconds goes round five seconds later
ROUND = 131_072_000  # milliseconds: its counter of 32,768 Hz does
IDLE_FRAMES, IDLE_STEP = 24, 500


@pytest.fixture(scope="module")
def sources() -> Gap8Sources:
    return gap8_sources(IntegerProgram.load(default_program()), IntegerProgram.load(landmark_program()))


@pytest.fixture(scope="module")
def doorbell(sources: Gap8Sources, tmp_path_factory: pytest.TempPathFactory) -> OnHost:
    """With every access and every sum watched."""
    return compiled(sources, tmp_path_factory.mktemp("gap8") / "doorbell", *SANITIZED)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return make_recogniser(IntegerProgram.load(default_program()))


def shown(demo: Callable[[int], GreyFrame], numbers: Sequence[int]) -> list[GreyFrame]:
    """Frames of the demo, and the garden after them until the doorbell sleeps."""
    frames = [demo(number) for number in numbers]
    begin = frames[0].time - START
    frames = [GreyFrame(frame.pixels, frame.time - begin) for frame in frames]
    empty = [frames[-1].time + IDLE_STEP * number for number in range(1, IDLE_FRAMES + 1)]
    return frames + [GreyFrame(demo(0).pixels, time) for time in empty]


def on_the_host(
    recogniser: Recogniser, people: Iterable[Introduced], frames: Iterable[GreyFrame], folder: Path
) -> list[dict[str, Any]]:
    with Store(folder) as store:
        for one in people:
            store.people.add_new(one.name, list(one.looks))
        host = Doorbell(store, recogniser)
        events = [
            event
            for number, frame in enumerate(frames)
            for event in host.process(Frame(frame.pixels, frame.time / 1000, number))
        ]
        return [dict(event.as_json()) for event in (*events, *host.flush())]


class SocketLine:
    """The owner's end of the serial line."""

    name = "gap8"

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self._end], [], [], seconds)
        return self._end.recv(4096) if ready else b""

    def write(self, content: bytes) -> None:
        self._end.sendall(content)


def enrol(end: socket.socket, people: Iterable[Introduced]) -> None:
    """The owner pairs with the device and adds people, in a session sealed by numbers of the camera's noise."""
    line = SocketLine(end)
    key = Session(line).pair()
    device = Device(Session(line), keys_of(key))
    for one in people:
        device.add(one.name, [DeviceLook(0.0, look.quality, 0, look.descriptor) for look in one.looks], device.model)


def told(lines: Iterable[str]) -> tuple[list[dict[str, Any]], list[Door], list[dict[str, Any]]]:
    """Events, what became of the door, and the other lines of JSON."""
    parsed = [json.loads(line) for line in lines if line.startswith("{")]
    found = [to_event(line) for line in parsed]
    events = [dict(event.as_json()) for event in found if event is not None and not isinstance(event, Door)]
    return events, [one for one in found if isinstance(one, Door)], [line for line in parsed if "event" not in line]


def without_ids(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in event.items() if name not in OWN} for event in events]


def test_it_sees_the_visits_and_decides_as_the_host_does(
    doorbell: OnHost, recogniser: Recogniser, demo: Callable[[int], GreyFrame], tmp_path: Path
) -> None:
    """Two walks of the demo: one of somebody whom the owner has added over the serial line, one of a stranger."""
    people = people_of_demo(recogniser)
    frames = shown(demo, (*range(48, 100, 3), *range(156, 216, 3)))
    flash = erased_flash(tmp_path / "kept.bin")
    here, there = socket.socketpair()
    with here, there, doorbell.started(frames, flash, there) as program:
        there.close()
        enrol(here, people)
        here.close()
        out, err = program.communicate(timeout=100)
    assert (program.returncode, err) == (0, ""), out
    events, doors, others = told(out.splitlines())
    assert without_ids(events) == without_ids(on_the_host(recogniser, people, frames, tmp_path / "host"))
    assert [(event["event"], event.get("decision")) for event in events] == [
        ("visit_started", None),
        ("decision", "known"),
        ("visit", "known"),
        ("visit_started", None),
        ("decision", "stranger"),
        ("visit", "stranger"),
    ]
    assert [event.get("person") for event in events[1:3]] == ["Eileen Collins"] * 2
    assert [(door.open, door.time) for door in doors] == [(True, events[1]["time"]), (False, doors[1].time)]
    assert [line["door"] for line in others if "door" in line] == [1, 0]
    assert others[-1] == {"camera": "off", "cluster": "off"}  # it sleeps
    again = doorbell.run([], flash)
    assert '{"people": 1, "strangers": 1}' in again


def test_at_the_start_a_stored_face_is_described_bit_for_bit(doorbell: OnHost, sources: Gap8Sources) -> None:
    assert sources.face.startswith("a face: Eileen Collins")
    lines = doorbell.run([])
    assert "recogniser: 128 values as expected" in lines
    assert sum("predicted" in line for line in lines) == 32  # layers, and all of them


def test_it_does_not_start_with_weights_that_differ(doorbell: OnHost) -> None:
    weights = doorbell.folder / "weights.bin"
    right = weights.read_bytes()
    weights.write_bytes(right[:1001] + bytes([right[1001] ^ 0x20]) + right[1002:])
    try:
        with doorbell.started([]) as program:
            out, _ = program.communicate(timeout=60)
    finally:
        weights.write_bytes(right)
    assert program.returncode == 1
    assert re.search(r"recogniser: value \d+ is -?\d+, not -?\d+\ndoorbell: the self-test failed", out)


def test_a_covered_camera_gives_no_session(doorbell: OnHost) -> None:
    """Without noise there is nothing that nobody can guess: the owner is refused, and can try again."""
    here, there = socket.socketpair()
    with here, there, doorbell.started([], line=there, covered=1) as program:
        there.close()
        with pytest.raises(DeviceError, match="device could not"):
            Session(SocketLine(here)).pair()
        here.close()
        program.communicate(timeout=60)


def test_a_camera_that_gives_nothing_is_told_and_waited_for(doorbell: OnHost, demo: Callable[[int], GreyFrame]) -> None:
    """The picture after somebody's first ones comes four seconds late; the visit has ended by then."""
    events, _, _ = told(doorbell.run(shown(demo, range(192, 204, 3)), stall=3))
    assert events[0]["event"] == "visit_started"
    problems = [event for event in events if event["event"] == "problem"]
    assert [event["reason"] for event in problems] == ["camera", "camera_back"]
    assert 3 <= problems[1]["time"] - problems[0]["time"] <= 4


def test_a_camera_that_is_late_until_after_sleep_is_started_again(
    doorbell: OnHost, demo: Callable[[int], GreyFrame]
) -> None:
    """It was stopped while a picture was awaited: without a new start it would never make one again."""
    events, _, _ = told(doorbell.run(shown(demo, range(192, 204, 3)), stall=3, seconds=15))
    problems = [event for event in events if event["event"] == "problem"]
    assert [event["reason"] for event in problems] == ["camera", "camera_back"]
    assert problems[1]["time"] - problems[0]["time"] > 8  # it slept meanwhile


def test_it_sleeps_until_something_moves(doorbell: OnHost, demo: Callable[[int], GreyFrame]) -> None:
    """Nobody tells of an edge of a pin: they are read now and then."""
    garden = [GreyFrame(demo(0).pixels, START + IDLE_STEP * number) for number in range(IDLE_FRAMES)]
    walk = shown(demo, range(180, 216, 3))
    later = [dataclasses.replace(frame, time=frame.time + 20_000) for frame in walk]
    events, _, _ = told(doorbell.run([*garden, *later], quiet=1))
    assert [event["event"] for event in events] == ["visit_started", "decision", "visit"]


def test_a_clock_that_goes_round_loses_no_time(doorbell: OnHost, demo: Callable[[int], GreyFrame]) -> None:
    """The chip's counter does so after 36 hours, in the middle of a visit."""
    walk = shown(demo, range(180, 216, 3))
    late = [dataclasses.replace(frame, time=frame.time - START + ROUND - 1_500) for frame in walk]
    spans = []
    for frames in (walk, late):
        events, _, _ = told(doorbell.run(frames))
        assert [event["event"] for event in events] == ["visit_started", "decision", "visit"]
        spans.append(events[-1]["last_seen"] - events[-1]["first_seen"])
    assert spans[1] == pytest.approx(spans[0], abs=0.01)


def test_the_door_is_locked_also_where_the_cluster_has_stopped(
    doorbell: OnHost, recogniser: Recogniser, demo: Callable[[int], GreyFrame], tmp_path: Path
) -> None:
    frames = shown(demo, range(48, 100, 3))
    flash = erased_flash(tmp_path / "kept.bin")
    here, there = socket.socketpair()
    with here, there, doorbell.started(frames, flash, there, stop=1) as program:
        there.close()
        enrol(here, people_of_demo(recogniser))
        here.close()
        out, _ = program.communicate(timeout=100)
    _, _, others = told(out.splitlines())
    assert [line["door"] for line in others if "door" in line] == [1, 0]


def test_descriptors_are_the_interpreters(
    doorbell: OnHost, recogniser: Recogniser, demo: Callable[[int], GreyFrame], tmp_path: Path
) -> None:
    """Distances that are told are those of the host, of which every bit of a descriptor is part."""
    walk = shown(demo, range(180, 216, 3))
    later = [dataclasses.replace(frame, time=frame.time - START) for frame in walk]
    events, _, _ = told(doorbell.run(later))
    host = on_the_host(recogniser, [], later, tmp_path / "host")
    assert without_ids(events) == without_ids(host)
    assert events[-1]["decision"] == "stranger"
