"""The offline promise: with nothing but this machine to talk to, everything works, and nothing else is asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from running import model_arguments

SCRIPT = Path(__file__).resolve().parents[1] / "offline_household.py"
ALONE = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]


def may_be_alone() -> bool:
    """Whether this user may make a namespace without a network."""
    try:
        return subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_a_household_without_a_network_lacks_nothing(tmp_path: Path) -> None:
    model_arguments()
    pytest.importorskip("skimage", reason="the demo's portraits are not installed")
    if not may_be_alone():
        pytest.skip("no network namespace may be made here (unshare --net)")
    done = subprocess.run(
        [*ALONE, sys.executable, str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    asked = found.pop("asked")
    assert found == {
        "strangers": 1,
        "picture": True,
        "page": True,
        "elsewhere": [],
        "people": ["Eileen"],
        "backup": [0, ""],
        "exit": 0,
        "outside": False,
    }
    # All that was asked for is this machine: the page's own address, and nothing was connected to.
    assert asked == ["socket.getaddrinfo '127.0.0.1'"]
