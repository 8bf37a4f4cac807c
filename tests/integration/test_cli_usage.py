"""The command line as its user meets it: help, wrong usage, and one line for whatever goes wrong."""

import os
import signal
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pytest
import typer
from typer.models import ParameterInfo

from commands import assert_one_line, peephole, png, process, tar_of, tiny_program
from peephole.cli.app import app
from peephole.cli.errors import describe, guarded
from peephole.cli.output import print_json

COMMANDS = ("run", "identify", "embed", "people", "strangers", "train", "evaluate", "quantize", "describe")


def test_help_names_every_command_and_needs_no_torch() -> None:
    code = (
        "import sys; sys.argv = ['peephole', '--help']\n"
        "from peephole.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'cv2', 'numpy', 'fastapi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(f" {command} " in done.stdout for command in COMMANDS)
    assert done.stdout.endswith("[]\n"), done.stdout.splitlines()[-1]


@pytest.mark.parametrize("words", [(), ("device",), ("device", "pair"), ("firmware", "run"), ("plan",)])
def test_a_flag_has_no_type_in_the_help(words: tuple[str, ...]) -> None:
    lines = [line for line in peephole(*words, "--help").stdout.splitlines() if "<bool>" in line]
    assert all("--help" in line for line in lines)  # which is typer's own


def test_ctrl_c_while_the_command_line_is_loading_says_nothing() -> None:
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # in the background a shell has it ignored
        "class Pressed:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "sys.argv = ['peephole', '--version']\n"
        "from peephole.__main__ import main\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_the_package_itself_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "peephole", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("peephole ")
    script = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["scripts"]["peephole"]
    assert script == "peephole.__main__:main"


def test_version() -> None:
    done = process("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "peephole")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], ["nonsense"]),
        (["--wrong"], ["--wrong"]),
        (["identify"], ["IMAGE", "peephole identify --help"]),
        (["embed", "--images", "x"], ["--output", "peephole embed --help"]),
        (["embed", "--images", "x", "-o", "y", "--crop", "round"], ["--crop", "round"]),
        (["evaluate", "lfw", "--images", "x"], ["--pairs"]),
        (["people", "rename", "one"], ["NEW_NAME"]),
        (["quantize", "c.ckpt", "--calibration", "x", "-o", "y", "--bits", "many"], ["--bits"]),
    ],
)
def test_wrong_usage_is_2_and_one_line(arguments: list[str], words: list[str]) -> None:
    assert_one_line(peephole(*arguments), 2, *words)


def test_a_process_fails_as_told(tmp_path: Path) -> None:
    assert_one_line(process("embed", "--images", "x"), 2, "--output")
    (tmp_path / "cut.safetensors").write_bytes(b"half")
    assert_one_line(process("describe", tmp_path / "cut.safetensors"), 1, "cut.safetensors")
    assert_one_line(process("describe", tmp_path / "none"), 1, "no such program file")


@pytest.mark.parametrize("group", ["people", "strangers", "evaluate"])
def test_a_group_alone_shows_its_help(group: str) -> None:
    done = peephole(group)
    assert done.returncode == 2 and "Usage" in done.stdout and done.stderr == ""


def test_missing_files_are_named(tmp_path: Path) -> None:
    none = tmp_path / "no such"
    program = tmp_path / "p.safetensors"
    tiny_program(program)
    tar = tar_of(tmp_path / "a.tar", {})
    for arguments in (
        ["describe", none],
        ["identify", "x.png", "--model", none, "--data", tmp_path],
        ["embed", "--images", none, "-o", tmp_path / "o.npz", "--model", program],
        ["embed", "--images", tar, "-o", none / "o.npz", "--model", program],
        ["evaluate", "lfw", "--images", tar, "--pairs", none, "--model", program],
        ["quantize", none, "--calibration", tar, "-o", tmp_path / "q.safetensors"],
        ["train", none],
        ["people", "import", none, "--data", tmp_path],
    ):
        assert_one_line(peephole(*arguments), 1, "no such")


