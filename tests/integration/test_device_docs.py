"""docs/device.md is true: its commands run, one after the other, on a device; its tables are those of the code."""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from commands import peephole
from device_line import SIDE, MadeUpDevice, one_look, socket_to
from peephole.cli.programs import load_program
from peephole.device import framing, session
from peephole.device.client import Command
from peephole.device.errors import CommandError
from peephole.device.keys import FOLDER
from peephole.vision.sources.demo import EILEEN

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "device.md"
TEXT = DOCUMENT.read_text()
PORT = "/dev/ttyUSB0"


def shipped_device() -> MadeUpDevice:
    program = load_program(None)
    return MadeUpDevice((program.descriptor_size, 4, 3, 3, 2, SIDE * SIDE, 256), int(program.model_id[:8], 16))


def table(title: str) -> dict[str, list[str]]:
    """The rows of the table with that first column, by their first cell."""
    block = re.search(rf"^\| {title} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert block is not None
    rows = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in block.group(1).splitlines()]
    return {row[0].strip(" |"): row[1:] for row in rows}


def test_the_commands_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(EILEEN.path(), "ada.jpg")
    commands = re.findall(rf"^\$ (peephole device --port {PORT} .*)$", TEXT, re.MULTILINE)
    assert len(commands) == 18
    device = shipped_device()
    picture = np.full((SIDE, SIDE), 7, np.uint8)
    with socket_to(device) as port:
        device.core.press()
        for number, command in enumerate(commands):
            with device.lock:
                device.core.stand_at_door(one_look(device), 1)
                if " strangers list" in command:
                    for _ in range(3):
                        assert device.gallery.add_stranger(one_look(device), picture, 0, 1, False)[0] == 0
            _, _, _, _, *words = shlex.split(command)
            done = peephole("device", "--port", port, "--data", tmp_path, *words)
            assert done.returncode == 0, f"{number}: {command}: {done.stderr}"
    assert [row[1] for row in device.gallery.people()] == ["Grace"]
    assert [(row[0], row[1]) for row in device.gallery.strangers()] == [(2, 1)]
    assert device.core.setting("votes") == 7
    assert Path("one.png").is_file() and Path("device.backup").is_file()


def test_the_snippet_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    device = shipped_device()
    with socket_to(device) as port:
        device.core.press()
        for words in (["pair"], ["people", "add", "Ada", EILEEN.path()]):
            assert peephole("device", "--port", port, "--data", tmp_path, *words).returncode == 0
        capsys.readouterr()
        code = snippet.replace(PORT, port).replace('Path.home() / ".local/share/peephole"', f"Path({str(tmp_path)!r})")
        exec(compile(code, str(DOCUMENT), "exec"), {})  # noqa: S102
    assert capsys.readouterr().out == "Ada 0\n"
    assert f"`{FOLDER}/`" in TEXT


def test_every_command_is_in_the_table() -> None:
    rows = table("number")
    assert {int(number): row[0] for number, row in rows.items()} == {one.value: one.name for one in Command}


def test_the_frames_and_refusals_are_those_of_the_code() -> None:
    frames = dict(row.split(" ") for row in table("type"))
    assert {int(number, 16): name for number, name in frames.items()} == {
        getattr(framing, name): name for name in frames.values()
    }
    assert len(frames) == 8
    assert [int(reason) for reason in table("reason")] == list(range(session.DAMAGED, session.FAILED + 1))


def test_every_error_has_a_sentence() -> None:
    for error in table("error"):
        assert "error" not in str(CommandError(int(error), "x"))
