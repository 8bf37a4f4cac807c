"""A broker that is away, comes back, wants a password or is another one; a doorbell that ends."""

import gc
import json
import subprocess
import time
from collections.abc import Iterator
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
from broker import Broker, Ear
from broker_link import HOME, linked
from commands import tiny_program
from doorbell_parts import ANNA, Walks
from peephole.doorbell.doorbell import Doorbell
from peephole.live import LiveDoorbell
from peephole.mqtt import link as link_module
from ports import free_port
from running import start_page
from waiting import PATIENCE, until


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running:
        yield running


def test_a_broker_that_comes_back_hears_everything_but_old_rings(
    broker: Broker, bell: Doorbell, live: LiveDoorbell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(link_module, "LONGEST_PAUSE", 0.2)
    monkeypatch.setattr("peephole.live.RING_PAUSE", 0.0)
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
    assert time.monotonic() - begin < PATIENCE
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
    with Ear(broker) as ear, start_page(*run_arguments) as running:
        ear.wait_for(f"{HOME}/status", "online")
        running.process.kill()
        ear.wait_for(f"{HOME}/status", "offline")
    assert ear.on(f"{HOME}/status") == ["online", "offline"]


def test_a_doorbell_that_is_stopped_says_so_itself(
    broker: Broker, run_arguments: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEEPHOLE_MQTT", json.dumps({"host": "127.0.0.1", "port": broker.port, "root": "house/door"}))
    with Ear(broker) as ear, start_page(*run_arguments) as running:
        ear.wait_for("house/door/status", "online")
        assert running.stop() == 0
        assert ear.wait_for("house/door/status") == "offline"
        assert running.process.stderr is not None
        assert "MQTT" not in running.process.stderr.read()
