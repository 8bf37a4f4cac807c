"""Whatever moment the emulator is killed at: what was acknowledged is there afterwards, and nothing half-written."""

import os
import random
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from boards import erased_flash, link, qemu
from peephole.compiler.emit.sources import source_folder

APP = ("gallery*", "flash_*", "crc32", "name")
STEPS = 300
CUTS = int(os.environ.get("PEEPHOLE_POWER_CUTS", "100"))
NOTHING = 0  # no checksum


@dataclass(frozen=True)
class Told:
    """What the board told: the checksum of what it found, and of what there was after each step that it finished.

    torn: records that were never finished.
    """

    opened: int
    torn: int
    steps: dict[int, int]
    statuses: list[int]


class Board:
    """The program, and the flash that it works on."""

    def __init__(self, folder: Path) -> None:
        app = source_folder() / "app"
        sources = sorted({path for pattern in APP for path in app.glob(f"{pattern}.c")})
        self._folder = folder
        self._code = link(folder, Path(__file__).with_name("power_cuts.c"), *sources)
        self.flash = erased_flash(folder / "kept.bin")

    def run(self, first: int, end: int, done: int = NOTHING, seconds: float | None = None) -> Told:
        """Take steps from `first` to `end`; kill the emulator after some seconds.

        done: the checksum by which the board knows that the first step is done already.
        """
        (self._folder / "steps.bin").write_bytes(struct.pack("<3I", first, end, done))
        printed = self._folder / "printed"
        with printed.open("wb") as out:
            board = subprocess.Popen(
                qemu(self._code, self.flash), cwd=self._folder, stdout=out, stdin=subprocess.DEVNULL
            )
        try:
            if seconds is not None:
                while board.poll() is None and b"\n" not in printed.read_bytes():
                    time.sleep(0.001)
                time.sleep(seconds)
                board.kill()
            board.wait(60)
        finally:
            board.kill()
            board.wait()
        return _read(printed.read_text())


def _read(printed: str) -> Told:
    lines = [line.split() for line in printed.splitlines(keepends=False)]
    if not printed.endswith("\n"):
        lines = lines[:-1]  # a line that was cut says nothing
    opened, *steps = lines
    assert opened[0] == "open" and opened[2:5] == ["0", "damaged", "0"], opened
    after = {int(number): int(crc) for _, number, _, crc in steps}
    return Told(int(opened[1]), int(opened[6]), after, [int(status) for _, _, status, _ in steps])


@pytest.fixture(scope="module")
def whole(tools: None, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """All steps without a cut."""
    return Board(tmp_path_factory.mktemp("whole")).run(0, STEPS)


@pytest.fixture
def board(tools: None, tmp_path: Path) -> Iterator[Board]:
    return Board(tmp_path)


def test_the_steps_change_much_and_are_mostly_done(whole: Told) -> None:
    assert len(whole.steps) == STEPS
    assert len(set(whole.steps.values())) > STEPS // 2
    assert whole.statuses.count(0) > STEPS // 2


def test_what_was_changed_is_there_after_a_restart(whole: Told, board: Board) -> None:
    board.run(0, 100)
    assert board.run(100, 100).opened == whole.steps[99]


def test_a_changed_byte_is_noticed(whole: Told, board: Board) -> None:
    """The checksum covers what is kept: without this the test below would prove nothing."""
    board.run(0, 60)
    bank = bytearray(board.flash.read_bytes())
    written = [at for at in range(len(bank) - (1 << 20), len(bank)) if bank[at] != 0xFF]
    bank[written[len(written) // 2]] ^= 0x10
    board.flash.write_bytes(bank)
    with pytest.raises(AssertionError):
        assert board.run(60, 60).opened == whole.steps[59]


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_power_goes(whole: Told, board: Board) -> None:
    moments = random.Random(5)
    states = {-1: whole.opened} | whole.steps
    done, torn = 0, 0  # steps that are acknowledged, and those that were under way when the power went
    for _ in range(CUTS):
        if done > STEPS - 50:
            erased_flash(board.flash)
            done = 0
        told = board.run(done, STEPS, states[done], moments.uniform(0, 0.1))
        # What was acknowledged is there, and the step that was under way whole or not at all.
        assert told.opened in (states[done - 1], states[done]), done
        for number, crc in told.steps.items():
            assert crc == states[number]
        torn += told.torn
        done = max(told.steps, default=done + (told.opened == states[done]) - 1) + 1
    assert board.run(done, done).opened in (states[done - 1], states[done])
    assert torn > CUTS // 20, "hardly a cut met a record that was being written"
