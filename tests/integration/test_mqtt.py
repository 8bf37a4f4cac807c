"""A doorbell on a real broker: what is heard there, what is obeyed, and what happens when the broker is away."""

import gc
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import cv2
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

pytest.importorskip("aiomqtt", reason="needs the extra mqtt")
from broker import Broker, Ear, free_port, until
from commands import tiny_program
from doorbell_parts import Actor, doorbell, paint, store_at, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.live import LiveDoorbell
from peephole.mqtt import commands
from peephole.mqtt import link as link_module
from peephole.mqtt.link import BrokerLink
from peephole.mqtt.settings import Mqtt
from peephole.people.records import Rules
from running import start_page

ANNA, BEN = 1, 2
MORNING = 1_795_000_000.0
HOME = "doorbell/front"


@dataclass
class Walks:
    """A recording of people who come to the door, one after the other."""

    people: tuple[int, ...]
    name: str = "a recording"
    live: bool = False

    def __iter__(self):
        for number, person in enumerate(self.people):
            yield from walk(person, MORNING + 60 * number)

    def close(self) -> None:
        pass


@dataclass
class Opened:
    opened: bool = True
    text: str = "opened"


@dataclass
class Strike:
    """A door that notes who wished it open."""

    wishes: list[str] = field(default_factory=list)
    fault: str | None = None

    def open(self, by: str) -> Opened:
        if self.fault is not None:
            raise OSError(self.fault)
        self.wishes.append(by)
        return Opened()

    def state(self) -> str:
        return "unlocked" if self.wishes else "locked"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running:
        yield running


@pytest.fixture
def bell(tmp_path: Path) -> Iterator[Doorbell]:
    with store_at(tmp_path) as store:
        made = doorbell(store)
        made.enrol("Anna", [Photo("photo.jpg", paint([Actor(ANNA, noise=200)]).image)])
        yield made


@pytest.fixture
def live(bell: Doorbell) -> LiveDoorbell:
    return LiveDoorbell(bell)


def linked(bell, live, port: int, lock=None, **more: object) -> BrokerLink:
    """The link, hearing the doorbell; what it tells is in `told`."""
    settings = Mqtt(host="127.0.0.1", port=port, device="front", **more)
    told: list[str] = []

    def tell(sentence: str) -> None:
        told.append(sentence)
        print(f"{time.monotonic():.3f} {sentence}")  # shown with a test that fails

    made = BrokerLink(settings, bell, live, lock, tell)
    made.told = told  # type: ignore[attr-defined]
    live.announcer.listen(made.hear)
    return made


def test_a_visit_is_heard_and_its_traces_stay(broker: Broker, bell: Doorbell, live: LiveDoorbell) -> None:
    with Ear(broker) as ear, linked(bell, live, broker.port):
        ear.wait_for(f"{HOME}/status", "online")
        live.watch(Walks((ANNA, BEN)), at_its_pace=False)
        ear.wait_for(f"{HOME}/last_person", "Stranger 1")
        ear.wait_for(f"{HOME}/camera", "OFF")
    anna, stranger = [json.loads(payload) for payload in ear.on(f"{HOME}/event/visitor")]
    assert (anna["event_type"], anna["name"], anna["ended"]) == ("known", "Anna", False)
    assert (stranger["event_type"], stranger["name"]) == ("stranger", None)
    assert ear.on(f"{HOME}/present") == ["OFF", "ON", "OFF"]
    assert ear.on(f"{HOME}/camera") == ["OFF", "ON", "OFF"]
    assert ear.on(f"{HOME}/strangers") == ["0", "1"]
    with Ear(broker) as late:  # what the broker keeps: states, no event, no picture
        late.wait_for(f"{HOME}/status", "offline")
        until(lambda: len(late.heard) == 7)
        assert all(retained for _, _, retained in late.heard)
        assert json.loads(late.on(f"{HOME}/last_visit")[0])["first_seen"] == "2026-11-18T11:07:40.000Z"
        assert late.on(f"{HOME}/last_person") == ["Stranger 1"]
        assert list(json.loads(late.on("homeassistant/device/front/config")[0])["cmps"]) == [
            "bell", "visitor", "last_person", "strangers", "present", "camera",
        ]  # fmt: skip


