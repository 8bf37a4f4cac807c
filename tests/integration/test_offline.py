"""The offline promise: with nothing but this machine to talk to, everything works, and nothing else is asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from running import model_arguments

TESTS = Path(__file__).resolve().parents[1]
ALONE = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]


def may_be_alone() -> bool:
    """Whether this user may make a namespace without a network."""
    try:
        return subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def lived(script: str, folder: Path) -> dict[str, Any]:
    """What a household told of its day without a network."""
    model_arguments()
    pytest.importorskip("skimage", reason="the demo's portraits are not installed")
    if not may_be_alone():
        pytest.skip("no network namespace may be made here (unshare --net)")
    command = [*ALONE, sys.executable, str(TESTS / script), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_household_without_a_network_lacks_nothing(tmp_path: Path) -> None:
    found = lived("offline_household.py", tmp_path)
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


def test_where_every_named_destination_is_away_all_else_works(tmp_path: Path) -> None:
    found = lived("offline_services.py", tmp_path)
    asked, problems = found.pop("asked"), found.pop("problems")
    assert found == {
        "introduced": [200, 200],
        "door": "would have opened for Eileen",
        "nearest": "Eileen",
        "cameras": {"front": "watching"},
        "shared": 1,
        "exported": "Eileen",
        "backup": "",
        "erased": 200,
        "left": [],
        "exit": 0,
        "restored": "",
        "people": 1,
        "outside": False,
    }
    broker, phone = sorted(problems, key=lambda text: "phone" in text)
    assert "the MQTT broker 192.0.2.7:1883 cannot be reached" in broker
    assert "notify target phone: it cannot be reached" in phone
    # What is asked for is what the settings name, and nothing else. (The camera is asked by FFmpeg, unheard by Python.)
    assert asked == [
        "socket.connect ('192.0.2.7', 1883)",
        "socket.connect ('192.0.2.8', 80)",
        "socket.getaddrinfo '127.0.0.1'",
        "socket.getaddrinfo '192.0.2.7'",
        "socket.getaddrinfo '192.0.2.8'",
    ]
