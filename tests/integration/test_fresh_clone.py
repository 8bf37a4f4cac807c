"""A clone has all that the two commands of the README need: nothing that lies about here alone is used."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from documents import CHECKOUT
from peephole import _core

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not (CHECKOUT / ".git").exists(), reason="this is no clone"
)
START = """
import sys
sys.path[:0] = [sys.argv.pop(1)]
sys.path.append(sys.argv.pop(1))
import peephole
assert peephole.__file__.startswith(sys.path[0]), peephole.__file__
from peephole.cli.app import main
main()
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh") / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(CHECKOUT), str(folder)], check=True)
    return folder


@pytest.mark.parametrize("target", ["run", "test"])
def test_make_knows_what_to_do(target: str, clone: Path) -> None:
    done = subprocess.run(["make", "-n", target], cwd=clone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f" {'.[demo]' if target == 'run' else '.[dev,train]'}" in done.stdout.replace("'", "")


def test_the_program_and_the_demo_run_from_what_is_tracked(clone: Path, tmp_path: Path) -> None:
    """With the packages and the compiled kernels of this environment, which the first command installs."""
    shutil.copy(_core.__file__, clone / "src" / "peephole")
    packages = sysconfig.get_path("purelib")  # without the editable installation, which -S leaves out
    program = [sys.executable, "-S", "-c", START, str(clone / "src"), packages]
    demo = ["run", "--source", "demo", "--once", "--data", str(tmp_path / "data"), "--json"]
    for arguments, said in ((["describe"], "l2_normalize"), (demo, '"decision"')):
        done = subprocess.run([*program, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