def test_silent_people_and_ignored_strangers_are_not_heard_of(
    broker: Broker, bell: Doorbell, live: LiveDoorbell
) -> None:
    bell.set_rules("Anna", Rules(tell="silent"))
    live.watch(Walks((BEN,)), at_its_pace=False)
    bell.ignore("1")
    with Ear(broker) as ear, linked(bell, live, broker.port, pictures="visits"):
        ear.wait_for(f"{HOME}/status", "online")
        live.watch(Walks((ANNA, BEN)), at_its_pace=False)
        live.ring("button")
        ear.wait_for(f"{HOME}/event/bell")
        ear.wait_for(f"{HOME}/status", "online")
    assert ear.on(f"{HOME}/event/visitor") == []
    assert not any(b"Anna" in payload for _, payload, _ in ear.heard)


def test_pictures_only_where_they_are_switched_on(broker: Broker, bell: Doorbell, live: LiveDoorbell) -> None:
    with Ear(broker) as ear, linked(bell, live, broker.port, pictures="visits") as link:
        ear.wait_for(f"{HOME}/status", "online")
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: any(topic == f"{HOME}/picture" for topic, _, _ in ear.heard))
        assert link.connections() == (f"mqtt://127.0.0.1:{broker.port}: rings, visits, names and pictures",)
    (picture,) = [payload for topic, payload, _ in ear.heard if topic == f"{HOME}/picture"]
    assert picture[:2] == b"\xff\xd8"
    with Ear(broker) as late:
        late.wait_for(f"{HOME}/status", "offline")
        assert "picture" in late.on("homeassistant/device/front/config")[0]
        assert late.on(f"{HOME}/picture") == []


def test_home_assistant_that_starts_hears_everything_again(broker: Broker, bell: Doorbell, live: LiveDoorbell) -> None:
    with Ear(broker) as ear, linked(bell, live, broker.port):
        ear.wait_for(f"{HOME}/strangers")
        before = len(ear.heard)
        ear.say("homeassistant/status", "online")
        until(lambda: len(ear.on(f"{HOME}/strangers")) == 2)
        again = [topic for topic, _, _ in ear.heard[before:]]
    assert again[1:3] == ["homeassistant/device/front/config", f"{HOME}/status"]


def test_a_message_rings_the_bell_where_that_is_allowed(broker: Broker, bell: Doorbell, live: LiveDoorbell) -> None:
    with Ear(broker) as ear, linked(bell, live, broker.port, allow_ring=True):
        ear.wait_for(f"{HOME}/status", "online")
        for _ in range(3):
            ear.say(f"{HOME}/bell/press", "PRESS")
        rang = json.loads(ear.wait_for(f"{HOME}/event/bell"))
    assert (rang["v"], rang["event_type"], rang["source"]) == (1, "ring", "mqtt")
    assert len(ear.on(f"{HOME}/event/bell")) == 1  # a button that bounces
    assert bell.visit(rang["visit_id"]).rang


def test_a_message_rings_nothing_where_it_is_not(broker: Broker, bell: Doorbell, live: LiveDoorbell) -> None:
    with Ear(broker) as ear, linked(bell, live, broker.port):
        ear.wait_for(f"{HOME}/status", "online")
        ear.say(f"{HOME}/bell/press", "PRESS")
        ear.say("homeassistant/status", "online")
        until(lambda: len(ear.on(f"{HOME}/status")) == 2)
    assert ear.on(f"{HOME}/event/bell") == []


def test_the_door_opens_for_a_command_and_never_for_a_retained_one(
    broker: Broker, bell: Doorbell, live: LiveDoorbell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "SETTLE_SECONDS", 60.0)
    door = Strike()
    with Ear(broker) as ear:
        ear.say(f"{HOME}/lock/set", "UNLOCK", retain=True)
        with linked(bell, live, broker.port, lock=door, allow_lock=True) as link:
            ear.wait_for(f"{HOME}/lock/state", "LOCKED")
            ear.wait_for(f"{HOME}/lock/set", "")  # it was taken from the broker, too
            assert door.wishes == []
            assert link.told == [f"a retained message on {HOME}/lock/set was not obeyed, and was removed"]
            ear.say(f"{HOME}/lock/set", "UNLOCK")  # so soon after connecting it may have waited on the way
            ear.say(f"{HOME}/lock/set", "LOCK")
            ear.say("homeassistant/status", "online")
            until(lambda: len(ear.on(f"{HOME}/status")) == 2)
            assert door.wishes == []
            monkeypatch.setattr(commands, "SETTLE_SECONDS", 0.0)
            ear.say(f"{HOME}/lock/set", "unlock the door")
            ear.say(f"{HOME}/lock/set", "UNLOCK")
            ear.wait_for(f"{HOME}/lock/state", "UNLOCKED")
        answer = json.loads(ear.on(f"{HOME}/lock/answer")[-1])
    assert door.wishes == ["mqtt"]
    assert (answer["opened"], answer["text"]) == (True, "opened")


