"""`peephole firmware run` and its emulator end together, whatever ends them, and leave nobody's face behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import assert_one_line, peephole
from peephole.firmware.flash import kept_flash
from peephole.firmware.image import Image
from peephole.vision.sources.demo import EILEEN
from ports import free_port

IN_TIME = 20.0  # seconds, on a machine that is busy


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@contextmanager
def running(image: Image, *words: object, scratch: Path) -> Iterator[subprocess.Popen[str]]:
    """The command, when its device knows whom it is to know and listens."""
    command = [sys.executable, "-m", "peephole.cli.app", "firmware", "run", image.folder.parent, *words, "--json"]
    environment = os.environ | {"TMPDIR": str(scratch)}
    with subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as run:
        try:
            assert run.stdout is not None
            assert run.stdout.readline().startswith('{"people": ')
            yield run
        finally:
            run.kill()


def wait_until_nobody_has(image: Image, flash: Path) -> None:
    until = time.monotonic() + IN_TIME
    while True:
        try:
            kept_flash(image, flash)
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux")
def test_a_killed_run_takes_its_emulator_along(image: Image, tmp_path: Path, scratch: Path, port: int) -> None:
    flash = tmp_path / "home.flash"
    with running(image, "--camera", "demo", "--flash", flash, "--serial", port, scratch=scratch) as run:
        held = peephole("firmware", "run", image.folder.parent, "--camera", EILEEN.path(), "--flash", flash)
        assert_one_line(held, 1, f"{flash} is in use by another device")
        taken = peephole("firmware", "run", image.folder.parent, "--camera", EILEEN.path(), "--serial", port)
        assert_one_line(taken, 1, f"port {port} of 127.0.0.1 cannot be had", "--serial")
        run.kill()
        run.wait()
        wait_until_nobody_has(image, flash)
    assert [left for left in scratch.rglob("*") if left.is_file()] == []


def test_a_run_that_is_told_to_end_puts_everything_away(image: Image, tmp_path: Path, scratch: Path, port: int) -> None:
    flash = tmp_path / "home.flash"
    words = ("--camera", EILEEN.path(), "--flash", flash, "--serial", port)
    with running(image, *words, scratch=scratch) as run:
        run.send_signal(signal.SIGTERM)
        _, said = run.communicate(timeout=IN_TIME)
        assert (run.returncode, said) == (128 + signal.SIGTERM, "")
        kept_flash(image, flash)  # nobody has it any more
    assert list(scratch.iterdir()) == []
