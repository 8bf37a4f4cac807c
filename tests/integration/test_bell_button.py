"""A button on a GPIO line, on gpiozero's mock pins: what rings, what does not, and what the owner is told."""

import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("gpiozero", reason="needs the extra gpio")
from gpiozero.pins.mock import MockFactory

from commands import peephole, tiny_program
from doorbell_parts import doorbell, store_at
from peephole import live
from peephole.bell import button
from peephole.bell.button import BellButton
from peephole.bell.settings import BellSettings
from peephole.cameras import Cameras
from peephole.live import Announcer, LiveDoorbell
from waiting import until

PIN = 27
FACTORY = MockFactory()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(button, "BOUNCE_SECONDS", None)  # mock pins bounce only when they are told to


@pytest.fixture
def cameras(tmp_path: Path) -> Iterator[Cameras]:
    with store_at(tmp_path) as store:
        bell, names, announcer = doorbell(store), ("front", "garden"), Announcer()
        yield Cameras([LiveDoorbell(bell.watcher(name, names), announcer, name) for name in names])


def made(cameras: Cameras, told: list[str], **settings: object) -> BellButton:
    return BellButton(BellSettings(pin=PIN, **settings), cameras.ring, told.append, FACTORY)


@pytest.fixture(autouse=True)
def lines() -> Iterator[None]:
    yield
    FACTORY.reset()


@pytest.mark.parametrize(
    ("settings", "camera"),
    [({}, "front"), ({"camera": "garden"}, "garden"), ({"active_high": True}, "front")],
)
def test_a_press_rings_and_starts_a_visit(cameras: Cameras, settings: dict[str, object], camera: str) -> None:
    heard: list[object] = []
    cameras.announcer.listen(heard.append)
    pin = FACTORY.pin(PIN)
    with made(cameras, [], **settings):
        pin.drive_high() if "active_high" in settings else pin.drive_low()
        until(lambda: len(heard) == 2)
    started, rang = heard
    assert (rang.visit, rang.source, rang.camera) == (started.visit, "button", camera)


def test_a_button_that_is_held_or_bounces_rings_once(cameras: Cameras, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RING_PAUSE", 60.0)  # however slowly it bounces here
    heard: list[object] = []
    cameras.announcer.listen(heard.append)
    pin = FACTORY.pin(PIN)
    with made(cameras, []):
        for _ in range(5):
            pin.drive_low()
            pin.drive_high()
        pin.drive_low()
        until(lambda: len(heard) == 2)
        time.sleep(0.2)
    assert len(heard) == 2


def test_a_press_after_a_pause_rings_again(cameras: Cameras, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RING_PAUSE", 0.02)
    heard: list[object] = []
    cameras.announcer.listen(heard.append)
    pin = FACTORY.pin(PIN)
    with made(cameras, []):
        for rings in (2, 3):  # the first begins a visit, too
            pin.drive_low()
            until(lambda rings=rings: len(heard) == rings)
            time.sleep(0.1)
            pin.drive_high()


def test_a_line_that_cannot_be_had_is_told_and_rings_nothing(cameras: Cameras) -> None:
    told: list[str] = []
    with made(cameras, []), made(cameras, told) as second:
        assert told == [second.trouble()]
        assert told[0].startswith(f"the bell: GPIO line {PIN} cannot be had (")


@pytest.mark.skipif(any(Path("/dev").glob("gpiochip*")), reason="this machine has GPIO lines")
def test_a_machine_without_lines_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "peephole.toml").write_text(f'[bell]\npin = {PIN}\n[[cameras]]\nname = "a"\nsource = "{tmp_path}"\n')
    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((40, 40, 3), np.uint8))
    tiny_program(tmp_path / "tiny.safetensors")
    there = ["--data", tmp_path / "data", "--model", tmp_path / "tiny.safetensors", "--once"]
    done = peephole("run", "--config", tmp_path / "peephole.toml", *there)
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1 and done.stderr.startswith(f"peephole: the bell: GPIO line {PIN} cannot be had")


def test_a_ring_that_fails_is_told_and_the_next_is_another_try() -> None:
    told, rung, faults = list[str](), list[str](), [OSError("the disk is full")]

    def ring(source: str, camera: str) -> None:
        if faults:
            raise faults.pop()
        rung.append(source)

    pin = FACTORY.pin(PIN)
    with BellButton(BellSettings(pin=PIN), ring, told.append, FACTORY) as bell:
        pin.drive_low()
        until(lambda: told)
        assert bell.trouble() == "the bell: the disk is full"
        time.sleep(0.1)
        pin.drive_high()
        pin.drive_low()
        until(lambda: rung)
        until(lambda: bell.trouble() is None)
    assert told == ["the bell: the disk is full"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[bell]\npin = 27\ncamera = "attic"\n', "bell.camera: none of the [[cameras]] has the name attic"),
        ('[bell]\npin = 17\n[door]\nactuator = "gpio"\npin = 17\n', "bell.pin: line 17 is the door's"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "peephole.toml"
    file.write_text(text)
    refused = peephole("settings", "check", "--config", file)
    assert refused.returncode == 1 and sentence in refused.stderr