def test_a_broken_program_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    tiny_program(path)
    whole = path.read_bytes()
    for data in (b"", b"hello", whole[: len(whole) // 2], whole[:9], b"\xff" * 64):
        path.write_bytes(data)
        assert_one_line(peephole("describe", path), 1, "broken.safetensors")
        assert_one_line(peephole("people", "list", "--model", path, "--data", tmp_path / "d"), 1, "broken.safetensors")
    assert not (tmp_path / "d").exists()


def test_what_is_no_image_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    program, bad = tmp_path / "p.safetensors", tmp_path / "bad.jpg"
    tiny_program(program)
    bad.write_text("not a picture")
    good = tmp_path / "grün 'and\nodd.png"
    good.write_bytes(png(np.zeros((80, 80), np.uint8)))
    done = process("identify", bad, good, "--model", program, "--data", tmp_path / "d")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "bad.jpg: not an image" in done.stderr
    assert "no face" in done.stdout and done.stdout.count("\n") == 1


def test_a_traceback_only_on_demand(tmp_path: Path) -> None:
    assert "Traceback" in process("--debug", "describe", tmp_path / "none").stderr
    assert "Traceback" in process("describe", tmp_path / "none", PEEPHOLE_DEBUG="1").stderr


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    program = tmp_path / "p.safetensors"
    tiny_program(program)
    command = [sys.executable, "-m", "peephole.cli.app", "describe", str(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.close()
        told = running.stderr.read()
    assert (running.returncode, told) == (1, b"")


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_closed_from_the_start(tmp_path: Path, closed: str) -> None:
    """What would go to stderr does not go to stdout instead, and a command that cannot tell anything says so."""
    program = tmp_path / "p.safetensors"
    tiny_program(program)
    number, file = {"stdout": (1, program), "stderr": (2, tmp_path / "none")}[closed]
    command = f"exec {sys.executable} -m peephole.cli.app describe --json {file} {number}>&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    said = "peephole: stdout is closed; send it to a file, or to /dev/null\n" if closed == "stdout" else ""
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_a_checkpoint_in_place_of_a_program_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    with zipfile.ZipFile(path, "w") as members:  # as torch.save lays it out
        members.writestr("last/data.pkl", b"")
    embedding = ("embed", "--images", tmp_path, "-o", tmp_path / "o.npz", "--model")
    for arguments in (("describe",), embedding):
        done = peephole(*arguments, path)
        assert_one_line(done, 1, "last.ckpt: a float checkpoint", "peephole quantize", "--arithmetic float")


def test_a_file_that_may_not_be_read_fails_like_one_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "closed"
    path.write_bytes(b"")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("whoever runs this may read every file")
    for arguments in (
        ("describe", path),
        ("identify", path, "--data", tmp_path / "d"),
        ("embed", "--images", path, "-o", tmp_path / "o.npz"),
        ("evaluate", "lfw", "--images", tmp_path, "--pairs", path),
        ("quantize", path, "--calibration", tmp_path, "-o", tmp_path / "o.safetensors"),
        ("train", path),
    ):
        assert_one_line(peephole(*arguments), 1, "closed: Permission denied")


def test_no_command_leaves_it_to_typer_whether_a_file_may_be_read() -> None:
    def options(group: typer.Typer) -> Iterator[ParameterInfo]:
        for command in group.registered_commands:
            assert command.callback is not None
            for hint in get_type_hints(command.callback, include_extras=True).values():
                yield from (info for info in getattr(hint, "__metadata__", ()) if isinstance(info, ParameterInfo))
        for inner in group.registered_groups:
            assert inner.typer_instance is not None
            yield from options(inner.typer_instance)

    found = list(options(app))
    assert len(found) > 50 and not any(info.readable for info in found)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"accuracy": 0.9749999999999999}, '{"accuracy": 0.975}'),
        ([1e-7, 0.123456789, -3], "[1e-07, 0.123457, -3]"),
        ((1763834084.25, 12.3456789012), "[1763834084.25, 12.345679]"),
        ({"a": [{"b": 0.30000000000000004, "c": None, "d": True}]}, '{"a": [{"b": 0.3, "c": null, "d": true}]}'),
    ],
)
def test_json_without_the_noise_of_binary_fractions(
    capsys: pytest.CaptureFixture[str], value: object, text: str
) -> None:
    print_json(value)
    assert capsys.readouterr().out == text + "\n"


def _listen_to_ctrl_c() -> None:
    """Undo what a shell does to the commands that it runs in the background: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_is_130_and_says_nothing(tmp_path: Path) -> None:
    program, wall = tmp_path / "p.safetensors", tmp_path / "wall.png"
    tiny_program(program)
    wall.write_bytes(png(np.zeros((480, 640), np.uint8)))
    command = [sys.executable, "-u", "-m", "peephole.cli.app", "identify", *[str(wall)] * 5000, "--model", str(program)]
    with subprocess.Popen(
        [*command, "--data", str(tmp_path / "d")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_listen_to_ctrl_c,
    ) as running:
        assert running.stdout is not None
        assert "no face" in running.stdout.readline()  # the first of thousands
        running.send_signal(signal.SIGINT)
        told = running.communicate()[1]
    assert (running.returncode, told) == (130, "")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("a\nb   c"), "a b c"),
        (FileNotFoundError(2, "No such file or directory", "x.png"), "x.png: No such file or directory"),
        (OSError(28, "disk: full"), "disk: full"),
        (OSError("busy"), "busy"),
        (KeyError("k"), "unexpected KeyError: 'k' (PEEPHOLE_DEBUG=1 shows where)"),
    ],
)
def test_each_error_in_one_line(error: Exception, text: str) -> None:
    assert describe(error) == text


def test_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: None) == 0
    assert guarded(lambda: 1) == 1

    def fail() -> None:
        raise OSError(28, "disk: full")

    assert guarded(fail) == 1
    assert capsys.readouterr().err == "peephole: disk: full\n"
