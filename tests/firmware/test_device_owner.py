"""The owner's program and the emulated board, over its serial line: what tests/unit proves of the C holds on RISC-V."""

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from commands import Done, peephole
from peephole.firmware.build import STACK_BYTES
from peephole.firmware.emulator import qemu_command
from peephole.firmware.flash import kept_flash
from peephole.firmware.frames import FRAMES, WATCH, GreyFrame, Mode, write_frames
from peephole.firmware.image import Image
from peephole.vision.sources.demo import EILEEN
from ports import free_port

Ask = Callable[..., Done]


@pytest.fixture
def switch_on(image: Image, demo: Callable[[int], GreyFrame], tmp_path: Path) -> Iterator[Callable[..., Ask]]:
    """Starts the board, which keeps its flash from one start to the next; gives the owner's command."""
    flash = kept_flash(image, tmp_path / "kept.bin")
    with contextlib.ExitStack() as stack:

        def start(mode: Mode, frames: Sequence[int] = (0,)) -> Ask:
            stack.close()
            port = free_port()
            with (tmp_path / FRAMES).open("wb") as file:
                write_frames(file, [demo(number) for number in frames], mode | Mode.STAY)
            board = stack.enter_context(
                subprocess.Popen(
                    qemu_command(image, flash, port),
                    cwd=tmp_path,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(board.kill)
            assert board.stdout is not None
            assert board.stdout.readline().startswith('{"people": ')  # it listens
            line = f"socket://127.0.0.1:{port}"
            return lambda *words: peephole("device", "--port", line, "--data", tmp_path, "--seconds", 20, *words)

        yield start


def told(done: Done) -> object:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_owner_and_the_board(switch_on: Callable[[Mode], Ask], tmp_path: Path) -> None:
    ask = switch_on(WATCH)
    assert "not paired yet" in ask("people", "list").stderr
    assert "press the device's button" in ask("pair").stderr

    ask = switch_on(Mode.PRESS)
    told(ask("pair", "--json"))
    assert told(ask("people", "list", "--json")) == []
    added = told(ask("people", "add", "Eileen", EILEEN.path(), "--json"))
    assert added == {"id": 1, "name": "Eileen", "looks": 1}
    assert "no good look at a face yet" in ask("people", "add", "Ada", "--at-door").stderr
    assert ask("settings", "votes=5", "gap=2500").returncode == 0
    assert ask("backup", "-o", tmp_path / "device.backup").returncode == 0
    assert ask("people", "remove", "Eileen").returncode == 0

    ask = switch_on(WATCH)  # all of it is on the flash
    assert told(ask("people", "list", "--json")) == []
    settings = told(ask("settings", "--json"))
    assert isinstance(settings, dict)
    assert [settings["settings"][name]["value"] for name in ("votes", "gap")] == [5, 2500]
    assert 0 < settings["thresholds"]["known"] < settings["thresholds"]["stranger"]
    assert ask("restore", tmp_path / "device.backup").returncode == 0
    people = told(ask("people", "list", "--json"))
    assert isinstance(people, list) and [(one["name"], one["looks"]) for one in people] == [("Eileen", 1)]
    statistics = told(ask("statistics", "--json"))
    assert isinstance(statistics, dict)
    assert statistics["people"] == 1 and statistics["damaged_records"] == 0
    assert 1000 < statistics["stack"] < STACK_BYTES // 2
    kinds = [json.loads(line)["kind"] for line in ask("events", "--json").stdout.splitlines()]
    assert kinds[0] == "started" and "restored" in kinds

    (key,) = (tmp_path / "devices").iterdir()
    key.write_text("00" * 32)
    assert "not the key of this device" in ask("people", "list").stderr


def test_whoever_is_at_the_door_is_added(switch_on: Callable[..., Ask], tmp_path: Path) -> None:
    ask = switch_on(Mode.PRESS, range(60, 140))  # somebody comes
    told(ask("pair", "--json"))
    for _ in range(60):
        done = ask("people", "add", "Whoever", "--at-door", "--json")
        if done.returncode == 0:
            break
        assert "no good look at a face yet" in done.stderr
    added = told(done)
    assert isinstance(added, dict) and added["looks"] >= 1
    people = told(ask("people", "list", "--json"))
    assert isinstance(people, list) and [(one["name"], one["looks"]) for one in people] == [("Whoever", added["looks"])]
