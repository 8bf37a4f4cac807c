"""The kernels of the host on ARM, cross-compiled and run by an emulator: the bits are those of the portable ones."""

import shutil
import subprocess
from pathlib import Path

import pytest

GCC, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"
CSRC = Path(__file__).parents[2] / "csrc"
STRICT = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror")


KERNELS = (
    *("add", "cascade", "channels", "conv2d", "conv2d_s8", "depthwise", "distance", "dot4", "normalize", "pool"),
    *("similarity", "strip", "warp"),
)

pytestmark = [
    pytest.mark.skipif(shutil.which(GCC) is None, reason=f"needs {GCC}"),
    pytest.mark.skipif(shutil.which(EMULATOR) is None, reason=f"needs {EMULATOR}"),
]
INCLUDE = (f"-I{CSRC}", f"-I{CSRC}/include", f"-I{CSRC}/tests")


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The kernels, compiled without a warning."""
    folder = tmp_path_factory.mktemp("arm")
    sources = [str(path) for room in ("host", "kernels") for path in sorted((CSRC / room).glob("*.c"))]
    done = subprocess.run([GCC, *STRICT, *INCLUDE, "-c", *sources], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return [str(path) for path in folder.glob("*.o")]


def checks(name: str, objects: list[str], folder: Path) -> int:
    """How many checks of a test in C an ARM makes; none may fail."""
    test = str(CSRC / "tests" / f"{name}_test.c")
    subprocess.run([GCC, "-std=c99", "-static", *INCLUDE, test, *objects, "-o", str(folder / name)], check=True)
    done = subprocess.run([EMULATOR, str(folder / name)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{name}: {done.stderr[-2000:]}"
    *_, last = done.stdout.splitlines()
    assert last.endswith(" checks, 0 failed")
    return int(last.split()[0])


def test_convolutions_with_neon_give_the_bits_of_the_portable_ones(objects: list[str], tmp_path: Path) -> None:
    # 1,500 layers on NEON beside the portable kernels' own answers
    assert checks("conv2d_packed", objects, tmp_path) > 4500


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_gives_its_known_answers_on_arm(name: str, objects: list[str], tmp_path: Path) -> None:
    assert checks(name, objects, tmp_path) > 0
