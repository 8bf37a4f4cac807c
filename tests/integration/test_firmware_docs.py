"""What docs/firmware.md shows compiles and runs, and its figures are what the compiler gives."""

import re
import shutil
from pathlib import Path

import pytest

from emitted import STRICT, project_of, run
from peephole.compiler.emit import write_folder
from peephole.compiler.planner import place
from peephole.compiler.schedule import Passes, lower
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import landmark_program

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "firmware.md").read_text()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_the_example_compiles_without_a_warning_and_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```c\n(.*?)```", TEXT, re.DOTALL)
    project = project_of(IntegerProgram.load(landmark_program()))
    write_folder(tmp_path / "landmarks", project.files)
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
