"""The detector on GAP8's cores finds the windows that the kernel finds, with the same scores, in the same order."""

import shutil
import struct
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emitted import SANITIZED, STRICT, run
from peephole import _core
from peephole.compiler.emit.sources import source_folder
from peephole.firmware.cascade import HEADER, cascade_source
from peephole.firmware.frames import GreyFrame
from peephole.fixedpoint.reference.cascade import Cascade
from peephole.vision.cascade_table import load_cascade
from peephole.vision.detector import MIN_DEVIATION

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

DRIVER = Path(__file__).parent.parent / "gap8_detect.c"
KERNELS = ("plan", "pyramid", "search", "vote", "windows", "check")
L1_BYTES = 45_440
SCALE = 72_090  # Q16: 1.1


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("detector"), load_cascade())


def compiled(folder: Path, table: Cascade) -> Path:
    (folder / "cascade_table.c").write_text(cascade_source(table))
    (folder / "cascade_table.h").write_text(HEADER)
    root = source_folder()
    sources = [root / "kernels" / f"cascade_{name}.c" for name in KERNELS]
    sources.append(root / "ports" / "gap8" / "gap8_cascade.c")
    include = (f"-I{folder}", f"-I{root}", f"-I{root / 'include'}")
    command = ("gcc", *STRICT, "-O2", *SANITIZED, *include, "-o", folder / "driver")
    done = run(*command, DRIVER, folder / "cascade_table.c", *sources)
    assert done.returncode == 0, done.stderr
    return folder / "driver"


def on_cores(
    driver: Path, grey: NDArray[np.uint8], min_size: int, regions: Sequence[Sequence[int]] = (), l1: int = L1_BYTES
) -> tuple[int, NDArray[np.int32]]:
    """Status, and the hits: x, y, side, score."""
    numbers = [l1, *grey.shape, min_size, 240, SCALE, MIN_DEVIATION, len(regions)]
    given = struct.pack(f"<{len(numbers)}i", *numbers) + np.array(regions, np.int32).tobytes() + grey.tobytes()
    done = subprocess.run([str(driver)], input=given, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    head, *hits = done.stdout.decode().splitlines()
    status, count = map(int, head.split())
    assert count == len(hits)
    return status, np.array([line.split() for line in hits], np.int32).reshape(-1, 4)


def by_kernel(
    grey: NDArray[np.uint8], min_size: int, regions: Sequence[Sequence[int]] = (), table: Cascade | None = None
) -> NDArray[np.int32]:
    table = table or load_cascade()
    kernel = _core.Cascade(*(getattr(table, field.name) for field in fields(table)))
    searched = np.array(regions, np.int32).reshape(-1, 6)
    hits = kernel.hits(grey, min_size, 240, SCALE, MIN_DEVIATION, searched)
    return np.asarray(hits[:, [0, 1, 2, 4]], np.int32)


@pytest.mark.parametrize("min_size", [24, 40, 64])
@pytest.mark.parametrize("l1", [L1_BYTES, 40_000])
def test_a_frame_of_the_demo(driver: Path, demo: Callable[[int], GreyFrame], min_size: int, l1: int) -> None:
    grey = demo(200).pixels
    wanted = by_kernel(grey, min_size)
    assert len(wanted) > 20
    status, found = on_cores(driver, grey, min_size, l1=l1 + (24_000 if min_size == 24 else 0))
    assert status == 0
    np.testing.assert_array_equal(found, wanted)


def test_lists_that_are_full_are_gone_on_with(demo: Callable[[int], GreyFrame], tmp_path: Path) -> None:
    """Stages that nearly every window passes, and so little L1 that every core has a list of 16 windows."""
    table = load_cascade()
    lax = replace(table, stage_threshold=table.stage_threshold - 8_192)
    driver = compiled(tmp_path, lax)
    grey = demo(200).pixels
    wanted = by_kernel(grey, 64, table=lax)
    assert 1000 < len(wanted) < 8192
    least = (1 + 2 + 24) * 128 * 4 + 8 * 16 * 16
    for l1 in (least, L1_BYTES):
        status, found = on_cores(driver, grey, 64, l1=l1)
        assert status == 0
        np.testing.assert_array_equal(found, wanted)
    assert on_cores(driver, grey, 64, l1=least - 4)[0] == 1  # PH_BAD_SHAPE


def test_regions(driver: Path, demo: Callable[[int], GreyFrame]) -> None:
    grey = demo(200).pixels
    regions = [[100, 420, 60, 190, 40, 70], [200, 330, 130, 200, 71, 110]]
    wanted = by_kernel(grey, 40, regions)
    assert 0 < len(wanted) < len(by_kernel(grey, 40))
    np.testing.assert_array_equal(on_cores(driver, grey, 40, regions)[1], wanted)


@pytest.mark.parametrize("shape", [(24, 24), (41, 43), (97, 131), (192, 192)])
def test_pictures_of_other_sizes(driver: Path, demo: Callable[[int], GreyFrame], shape: tuple[int, int]) -> None:
    grey = np.ascontiguousarray(demo(200).pixels[20 : 20 + shape[0], 60 : 60 + shape[1]])
    status, found = on_cores(driver, grey, 24)
    assert status == 0
    np.testing.assert_array_equal(found, by_kernel(grey, 24))


def test_a_picture_without_room_for_a_window(driver: Path) -> None:
    status, found = on_cores(driver, np.zeros((20, 30), np.uint8), 24)
    assert (status, len(found)) == (0, 0)
