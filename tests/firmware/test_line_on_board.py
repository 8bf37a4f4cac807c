"""What must not get in over the serial line of the emulated board, what its flash and camera may do: each is told."""

import contextlib
import json
import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from peephole.device.client import Device
from peephole.device.errors import CommandError, DeviceError, WrongKeyError
from peephole.device.events import past_events
from peephole.device.line import Line, opened_line
from peephole.device.session import Session
from peephole.firmware.emulator import qemu_command
from peephole.firmware.events import DECIDED, ENDED, PROBLEM, STARTED
from peephole.firmware.flash import kept_flash
from peephole.firmware.frames import FRAMES, WATCH, GreyFrame, Mode, Stall, write_frames
from peephole.firmware.image import Image
from ports import free_port

CAMERA, STORAGE = 0, 2  # of ph_problem
FLASH_FAILED, BUSY = 7, 10  # of ph_status
PEOPLE = 20


class TappedLine:
    """A line whose bytes can be seen."""

    name = "tapped"

    def __init__(self, line: Line) -> None:
        self._line = line
        self.written: list[bytes] = []
        self.heard = 0

    def read(self, seconds: float) -> bytes:
        come = self._line.read(seconds)
        self.heard += len(come)
        return come

    def write(self, content: bytes) -> None:
        self.written.append(content)
        self._line.write(content)


@dataclass
class Board:
    """A board that is on, and its owner's key."""

    address: str
    key: bytes

    @contextlib.contextmanager
    def line(self) -> Iterator[TappedLine]:
        with opened_line(self.address) as line:
            yield TappedLine(line)

    def owner(self, line: Line) -> Device:
        return Device(Session(line, seconds=20), lambda _: self.key)


def events_told(device: Device, kind: str) -> list[dict[str, Any]]:
    return [event.details for event in past_events(device) if event.kind == kind]


