"""A doorbell on a real broker: what is heard there, what rings it, and several doors on one."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("aiomqtt", reason="needs the extra mqtt")
from broker import Broker, Ear
from broker_link import HOME, linked
from doorbell_parts import ANNA, BEN, Walks, doorbell, store_at
from peephole.cameras import Cameras
from peephole.doorbell.doorbell import Doorbell
from peephole.live import Announcer, LiveDoorbell
from peephole.mqtt.link import BrokerLink
from peephole.mqtt.settings import Mqtt
from peephole.people.records import Rules
from peephole.vision.sources import Frame
from waiting import until


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running:
        yield running


@dataclass
class Unhurried(Walks):
    """Walks in which nobody moves on before the broker knows that somebody is there: of states it hears the newest."""

    ear: Ear = field(kw_only=True)

    def __iter__(self) -> Iterator[Frame]:
        for number, frame in enumerate(super().__iter__()):
            yield frame
            if number == 0:
                self.ear.wait_for(f"{HOME}/present", "ON")


def test_a_visit_is_heard_and_its_traces_stay(broker: Broker, bell: Doorbell, live: LiveDoorbell) -> None:
    with Ear(broker) as ear, linked(bell, live, broker.port):
        ear.wait_for(f"{HOME}/status", "online")
        live.watch(Unhurried((ANNA, BEN), ear=ear), at_its_pace=False)
        ear.wait_for(f"{HOME}/last_person", "Stranger 1")
        ear.wait_for(f"{HOME}/camera", "OFF")
    anna, stranger = [json.loads(payload) for payload in ear.on(f"{HOME}/event/visitor")]
    assert (anna["event_type"], anna["name"], anna["ended"]) == ("known", "Anna", False)
    assert (stranger["event_type"], stranger["name"]) == ("stranger", None)
    there = ear.on(f"{HOME}/present")
    assert (there[:2], there[-1]) == (["OFF", "ON"], "OFF")
    assert ear.on(f"{HOME}/camera") == ["OFF", "ON", "OFF"]
    assert ear.on(f"{HOME}/strangers") == ["0", "1"]
    for topic in {topic for topic, payload, _ in ear.heard if topic.startswith(HOME) and "/event/" not in topic}:
        told = ear.on(topic)
        assert all(before != after for before, after in pairwise(told)), topic  # a state is news when it has changed
    with Ear(broker) as late:  # what the broker keeps: states, no event, no picture
        late.wait_for(f"{HOME}/status", "offline")
        until(lambda: len(late.heard) == 8)
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
        assert "picture" in late.wait_for("homeassistant/device/front/config")
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


def test_a_message_rings_at_the_camera_that_it_names(broker: Broker, bell: Doorbell) -> None:
    announcer, names = Announcer(), ("front", "garden")
    cameras = Cameras([LiveDoorbell(bell.watcher(name, names), announcer, name) for name in names])
    settings, told = Mqtt(host="127.0.0.1", port=broker.port, device="front", allow_ring=True), list[str]()
    with Ear(broker) as ear, BrokerLink(settings, bell, cameras, None, told.append) as link:
        announcer.listen(link.hear)
        ear.wait_for(f"{HOME}/status", "online")
        for payload in ('{"camera": "garden"}', "PRESS", '{"camera": "attic"}', '{"camera": "garden"}'):
            ear.say(f"{HOME}/bell/press", payload)
        until(lambda: len(ear.on(f"{HOME}/event/bell")) == 2 and told)
    assert [json.loads(one)["camera"] for one in ear.on(f"{HOME}/event/bell")] == ["garden", "front"]
    assert told == ["MQTT: attic: there is no camera of this name; there are: front, garden"]


def test_a_message_rings_nothing_where_it_is_not(broker: Broker, bell: Doorbell, live: LiveDoorbell) -> None:
    with Ear(broker) as ear, linked(bell, live, broker.port):
        ear.wait_for(f"{HOME}/status", "online")
        ear.say(f"{HOME}/bell/press", "PRESS")
        ear.say("homeassistant/status", "online")
        until(lambda: len(ear.on(f"{HOME}/status")) == 2)
    assert ear.on(f"{HOME}/event/bell") == []


def test_two_doors_on_one_broker_do_not_mix(broker: Broker, bell: Doorbell, tmp_path: Path) -> None:
    with store_at(tmp_path / "back") as store:
        front, back = LiveDoorbell(bell), LiveDoorbell(doorbell(store))
        with (
            Ear(broker) as ear,
            linked(bell, front, broker.port, name="Front door"),
            linked(doorbell(store), back, broker.port, device="back", name="Back door") as other,
        ):
            for home in ("doorbell/front", "doorbell/back"):
                ear.wait_for(f"{home}/status", "online")
                ear.wait_for(f"{home}/strangers", "0")
            front.watch(Walks((ANNA,)), at_its_pace=False)
            back.watch(Walks((BEN,)), at_its_pace=False)
            ear.wait_for("doorbell/front/last_person", "Anna")
            ear.wait_for("doorbell/back/last_person", "Stranger 1")
            assert other.trouble() is None
            other.__exit__(None, None, None)
            ear.wait_for("doorbell/back/status", "offline")
            assert ear.on("doorbell/front/status") == ["online"]
        assert [json.loads(one)["name"] for one in ear.on("doorbell/front/event/visitor")] == ["Anna"]
        assert [json.loads(one)["name"] for one in ear.on("doorbell/back/event/visitor")] == [None]
        devices = [json.loads(ear.on(f"homeassistant/device/{one}/config")[0]) for one in ("front", "back")]
        assert [one["dev"]["name"] for one in devices] == ["Front door", "Back door"]
        ids = [entity["unique_id"] for one in devices for entity in one["cmps"].values()]
        assert len(set(ids)) == len(ids)
        assert len({one["availability_topic"] for one in devices}) == 2


def test_two_doors_of_one_name_are_told_and_neither_is_thrown_out(
    broker: Broker, bell: Doorbell, live: LiveDoorbell, tmp_path: Path
) -> None:
    with store_at(tmp_path / "back") as store:
        other_bell = doorbell(store)
        with (
            linked(bell, live, broker.port, machine="aaaaaaaaaaaa") as one,
            linked(other_bell, LiveDoorbell(other_bell), broker.port, machine="bbbbbbbbbbbb") as other,
        ):
            words = "another doorbell is front (doorbell/front) on the MQTT broker too; give each its own mqtt.device"
            until(lambda: one.trouble() == other.trouble() == words)
            assert "lost" not in str(one.told + other.told)


def test_a_doorbell_that_moved_to_another_machine_is_alone(broker: Broker, bell: Doorbell, live: LiveDoorbell) -> None:
    for machine in ("aaaaaaaaaaaa", "bbbbbbbbbbbb"):
        with Ear(broker) as ear, linked(bell, live, broker.port, machine=machine) as link:
            ear.wait_for(f"{HOME}/machine", machine)
            ear.wait_for(f"{HOME}/status", "online")
            time.sleep(0.2)
            assert link.trouble() is None
