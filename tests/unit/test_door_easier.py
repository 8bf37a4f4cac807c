"""Which changes make the door open more easily, so that the password is asked for."""

import pytest

from peephole.door.easier import easier
from peephole.door.settings import DoorSettings
from peephole.people.records import Rules
from peephole.people.rules import easier_rules, opens_more

USUAL: dict[str, object] = {"mode": "dry-run", "hours": "mon-fri 08:00-18:00", "least_looks": 5}


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "off"},
        {"hours": "mon-fri 09:00-17:00"},
        {"hours": "wed 08:00-18:00, fri 10:00-10:01"},
        {"least_looks": 6},
        {"least_seconds": 2.0},
        {"margin_factor": 3.0},
        {"open_rate": 1e-5},
        {"most_openings": 1},
        {"lock_out_after": 1},
        {"lock_out_minutes": 60},
        {"pulse_seconds": 1.0},
        {"challenge": "turn"},
        {"require_ring": True},
        {},
    ],
    ids=str,
)
def test_the_other_way_round_is_easier(change: dict[str, object]) -> None:
    usual, stricter = DoorSettings(**USUAL), DoorSettings(**USUAL | change)
    assert easier(usual, stricter) == ()
    assert easier(stricter, usual) == tuple(change)


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "on", "actuator": "gpio", "pin": 1},
        {"hours": ""},
        {"hours": "08:00-18:00"},
        {"hours": "mon-fri 07:59-18:00"},
        {"liveness": "off"},
        {"pin": 4},
        {"active_high": False},
        {"camera": "garden"},
    ],
    ids=str,
)
def test_what_is_easier_or_not_known_to_be_harder(change: dict[str, object]) -> None:
    assert set(easier(DoorSettings(**USUAL), DoorSettings(**USUAL | change))) == set(change)


def test_hours_of_a_night_are_compared_minute_by_minute() -> None:
    night, evening = DoorSettings(hours="22:00-6:00"), DoorSettings(hours="22:00-24:00")
    assert easier(night, evening) == ()
    assert easier(evening, night) == ("hours",)


def test_of_somebodys_rules_only_the_right_itself_and_longer_hours_are_easier() -> None:
    nobody, always, mornings = Rules(), Rules(may_open=True), Rules(may_open=True, hours="8:00-12:00")
    assert easier_rules(nobody, mornings) == easier_rules(nobody, always) == ("may_open",)
    assert easier_rules(mornings, always) == ("hours",)
    assert easier_rules(always, mornings) == easier_rules(always, always) == easier_rules(mornings, nobody) == ()
    assert easier_rules(mornings, Rules(tell="silent", may_open=True, hours="8:00-12:00")) == ()


def test_a_further_key_opens_more_and_one_that_is_gone_does_not() -> None:
    closed, mornings, always = Rules(), Rules(may_open=True, hours="8:00-12:00"), Rules(may_open=True)
    assert opens_more({}, {1: mornings}) and opens_more({1: closed}, {1: mornings})
    assert opens_more({1: mornings, 2: always}, {1: always, 2: mornings})  # one is harder, and the other one easier
    assert not opens_more({1: always, 2: mornings}, {1: mornings})
    assert not opens_more({1: always}, {1: always, 2: closed})
