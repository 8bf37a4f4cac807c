"""What is published on a broker, letter by letter, and what is obeyed."""

import dataclasses
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import ValidationError

from peephole import __version__
from peephole.doorbell.doorbell import LiveFace
from peephole.doorbell.events import Decided, Rang, VisitEnded, VisitStarted
from peephole.doorbell.visit import Decision, VisitRecord
from peephole.live import Look, Presence, Status
from peephole.mqtt.commands import command, subscriptions
from peephole.mqtt.discovery import discovery, entities
from peephole.mqtt.lock import state_of
from peephole.mqtt.presence import Occupied
from peephole.mqtt.reporter import Reporter
from peephole.mqtt.settings import Mqtt
from peephole.mqtt.topics import Topics
from peephole.people.records import Rules, Stranger
from peephole.vision.detector import Box
from peephole.vision.sources import Frame

DOCS = Path(__file__).parents[2] / "docs" / "mqtt.md"
NINE = 1_795_000_000.0
FRONT = Mqtt(host="broker", device="front", name="Front door")
EVERYTHING = FRONT.model_copy(update={"pictures": "visits", "allow_lock": True, "allow_ring": True})
TOPICS = Topics.of(FRONT)

STARTED = VisitStarted("v1", NINE)
DECIDED = Decided("v1", NINE, "known", "Anna", "p1", None, 90, 50, "agreed", "3 of 3 looks agree", False)
ENDED = VisitEnded(
    "v1", "known", "Anna", "p1", None, None, 90, 50, "agreed", "3 of 3 looks agree", 8, NINE, NINE + 4, True, False
)
VISIT = VisitRecord(
    "v1",
    True,
    NINE,
    NINE + 4,
    Decision("known", "p1", 90, 50, "agreed", "3 of 3 looks agree"),
    8,
    False,
    False,
    "Anna",
    None,
)


@dataclass
class Household:
    """People by rule, and visits, newest first."""

    tells: dict[str, str] = field(default_factory=lambda: {"p1": "notify"})
    stored: list[VisitRecord] = field(default_factory=list)
    waiting: list[Stranger] = field(default_factory=list)

    def rules(self, key: str) -> Rules:
        if key not in self.tells:
            raise ValueError(f"{key}: there is nobody of this name")
        return Rules(tell=self.tells[key])

    def strangers(self, every_state: bool = False) -> list[Stranger]:
        return self.waiting

    def visits(self, limit: int = 50, before: float | None = None) -> list[VisitRecord]:
        return self.stored[:limit]

    def visit_picture(self, visit_id: str) -> bytes | None:
        return f"picture of {visit_id}".encode()


@dataclass
class Door:
    now: str

    def open(self, by: str) -> None:
        raise AssertionError("nobody asked")

    def state(self) -> str:
        return self.now


def told(reporter: Reporter, *messages: object) -> list[tuple[str, object]]:
    return [
        (one.topic, json.loads(one.payload))
        for message in messages
        for one in reporter.hear(message)
        if one.kind == "event"
    ]


def states(reporter: Reporter) -> dict[str, str]:
    return {one.topic.removeprefix("doorbell/front/"): one.payload for one in reporter.changes()}


def test_a_ring() -> None:
    (ring,) = Reporter(Household(), FRONT, None).hear(Rang("v1", NINE, "button"))

    assert (ring.topic, ring.kind, ring.retain) == ("doorbell/front/event/bell", "event", False)
    assert ring.payload == (
        '{"v": 1, "event_type": "ring", "visit_id": "v1", "source": "button", "time": "2026-11-18T11:06:40.000Z"}'
    )


def test_a_visitor_is_told_once() -> None:
    events = told(Reporter(Household(), FRONT, None), STARTED, DECIDED, ENDED)

    assert events == [
        (
            "doorbell/front/event/visitor",
            {
                "v": 1,
                "event_type": "known",
                "visit_id": "v1",
                "name": "Anna",
                "person_id": "p1",
                "stranger": None,
                "distance": 90,
                "margin": 50,
                "reason": "agreed",
                "text": "3 of 3 looks agree",
                "ended": False,
                "repeat": None,
                "time": "2026-11-18T11:06:40.000Z",
            },
        )
    ]


