"""What is published on a broker, letter by letter."""

import dataclasses
import json
from typing import get_args, get_type_hints

import pytest

from mqtt_household import (
    DECIDED,
    ENDED,
    EVERYTHING,
    FRONT,
    NINE,
    STARTED,
    TOPICS,
    VISIT,
    Door,
    Household,
    states,
    told,
)
from peephole.doorbell.events import Challenge, Opened, Rang, Refused
from peephole.doorbell.visit import Decision
from peephole.live import Presence, Status
from peephole.liveness.turning import Turns
from peephole.mqtt import payloads
from peephole.mqtt.discovery import discovery
from peephole.mqtt.lock import state_of
from peephole.mqtt.reporter import Reporter
from peephole.people.records import Stranger


def test_a_ring() -> None:
    (ring,) = Reporter(Household(), FRONT, None).hear(Rang("v1", NINE, "button"))

    assert (ring.topic, ring.kind, ring.retain) == ("doorbell/front/event/bell", "event", False)
    assert ring.payload == (
        '{"v": 1, "event_type": "ring", "visit_id": "v1", "source": "button", "camera": null,'
        ' "time": "2026-11-18T11:06:40.000Z"}'
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
                "camera": None,
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
        "camera": None,
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
        ({"decision": Decision("unsure", None, None, None, "discarded", "no face"), "person_name": None}, "Anna"),
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


def test_the_lock_is_as_home_assistant_calls_it() -> None:
    assert [state_of(Door(state)) for state in ("locked", "opening", "asleep")] == ["LOCKED", "OPENING", "None"]
    assert states(Reporter(Household(), EVERYTHING, Door("open")))["lock/state"] == "OPEN"


OPENED = Opened("v1", NINE, "Anna", "p1", "face", "on", "Front")


def test_an_opening_is_told_and_the_lock_is_seen_to_open_and_to_shut() -> None:
    reporter = Reporter(Household(), EVERYTHING, Door("locked"))
    assert states(reporter)["lock/state"] == "LOCKED"

    event, state = reporter.hear(OPENED)

    assert json.loads(event.payload) == {
        "v": 1,
        "event_type": "opened",
        "visit_id": "v1",
        "name": "Anna",
        "person_id": "p1",
        "by": "face",
        "camera": "Front",
        "time": "2026-11-18T11:06:40.000Z",
    }
    assert (state.topic, state.payload, state.retain) == ("doorbell/front/lock/state", "UNLOCKED", True)
    assert states(reporter)["lock/state"] == "LOCKED"  # so soon, and yet it was told


SUSPECTED = Refused("v1", NINE, "Anna", "p1", "liveness_failed", "the face may be a picture", "on", "Front")


@pytest.mark.parametrize(
    ("reason", "event_type"), [("liveness_failed", "spoof_suspected"), ("too_far", "refused"), ("too_alike", "refused")]
)
def test_a_suspicious_refusal_is_a_visitors_event_with_a_visitors_keys(reason: str, event_type: str) -> None:
    reporter = Reporter(Household(), FRONT, Door("locked"))
    (event,) = reporter.hear(dataclasses.replace(SUSPECTED, reason=reason))
    told = json.loads(event.payload)
    assert (event.topic, event.kind) == ("doorbell/front/event/visitor", "event")
    assert (told["event_type"], told["visit_id"], told["name"], told["reason"]) == (event_type, "v1", "Anna", reason)
    assert set(told) == set(json.loads(payloads.visitor(DECIDED)))
    known = json.loads(discovery(FRONT, TOPICS, has_door=True))["cmps"]["visitor"]
    assert event_type in known["event_types"]


def test_of_silent_and_of_erased_people_no_suspicion_is_told() -> None:
    for tells in ({"p1": "silent"}, {}):
        assert Reporter(Household(tells), FRONT, Door("locked")).hear(SUSPECTED) == []


def test_a_lock_out_is_a_state_of_a_door_that_is_set_up() -> None:
    door = Door("locked")
    reporter = Reporter(Household(), FRONT, door)
    assert not reporter.lags_behind()  # nobody has been told anything yet
    assert states(reporter)["lock_out"] == "OFF"
    door.waits = True
    assert reporter.lags_behind() and states(reporter) == {"lock_out": "ON"}
    assert not reporter.lags_behind()
    assert "lock_out" not in states(Reporter(Household(), FRONT, None))


def test_a_task_is_told_to_whatever_speaks_at_the_door_and_names_nobody() -> None:
    (event,) = Reporter(Household(), FRONT, Door("locked")).hear(
        Challenge("v1", NINE, "asked", "left", "turn your head to your left", "Front")
    )

    assert (event.topic, event.kind, event.retain) == ("doorbell/front/event/challenge", "event", False)
    assert json.loads(event.payload) == {
        "v": 1,
        "event_type": "asked",
        "visit_id": "v1",
        "turn": "left",
        "text": "turn your head to your left",
        "camera": "Front",
        "time": "2026-11-18T11:06:40.000Z",
    }
    known = json.loads(discovery(FRONT, TOPICS, has_door=True))["cmps"]["challenge"]
    assert (known["state_topic"], event_types_of(Turns) <= set(known["event_types"])) == (event.topic, True)
    assert "challenge" not in json.loads(discovery(FRONT, TOPICS, has_door=False))["cmps"]


def event_types_of(task: type[Turns]) -> set[str]:
    """Every state that a task can have."""
    return set(get_args(get_type_hints(task)["state"]))


def test_a_dry_run_is_told_as_such_and_a_silent_person_without_the_name() -> None:
    dry = dataclasses.replace(OPENED, mode="dry-run")
    (event,) = Reporter(Household(), EVERYTHING, Door("locked")).hear(dry)
    assert json.loads(event.payload)["event_type"] == "dry_run"
    (silent,) = Reporter(Household({"p1": "silent"}), FRONT, Door("locked")).hear(OPENED)
    assert (json.loads(silent.payload)["name"], json.loads(silent.payload)["person_id"]) == (None, None)


def test_of_several_cameras_all_must_work() -> None:
    reporter = Reporter(Household(), FRONT, None)
    reporter.hear(Status("watching", "Watching", "Front"))
    reporter.hear(Status("lost", "away", "Garage"))
    assert states(reporter)["camera"] == "OFF"
    reporter.hear(Status("watching", "Watching", "Garage"))
    assert states(reporter)["camera"] == "ON"
