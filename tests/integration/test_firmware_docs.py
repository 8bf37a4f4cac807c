"""What docs/firmware.md shows compiles and runs, and its figures are what the compiler gives."""

import json
import re
import shutil
from pathlib import Path

import pytest

from commands import peephole
from emitted import STRICT, project_of, run
from peephole.compiler.planner import place
from peephole.compiler.schedule import Passes, lower
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import landmark_program

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "firmware.md").read_text()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_the_example_compiles_without_a_warning_and_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (told, example) = re.findall(r"`peephole (compile [^`]*)`[^`]*```c\n(.*?)```", TEXT, re.DOTALL)[0]
    monkeypatch.chdir(DOCS.parent)
    done = peephole(*told.replace("-o landmarks", f"-o {tmp_path / 'landmarks'}").split())
    assert done.returncode == 0, done.stderr
    project = project_of(IntegerProgram.load(landmark_program()))
    (tmp_path / "landmarks" / "main.c").write_text(example)
    sources = [path for path in project.files if path.endswith((".c", ".S")) and path != "self_test.c"]
    flags = (*STRICT, "-O1", "-I.", "-Icsrc", "-Icsrc/include", "-o", "main")
    done = run("gcc", *flags, "main.c", *sources, cwd=tmp_path / "landmarks")
    assert (done.returncode, done.stderr) == (0, "")
    done = run("./main", cwd=tmp_path / "landmarks")
    assert done.returncode == 0
    assert len(done.stdout.split()) == 10


def test_the_table_names_every_file() -> None:
    named = set(re.findall(r"`([\w./]+)`", TEXT.partition("There is no malloc")[0]))
    files = {path.partition("/")[0] for path in project_of(IntegerProgram.load(landmark_program())).files}
    ours = {path.replace("landmarks", "recogniser") for path in files - {"peephole.json"}}
    known = named | {"recogniser_weights.h", "recogniser_weights.S"} | {name.rstrip("/") for name in named}
    assert ours <= known


def test_the_figures_of_the_landmark_network() -> None:
    program = IntegerProgram.load(landmark_program())

    def arena(passes: Passes) -> int:
        return place([b for b in lower(program, passes).buffers if b.holds == "activations"]).peak_bytes

    plain, small = arena(Passes(streaming=False, in_place=False)), arena(Passes())
    assert f"| the landmark network, grey 64x64, 16 bits | {plain:,} bytes | {small:,} bytes |" in TEXT


def test_the_figures_of_squeezenet_before_it_is_trained() -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    (command,) = re.findall(r"16 bits \(`peephole (plan squeezenet1_1)`\)", TEXT)
    said = peephole(*command.split()).stdout.splitlines()
    rows = [line.split() for line in said if line.startswith("with")]
    assert len(rows) == 5
    for *words, arena, alive in rows:
        assert f"| {' '.join(words)} | {arena} | {alive} |" in TEXT
    assert [line for line in said[-4:-1] if line in TEXT] == said[-4:-1]


def test_the_figures_of_the_device() -> None:
    def peak(*options: object) -> int:
        return int(json.loads(peephole("plan", "--device", "--json", *options).stdout)["peak_bytes"])

    told, more = peak(), peak("--users", 21, "--strangers", 21)
    assert f"**{told:,} of 524,288 bytes**" in TEXT
    assert "A user more takes 1,434 bytes and a stranger 854" in TEXT
    assert more - told <= 1434 + 854 + 2 * 16  # buffers begin at whole words of 16
    assert f"60 users fit too ({peak('--users', 60):,} bytes)" in TEXT


def test_the_picture_of_the_device_and_the_readme_are_of_this_device(tmp_path: Path) -> None:
    told = json.loads(peephole("plan", "--device", "--svg", tmp_path / "device.svg", "--json").stdout)
    assert (tmp_path / "device.svg").read_text() == (DOCS / "images" / "device.svg").read_text()
    assert f"take {told['peak_bytes']:,} bytes at once" in (DOCS.parent / "README.md").read_text()


def test_the_refusal_is_as_shown(tmp_path: Path) -> None:
    done = peephole("compile", "-o", tmp_path / "made", "--l2", "40K")
    assert done.returncode == 1 and done.stderr in TEXT


def test_every_key_of_the_json_is_explained_and_every_option_named() -> None:
    told = json.loads(peephole("plan", landmark_program(), "--json").stdout)
    named = set(re.findall(r"`([\w-]+)`", TEXT))
    assert set(told) - {"name", "model", "optimal", "shapes_alone"} <= named
    assert {key for b in told["buffers"] for key in b} <= named
    assert {key for pair in told["laid_over"] for key in pair} - {"step"} <= named
    assert {key for level in told["levels"] for key in level} - {"level"} <= named
    for option in (
        "--no-streaming",
        "--no-in-place",
        "--no-concatenation",
        "--buffers",
        "--tiles",
        "--device",
        "--tensor",
    ):
        assert option in TEXT
