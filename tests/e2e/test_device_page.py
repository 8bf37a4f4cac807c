"""An emulated device in a real browser: who comes, a stranger who is named, a line that is lost and found again."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import drawn, opened, phone, shot, watched, width
from commands import peephole
from peephole.firmware.build import build_image, image_sources
from peephole.firmware.toolchain import COMPILER, EMULATOR, MAKE
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program, landmark_program
from ports import free_port
from running import Running, start_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WALKS = 90_000
"""Milliseconds in which both of the demo's people have surely been at the emulated door."""
PATIENCE = 60.0
"""Seconds in which the emulator has surely begun."""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    missing = [program for program in (COMPILER, EMULATOR, MAKE) if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}")
    folder = tmp_path_factory.mktemp("device") / "image"
    sources = image_sources(IntegerProgram.load(default_program()), IntegerProgram.load(landmark_program()))
    build_image(sources, folder)
    return folder


class Board:
    """`peephole firmware run`, switched on and off; its flash stays."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.port = free_port()
        self.line = f"socket://127.0.0.1:{self.port}"
        self._image, self._flash = image, folder / "home.flash"
        self._process: subprocess.Popen[bytes] | None = None

    def switch_on(self, *options: str) -> None:
        run = ["firmware", "run", self._image, "--camera", "demo", "--flash", self._flash, "--serial", self.port]
        command = [sys.executable, "-m", "peephole.cli.app", *map(str, run), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)

    def switch_off(self) -> None:
        """As a pulled plug does, emulator and all."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@pytest.fixture
def board(image: Path, tmp_path: Path) -> Iterator[Board]:
    board = Board(image, tmp_path)
    yield board
    board.switch_off()


def ask(board: Board, data: Path, *words: object) -> str:
    done = peephole("device", "--port", board.line, "--data", data, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def paired(board: Board, tmp_path: Path) -> Iterator[Running]:
    """The page of a device that has just been switched on and paired."""
    board.switch_on("--press")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", board.port), 1):
            break
        time.sleep(0.1)
    ask(board, tmp_path, "pair")
    with start_page("device", "--port", board.line, "--data", tmp_path, "page", "--http", 0) as running:
        yield running


def test_a_device_on_its_page(board: Board, paired: Running, page: Page, browser: Browser, tmp_path: Path) -> None:
    faults = watched(page, kinds=())
    page.set_viewport_size({"width": 1280, "height": 800})
    opened(paired, page)
    expect(page.locator("#state-word")).to_have_text("Connected", timeout=20_000)
    expect(page.locator("#people .row")).to_contain_text("Eileen Collins")
    expect(page.locator("#now")).to_have_text("Eileen Collins is at the door", timeout=WALKS)
    known = page.locator("#visits .row", has_text="Eileen Collins")
    expect(known.locator(".verdict")).to_have_text("Known")

    inbox = page.locator("#strangers .waiting")
    expect(inbox).to_contain_text("Stranger 1", timeout=WALKS)
    expect(page).to_have_title("(1) peephole")
    drawn(inbox.locator("img"), 48)
    expect(page.locator("#now")).to_have_text("Nobody is at the door", timeout=WALKS)
    shot(page, "device-page")
    fits_a_phone(browser, paired)

    board.switch_off()
    expect(page.locator("#state-word")).to_have_text("Lost")
    expect(page.locator("#now")).to_have_text("No word from the door")
    expect(page.locator("#status")).to_contain_text(f"The device on {board.line} has not answered since ")
    expect(inbox).to_contain_text("Stranger 1")  # what it was heard to remember stays
    inbox.get_by_label("Name for Stranger 1").fill("Grace Hopper")
    inbox.get_by_role("button", name="Save name").click()
    expect(page.locator("#notice.bad")).to_contain_text("has not answered since")

    board.switch_on()
    expect(page.locator("#state-word")).to_have_text("Connected", timeout=40_000)
    inbox.get_by_role("button", name="Save name").click()
    expect(page.locator("#notice")).to_have_text("From now on known as Grace Hopper.", timeout=20_000)
    expect(inbox).to_have_count(0)
    expect(page.locator("#people .row")).to_have_count(2)
    assert faults == []
    assert paired.stop() == 0  # although a page is open and the device is busy
    people = json.loads(ask(board, tmp_path, "people", "list", "--json"))
    assert [person["name"] for person in people] == ["Eileen Collins", "Grace Hopper"]


def fits_a_phone(browser: Browser, running: Running) -> None:
    with phone(browser) as context:
        page = context.new_page()
        opened(running, page)
        page.locator("#strangers .waiting").wait_for()
        assert width(page) <= 360
        shot(page, "device-phone")
