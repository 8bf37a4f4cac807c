"""The threads of the host under the thread sanitizer: no two touch a value at once unless both only read it."""

import subprocess
from pathlib import Path

import pytest

CSRC = Path(__file__).parents[2] / "csrc"
FLAGS = ("-std=c99", "-O1", "-g", "-fsanitize=thread", f"-I{CSRC}", f"-I{CSRC}/include", f"-I{CSRC}/tests")


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Compile the kernels of the host, and what they are compared with."""
    folder = tmp_path_factory.mktemp("objects")
    sources = [str(path) for room in ("host", "kernels") for path in sorted((CSRC / room).glob("*.c"))]
    made = subprocess.run(["cc", *FLAGS, "-c", *sources], cwd=folder, capture_output=True, text=True)
    if "sanitize" in made.stderr:
        pytest.skip("this compiler has no thread sanitizer")
    assert made.returncode == 0, made.stderr
    return [str(path) for path in folder.glob("*.o")]


@pytest.mark.parametrize("test", ["workers_test", "conv2d_packed_test"])
def test_shared_work_has_no_data_races(test: str, objects: list[str], tmp_path: Path) -> None:
    program = str(tmp_path / test)
    command = ["cc", *FLAGS, str(CSRC / "tests" / f"{test}.c"), *objects, "-pthread", "-o", program]
    made = subprocess.run(command, capture_output=True, text=True)
    if "libtsan" in made.stderr or "-ltsan" in made.stderr:
        pytest.skip("this compiler has no thread sanitizer")
    assert made.returncode == 0, made.stderr
    done = subprocess.run([program], capture_output=True, text=True, timeout=300)
    if "unexpected memory mapping" in done.stderr:
        pytest.skip("the thread sanitizer does not run with this kernel's memory layout")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith(" checks, 0 failed\n")