def test_a_visitor_is_told_again_when_it_was_somebody_else() -> None:
    changed = dataclasses.replace(ENDED, decision="unsure", person=None, person_id=None)

    events = told(Reporter(Household(), FRONT, None), STARTED, DECIDED, changed)

    assert [(event["event_type"], event["ended"], event["repeat"]) for _, event in events] == [
        ("known", False, None),
        ("unsure", True, True),
    ]


def test_a_stranger_who_gets_a_number_at_the_end_is_told_once() -> None:
    decided = dataclasses.replace(DECIDED, decision="stranger", person=None, person_id=None)
    ended = dataclasses.replace(ENDED, decision="stranger", person=None, person_id=None, stranger=12, stranger_id="s1")

    assert len(told(Reporter(Household(), FRONT, None), STARTED, decided, ended)) == 1
    assert told(Reporter(Household(), FRONT, None), STARTED, ended)[0][1]["stranger"] == 12


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param((DECIDED, ENDED), id="a visit of before the start"),
        pytest.param((STARTED, dataclasses.replace(DECIDED, silent=True)), id="an ignored stranger"),
        pytest.param((STARTED, dataclasses.replace(DECIDED, person_id="gone")), id="somebody erased meanwhile"),
        pytest.param((STARTED, dataclasses.replace(DECIDED, decision="unsure")), id="not decided yet"),
        pytest.param((STARTED, dataclasses.replace(ENDED, reason="nobody_seen")), id="a ring without a face"),
    ],
)
def test_no_visitor_is_told_for(messages: tuple[object, ...]) -> None:
    assert told(Reporter(Household(), FRONT, None), *messages) == []


@pytest.mark.parametrize(("tell", "count"), [("notify", 1), ("log", 1), ("silent", 0)])
def test_the_rule_of_a_person(tell: str, count: int) -> None:
    household = Household({"p1": tell}, [VISIT])
    reporter = Reporter(household, EVERYTHING, None)

    assert len(told(reporter, STARTED, DECIDED, ENDED)) == count
    assert states(reporter)["last_person"] == ("Anna" if count else "None")


def test_states_are_told_when_they_change() -> None:
    household = Household()
    reporter = Reporter(household, FRONT, None)

    assert states(reporter) == {
        "present": "OFF",
        "camera": "OFF",
        "last_person": "None",
        "last_visit": '{"v": 1}',
        "strangers": "0",
    }
    assert states(reporter) == {}
    reporter.hear(Status("watching", "Watching"))
    reporter.hear(Presence(("somebody",)))
    household.waiting = [Stranger("s1", 12, "open", NINE, NINE, 1, None)]
    assert states(reporter) == {"present": "ON", "camera": "ON", "strangers": "1"}
    reporter.hear(Status("lost", "away"))
    household.stored = [VISIT]
    changed = states(reporter)
    assert (changed["camera"], changed["last_person"]) == ("OFF", "Anna")
    assert json.loads(changed["last_visit"]) == {
        "v": 1,
        "visit_id": "v1",
        "kind": "known",
        "person_id": "p1",
        "stranger": None,
        "rang": False,
        "ended": True,
        "reason": "agreed",
        "text": "3 of 3 looks agree",
        "first_seen": "2026-11-18T11:06:40.000Z",
        "last_seen": "2026-11-18T11:06:44.000Z",
    }


def test_the_last_person_is_renamed_and_forgotten_with_the_stored_one() -> None:
    household = Household(stored=[VISIT])
    reporter = Reporter(household, FRONT, None)
    states(reporter)

    household.stored = [dataclasses.replace(VISIT, person_name="Anne")]
    assert states(reporter) == {"last_person": "Anne"}
    forgotten = Decision("unsure", None, None, None, "person_removed", "the person was removed")
    household.stored = [dataclasses.replace(VISIT, person_name=None, decision=forgotten)]
    assert states(reporter)["last_person"] == "unsure"


