"""When a face may open the door: everything must hold, and each thing that does not has a name."""

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from peephole.door.conditions import CONDITIONS, OPEN, REASONS, DoorState, locked_until, may_open, may_still_open
from peephole.door.liveness import ask, joined
from peephole.door.settings import DoorSettings
from peephole.doorbell.candidates import Candidate, Neighbour
from peephole.people.records import Rules

NOON = datetime(2026, 11, 23, 12, 0).timestamp()  # a Monday, by this machine's clock
MINUTE = 60.0
FRIEND = Neighbour("known", "p2")

SETTINGS = DoorSettings(mode="dry-run", least_looks=5, least_seconds=1.0, margin_factor=2.0, most_openings=6)
RULES = Rules(may_open=True)
STATE = DoorState(liveness="passed")
ANNA = Candidate(
    visit="v1",
    time=NOON,
    kind="known",
    person="p1",
    name="Anna",
    distance=900,
    margin=200,
    bar=1000,
    margin_bar=100,
    looks=(NOON - 1.5, NOON - 1.0, NOON - 0.6, NOON - 0.4, NOON - 0.1),
    first_seen=NOON - 2,
    last_seen=NOON,
    others=(),
)


def moment(candidate=None, rules=None, settings=None, state=None, now=NOON):
    return (
        dataclasses.replace(ANNA, **(candidate or {})),
        RULES if rules is None else dataclasses.replace(RULES, **rules),
        SETTINGS.model_copy(update=settings or {}),
        dataclasses.replace(STATE, **(state or {})),
        now,
    )


def verdict(*changes, **more):
    return may_open(*moment(*changes, **more))


# Of each condition: what makes it fail, alone.
BROKEN = {
    "off": {"settings": {"mode": "off"}},
    "opened_already": {"state": {"opened": True}},
    "nobody_known": {"candidate": {"kind": "unsure"}},
    "not_allowed": {"rules": {"may_open": False}},
    "minor": {"rules": {"minor": True}},
    "persons_hours": {"rules": {"hours": "mon 12:01-13:00"}},
    "house_hours": {"settings": {"hours": "tue-sun 0:00-24:00"}},
    "not_rung": {"settings": {"require_ring": True}},
    "gone": {"candidate": {"last_seen": NOON - 0.6}},
    "old_picture": {"now": NOON + 3},
    "too_far": {"candidate": {"distance": 1001}},
    "too_alike": {"candidate": {"margin": 199}},
    "too_few_looks": {"candidate": {"looks": ANNA.looks[1:]}, "settings": {"least_seconds": 0.5}},
    "too_short": {"candidate": {"looks": tuple(NOON - 0.1 * i for i in range(9, 0, -1))}},
    "twice_in_view": {"candidate": {"others": (Neighbour("known", "p1"),)}},
    "stranger_near": {"candidate": {"others": (FRIEND, Neighbour("stranger", None))}},
    "liveness_failed": {"state": {"liveness": "failed"}},
    "liveness_not_done": {"state": {"liveness": "not_done"}},
    "too_many_openings": {"state": {"openings": (NOON - 50 * MINUTE,) * 6}},
    "locked_out": {"state": {"refusals": (NOON - 14 * MINUTE, NOON - 5 * MINUTE, NOON - MINUTE)}},
}


def test_the_door_opens_where_everything_holds() -> None:
    assert (verdict().open, verdict().reason) == (True, OPEN)


@pytest.mark.parametrize("reason", REASONS)
def test_each_condition_alone_keeps_the_door_shut(reason: str) -> None:
    found = verdict(**BROKEN[reason])
    assert (found.open, found.reason) == (False, reason)


