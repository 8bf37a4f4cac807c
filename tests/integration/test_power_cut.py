"""The power goes: what was acknowledged had been brought to the disk before, and was not only on its way there."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ENOUGH = 60


@pytest.fixture
def watched(tmp_path: Path) -> dict[str, str]:
    """An environment whose programs end where they tell what is not on the disk (tests/told_too_early.c)."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs Linux and a C compiler, to hear what SQLite asks of the system")
    library = tmp_path / "told_too_early.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, TESTS / "told_too_early.c"], check=True)
    return os.environ | {"LD_PRELOAD": str(library)}


def test_what_is_acknowledged_is_on_the_disk(tmp_path: Path, watched: dict[str, str]) -> None:
    victim = [sys.executable, str(TESTS / "doorbell_victim.py")]
    told: Counter[str] = Counter()
    with subprocess.Popen(
        victim, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=watched
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{tmp_path / 'data'} 1\n")
        pid = json.loads(process.stdout.readline())["pid"]
        for line in map(json.loads, process.stdout):
            assert "dead" not in line, f"told before it was on the disk, after {dict(told)}"
            told[line.get("done") or line.get("event") or "intent"] += 1
            if told.total() >= ENOUGH:
                break
        os.kill(pid, 9)
        process.stdin.close()
    assert min(told[kind] for kind in ("enrol", "stranger", "visit_started", "visit")) > 0
