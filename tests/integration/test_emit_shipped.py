"""The programs that ship: interpreter, kernels, plan and emitted C agree, layer by layer, on inputs of every kind."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from commands import astronaut
from emitted import (
    SANITIZED,
    Built,
    Project,
    compile_and_run,
    differing,
    disagreements,
    inputs_of,
    project_of,
    write_folder,
)
from peephole import weights
from peephole.fixedpoint.program import IntegerProgram

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

SHIPPED = sorted(Path(weights.__file__).parent.glob("*.safetensors"))


def test_these_are_all_that_ship() -> None:
    assert {path.name for path in SHIPPED} == {weights.RECOGNISER, weights.RECOGNISER_8_BITS, weights.LANDMARKS}


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda path: path.stem)
def project(request: pytest.FixtureRequest) -> Project:
    return project_of(IntegerProgram.load(request.param))


def test_the_self_test(project: Project, kernels: Path, tmp_path: Path) -> None:
    write_folder(tmp_path / "made", project.files)
    done = compile_and_run(project.id, tmp_path / "made", kernels)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"all {len(project.program.layers)} layers as expected" in done.stdout


def test_inputs_of_every_kind(project: Project, kernels: Path, tmp_path: Path) -> None:
    """Black, white, noise, a checkerboard, the self-test's image and a face."""
    size = (project.program.input.width, project.program.input.height)
    face = cv2.resize(astronaut(), size, interpolation=cv2.INTER_AREA)
    inputs = [*inputs_of(project.program).values(), face]
    made = Built(project, tmp_path / "made", kernels).run(inputs)
    assert len(np.unique(made["output"].reshape(len(inputs), -1), axis=0)) == len(inputs)
    assert differing(project, made, inputs) == []


def test_sanitizers_find_nothing(project: Project, sanitized_kernels: Path, tmp_path: Path) -> None:
    """In memory of exactly the bytes that are promised, which begins no better than promised."""
    assert disagreements(project, tmp_path / "made", sanitized_kernels, *SANITIZED, "-O0") == []
