"""The folder for GAP8 compiles without the SDK, and its cores have the stacks that they need."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from commands import peephole
from gap8_parts import RISCV
from peephole.compiler.emit.sources import source_folder
from peephole.weights import default_program

pytestmark = [
    pytest.mark.skipif(shutil.which(RISCV + "gcc") is None, reason=f"needs {RISCV}gcc"),
    pytest.mark.skipif(shutil.which("make") is None, reason="needs make"),
]
PORT = source_folder() / "ports" / "gap8"


def run(*command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=120, cwd=cwd)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gap8") / "recogniser"
    done = peephole("compile", "--target", "gap8", "-o", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_everything_compiles_without_the_sdk(folder: Path) -> None:
    done = run("make", "check", cwd=folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "all of it compiles" in done.stdout


def test_the_header_and_the_plan_predict_the_same(folder: Path) -> None:
    (cycles,) = re.findall(r"not measured: ([\d,]+) cycles", (folder / "recogniser.h").read_text())
    told = json.loads(peephole("plan", default_program(), "--tiles", "--json").stdout)
    assert told["tiles"]["predicted"]["cycles"] == int(cycles.replace(",", "")) <= 16_000_000


def test_a_core_has_the_stack_for_its_part(folder: Path) -> None:
    """The deepest way down, from the work on a core to a convolution with sums of 64 bits."""
    assert run("make", "check", cwd=folder).returncode == 0
    frames: dict[str, int] = {}
    for path in (folder / "build").glob("*.su"):
        frames |= {name: int(size) for name, size in re.findall(r":(\w+)\t(\d+)", path.read_text())}
    given = int(re.findall(r"RECOGNISER_STACK_BYTES (\d+)", (folder / "recogniser.h").read_text())[0])
    wide = ("on_core", "part_conv2d_s16_wide", "ph_conv2d_s16", "ph_conv2d_blocked_s16")
    shared = ("on_core", "part_conv2d_s16", "ph_conv2d_part_s16", "convolve_pixels3")
    runtime = 256  # of the SDK, above and below
    for way in (wide, shared):
        assert sum(frames[name] for name in way) + runtime <= given, way


def test_without_the_sdk_make_says_what_to_do(folder: Path) -> None:
    done = run("make", "all", cwd=folder)
    assert done.returncode == 2 and "RULES_DIR is not set" in done.stderr


def test_what_was_checked_may_be_written_anew(folder: Path) -> None:
    assert run("make", "check", cwd=folder).returncode == 0
    assert (folder / "build" / "recogniser.c.su").is_file()
    done = peephole("compile", "--target", "gap8", "-o", folder)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("source", ["gap8", "board", "flash", "random", "doorbell_port"])
def test_the_port_compiles_against_the_calls_that_it_makes(source: str, tmp_path: Path) -> None:
    csrc = source_folder()
    include = (f"-I{csrc}", f"-I{csrc / 'include'}", f"-I{PORT / 'stub'}")
    flags = (
        "-std=c99",
        "-march=rv32imc",
        "-mabi=ilp32",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Wshadow",
        "-Werror",
    )
    command = ("--specs=picolibc.specs", *include, "-c", "-o", tmp_path / "made.o", PORT / f"{source}.c")
    done = run(RISCV + "gcc", *flags, *command)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_call_of_the_stub_is_made() -> None:
    declared = set(re.findall(r"\b((?:pi|pmsis)_\w+)\(", (PORT / "stub" / "pmsis.h").read_text()))
    template = Path(__file__).parents[2] / "src/peephole/compiler/emit/templates/gap8/self_test.c.jinja"
    text = "".join(path.read_text() for path in (*sorted(PORT.glob("*.c")), template))
    assert len(declared) > 40
    assert {name for name in declared if f"{name}(" not in text} == set()