def test_a_door_that_cannot_be_opened_answers_why(
    broker: Broker, bell: Doorbell, live: LiveDoorbell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "SETTLE_SECONDS", 0.0)
    door = Strike(fault="GPIO 17 is taken")
    with Ear(broker) as ear, linked(bell, live, broker.port, lock=door, allow_lock=True):
        ear.wait_for(f"{HOME}/status", "online")
        ear.say(f"{HOME}/lock/set", "OPEN")
        answer = json.loads(ear.wait_for(f"{HOME}/lock/answer"))
    assert (answer["opened"], answer["text"]) == (False, "GPIO 17 is taken")


def test_a_lock_is_not_announced_where_it_is_not_allowed(broker: Broker, bell: Doorbell, live: LiveDoorbell) -> None:
    door = Strike()
    with Ear(broker) as ear, linked(bell, live, broker.port, lock=door):
        ear.wait_for(f"{HOME}/strangers")
        ear.say(f"{HOME}/lock/set", "UNLOCK")
    assert "lock" not in ear.on("homeassistant/device/front/config")[0]
    assert ear.on(f"{HOME}/lock/state") == []
    assert door.wishes == []


def test_a_command_of_while_we_were_away_opens_nothing(
    broker: Broker, bell: Doorbell, live: LiveDoorbell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "SETTLE_SECONDS", 0.0)
    door = Strike()
    with Ear(broker) as ear:
        for _ in range(2):
            with linked(bell, live, broker.port, lock=door, allow_lock=True):
                ear.wait_for(f"{HOME}/status", "online")
                ear.say("homeassistant/status", "online")
                until(lambda: ear.on(f"{HOME}/status")[-2:] == ["online", "online"])
            ear.wait_for(f"{HOME}/status", "offline")
            ear.say(f"{HOME}/lock/set", "UNLOCK")
    assert door.wishes == []


def test_a_broker_that_comes_back_hears_everything_but_old_rings(
    broker: Broker, bell: Doorbell, live: LiveDoorbell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(link_module, "LONGEST_PAUSE", 0.2)
    with linked(bell, live, broker.port) as link:
        for source, stale, heard in (("old", 0.0, []), ("new", 60.0, ["new"])):
            until(lambda: link.trouble() is None and link._connected_at is not None)
            monkeypatch.setattr(link_module, "STALE_SECONDS", stale)
            broker.stop()
            until(lambda: link.trouble() is not None)
            live.ring(source)
            broker.start()
            with Ear(broker) as ear:
                ear.wait_for(f"{HOME}/status", "online")
                ear.say("homeassistant/status", "online")
                until(lambda ear=ear: len(ear.on(f"{HOME}/status")) == 2)
                assert [json.loads(ring)["source"] for ring in ear.on(f"{HOME}/event/bell")] == heard
                assert "homeassistant/device/front/config" in [topic for topic, _, _ in ear.heard]
    where = f"the MQTT broker 127.0.0.1:{broker.port}"
    assert link.told[0] == f"the connection to {where} is lost; it is tried again"
    assert link.told[-1] == f"connected to {where} again"


def test_a_broker_that_is_away_holds_up_nobody(bell: Doorbell, live: LiveDoorbell) -> None:
    port = free_port()
    begin = time.monotonic()
    with linked(bell, live, port) as link:
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: link.trouble() is not None)
    assert time.monotonic() - begin < 5
    assert [visit.person_name for visit in bell.visits()] == ["Anna"]
    assert link.told == [f"the MQTT broker 127.0.0.1:{port} cannot be reached (Connection refused); it is tried again"]


@pytest.mark.parametrize(
    ("login", "sentence"),
    [
        ({}, "wants a user and a password; name them in [mqtt] of the settings"),
        (
            {"user": "bell", "password": "text:wr0ng"},
            "refuses user bell with this password; look at [mqtt] of the settings",
        ),
        ({"user": "bell", "password": "text:r1ght"}, None),
    ],
)
def test_a_wrong_password_is_told_without_it(
    tmp_path: Path, bell: Doorbell, live: LiveDoorbell, login: dict[str, str], sentence: str | None
) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("bell:r1ght\n")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    with (
        Broker(tmp_path, "allow_anonymous false", f"password_file {passwords}") as broker,
        linked(bell, live, broker.port, **login) as link,
    ):
        if sentence is None:
            until(lambda: link._connected_at is not None)
            assert link.trouble() is None
        else:
            until(lambda: link.trouble() is not None)
            assert link.trouble() == f"the MQTT broker 127.0.0.1:{broker.port} {sentence}"


