"""A disk that fails as a dying SD card does is told as that; what may pass ends no watching and costs no data."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]
NOT_TAKEN = "peephole.db: the disk did not take what was written (disk I/O error); look for its faults"
PASSES = "which may pass;"


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs Linux and a C compiler, to stand between SQLite and the system")
    library = tmp_path_factory.mktemp("shim") / "failing_disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, TESTS / "failing_disk.c"], check=True)
    return library


def told(scene: str, folder: Path, shim: Path) -> list[list[Any]]:
    done = subprocess.run(
        [sys.executable, str(TESTS / "failing_disk_victim.py"), str(folder), scene],
        env=os.environ | {"LD_PRELOAD": str(shim)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: list[list[Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("scene", ["writing", "bringing"])
def test_what_cannot_be_written_is_no_full_disk_and_is_stored_later(scene: str, tmp_path: Path, shim: Path) -> None:
    lines = told(scene, tmp_path, shim)
    assert [line[:2] for line in lines] == [
        ["Problem", "storage"],
        ["Decided", "Anna"],
        ["VisitEnded", "Anna"],
        ["Problem", "storage_back"],
        ["visits", [True]],
    ]
    assert NOT_TAKEN in lines[0][2] and "full" not in lines[0][2]


def test_a_start_that_cannot_read_gives_no_advice_that_costs_the_data(tmp_path: Path, shim: Path) -> None:
    ((_, people_later, text),) = told("opening", tmp_path, shim)
    assert people_later == 1
    assert "peephole.db: the disk failed (disk I/O error), which may pass" in text and "move it away" not in text


def test_a_backup_of_what_cannot_be_copied_is_one_sentence(tmp_path: Path, shim: Path) -> None:
    read, written = (text for _, _, text in told("backup", tmp_path, shim))
    assert "peephole.db: the disk failed" in read or "peephole.db: damaged, or the disk" in read
    assert ".copy: the disk did not take what was written (disk I/O error)" in written
    assert [file.name for file in (tmp_path / "data").iterdir() if "copy" in file.name] == []


def test_a_camera_goes_on_where_nothing_can_be_read_before_its_first_frame(tmp_path: Path, shim: Path) -> None:
    lines = told("beginning", tmp_path, shim)
    assert [line[:2] for line in lines] == [
        ["Problem", "storage"],
        ["VisitEnded", None],  # which a killed process had left open
        ["Problem", "storage_back"],
        ["Decided", "Anna"],
        ["VisitEnded", "Anna"],
        ["visits", [True, True]],
    ]
    assert PASSES in lines[0][2] and "keep the file" in lines[0][2]
    assert "nobody was recognised meanwhile" in lines[2][2]
    assert lines[-1][2] == "a camera has ended"


def test_a_backup_that_a_failing_disk_does_not_let_back_is_called_neither_damaged_nor_empty(
    tmp_path: Path, shim: Path
) -> None:
    *told_of, people = told("restoring", tmp_path, shim)
    assert [kind for kind, _, _ in told_of] == ["OSError"] * 4
    read, further, written, backup = (text for _, _, text in told_of)
    assert "peephole.db.arriving: the disk failed (disk I/O error), which may pass" in read
    assert "peephole.db.arriving: the disk does not give back what is stored (Input/output error)" in further
    assert "peephole.db.arriving: the disk did not take what was written (Input/output error)" in written
    assert "backup of peephole.db: the disk does not give back what is stored (Input/output error)" in backup
    assert all("another backup" not in text and "look for" in text for text in (read, further, written, backup))
    assert people == ["people", 1, ""]
    assert [file.name for file in (tmp_path / "data").iterdir() if "arriving" in file.name] == []
