"""The lock on a broker: which message opens the door, which does not, and what is answered."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("aiomqtt", reason="needs the extra mqtt")
from broker import Broker, Ear
from broker_link import HOME, linked
from doorbell_parts import MORNING
from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.events import LockedOut, Refused
from peephole.doorbell.events import Opened as DoorOpened
from peephole.live import LiveDoorbell
from peephole.mqtt import commands
from waiting import until


@dataclass
class Opened:
    opened: bool = True
    text: str = "opened"


@dataclass
class Strike:
    """A door that notes who wished it open."""

    wishes: list[str] = field(default_factory=list)
    fault: str | None = None
    waits: bool = False

    def locked_out(self) -> bool:
        return self.waits

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


@dataclass
class Code:
    """A door that wants a code."""

    tries: list[bool] = field(default_factory=list)

    def locked_out(self) -> bool:
        return False

    def open_with_code(self, by: str, right: bool) -> Opened:
        self.tries.append(right)
        return Opened(right, "opened" if right else "the code is wrong")

    def state(self) -> str:
        return "locked"


def test_a_door_with_a_code_opens_for_the_right_one(
    broker: Broker, bell: Doorbell, live: LiveDoorbell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "SETTLE_SECONDS", 0.0)
    door = Code()
    with (
        Ear(broker) as ear,
        linked(bell, live, broker.port, lock=door, allow_lock=True, lock_code="text:2468") as link,
    ):
        ear.wait_for(f"{HOME}/lock/state")
        half = '"\\ud800"'  # of a letter: JSON may hold it, UTF-8 may not
        for code in (None, '"2469"', half, '"2468"'):
            ear.say(f"{HOME}/lock/set", "UNLOCK" if code is None else f'{{"action": "UNLOCK", "code": {code}}}')
        until(lambda: len(ear.on(f"{HOME}/lock/answer")) == 4)
    assert door.tries == [False, False, False, True]
    assert [json.loads(one)["opened"] for one in ear.on(f"{HOME}/lock/answer")] == door.tries
    ours = [payload for topic, payload, _ in ear.heard if not topic.endswith("/set")]
    assert not any(b"2468" in payload for payload in ours) and "2468" not in str(link.told)


def test_an_opening_is_heard_and_the_lock_is_seen_to_shut_again(
    broker: Broker, bell: Doorbell, live: LiveDoorbell
) -> None:
    with Ear(broker) as ear, linked(bell, live, broker.port, lock=Strike(), allow_lock=True):
        ear.wait_for(f"{HOME}/lock/state", "LOCKED")
        live.announcer.announce(DoorOpened("v1", MORNING, "Anna", bell.people()[0].person.id, "face", "on"))
        told = json.loads(ear.wait_for(f"{HOME}/event/door"))
        ear.wait_for(f"{HOME}/lock/state", "LOCKED")
    assert (told["event_type"], told["name"], told["by"]) == ("opened", "Anna", "face")
    assert ear.on(f"{HOME}/lock/state") == ["LOCKED", "UNLOCKED", "LOCKED"]


def test_a_suspected_photo_and_a_lock_out_are_heard_also_where_the_broker_may_not_open(
    broker: Broker, bell: Doorbell, live: LiveDoorbell
) -> None:
    door, anna = Strike(), bell.people()[0].person.id
    with Ear(broker) as ear, linked(bell, live, broker.port, lock=door):
        ear.wait_for(f"{HOME}/lock_out", "OFF")
        live.announcer.announce(
            Refused("v1", MORNING, "Anna", anna, "liveness_failed", "the face may be a picture", "on")
        )
        told = json.loads(ear.wait_for(f"{HOME}/event/visitor"))
        door.waits = True
        live.announcer.announce(LockedOut(MORNING, MORNING + 900, "faces", "faces wait", "on"))
        ear.wait_for(f"{HOME}/lock_out", "ON")
        door.waits = False  # which nobody tells
        ear.wait_for(f"{HOME}/lock_out", "OFF")
    assert (told["event_type"], told["name"], told["reason"]) == ("spoof_suspected", "Anna", "liveness_failed")
    with Ear(broker) as late:
        late.wait_for(f"{HOME}/lock_out", "OFF")
        assert late.on(f"{HOME}/event/visitor") == []


def test_a_lock_is_not_announced_where_it_is_not_allowed(broker: Broker, bell: Doorbell, live: LiveDoorbell) -> None:
    door = Strike()
    with Ear(broker) as ear, linked(bell, live, broker.port, lock=door):
        ear.wait_for(f"{HOME}/strangers")
        ear.say(f"{HOME}/lock/set", "UNLOCK")
    assert "lock" not in json.loads(ear.on("homeassistant/device/front/config")[0])["cmps"]
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