@pytest.fixture(scope="module")
def board(image: Image, demo: Callable[[int], GreyFrame], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A board that has looked at one frame of the garden and serves its owner, who is paired."""
    folder = tmp_path_factory.mktemp("board")
    flash = kept_flash(image, folder / "kept.bin")
    with (folder / FRAMES).open("wb") as file:
        write_frames(file, [demo(0)], Mode.PRESS | Mode.STAY)
    port = free_port()
    with subprocess.Popen(
        qemu_command(image, flash, port), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None and running.stdout.readline().startswith(b'{"people": ')  # it listens
        address = f"socket://127.0.0.1:{port}"
        with opened_line(address) as line:
            key = Session(line, seconds=20).pair()
        yield Board(address, key)
        running.kill()


def test_another_key_opens_nothing(board: Board) -> None:
    with board.line() as line:
        with pytest.raises(WrongKeyError, match="has another key"):
            Device(Session(line, seconds=20), lambda _: bytes(32))
        device = board.owner(line)
        assert {"reason": "wrong key", "frames": 1} in events_told(device, "refused")


def test_what_was_said_cannot_be_said_again(board: Board) -> None:
    with board.line() as line:
        device = board.owner(line)
        ada = device.add("Ada", [], device.model)
        request = line.written[-1]
        device.remove(ada)
        line.write(request)
        assert device.people() == []
        assert {"reason": "replayed", "frames": 1} in events_told(device, "refused")


def test_a_line_that_is_cut_within_a_sealed_message(board: Board) -> None:
    with board.line() as line:
        device = board.owner(line)
        device.rename(device.add("Ada", [], device.model), "George")
        whole = line.written[-1]
    with opened_line(board.address) as line:
        line.write(whole[: len(whole) // 2])  # and the plug is pulled
    with board.line() as line:  # and put in again
        device = board.owner(line)
        assert [person.name for person in device.people()] == ["George"]
        assert "damaged" in {event["reason"] for event in events_told(device, "refused")}
        device.remove(device.person("George").id)


def test_noise_is_told_once_and_hardly_answered(board: Board) -> None:
    noise = random.Random(3).randbytes(20_000)
    with board.line() as line:
        device = board.owner(line)
        before, heard = len(past_events(device)), line.heard
        line.write(noise + b"\0")
        assert device.people() == []
        (damaged,) = [event for event in events_told(device, "refused") if event["reason"] == "damaged"]
        assert damaged["frames"] > 20
        assert len(past_events(device)) <= before + 4  # noise, and a session if the owner had to begin anew
        assert line.heard - heard < 8000


def test_a_full_gallery_is_told_and_nobody_is_lost(board: Board) -> None:
    with board.line() as line:
        device = board.owner(line)
        names = [f"person {number}" for number in range(PEOPLE)]
        ids = [device.add(name, [], device.model) for name in names]
        with pytest.raises(CommandError, match=r"full, remove something first \(the gallery is full\)"):
            device.add("one more", [], device.model)
        assert [person.name for person in device.people()] == names
        for number in ids:
            device.remove(number)


def test_all_settings_are_changed_at_once(board: Board) -> None:
    with board.line() as line:
        device = board.owner(line)
        before = {name: setting.value for name, setting in device.settings()[0].items()}
        every = device.settings()[0].items()
        changed = {name: setting.value + (1 if setting.value < setting.most else -1) for name, setting in every}
        device.change(changed)
        assert {name: setting.value for name, setting in device.settings()[0].items()} == changed
        assert len(changed) == 30
        device.change(before)


def test_an_owner_who_is_silent_for_a_while_goes_on(board: Board) -> None:
    """Somebody else's hello in between ends no session."""
    with board.line() as line:
        device = board.owner(line)
        with contextlib.suppress(DeviceError):
            Session(line, seconds=20).open(lambda _: bytes(32))
        said = len(line.written)
        assert device.people() == []
        assert len(line.written) == said + 1


def run(image: Image, flash: Path, frames: Sequence[GreyFrame | Stall], writable: bool = True) -> list[dict[str, Any]]:
    """The events of a run to the end of the frames."""
    with (flash.parent / FRAMES).open("wb") as file:
        write_frames(file, frames, WATCH)
    command = qemu_command(image, flash)
    if not writable:
        command = [part.replace("readonly=off", "readonly=on") for part in command]
    done = subprocess.run(
        command, cwd=flash.parent, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in told if "event" in line]


def summary(events: Sequence[dict[str, Any]]) -> list[tuple[int, ...]]:
    """Of each event its kind, and of a problem which one and whether it began."""
    return [
        (line["event"], line["problem"], line["on"]) if line["event"] == PROBLEM else (line["event"],)
        for line in events
    ]


@pytest.fixture
def walk(demo: Callable[[int], GreyFrame]) -> list[GreyFrame]:
    return [demo(number) for number in range(196, 206, 2)]


@pytest.mark.slow
def test_a_camera_that_stalls_is_told_and_visits_end_by_the_clock(
    image: Image, demo: Callable[[int], GreyFrame], walk: list[GreyFrame], tmp_path: Path
) -> None:
    later = walk[-1].time + 20_000
    back = [GreyFrame(frame.pixels, frame.time - walk[0].time + later) for frame in walk]
    events = run(image, kept_flash(image, tmp_path / "kept.bin"), [*walk, Stall(later), *back])
    assert summary(events) == [
        (STARTED,),
        (DECIDED,),
        (PROBLEM, CAMERA, 1),
        (ENDED,),
        (PROBLEM, CAMERA, 0),
        (STARTED,),
        (DECIDED,),
        (ENDED,),
    ]
    assert events[2]["status"] == BUSY and events[2]["time"] == walk[-1].time + 200
    assert walk[-1].time + 3000 < events[3]["time"] <= walk[-1].time + 3400  # the gap, and a frame waited for
    assert events[3]["stored"] and events[6]["stranger"] == events[3]["stranger"] == 1


@pytest.mark.slow
def test_a_flash_that_cannot_be_written_is_told_and_decisions_go_on(
    image: Image, walk: list[GreyFrame], tmp_path: Path
) -> None:
    flash = kept_flash(image, tmp_path / "kept.bin")
    run(image, flash, [])  # which begins the log
    before = flash.read_bytes()
    events = run(image, flash, walk, writable=False)
    assert summary(events) == [(STARTED,), (PROBLEM, STORAGE, 1), (DECIDED,), (ENDED,)]
    assert events[1]["status"] == FLASH_FAILED and not events[3]["stored"]
    assert flash.read_bytes() == before
