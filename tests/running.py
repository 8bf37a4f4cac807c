"""The doorbell started as its owner starts it, in a process of its own."""

import http.client
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from peephole import weights

OWNER = {"name": "Olga", "password": "correct horse battery"}
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
    session: str = ""
    """What the owner's browser holds, as `name=value`."""

    def stop(self) -> int:
        """Ask it to stop; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever came of the test, nothing goes on running."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def start(*arguments: object) -> Running:
    """Start `peephole run` on a free port, wait until it says where its page is, and sign in as its owner."""
    model = [] if "--model" in arguments else model_arguments()
    running = start_page("run", "--port", 0, *model, *arguments)
    assert running.process.stderr is not None
    if _ask(running.url, "GET", "/welcome").status == 200:
        assert any("nobody owns this doorbell yet" in line for line in running.process.stderr)
        entered = _ask(running.url, "POST", "/welcome", OWNER | {"again": OWNER["password"]})
    else:
        entered = _ask(running.url, "POST", "/login", OWNER)
    running.session = entered.headers["set-cookie"].split(";")[0]
    return running


def _ask(url: str, method: str, path: str, form: dict[str, str] | None = None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    head = {"content-type": "application/x-www-form-urlencoded"} if form else {}
    connection.request(method, path, urlencode(form or {}), head)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def start_page(*arguments: object) -> Running:
    """Start a command that serves a page and wait until it says where that is."""
    command = [sys.executable, "-m", "peephole.cli.app", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    lines: list[str] = []
    while line := process.stderr.readline():  # before it there may be a trouble or two
        if found := re.search(r"the page is on (http://\S+)", line):
            return Running(process, found[1])
        lines.append(line)
    process.kill()
    process.communicate()
    raise AssertionError(f"did not start: {''.join(lines)}")
