"""A running doorbell under systemd and Prometheus: what it tells them, and what the unit lets it do."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from commands import tiny_program
from peephole.accounts.accounts import Accounts
from peephole.cli.operating import Operations, operating
from peephole.doorbell.events import Decided, Problem, Rang, VisitEnded, VisitStarted
from peephole.listening import QueuedListener
from peephole.live import LiveDoorbell, Status, View
from peephole.operations.health import Health
from peephole.settings.reading import read_settings
from peephole.store.store import Store
from peephole.vision.sources import Frame
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from waiting import PATIENCE

UNIT = Path(__file__).resolve().parents[2] / "packaging" / "peephole.service"
OWNER = {"name": "Olga", "password": "correct horse battery", "again": "correct horse battery"}


class Courier(QueuedListener):
    """A part of the household with trouble to be chosen."""

    wrong: str | None = None

    def __init__(self) -> None:
        super().__init__("courier", lambda message: None, lambda error: None)

    def deliveries(self) -> dict[str, int]:
        return {"sent": 5, "unsent": 3, "failed_attempts": 9}

    def connections(self) -> tuple[str, ...]:
        return ()

    def trouble(self) -> str | None:
        return self.wrong


class House:
    def __init__(self, store: Store, operations: Operations, live: LiveDoorbell, courier: Courier) -> None:
        self.live, self.courier, self.health = live, courier, operations.health
        door = Door(parts.doorbell(store), "the demo")
        accounts = Accounts(store.accounts)
        self.app = create_app(
            door, live, Streams(live), ["testserver"], accounts, operations.health, operations.metrics
        )

    def browser(self, address: str = "127.0.0.1") -> TestClient:
        return TestClient(self.app, follow_redirects=False, client=(address, 50_000))

    def figures(self) -> dict[str, float]:
        lines = self.browser().get("/metrics").text.splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with parts.store_at(tmp_path) as store:
        bell, courier = parts.doorbell(store), Courier()
        live = LiveDoorbell(bell)
        with operating(live, bell, [courier]) as operations:
            yield House(store, operations, live, courier)


def visit(decision: str) -> VisitEnded:
    return VisitEnded(
        "v1", decision, None, None, None, None, None, None, "r", "t", 3, 10.0, 14.0, False, False  # type: ignore[arg-type]
    )  # fmt: skip


def test_figures_count_what_happens(house: House) -> None:
    decided = Decided("v1", 11.5, "known", "Eve", "p1", None, 5, None, "looks_agree", "it is Eve", False)
    frame = Frame(np.zeros((4, 4), np.uint8), 10.0, 0)
    for message in (
        View(frame, (), 0.004),
        View(frame, (), 0.3),
        VisitStarted("v1", 10.0),
        decided,
        visit("known"),
        visit("stranger"),
        visit("stranger"),
        Rang("v2", 20.0, "http"),
        Problem(21.0, "storage", "the disk is full"),
    ):
        house.live.announcer.announce(message)
    house.courier.dropped = 7
    found = house.figures()
    assert found['peephole_frame_seconds_count{camera=""}'] == 2
    assert found['peephole_frame_seconds_bucket{camera="",le="0.005"}'] == 1
    assert found['peephole_decision_seconds_sum{decision="known"}'] == 1.5
    assert found['peephole_visits_total{camera="",decision="known"}'] == 1
    assert found['peephole_visits_total{camera="",decision="stranger"}'] == 2
    assert found['peephole_rings_total{camera=""}'] == 1
    assert found['peephole_problems_total{reason="storage"}'] == 1
    assert found['peephole_trouble{part="storage"}'] == 1
    assert found['peephole_trouble{part="camera"}'] == 0
    assert [value for name, value in found.items() if name.startswith("peephole_messages_dropped_total")] == [7]
    assert found['peephole_notifications_total{outcome="unsent"}'] == 3
    assert found['peephole_gallery_size{what="people"}'] == 0
    assert found["process_resident_memory_bytes"] > 1e7
    assert found["process_open_fds"] > 3
    assert "Eve" not in house.browser().get("/metrics").text


def test_figures_are_for_programs_of_this_machine_and_for_who_is_signed_in(house: House) -> None:
    assert house.browser().get("/metrics").status_code == 200
    assert house.browser("192.0.2.7").get("/metrics").status_code == 401
    for header in ("x-forwarded-for", "forwarded", "via", "x-real-ip"):  # a proxy here asks for somebody elsewhere
        assert house.browser().get("/metrics", headers={header: "192.0.2.7"}).status_code == 401
    owner = house.browser()
    assert owner.post("/welcome", data=OWNER, headers={"origin": "http://testserver"}).status_code == 204
    elsewhere = house.browser("192.0.2.7")
    elsewhere.cookies = owner.cookies
    assert elsewhere.get("/metrics").status_code == 200


def test_health_is_503_after_a_minute_and_says_why_to_who_is_signed_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = house.browser()
    owner.post("/welcome", data=OWNER, headers={"origin": "http://testserver"})
    assert owner.get("/healthz").json()["status"] == "ok"
    house.courier.wrong = "the broker cannot be reached"
    answer = owner.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "trouble")
    assert answer.json()["problems"] == ["the broker cannot be reached"]
    now = time.monotonic()
    monkeypatch.setattr(house.health, "_clock", lambda: now + 61)
    assert owner.get("/healthz").status_code == 503
    stranger = house.browser("192.0.2.7").get("/healthz")
    assert (stranger.status_code, stranger.json()) == (503, {"status": "trouble"})
    house.live.status = Status("lost", "camera 0: the picture stopped")
    assert house.browser().get("/healthz").json() == {"status": "lost"}
    house.courier.wrong = None
    house.live.status = Status("watching", "camera 0: the picture is back")
    assert owner.get("/healthz").status_code == 200


def test_a_pages_own_health_needs_nobody_who_looks_after_it(tmp_path: Path) -> None:
    with parts.store_at(tmp_path) as store:
        live = LiveDoorbell(parts.doorbell(store))
        app = create_app(Door(parts.doorbell(store), "the demo"), live, Streams(live), ["testserver"])
        live.status = Status("lost", "camera 0: the picture stopped")
        answer = TestClient(app).get("/healthz").json()
        assert (answer["status"], answer["problems"]) == ("lost", ["camera 0: the picture stopped"])
        assert TestClient(app).get("/metrics").status_code == 404


def heard(manager: socket.socket, wanted: str, seconds: float) -> list[str]:
    """What comes until `wanted` does."""
    manager.settimeout(seconds)
    found: list[str] = []
    while not any(one.startswith(wanted) for one in found):
        found.append(manager.recv(4096).decode())
    return found


def test_under_systemd_a_lost_camera_is_alive_and_every_line_is_an_object_without_secrets(tmp_path: Path) -> None:
    tiny_program(tmp_path / "tiny.safetensors")
    with socket.socket() as unused, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        unused.bind(("127.0.0.1", 0))
        manager.bind(str(tmp_path / "notify"))
        source = f"rtsp://me:s3cret@127.0.0.1:{unused.getsockname()[1]}/live"
        there = ["--model", str(tmp_path / "tiny.safetensors"), "--data", str(tmp_path / "data")]
        process = subprocess.Popen(
            [sys.executable, "-m", "peephole.cli.app", "run", "--port", "0", "--source", source, *there],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ
            | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "800000", "PEEPHOLE_LOG__FORMAT": "json"},
        )
        try:
            begin = heard(manager, "READY=1", PATIENCE)
            lost = heard(manager, "STATUS=rtsp://127.0.0.1:", PATIENCE)
            assert "cannot be reached" in lost[-1]
            after = heard(manager, "WATCHDOG=1", PATIENCE) + heard(manager, "WATCHDOG=1", PATIENCE)
            process.send_signal(signal.SIGTERM)
            end = heard(manager, "STOPPING=1", PATIENCE)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0
    lines = [json.loads(line) for line in err.splitlines()]
    assert any(line["level"] == "warning" and line.get("reason") == "lost" for line in lines)
    assert out == ""
    assert "s3cret" not in err + "".join(begin + lost + after + end)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_the_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/peephole/bin/peephole", sys.executable))
    verified = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    allowed = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", here]
    judged = subprocess.run(allowed, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout


def test_the_unit_names_settings_that_there_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    unit = UNIT.read_text()
    named = dict(re.findall(r"^Environment=(\w+)=(\S+)$", unit, re.MULTILINE))
    assert named.pop("PEEPHOLE_CONFIG") == "/etc/peephole/peephole.toml"
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "peephole.toml").write_text("")
    settings = read_settings(tmp_path / "peephole.toml").settings
    assert settings.data == Path("/var/lib/peephole")
    assert settings.storage.key == "credential:storage.key"
    assert "LoadCredential=storage.key:" in unit
    assert re.findall(r"^IPAddress.*", unit, re.MULTILINE) == ["IPAddressDeny=any", "IPAddressAllow=localhost"]


def test_health_parts_are_named_by_their_rooms(house: House) -> None:
    assert isinstance(house.health, Health)
    assert {"camera", "doorbell", "storage"} < set(house.health.parts)
