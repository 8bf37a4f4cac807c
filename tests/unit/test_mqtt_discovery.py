"""What Home Assistant is told of a doorbell, and the settings of the broker."""

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from mqtt_household import (
    EVERYTHING,
    FRONT,
    TOPICS,
)
from peephole import __version__
from peephole.mqtt.discovery import discovery, entities
from peephole.mqtt.settings import Mqtt
from peephole.mqtt.topics import Topics

DOCS = Path(__file__).parents[2] / "docs" / "mqtt.md"


def test_the_device_that_home_assistant_discovers() -> None:
    device = json.loads(discovery(FRONT, TOPICS, has_door=False))

    assert {key: value for key, value in device.items() if key != "cmps"} == {
        "dev": {"ids": ["front"], "name": "Front door", "mf": "peephole", "mdl": "doorbell", "sw": __version__},
        "o": {"name": "peephole", "sw": __version__},
        "availability_topic": "doorbell/front/status",
        "payload_available": "online",
        "payload_not_available": "offline",
        "qos": 1,
    }
    assert device["cmps"]["bell"] == {
        "p": "event",
        "unique_id": "front_bell",
        "default_entity_id": "event.front_bell",
        "name": "Bell",
        "device_class": "doorbell",
        "event_types": ["ring"],
        "state_topic": "doorbell/front/event/bell",
    }
    assert list(device["cmps"]) == ["bell", "visitor", "last_person", "strangers", "present", "camera"]


def test_a_picture_and_a_lock_are_announced_where_they_are_allowed() -> None:
    device = json.loads(discovery(EVERYTHING, TOPICS, has_door=True))

    assert device["cmps"]["picture"]["image_topic"] == "doorbell/front/picture"
    lock = device["cmps"]["lock"]
    assert (lock["command_topic"], lock["optimistic"], lock["retain"]) == ("doorbell/front/lock/set", False, False)
    assert "object_id" not in json.dumps(device)
    assert [one.key for one in entities(EVERYTHING, has_door=False)][-1] == "picture"


def test_home_assistant_asks_for_a_code_and_is_not_told_which() -> None:
    settings = EVERYTHING.model_copy(update={"lock_code": "text:12 34"})
    lock = json.loads(discovery(settings, TOPICS, has_door=True))["cmps"]["lock"]

    assert lock["code_format"] == ".+"
    assert lock["command_template"] == '{"action": "{{ value }}", "code": {{ code | tojson }}}'
    assert "code_format" not in json.loads(discovery(EVERYTHING, TOPICS, has_door=True))["cmps"]["lock"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"lock_code": "text:1"}, "say allow_lock = true too"),
        ({"ca": "/etc/ca.pem"}, "say tls = true too"),
        ({"password": "text:x"}, "a password needs a user"),
        ({"user": "bell", "password": "x"}, "a secret is"),
        ({"root": "door/#"}, "without"),
        ({"root": "/door"}, "without"),
        ({"discovery": "home assistant"}, "without"),
        ({"device": "front door"}, "pattern"),
        ({"page": "192.168.1.5"}, "pattern"),
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Mqtt(host="broker", **wrong)


def test_the_usual_ports() -> None:
    assert Mqtt(host="broker").address == "broker:1883"
    assert Mqtt(host="::1", tls=True).address == "[::1]:8883"


def test_every_topic_and_entity_is_documented() -> None:
    page = DOCS.read_text()
    properties = [name for name, value in vars(Topics).items() if isinstance(value, property)]
    shown = {
        getattr(TOPICS, name).replace("doorbell/front/", "~/").replace("/front/", "/DEVICE/") for name in properties
    }

    assert shown == set(re.findall(r"^\| `([^`]+/[^`]+)` \| (?:yes|no|to)", page, re.MULTILINE))
    for one in entities(EVERYTHING, has_door=True):
        assert f"| `{one.platform}.front_{one.key}` |" in page
