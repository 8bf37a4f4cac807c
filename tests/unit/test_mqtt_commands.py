"""What the doorbell listens to on a broker, and what it obeys."""

import json

import pytest

from peephole.mqtt.commands import Wish, subscriptions, wish
from peephole.mqtt.settings import Mqtt
from peephole.mqtt.topics import Topics

FRONT = Mqtt(host="broker", device="front", name="Front door")
EVERYTHING = FRONT.model_copy(update={"pictures": "visits", "allow_lock": True, "allow_ring": True})
TOPICS = Topics.of(FRONT)


@pytest.mark.parametrize(
    ("topic", "payload", "retained", "connected", "asked"),
    [
        ("homeassistant/status", b"online", False, 0, "announce"),
        ("homeassistant/status", b"online", True, 0, None),
        ("homeassistant/status", b"offline", False, 9, None),
        ("doorbell/front/bell/press", b"1", False, 0, "ring"),
        ("doorbell/front/bell/press", b"1", True, 9, "forget"),
        ("doorbell/front/bell/press", b"", False, 9, None),
        ("doorbell/front/lock/set", b"UNLOCK", False, 2.0, "open"),
        ("doorbell/front/lock/set", b"OPEN", False, 9, "open"),
        ("doorbell/front/lock/set", b"LOCK", False, 9, "close"),
        ("doorbell/front/lock/set", b"UNLOCK", False, 1.9, None),
        ("doorbell/front/lock/set", b"UNLOCK", True, 9, "forget"),
        ("doorbell/front/lock/set", b"unlock", False, 9, None),
        ("doorbell/front/lock/set", b"", False, 9, None),
        ("doorbell/back/lock/set", b"UNLOCK", False, 9, None),
    ],
)
def test_what_a_message_asks_for(
    topic: str, payload: bytes, retained: bool, connected: float, asked: str | None
) -> None:
    assert wish(TOPICS, topic, payload, retained, connected) == (None if asked is None else Wish(asked))


@pytest.mark.parametrize(
    ("payload", "asked"),
    [
        (b'{"action": "UNLOCK", "code": "12 34"}', Wish("open", "12 34")),
        (b'{"action": "OPEN"}', Wish("open")),
        (b'{"action": "LOCK", "code": "1"}', Wish("close")),
        (b'{"action": "UNLOCK", "code": 1234}', Wish("open")),
        (b'{"action": ["UNLOCK"], "code": "1"}', None),
        (b'{"action": "UNLOCK"', None),
        (b"{" * 100_000, None),
        (b'{"a":' * 200 + b"1" + b"}" * 200, None),
    ],
)
def test_a_command_may_carry_a_code(payload: bytes, asked: Wish | None) -> None:
    assert wish(TOPICS, "doorbell/front/lock/set", payload, False, 9.0) == asked


@pytest.mark.parametrize(
    ("payload", "camera"),
    [
        (b'{"camera": "garden"}', "garden"),
        (b'{"camera": 1}', ""),
        (b'{"camera": "garden"', ""),
        (b'["garden"]', ""),
        (b"1", ""),
        (b"garden", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_a_ring_may_name_a_camera(payload: bytes, camera: str) -> None:
    assert wish(TOPICS, "doorbell/front/bell/press", payload, False, 0.0) == Wish("ring", camera=camera)


@pytest.mark.parametrize("name", ["front\n", "\x1b[2J", "x" * 41])
def test_what_cannot_be_the_name_of_a_camera_rings_nothing(name: str) -> None:
    assert wish(TOPICS, "doorbell/front/bell/press", json.dumps({"camera": name}).encode(), False, 0.0) is None


def test_only_what_is_allowed_is_listened_to() -> None:
    assert subscriptions(FRONT, TOPICS, has_lock=True) == ["doorbell/front/machine", "homeassistant/status"]
    assert subscriptions(EVERYTHING, TOPICS, has_lock=False)[1:] == [
        "homeassistant/status",
        "doorbell/front/bell/press",
    ]
    assert "doorbell/front/lock/set" in subscriptions(EVERYTHING, TOPICS, has_lock=True)
