"""The doorbell started as its owner starts it, in a process of its own."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from peephole import weights

MODEL = os.environ.get("PEEPHOLE_TEST_MODEL")
"""Another program than the shipped one, to be tried before it ships."""


def model_arguments() -> list[str]:
    """Which program to run; the test is skipped where there is none."""
    if MODEL:
        return ["--model", MODEL]
    if not Path(weights.__file__).with_name(weights.RECOGNISER).is_file():
        pytest.skip("the package carries no recogniser yet; name one in PEEPHOLE_TEST_MODEL")
    return []


@dataclass
class Running:
    """A doorbell in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    def stop(self) -> int:
        """Ask it to stop; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


def start(*arguments: object) -> Running:
    """Start `peephole run` on a free port and wait until it says where its page is."""
    model = [] if "--model" in arguments else model_arguments()
    return start_page("run", "--port", 0, *model, *arguments)


def start_page(*arguments: object) -> Running:
    """Start a command that serves a page and wait until it says where that is."""
    command = [sys.executable, "-m", "peephole.cli.app", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"http://\S+", line)
    if found is None:
        process.kill()
        process.communicate()
        raise AssertionError(f"did not start: {line}")
    return Running(process, found[0])