LOOKING_ON_HELPS = {
    *("gone", "old_picture", "too_far", "too_alike", "too_few_looks", "too_short", "twice_in_view", "stranger_near"),
    "liveness_not_done",
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_visit_whose_face_is_only_looked_at_for_longer_may_still_open_or_not(reason: str) -> None:
    broken = BROKEN[reason]
    assert may_still_open(*moment(**broken)) == (reason in LOOKING_ON_HELPS)
    assert may_still_open(*moment())


@given(st.sets(st.sampled_from(REASONS), min_size=1))
def test_whatever_fails_the_door_stays_shut_for_the_first_reason(broken: set[str]) -> None:
    changes: dict[str, dict[str, object]] = {}
    now, first = NOON, None
    for reason in REASONS:
        parts = {part: change for part, change in BROKEN[reason].items() if isinstance(change, dict)}
        if reason not in broken or any(set(change) & set(changes.get(part, ())) for part, change in parts.items()):
            continue  # two that cannot be wrong at once: the same value would have to be two
        first = first or reason
        now = BROKEN[reason].get("now", now)
        for part, change in parts.items():
            changes[part] = {**changes.get(part, {}), **change}
    found = verdict(**changes, now=now)
    assert (found.open, found.reason) == (False, first)


def mostly(good: tuple[object, ...], bad: tuple[object, ...]) -> st.SearchStrategy:
    """One that holds, eleven times of twelve: of many conditions drawn evenly there is always one that does not."""
    return st.sampled_from(11 * len(bad) * good + len(good) * bad)


WHATEVER = {
    "candidate": {
        "kind": mostly(("known",), ("stranger", "unsure")),
        "person": mostly(("p1",), (None,)),
        "distance": mostly((0, 999, 1000), (1001, 2000, None)),
        "margin": mostly((200, 400, None), (0, 199)),
        "looks": mostly((ANNA.looks, (NOON - 5, *ANNA.looks)), (ANNA.looks[1:], (NOON,) * 5, ())),
        "rang": mostly((True,), (False,)),
        "last_seen": mostly((NOON, NOON - 0.5), (NOON - 0.6, NOON + 0.1)),
        "others": mostly(
            ((), (FRIEND,), (FRIEND, Neighbour("known", "p3"))),
            ((FRIEND, Neighbour("known", "p1")), (Neighbour("unsure", None),), (Neighbour("stranger", None), FRIEND)),
        ),
    },
    "rules": {
        "may_open": mostly((True,), (False,)),
        "minor": mostly((False,), (True,)),
        "hours": mostly(("", "mon 12:00-12:01"), ("mon 13:00-14:00", "tue 11:00-13:00")),
    },
    "settings": {
        "mode": mostly(("dry-run", "on"), ("off",)),
        "hours": mostly(("", "11:00-13:00"), ("13:00-11:00",)),
        "require_ring": mostly((False,), (True,)),
        "liveness": mostly(("required",), ("off",)),
    },
    "state": {
        "opened": mostly((False,), (True,)),
        "openings": mostly(((), (NOON - 1,) * 5, (NOON - 60 * MINUTE,) * 6), ((NOON - 59 * MINUTE,) * 6,)),
        "refusals": mostly(((), (NOON - MINUTE,) * 2), ((NOON - MINUTE,) * 3,)),
        "liveness": mostly(("passed",), ("failed", "not_done")),
    },
}


def test_an_open_door_means_that_all_of_it_held() -> None:
    """Said a second time, without the table."""
    seen = set()

    @given(
        st.fixed_dictionaries({part: st.fixed_dictionaries(fields) for part, fields in WHATEVER.items()}),
        mostly((NOON, NOON + 2), (NOON + 2.1, NOON - 2.1)),
    )
    @settings(max_examples=500)
    def said_twice(parts: dict[str, dict[str, Any]], now: float) -> None:
        face, rules, house, state = parts["candidate"], parts["rules"], parts["settings"], parts["state"]
        everything = (
            (face["kind"], face["person"]) == ("known", "p1")
            and face["distance"] in (0, 999, 1000)
            and face["margin"] in (200, 400, None)
            and len(face["looks"]) >= 5
            and face["looks"][-1] - face["looks"][0] >= 1.0
            and NOON - 0.5 <= face["last_seen"] <= NOON
            and all(other.kind == "known" and other.person in ("p2", "p3") for other in face["others"])
            and (rules["may_open"], rules["minor"]) == (True, False)
            and rules["hours"] in ("", "mon 12:00-12:01")
            and house["mode"] != "off"
            and house["hours"] in ("", "11:00-13:00")
            and (face["rang"] or not house["require_ring"])
            and (house["liveness"] == "off" or state["liveness"] == "passed")
            and not state["opened"]
            and state["openings"] != (NOON - 59 * MINUTE,) * 6
            and len(state["refusals"]) < 3
            and abs(now - NOON) <= 2
        )
        found = verdict(**parts, now=now)
        assert found.open == everything
        seen.add(found.reason)

    said_twice()
    assert OPEN in seen and len(seen) > 10, f"a test that sees too little: {seen}"


def test_every_condition_has_its_own_reason_and_a_text() -> None:
    assert len(set(REASONS)) == len(REASONS) == len(CONDITIONS)
    assert all(condition.text for condition in CONDITIONS)
    assert set(BROKEN) == set(REASONS)


def test_nobody_whom_the_owner_erased_comes_in() -> None:
    assert may_open(ANNA, None, SETTINGS, STATE, NOON).reason == "nobody_known"


def test_a_single_person_in_the_house_has_nobody_to_be_taken_for() -> None:
    assert verdict({"margin": None}).open


def test_a_known_face_beside_is_company() -> None:
    assert verdict({"others": (FRIEND,)}).open


def test_suspicious_are_refusals_that_a_trick_would_meet() -> None:
    suspicious = {reason for reason in REASONS if verdict(**BROKEN[reason]).suspicious}
    assert suspicious == {"too_far", "too_alike", "twice_in_view", "liveness_failed"}


def test_the_lock_out_lasts_from_the_last_of_enough_refusals() -> None:
    settings = DoorSettings(lock_out_after=3, lock_out_minutes=15)
    refusals = (0.0, 10 * MINUTE, 14 * MINUTE)
    assert locked_until(refusals, settings, 14 * MINUTE) == 29 * MINUTE
    assert locked_until(refusals, settings, 29 * MINUTE) is None
    assert locked_until((0.0, 10 * MINUTE, 16 * MINUTE), settings, 17 * MINUTE) is None
    assert locked_until(refusals[:2], settings, 14 * MINUTE) is None


def test_openings_older_than_an_hour_do_not_count() -> None:
    assert verdict(state={"openings": (NOON - 61 * MINUTE,) * 9}).open


class Check:
    def __init__(self, says: object) -> None:
        self.says = says

    def result(self, visit: str):
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def test_checks_must_all_be_passed() -> None:
    assert joined([]) == "not_done"
    assert joined(["passed", "passed"]) == "passed"
    assert joined(["passed", "not_done"]) == "not_done"
    assert joined(["passed", "failed", "not_done"]) == "failed"


def test_a_check_that_breaks_has_not_been_done() -> None:
    assert ask([Check("passed"), Check(OSError("no camera"))], "v1") == "not_done"
    assert ask([Check("passed"), Check("yes")], "v1") == "not_done"
    assert ask([Check("passed")], "v1") == "passed"


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "on"},
        {"actuator": "gpio"},
        {"actuator": "webhook"},
        {"actuator": "webhook", "webhook": "http://lock.local/open"},
        {"pulse_seconds": 11},
        {"pulse_seconds": 0},
        {"open_rate": 0.01},
        {"least_looks": 1},
        {"hours": "at night"},
        {"liveness": False},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DoorSettings(**given)


def test_by_default_nothing_opens_and_a_photo_would_not() -> None:
    assert (DoorSettings().mode, DoorSettings().liveness) == ("off", "required")


def test_the_owner_reads_every_condition_in_the_words_of_the_program() -> None:
    page = (Path(__file__).parents[2] / "docs" / "doors.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| `")]
    assert table == [f"| `{one.reason}` | {one.text} | {'yes' if one.suspicious else ''} |" for one in CONDITIONS]
