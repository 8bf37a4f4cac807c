"""`peephole compile` as its user meets it: passes that can be left out, and what goes wrong."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from commands import assert_one_line, astronaut, peephole, png, process, tiny_network, tiny_program
from emitted import run
from peephole.weights import landmark_program

CHECKOUT = Path(__file__).resolve().parents[2]
EVERY_PASS = ("--no-streaming", "--no-in-place", "--no-concatenation")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    tiny_program(path)
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def expected(folder: Path) -> str:
    """What the self-test wants of its input."""
    (values,) = re.findall(r"expected\[[^]]*\] = \{(.*?)\}", (folder / "self_test.c").read_text(), re.DOTALL)
    return " ".join(values.split())


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize("left_out", [[], *([name] for name in EVERY_PASS), [*EVERY_PASS]], ids=" ".join)
def test_no_pass_changes_a_bit(left_out: list[str], tmp_path: Path) -> None:
    whole = peephole("compile", landmark_program(), "-o", tmp_path / "whole", "--json")
    done = peephole("compile", landmark_program(), "-o", tmp_path / "made", "--json", *left_out)
    assert done.returncode == 0, done.stderr
    assert expected(tmp_path / "made") == expected(tmp_path / "whole") != ""
    arena, least = (json.loads(told.stdout)["arena_bytes"] for told in (done, whole))
    assert (arena > 2 * least) is ("--no-streaming" in left_out)
    built = run("make", "-C", tmp_path / "made", "test", "CFLAGS=-O1")
    assert built.returncode == 0 and "10 values as expected" in built.stdout, built.stderr


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_the_shipped_recogniser_is_the_same_with_copied_concatenations(tmp_path: Path) -> None:
    for name, options in (("whole", []), ("copies", ["--no-concatenation"])):
        done = peephole("compile", "-o", tmp_path / name, *options)
        assert done.returncode == 0, done.stderr
    assert expected(tmp_path / "copies") == expected(tmp_path / "whole")
    assert "copy_channels" in (tmp_path / "copies" / "recogniser.c").read_text()
    built = run("make", "-C", tmp_path / "copies", "test", "CFLAGS=-O2")
    assert built.returncode == 0 and "128 values as expected" in built.stdout, built.stderr


def test_too_little_memory_says_what_would_help(model: Path, tmp_path: Path) -> None:
    made = ("-o", tmp_path / "made")
    needs = peephole("compile", model, *made, "--l2", "2K")
    assert_one_line(needs, 1, "at step", "too few", "raise --l2, or take 8 bits, which need about half")
    assert_one_line(peephole("compile", model, *made, "--l2", 100), 1, "8 bits for 16 would not be enough")
    without = peephole("compile", model, *made, "--l2", "2K", "--no-streaming")
    assert_one_line(without, 1, "raise --l2, or leave out --no-streaming, or")
    tiny = peephole("plan", "--bits", 8, "--l2", "60K")
    assert_one_line(tiny, 1, "raise --l2, or take a smaller input or narrower layers\n")
    assert_one_line(peephole("plan", "--device", "--l2", "300K"), 1, "at step 1 (detect)", "fewer --users")
    assert not (tmp_path / "made").exists()


def test_what_is_no_program_is_one_sentence(model: Path, tmp_path: Path) -> None:
    made = ("-o", tmp_path / "made")
    tiny_network().save(tmp_path / "float.safetensors")
    (tmp_path / "network.onnx").write_bytes(b"\x08\x08")
    (tmp_path / "cut.safetensors").write_bytes(model.read_bytes()[:500])
    (tmp_path / "empty.safetensors").write_bytes(b"")
    for name, words in {
        "none.safetensors": "no such program file",
        "float.safetensors": "holds peephole float network, not a peephole integer program",
        "network.onnx": "make one of it with peephole quantize",
        "cut.safetensors": "truncated, damaged",
        "empty.safetensors": "truncated, damaged",
    }.items():
        assert_one_line(peephole("compile", tmp_path / name, *made), 1, name, words)
    assert not (tmp_path / "made").exists()


def test_a_place_that_is_not_ours_is_refused_and_kept(model: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("mine")
    own = tmp_path / "own.safetensors"
    own.write_bytes(model.read_bytes())
    assert_one_line(peephole("compile", model, "-o", tmp_path / "mine"), 1, "holds thesis.tex", "name another folder")
    assert_one_line(peephole("compile", own, "-o", own), 1, "no folder; name another place")
    assert_one_line(peephole("compile", model, "-o", tmp_path / "no" / "made"), 1, "no such folder to make made in")
    assert_one_line(peephole("plan", own, "--svg", own), 1, "would be written as .svg")
    assert content(tmp_path / "mine") == {"thesis.tex": b"mine"} and own.read_bytes() == model.read_bytes()


def test_what_to_do_next_can_be_pasted_into_a_shell(model: Path, tmp_path: Path) -> None:
    told = peephole("compile", model, "-o", tmp_path / "two words").stdout
    assert f"make -C '{tmp_path / 'two words'}' test " in told


def test_an_edited_file_and_one_among_what_is_built_are_not_lost(model: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    assert peephole("compile", model, "-o", made).returncode == 0
    (made / "build").mkdir()
    (made / "build" / "notes.txt").write_text("mine")
    assert_one_line(peephole("compile", model, "-o", made), 1, "made: holds build/notes.txt, which its Makefile does")
    (made / "build" / "notes.txt").unlink()
    (made / "self_test.c").write_text("mine")
    assert_one_line(peephole("compile", model, "-o", made), 1, "self_test.c was edited", "name another folder")
    assert (made / "self_test.c").read_text() == "mine"


def test_places_where_nothing_can_be_written_are_one_sentence(model: Path) -> None:
    assert_one_line(peephole("compile", model, "-o", "/"), 1, "peephole: /: holds", "name another folder")
    assert_one_line(peephole("compile", model, "-o", "/proc/made"), 1, "/proc: ", "name a folder elsewhere")
    assert_one_line(peephole("compile", model, "-o", "/dev/null/made"), 1, "/dev/null: no such folder to make made in")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_place_is_one_sentence(model: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir(mode=0o555)
    assert_one_line(peephole("compile", model, "-o", tmp_path / "kept" / "made"), 1, "kept", "elsewhere")
    assert_one_line(peephole("plan", model, "--svg", tmp_path / "kept" / "a.svg"), 1, "may not be written to")


def test_a_full_disk_is_one_sentence_and_leaves_the_old_folder(model: Path, tmp_path: Path) -> None:
    assert peephole("compile", model, "-o", tmp_path / "made").returncode == 0
    before = content(tmp_path / "made")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    try:
        compiled = peephole("compile", model, "-o", tmp_path / "made", "--no-streaming")
        pictured = peephole("plan", model, "--html", tmp_path / "plan.html")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_one_line(compiled, 1, "made: cannot be written, the disk is full; make room")
    assert_one_line(pictured, 1, "plan.html: cannot be written, the disk is full; make room")
    assert content(tmp_path / "made") == before
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_a_kill_at_any_time_leaves_a_whole_folder(model: Path, tmp_path: Path) -> None:
    """The old one or the new one; what the killed run had begun lies beside it, hidden."""
    assert process("compile", model, "-o", tmp_path / "made").returncode == 0
    old = content(tmp_path / "made")
    began = time.monotonic()
    assert process("compile", model, "-o", tmp_path / "other", "--no-streaming").returncode == 0
    lasted, new = time.monotonic() - began, content(tmp_path / "other")
    command = [sys.executable, "-m", "peephole.cli.app", "compile", model, "-o", tmp_path / "made", "--no-streaming"]
    for number in range(5, 11):
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL) as running:
            time.sleep(lasted * number / 10)
            running.send_signal(signal.SIGKILL)
        assert content(tmp_path / "made") in (old, new)
    assert peephole("compile", model, "-o", tmp_path / "made").returncode == 0
    assert content(tmp_path / "made") == old


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_squeezenet_at_128_pixels_from_its_checkpoint_to_running_c_in_80_kib(tmp_path: Path) -> None:
    """As docs/firmware.md shows it, on pictures that anyone may have."""
    pytest.importorskip("torch", reason="needs the train extra")
    (tmp_path / "pictures").mkdir()
    for number in range(4):
        picture = np.roll(astronaut(), 8 * number, axis=1)
        (tmp_path / "pictures" / f"{number}.png").write_bytes(png(picture))
    checkpoint, made = CHECKOUT / "checkpoints" / "squeezenet-128.ckpt", tmp_path / "squeezenet.safetensors"
    done = peephole("quantize", checkpoint, "--calibration", tmp_path / "pictures", "-o", made)
    assert done.returncode == 0, done.stderr
    planned, compiled = (
        json.loads(peephole(*words, "--json").stdout)
        for words in (("plan", made), ("compile", made, "-o", tmp_path / "squeezenet"))
    )
    assert compiled["arena_bytes"] == planned["compiled_arena_bytes"] <= planned["arena_bytes"] <= 80 * 1024
    built = run("make", "-C", tmp_path / "squeezenet", "test")
    assert built.returncode == 0 and "128 values as expected" in built.stdout, built.stderr
