"""What a service says of itself: to systemd, to a journal, to whoever asks for its health."""

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from peephole.cli.errors import complain, guarded, print_line, speak_through
from peephole.doorbell.events import Problem
from peephole.live import LiveDoorbell, Status
from peephole.operations import supervisor as supervising
from peephole.operations.health import Health, camera_check
from peephole.operations.log import Log, speaker
from peephole.operations.supervisor import Supervisor, hang_check
from peephole.operations.systemd import notify, watchdog_seconds
from peephole.vision.sources import Frame


class Manager:
    """systemd's end of the socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(5)

    def hear(self) -> str:
        return self.socket.recv(4096).decode()

    def heard_within(self, seconds: float) -> list[str]:
        end, found = time.monotonic() + seconds, []
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                found.append(self.hear())
            except TimeoutError:
                break
        self.socket.settimeout(5)
        return found


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    one = Manager(address)
    with closing(one.socket):
        yield one


def test_a_notification_is_one_datagram(manager: Manager) -> None:
    assert notify("READY=1", "STATUS=all is well")
    assert manager.hear() == "READY=1\nSTATUS=all is well"


def test_an_abstract_socket_is_written_with_an_at(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"peephole-test-{os.getpid()}"
    manager = Manager(f"\0{name}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with closing(manager.socket):
        assert notify("READY=1")
        assert manager.hear() == "READY=1"


def test_without_systemd_nobody_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify("READY=1")


@pytest.mark.parametrize(
    ("microseconds", "process", "seconds"),
    [
        ("30000000", None, 30.0),
        ("30000000", "this one", 30.0),
        ("30000000", "1", None),  # means another process
        ("0", None, None),
        ("soon", None, None),
        (None, None, None),
    ],
)
def test_the_watchdog_is_that_of_this_process(
    monkeypatch: pytest.MonkeyPatch, microseconds: str | None, process: str | None, seconds: float | None
) -> None:
    if process == "this one":
        process = str(os.getpid())
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", process)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert watchdog_seconds() == seconds


class Hanging:
    """A source that gives one frame when it is let, and else never returns."""

    name, live = "a camera", True

    def __init__(self) -> None:
        self.let = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        self.let.wait(20)
        yield from ()

    def close(self) -> None:
        pass


class Nobody:
    """A doorbell before which nothing happens."""

    def recover(self) -> list[Problem]:
        return []

    def flush(self) -> list[Problem]:
        return []


def test_a_doorbell_that_hangs_is_not_fed_and_told_of_once(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    monkeypatch.setattr(supervising, "HUNG_SECONDS", 0.5)
    live, source, told = LiveDoorbell(Nobody()), Hanging(), []  # type: ignore[arg-type]
    watching = threading.Thread(target=lambda: live.watch(source, at_its_pace=False))
    with Supervisor([live], Health({"doorbell": hang_check(live)}), told.append) as supervisor:
        watching.start()
        supervisor.begun()
        first = manager.heard_within(0.4)
        assert first.count("READY=1") == 1
        assert first.count("WATCHDOG=1") >= 2
        manager.heard_within(0.4)
        assert [one for one in manager.heard_within(0.5) if not one.startswith("STATUS=")] == []
        assert len(told) == 1 and "hung" in told[0]
        source.let.set()  # it ends: what is over does not hang
        watching.join(30)
        assert "WATCHDOG=1" in manager.heard_within(0.5)
    assert manager.heard_within(0.2)[-1] == "STOPPING=1"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_wrong_is_known_with_its_begin_and_fails_after_a_minute() -> None:
    clock, wrong = Clock(), ["the broker cannot be reached"]
    health = Health({"mqtt": lambda: wrong[0] if wrong else None}, clock)
    (fault,) = health.faults()
    assert (fault.part, fault.text, fault.since) == ("mqtt", "the broker cannot be reached", 100.0)
    clock.now = 160.0
    assert not health.failing(health.faults())
    clock.now = 160.1
    assert health.failing(health.faults())
    told = wrong.pop()
    assert health.faults() == ()
    wrong.append(told)
    assert health.faults()[0].since == 160.1  # anew


def test_a_storage_that_fails_is_trouble_until_it_is_back() -> None:
    health = Health({})
    health.hear(Problem(1.0, "storage", "the disk is full"))
    assert [fault.text for fault in health.faults()] == ["the disk is full"]
    health.hear(Problem(2.0, "recover", "something else"))
    assert len(health.faults()) == 1
    health.hear(Problem(3.0, "storage_back", "it is stored again"))
    assert health.faults() == ()


@pytest.mark.parametrize(("state", "wrong"), [("starting", 0), ("watching", 0), ("lost", 1), ("ended", 1)])
def test_a_camera_is_well_while_it_starts_or_gives_frames(state: str, wrong: int) -> None:
    status = Status(state, "camera 0: the picture stopped")  # type: ignore[arg-type]
    assert len(Health({"camera": camera_check(lambda: status)}).faults()) == wrong


def said(log: Log, capsys: pytest.CaptureFixture[str]) -> str:
    speak_through(speaker(log, print_line))
    try:
        complain("watching", level="info", part="camera")
        complain("lost", part="camera", reason="lost")
    finally:
        speak_through(None)
    return capsys.readouterr().err


def test_lines_are_plain_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(Log(format="text"), capsys) == "peephole: watching\npeephole: lost\n"
    assert said(Log(format="text", level="warning"), capsys) == "peephole: lost\n"


def test_lines_are_objects_for_a_journal(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = map(json.loads, said(Log(format="json"), capsys).splitlines())
    assert (first["event"], first["level"], first["part"]) == ("watching", "info", "camera")
    assert (second["event"], second["level"], second["reason"]) == ("lost", "warning", "lost")
    assert second["time"].endswith("Z")
    assert len(said(Log(format="json", level="warning"), capsys).splitlines()) == 1


def test_auto_is_json_where_the_journal_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    there = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{there.st_dev}:{there.st_ino}")
    assert Log().as_json
    monkeypatch.setenv("JOURNAL_STREAM", f"{there.st_dev}:{there.st_ino + 1}")  # stderr was sent elsewhere
    assert not Log().as_json


def test_the_web_servers_words_are_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    server = logging.getLogger("uvicorn")
    before = server.handlers, server.propagate
    try:
        speaker(Log(format="json"), print_line)
        try:
            raise RuntimeError("with a secret")
        except RuntimeError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
        line = json.loads(capsys.readouterr().err)
    finally:
        server.handlers, server.propagate = before
    assert (line["level"], line["part"], line["error"]) == ("error", "web", "RuntimeError")
    assert "test_operations.py:" in line["where"][0]
    assert "secret" not in json.dumps(line)


def test_the_next_command_of_a_process_speaks_plainly_again(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        speak_through(speaker(Log(format="json"), print_line))
        raise ValueError("no such thing")

    assert guarded(fail) == 1
    assert json.loads(capsys.readouterr().err)["level"] == "error"
    complain("here")
    assert capsys.readouterr().err == "peephole: here\n"
