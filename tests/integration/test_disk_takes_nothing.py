"""A disk that is full when a command or the doorbell starts, or that can only be read: what is kept can be read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSEHOLD = Path(__file__).resolve().parents[1] / "full_disk_household.py"
APART = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    disk, home = tmp_path_factory.mktemp("disk"), tmp_path_factory.mktemp("home")
    try:
        mounts = subprocess.run([*APART, "mount", "-t", "tmpfs", "none", disk], capture_output=True, check=False)
    except FileNotFoundError:
        mounts = None
    if mounts is None or mounts.returncode:
        pytest.skip("no disk may be mounted here (unshare --mount)")
    done = subprocess.run(
        [*APART, sys.executable, HOUSEHOLD, disk],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, list[object]] = json.loads(done.stdout)
    return told


def test_what_is_kept_on_a_full_disk_can_be_read(found: dict[str, list[object]]) -> None:
    assert found["full"] == [
        ["Anna"],
        "peephole.db: cannot be written, the disk is full; make room, nothing stored before is lost",
    ]


def test_whoever_started_on_a_full_disk_stores_again_and_lets_others_in(found: dict[str, list[object]]) -> None:
    assert (found["room again"], found["another"]) == ("Anna, Ben", ["Anna", "Ben"])


def test_what_is_kept_on_a_disk_that_can_only_be_read_can_be_read(found: dict[str, list[object]]) -> None:
    people, told = found["read-only"]
    assert people == ["Anna", "Ben"]
    assert str(told).startswith("peephole.db: cannot be written, its disk is mounted read-only, as one that fails")


def test_the_doorbell_names_the_disk_that_can_only_be_read(found: dict[str, list[object]]) -> None:
    code, line = found["run"]
    assert code == 1 and "data/peephole.lock: cannot be opened (Read-only file system)" in str(line)