@pytest.mark.parametrize(
    ("newest", "last"),
    [
        ({"decision": Decision("stranger", None, 1, 1, "far", "far"), "stranger_number": 12}, "Stranger 12"),
        ({"decision": Decision("unsure", None, 1, 1, "few_looks", "few"), "person_name": None}, "unsure"),
        ({"decision": Decision("unsure", None, 1, 1, "few_looks", "few"), "closed": False}, "Anna"),
        ({"decision": Decision("unsure", None, None, None, "nobody_seen", "-"), "sightings": 0}, "Anna"),
        ({"silent": True, "person_name": "Zoe"}, "Anna"),
    ],
)
def test_the_last_person_is_the_last_who_may_be_shown(newest: dict[str, object], last: str) -> None:
    reporter = Reporter(Household(stored=[dataclasses.replace(VISIT, id="v2", **newest), VISIT]), FRONT, None)

    assert states(reporter)["last_person"] == last


def test_a_picture_is_told_once_and_to_whoever_has_just_started() -> None:
    household = Household(stored=[dataclasses.replace(VISIT, closed=False)])
    reporter = Reporter(household, EVERYTHING, None)
    assert "picture" not in states(reporter)  # the best one is known at the end

    household.stored = [VISIT]
    assert states(reporter)["picture"] == b"picture of v1"
    assert "picture" not in states(reporter)
    (again,) = [one for one in reporter.everything() if one.kind == "picture"]
    assert (again.payload, again.retain) == (b"picture of v1", False)


def test_somebody_is_present_until_the_face_is_away_for_three_seconds() -> None:
    empty = Look(Frame(None, 0.0, 1), ())
    face = Look(Frame(None, 0.0, 1), (LiveFace("v1", Box(0, 0, 9, 9), "Anna", "known"),))
    occupied = Occupied()

    seen = [(empty, 0), (face, 1), (face, 2), (empty, 4.9), (empty, 5.0), (empty, 6)]
    assert [occupied.change(look, at) for look, at in seen] == [None, True, None, None, False, None]
    assert [occupied.change(Presence(names), 7) for names in (("Anna",), ("Anna", "Ben"), ())] == [True, None, False]
    assert [occupied.change(message, 8) for message in (face, STARTED, Status("ended", "over"))] == [True, None, False]


def test_the_device_that_home_assistant_discovers() -> None:
    device = json.loads(discovery(FRONT, TOPICS, has_lock=False))

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
    device = json.loads(discovery(EVERYTHING, TOPICS, has_lock=True))

    assert device["cmps"]["picture"]["image_topic"] == "doorbell/front/picture"
    lock = device["cmps"]["lock"]
    assert (lock["command_topic"], lock["optimistic"], lock["retain"]) == ("doorbell/front/lock/set", False, False)
    assert "object_id" not in json.dumps(device)
    assert [one.key for one in entities(EVERYTHING, has_lock=False)][-1] == "picture"


def test_the_lock_is_as_home_assistant_calls_it() -> None:
    assert [state_of(Door(state)) for state in ("locked", "opening", "asleep")] == ["LOCKED", "OPENING", "None"]
    assert states(Reporter(Household(), EVERYTHING, Door("open")))["lock/state"] == "OPEN"


@pytest.mark.parametrize(
    ("topic", "payload", "retained", "connected", "wish"),
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
    topic: str, payload: bytes, retained: bool, connected: float, wish: str | None
) -> None:
    assert command(TOPICS, topic, payload, retained, connected) == wish


def test_only_what_is_allowed_is_listened_to() -> None:
    assert subscriptions(FRONT, TOPICS, has_lock=True) == ["homeassistant/status"]
    assert subscriptions(EVERYTHING, TOPICS, has_lock=False) == ["homeassistant/status", "doorbell/front/bell/press"]
    assert "doorbell/front/lock/set" in subscriptions(EVERYTHING, TOPICS, has_lock=True)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
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
    for one in entities(EVERYTHING, has_lock=True):
        assert f"| `{one.platform}.front_{one.key}` |" in page
