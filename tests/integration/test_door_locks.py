"""Locks on the network and on a relay, and who may ask for them: page, command line, broker."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from commands import peephole
from door_parts import Home, Strike, long_walk
from doorbell_parts import doorbell, store_at
from peephole.cameras import Cameras
from peephole.cli.services import door_opener
from peephole.door.actuator import Nothing, UnclearError, pulse
from peephole.door.webhook import Webhook
from peephole.live import LiveDoorbell
from peephole.settings.household import Settings
from peephole.store.store import Store
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from waiting import until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


class LockServer:
    """A lock on the network; `answers` are its statuses, `slow` what it waits for before it answers."""

    def __init__(self, status: int = 200, slow: float = 0.0, location: str = "") -> None:
        self.bodies: list[object] = []
        self.paths: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.paths.append(self.path)
                outer.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                time.sleep(slow)
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/open?token=s3cret"

    def __enter__(self) -> "LockServer":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_the_webhook_is_hit_exactly_once_a_visit(store: Store) -> None:
    with LockServer() as lock:
        home = Home(store, Webhook(f"text:{lock.address}"), actuator="webhook", webhook=f"text:{lock.address}")
        home.see(long_walk(looks=25))
        assert (lock.paths, lock.bodies) == (["/open?token=s3cret"], [{"open_seconds": 0.2}])
        assert home.rows() == [("open", "all_hold", "face", "done")]
        assert "s3cret" not in str(home.opener.connections())
        assert home.opener.connections()[0].startswith("http://127.0.0.1:")


def test_redirects_are_not_followed_and_the_secret_is_not_told() -> None:
    with LockServer() as other, LockServer(302, location=other.address) as lock:
        with pytest.raises(OSError, match="redirects are not followed") as told:
            Webhook(f"text:{lock.address}").release(1.0)
        assert (other.paths, "s3cret" in str(told.value)) == ([], False)


def test_a_lock_that_does_not_answer_in_time_is_unclear_and_one_that_is_away_is_not() -> None:
    with LockServer(slow=120.0) as lock:
        begun = time.monotonic()
        with pytest.raises(UnclearError, match="not known"):
            Webhook(f"text:{lock.address}", limit=2.0).release(1.0)
        assert time.monotonic() - begun < 60
        address = lock.address
    with pytest.raises(OSError, match="cannot be reached") as away:
        Webhook(f"text:{address}").release(1.0)
    assert not isinstance(away.value, UnclearError)
    with LockServer(500) as lock, pytest.raises(OSError, match="answered 500"):
        Webhook(f"text:{lock.address}").release(1.0)


def test_a_request_that_would_go_out_late_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding an address may take longer than any limit; whoever was at the door is gone by then."""
    find = socket.getaddrinfo

    def find_slowly(*arguments: object, **more: object) -> object:
        time.sleep(0.3)
        return find(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", find_slowly)
    with LockServer() as lock:
        with pytest.raises(OSError, match=r"cannot be reached \(no answer in time\)") as told:
            Webhook(f"text:{lock.address}", limit=0.2).release(1.0)
        assert not isinstance(told.value, UnclearError)
        assert lock.paths == []


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\n"], ids=["nothing", "half", "a line"])
def test_an_answer_that_drips_is_broken_off(begin: bytes) -> None:
    """Each piece comes in time; all of them would take a minute."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def drip() -> None:
        with listener, listener.accept()[0] as peer, suppress(OSError):
            peer.sendall(begin)
            for byte in b"HTTP/1.1 200 OK" * 40:
                time.sleep(0.1)
                peer.sendall(bytes([byte]))

    threading.Thread(target=drip, daemon=True).start()
    begun = time.monotonic()
    with pytest.raises(UnclearError, match="no answer in time"):
        Webhook(f"text:http://127.0.0.1:{port}/open", limit=2.0).release(1.0)
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    "address",
    ["ftp://lock/open", "lock.local/open", "http:///open", "http://a b/", "http://me:pass@lock/", "http://lock:x/"],
)
def test_addresses_that_are_none_are_refused_without_being_told(address: str) -> None:
    with pytest.raises(ValueError, match="webhook of the door") as told:
        Webhook(f"text:{address}").prepare()
    assert address not in str(told.value)


def test_the_relay_is_active_for_the_pulse_alone() -> None:
    mock = pytest.importorskip("gpiozero.pins.mock", reason="needs the extra gpio")
    from peephole.door.gpio import GpioRelay

    for active_high in (True, False):
        factory = mock.MockFactory()
        relay = GpioRelay(17, active_high, factory)
        pin = factory.pin(17)
        relay.prepare()
        assert pin.state == (not active_high)
        relay.release(1.0)
        assert pin.state == active_high
        relay.secure()
        assert pin.state == (not active_high)
        relay.release(1.0)
        relay.close()
        with pytest.raises(OSError, match="given back"):
            relay.release(1.0)


def test_the_door_is_shut_where_telling_of_it_fails_or_hangs() -> None:
    def fail() -> None:
        raise OSError("nobody hears it")

    class Slow(Strike):
        """Takes longer to open than it is to be open."""

        def release(self, seconds: float) -> None:
            until(lambda: "secure" in self.told)
            super().release(seconds)

    failing = Strike()
    with pytest.raises(OSError, match="nobody hears it"):
        pulse(failing, 60.0, threading.Event(), fail)
    assert failing.told == ["release", "secure"]
    for lock in (Strike(), Slow()):
        shut = lambda lock=lock: "secure" in lock.told[lock.told.index("release") :]  # noqa: E731
        pulse(lock, 0.1, threading.Event(), lambda shut=shut: until(shut))


def test_a_line_that_is_in_use_is_a_sentence() -> None:
    mock = pytest.importorskip("gpiozero.pins.mock", reason="needs the extra gpio")
    from peephole.door.gpio import GpioRelay

    factory = mock.MockFactory()
    relay = GpioRelay(17, True, factory)
    relay.prepare()
    with pytest.raises(OSError, match="GPIO line 17 cannot be had"):
        GpioRelay(17, True, factory).prepare()
    relay.close()


def test_nothing_opens_nothing() -> None:
    with pytest.raises(ValueError, match="name an actuator"):
        Nothing().release(1.0)


def page(home: Home | None, store: Store) -> TestClient:
    bell = home.bell if home is not None else doorbell(store)
    live = home.live if home is not None else LiveDoorbell(bell)
    door = Door(bell, "the demo", opener=home.opener if home is not None else None)
    return TestClient(create_app(door, live, Streams(live), names=["testserver"]), follow_redirects=False)


def test_the_page_opens_and_shows_the_log(store: Store) -> None:
    home = Home(store)
    client = page(home, store)
    answer = client.post("/api/door/open", headers={"origin": "http://testserver"})
    assert (answer.status_code, answer.json()["opened"]) == (200, True)
    state = client.get("/api/door").json()
    assert (state["mode"], state["state"], state["openings"]) == ("on", "locked", 1)
    assert state["log"][0]["by"] == "owner"
    assert client.post("/api/door/open", headers={"origin": "http://elsewhere"}).status_code == 403
    assert home.actuator.releases == 1


def test_the_page_of_a_door_without_a_lock_says_so(store: Store) -> None:
    client = page(None, store)
    assert client.get("/api/door").json() == {"mode": "off", "log": []}
    answer = client.post("/api/door/open", headers={"origin": "http://testserver"})
    assert (answer.status_code, "see [door] in the settings" in answer.json()["error"]) == (400, True)


def test_the_command_line_opens_and_tells(tmp_path: Path) -> None:
    config = tmp_path / "peephole.toml"
    with LockServer() as lock:
        config.write_text(
            f'[door]\nmode = "on"\nactuator = "webhook"\nwebhook = "text:{lock.address}"\npulse_seconds = 0.2\n'
        )
        where = ("--data", str(tmp_path / "data"))
        opened = peephole("door", "open", *where, "--config", str(config))
        assert (opened.returncode, opened.stdout) == (0, "the door: opened\n")
        assert len(lock.paths) == 1
    status = peephole("door", "status", *where, "--config", str(config))
    assert "opened 1 of at most 6 times within the last hour" in status.stdout
    log = json.loads(peephole("door", "log", *where, "--json").stdout)
    assert [(row["by"], row["done"]) for row in log] == [("owner", "done")]
    away = peephole("door", "open", *where, "--config", str(config))
    assert (away.returncode, "cannot be reached" in away.stderr, "s3cret" in away.stderr) == (1, True, False)


@pytest.mark.parametrize(("camera", "mode"), [(True, "on"), (False, "dry-run")])
def test_what_is_no_camera_at_the_door_opens_nothing(store: Store, camera: bool, mode: str) -> None:
    door = {"mode": "on", "actuator": "webhook", "webhook": "text:http://127.0.0.1:9/open", "dry_run_first": False}
    settings = Settings(door=door)
    live = LiveDoorbell(doorbell(store))
    opener, _ = door_opener(settings, store, doorbell(store), live, live.camera, at_the_door=camera)
    assert opener.settings.mode == mode
    assert bool(opener.connections()) == camera


def test_the_broker_asks_and_the_door_decides(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aiomqtt", reason="needs the extra mqtt")
    from broker import Broker, Ear, until
    from peephole.mqtt import commands
    from peephole.mqtt.link import BrokerLink
    from peephole.mqtt.settings import Mqtt

    monkeypatch.setattr(commands, "SETTLE_SECONDS", 0.0)
    home = Home(store, most_openings=1)
    with Broker(tmp_path) as broker, Ear(broker) as ear:
        settings = Mqtt(host="127.0.0.1", port=broker.port, device="front", allow_lock=True)
        with BrokerLink(settings, home.bell, Cameras([home.live]), home.opener, tell=print):
            ear.wait_for("doorbell/front/lock/state", "LOCKED")
            for _ in range(2):
                said = len(ear.on("doorbell/front/lock/answer"))
                ear.say("doorbell/front/lock/set", "OPEN")
                until(lambda said=said: len(ear.on("doorbell/front/lock/answer")) > said)
        answers = [json.loads(one) for one in ear.on("doorbell/front/lock/answer")]
    assert [one["opened"] for one in answers] == [True, False]
    assert home.actuator.releases == 1
    assert [row[:3] for row in home.rows()] == [("open", "wished", "mqtt"), ("shut", "too_many_openings", "mqtt")]