def test_a_password_that_cannot_be_read_is_told(tmp_path: Path, bell: Doorbell, live: LiveDoorbell) -> None:
    with linked(bell, live, free_port(), user="bell", password=f"file:{tmp_path}/gone") as link:
        until(lambda: link.trouble() is not None)
        assert link.trouble() == (
            f"MQTT: the broker's password: {tmp_path}/gone cannot be read (No such file or directory)"
        )


def test_over_tls_the_broker_is_asked_who_it_is(tmp_path: Path, bell: Doorbell, live: LiveDoorbell) -> None:
    certificate, key = self_signed(tmp_path / "broker")
    with (
        Broker(tmp_path, f"certfile {certificate}", f"keyfile {key}") as broker,
        linked(bell, live, broker.port, tls=True, ca=certificate) as link,
    ):
        until(lambda: link._connected_at is not None)
        assert link.trouble() is None
        assert link.connections() == (f"mqtts://127.0.0.1:{broker.port}: rings, visits, names",)


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")  # paho leaves it to the collector
def test_a_broker_that_is_another_one_hears_nothing(tmp_path: Path, bell: Doorbell, live: LiveDoorbell) -> None:
    certificate, key = self_signed(tmp_path / "broker")
    other, _ = self_signed(tmp_path / "other")
    with Broker(tmp_path, f"certfile {certificate}", f"keyfile {key}") as broker:
        with linked(bell, live, broker.port, tls=True, ca=other) as link:
            until(lambda: link.trouble() is not None)
            assert "certificate verify failed" in str(link.trouble())
        gc.collect()


def test_an_authority_that_is_none_is_told(tmp_path: Path, bell: Doorbell, live: LiveDoorbell) -> None:
    note = tmp_path / "note"
    note.write_text("no certificate")
    with linked(bell, live, free_port(), tls=True, ca=note) as link:
        until(lambda: link.trouble() is not None)
        assert link.trouble() == f"MQTT: {note}: no certificates of an authority (no certificate or crl found)"


def self_signed(stem: Path) -> tuple[Path, Path]:
    """The files of a certificate for 127.0.0.1 and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, stem.name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    stem.with_suffix(".pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    stem.with_suffix(".key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return stem.with_suffix(".pem"), stem.with_suffix(".key")


@pytest.fixture
def run_arguments(tmp_path: Path) -> list[object]:
    """`peephole run` on two grey pictures, with a program that runs and knows nobody."""
    tiny_program(tmp_path / "tiny.safetensors")
    (tmp_path / "pictures").mkdir()
    for number in range(2):
        cv2.imwrite(str(tmp_path / "pictures" / f"{number}.png"), np.full((80, 120), 40 * number, np.uint8))
    return ["run", "--port", 0, "--model", tmp_path / "tiny.safetensors", "--data", tmp_path / "data",
            "--source", tmp_path / "pictures"]  # fmt: skip


def test_a_doorbell_that_is_killed_is_offline(
    broker: Broker, run_arguments: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEEPHOLE_MQTT__HOST", "127.0.0.1")
    monkeypatch.setenv("PEEPHOLE_MQTT__PORT", str(broker.port))
    monkeypatch.setenv("PEEPHOLE_MQTT__DEVICE", "front")
    with Ear(broker) as ear:
        doorbell_process = start_page(*run_arguments)
        try:
            ear.wait_for(f"{HOME}/status", "online")
            doorbell_process.process.kill()
            ear.wait_for(f"{HOME}/status", "offline")
        finally:
            doorbell_process.process.kill()
            doorbell_process.process.communicate()
    assert ear.on(f"{HOME}/status") == ["online", "offline"]


def test_a_doorbell_that_is_stopped_says_so_itself(
    broker: Broker, run_arguments: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEEPHOLE_MQTT", json.dumps({"host": "127.0.0.1", "port": broker.port, "root": "house/door"}))
    with Ear(broker) as ear:
        doorbell_process = start_page(*run_arguments)
        try:
            ear.wait_for("house/door/status", "online")
            assert doorbell_process.stop() == 0
            assert ear.wait_for("house/door/status") == "offline"
            assert doorbell_process.process.stderr is not None
            assert "MQTT" not in doorbell_process.process.stderr.read()
        finally:
            doorbell_process.process.kill()
            doorbell_process.process.communicate()
