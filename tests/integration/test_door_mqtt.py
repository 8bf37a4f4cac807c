"""A lock that a real broker passes the messages on to, and brokers that are away, hang or refuse."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("paho.mqtt.client", reason="needs the extra mqtt")
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import ValidationError

from broker import Broker, Ear
from door_parts import Home, long_walk
from doorbell_parts import store_at
from peephole.door.actuator import UnclearError
from peephole.door.assembly import make_actuator
from peephole.door.mqtt import Messages, MqttLock
from peephole.door.settings import DoorSettings
from peephole.mqtt.settings import Mqtt
from peephole.settings.household import Settings
from peephole.store.store import Store
from ports import free_port
from waiting import PATIENCE, until

TOPIC = "cmnd/door/POWER"
GIVEN = {"actuator": "mqtt", "mqtt_topic": TOPIC}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running:
        yield running


def lock_at(port: int, closing: str = "", limit: float = 5.0, **more: object) -> MqttLock:
    return MqttLock(Mqtt(host="127.0.0.1", port=port, **more), Messages(TOPIC, "ON", closing), limit)


def test_a_face_opens_once_a_visit_and_the_broker_keeps_nothing(store: Store, broker: Broker) -> None:
    with Ear(broker) as ear:
        home = Home(store, lock_at(broker.port, "OFF"), **GIVEN, pulse_seconds=2)  # opening takes less
        home.see(long_walk(looks=25))
        until(lambda: ear.on(TOPIC)[-1:] == ["OFF"])
        assert ear.on(TOPIC) == ["ON", "OFF"]
        assert not any(retained for topic, _, retained in ear.heard if topic == TOPIC)
        assert home.rows() == [("open", "all_hold", "face", "done")]
        with Ear(broker) as late:
            ear.say("after", "that")
            late.wait_for("after")
            assert late.on(TOPIC) == []


def test_a_lock_that_was_away_hears_nothing_when_it_is_back(broker: Broker) -> None:
    def session() -> tuple[paho.Client, list[str], threading.Event]:
        heard, ready = [], threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="relay", clean_session=False)
        client.on_message = lambda _client, _data, message: heard.append(message.topic)
        client.on_subscribe = lambda *_: ready.set()
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        client.subscribe([(TOPIC, 1), ("kept", 1)])
        assert ready.wait(PATIENCE)
        return client, heard, ready

    def leave(client: paho.Client) -> None:
        client.disconnect()
        client.loop_stop()
        client._reset_sockets()

    client, _, _ = session()
    leave(client)
    lock_at(broker.port).release(3.0)
    with Ear(broker) as ear:
        ear.say("kept", "for it")
    client, heard, _ = session()
    until(lambda: heard)
    leave(client)
    assert heard == ["kept"]


def test_a_broker_that_is_away_opens_nothing_also_not_when_it_is_back(store: Store, broker: Broker) -> None:
    broker.stop()
    home = Home(store, lock_at(broker.port, "OFF"), **GIVEN)
    home.see(long_walk(looks=20))
    assert home.rows() == [("open", "all_hold", "face", "failed")]
    assert f"the MQTT broker 127.0.0.1:{broker.port} cannot be reached" in str(home.opener.trouble())
    broker.start()
    with Ear(broker) as ear:
        home.actuator.secure()
        ear.say("after", "that")
        ear.wait_for("after")
        assert "ON" not in ear.on(TOPIC)


def test_what_shuts_is_tried_again_and_at_the_next_start(broker: Broker) -> None:
    lock = lock_at(broker.port, "OFF")
    lock.release(3.0)
    broker.stop()
    lock.secure()
    broker.start()
    with Ear(broker) as ear:
        lock.secure()
        lock.secure()
        lock_at(broker.port, "OFF").prepare()  # after a power cut, for one
        lock_at(broker.port).prepare()
        ear.say("after", "that")
        ear.wait_for("after")
        assert ear.on(TOPIC) == ["OFF", "OFF"]


def test_what_had_to_wait_for_another_message_is_not_sent_late(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked, failed = [0.0], threading.Event(), []

    def clock() -> float:
        then = now[0]
        asked.set()
        return then

    monkeypatch.setattr("peephole.door.mqtt.time", SimpleNamespace(monotonic=clock))
    lock = lock_at(broker.port, limit=0.2)

    def release() -> None:
        try:
            lock.release(3.0)
        except OSError as error:
            failed.append(str(error))

    waiting = threading.Thread(target=release)
    with Ear(broker) as ear:
        with lock._lock:  # as one that shuts has it, at a broker that hangs
            waiting.start()
            assert asked.wait(PATIENCE)
            now[0] = 1.0
        waiting.join(PATIENCE)
        ear.say("after", "that")
        ear.wait_for("after")
        assert (ear.on(TOPIC), len(failed)) == ([], 1) and "no answer in time" in failed[0]


class Mute:
    """A broker that takes connections, and answers what it is told to and nothing else; then time passes."""

    def __init__(self, *answers: bytes) -> None:
        self.heard = b""
        self.now = 0.0
        self.ended = threading.Event()
        self._answers = answers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        line, _ = self._socket.accept()
        with line, suppress(ConnectionResetError):
            for answer in self._answers:
                self.heard += line.recv(4096)
                line.sendall(answer)
            while piece := line.recv(4096):
                self.heard += piece
                if self.heard.count(TOPIC.encode()) == 2:  # the message, and the question whether it is there
                    self.now = 100.0
        self.ended.set()

    def __enter__(self) -> "Mute":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._thread.join(PATIENCE)


WELCOME = bytes([0x20, 3, 0, 0, 0])
"""CONNACK of MQTT 5: no session, success, no properties."""


def test_to_a_broker_that_says_nothing_nothing_is_sent() -> None:
    with Mute() as mute:
        with pytest.raises(OSError, match=r"cannot be reached \(no answer in time\)") as error:
            lock_at(mute.port, limit=0.3).release(3.0)
        assert not isinstance(error.value, UnclearError)
        assert mute.ended.wait(PATIENCE) and TOPIC.encode() not in mute.heard


def test_of_a_broker_that_took_it_and_says_nothing_it_is_not_known(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Mute(WELCOME) as mute:
        monkeypatch.setattr("peephole.door.mqtt.time", SimpleNamespace(monotonic=lambda: mute.now))
        home = Home(store, lock_at(mute.port), **GIVEN)
        home.see(long_walk(looks=20))
        assert home.rows() == [("open", "all_hold", "face", "not_known")]
        assert "whether the door opened is not known" in str(home.opener.trouble())
        assert mute.ended.wait(PATIENCE)


def test_a_message_expires_at_a_broker_that_cannot_pass_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with Mute(WELCOME) as mute:
        monkeypatch.setattr("peephole.door.mqtt.time", SimpleNamespace(monotonic=lambda: mute.now))
        with pytest.raises(UnclearError, match="no answer in time"):
            lock_at(mute.port).release(3.0)
        assert mute.ended.wait(PATIENCE)
    published = mute.heard[mute.heard.index(bytes([0x30])) :]  # PUBLISH: QoS 0, not retained, not a duplicate
    topic = bytes([0, len(TOPIC)]) + TOPIC.encode()
    assert published[2:].startswith(topic + bytes([5, 2, 0, 0, 0, 5]) + b"ON")  # forgotten after five seconds


def test_a_broker_that_refuses_is_told_of_without_the_password(tmp_path: Path) -> None:
    with Broker(tmp_path, "allow_anonymous false") as broker:
        lock = lock_at(broker.port, user="door", password="text:geheim-4711")  # noqa: S106
        with pytest.raises(OSError, match="refuses the doorbell: Not authorized") as error:
            lock.release(3.0)
    assert "geheim" not in str(error.value)


def test_a_password_that_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    lock = lock_at(free_port(), user="door", password=f"file:{tmp_path}/none")
    with pytest.raises(OSError, match="the broker's password"):
        lock.prepare()


def test_the_broker_is_among_the_connections_and_named_by_the_settings() -> None:
    broker = Mqtt(host="192.168.1.10", tls=True)
    on = DoorSettings(mode="on", **GIVEN)
    assert make_actuator(on, broker).connections() == (f"mqtts://192.168.1.10:8883: opens the door ({TOPIC})",)
    dry = make_actuator(DoorSettings(mode="dry-run", **GIVEN), broker)
    assert dry.connections() == ()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (lambda: DoorSettings(actuator="mqtt"), "needs the topic"),
        (lambda: DoorSettings(actuator="mqtt", mqtt_topic="door/#"), "mqtt_topic"),
        (lambda: DoorSettings(actuator="mqtt", mqtt_topic="$SYS/door"), "mqtt_topic"),
        (lambda: Settings(data="x", door=json.loads(json.dumps(GIVEN))), "needs a broker"),
    ],
)
def test_what_cannot_be_is_a_sentence(settings: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        settings()
