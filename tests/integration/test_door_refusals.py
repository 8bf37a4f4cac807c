"""Whoever is told that the door refused something suspicious: once a visit, and of a lock-out when it begins."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from door_parts import Home, Strike, long_walk
from doorbell_parts import BEN, MORNING, store_at, walk
from peephole.cli.operating import operating
from peephole.cli.terminal import Terminal
from peephole.door.opener import DoorOpener
from peephole.doorbell.events import Decided, LockedOut, Refused, VisitEnded
from peephole.operations.health import Health
from peephole.people.records import Rules
from peephole.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


class Check:
    """A check that says the same of everybody."""

    def __init__(self, said: str) -> None:
        self.said = said

    def result(self, visit: str) -> str:
        return self.said


def test_a_held_photo_is_told_while_it_is_held_and_once_a_visit(store: Store) -> None:
    home = Home(store, checks=(Check("failed"),), liveness="required")
    home.see(long_walk(looks=20))
    (refused,) = home.told(Refused)
    anna = home.bell.people()[0].person.id
    assert (refused.person, refused.person_id, refused.reason) == ("Anna", anna, "liveness_failed")
    assert (refused.text, refused.mode) == ("the face may be a picture", "on")
    order = [type(one) for one in home.heard if isinstance(one, Decided | Refused | VisitEnded)]
    assert order == [Decided, Refused, VisitEnded]
    assert home.rows() == [("shut", "liveness_failed", "face", "not_tried")]


def test_another_suspicious_refusal_is_told_once_it_is_clear_that_the_visit_ends_so(store: Store) -> None:
    home = Home(store)
    home.see(long_walk(shift=26))
    (refused,) = home.told(Refused)
    assert (refused.visit, refused.reason) == (home.bell.visits()[0].id, "too_far")
    assert home.heard.index(refused) > home.heard.index(home.told(VisitEnded)[0])


def test_of_somebody_who_may_not_open_the_visit_alone_is_told(store: Store) -> None:
    home = Home(store, checks=(Check("failed"),), liveness="required")
    home.bell.set_rules("Anna", Rules())
    home.see([*long_walk(), *walk(BEN, MORNING + 60)])
    assert home.told(Refused) == []


def test_who_comes_in_was_no_trick(store: Store) -> None:
    home = Home(store)
    home.see([*long_walk(), *walk(BEN, MORNING + 60)])
    assert home.actuator.releases == 1
    assert home.told(Refused) == home.told(LockedOut) == []


def test_a_lock_out_is_told_when_it_begins_and_stands_among_the_problems_until_it_is_over(store: Store) -> None:
    home = Home(store, lock_out_after=2, lock_out_minutes=15)
    home.see(long_walk(shift=26))
    assert (home.opener.locked_out(), home.opener.lock_out()) == (False, None)
    for minute in (1, 2):  # the second makes it longer, which is no news
        home.see(long_walk(MORNING + 60 * minute, shift=26))
    (told,) = home.told(LockedOut)
    assert (told.who, told.mode, told.until) == ("faces", "on", pytest.approx(MORNING + 60 + 15 * 60, abs=10))
    assert home.opener.locked_out()
    begun = home.opener.status().locked_until
    at = datetime.fromtimestamp(begun)
    assert home.opener.lock_out() == f"faces do not open the door until {at:%H:%M}, after too many suspicious refusals"
    home.now = begun
    assert (home.opener.locked_out(), home.opener.lock_out()) == (False, None)


def test_the_owner_ends_a_lock_out(store: Store) -> None:
    home = Home(store, lock_out_after=1)
    home.see(long_walk(shift=26))
    assert home.opener.locked_out()
    home.opener.reset_lock_out("owner")
    assert not home.opener.locked_out()
    home.see(long_walk(MORNING + 60, shift=26))
    assert len(home.told(LockedOut)) == 2


def test_a_lock_out_goes_on_after_a_restart_and_is_no_news_then(store: Store) -> None:
    home = Home(store, lock_out_after=1)
    home.see(long_walk(shift=26))
    again = DoorOpener(
        home.opener.settings, home.bell, store.door, Strike(), home.live.announcer, clock=lambda: home.now
    )
    with again:
        assert again.locked_out()
    assert len(home.told(LockedOut)) == 1


def test_wrong_codes_are_told_when_codes_have_to_wait(store: Store) -> None:
    home = Home(store, lock_out_after=2, mode="dry-run", actuator="none")
    for _ in range(3):
        home.opener.open_with_code("mqtt", right=False)
    (told,) = home.told(LockedOut)
    assert (told.who, told.mode) == ("codes", "dry-run")
    assert home.opener.lock_out().endswith("after too many wrong codes (a dry run)")


def test_figures_count_refusals_and_lock_outs_and_show_how_long_one_lasts(store: Store) -> None:
    home = Home(store, lock_out_after=2)

    def figures() -> str:
        return operations.metrics.text().decode()

    with operating(home.live, home.bell, [home.opener]) as operations:
        assert 'peephole_trouble{part="lock-out"} 0.0' in figures()
        home.see([*long_walk(shift=26), *long_walk(MORNING + 60, shift=26)])
        assert 'peephole_refusals_total{reason="too_far"} 2.0' in figures()
        assert 'peephole_lock_outs_total{who="faces"} 1.0' in figures()
        assert 'peephole_trouble{part="lock-out"} 1.0' in figures()
        assert 'peephole_trouble{part="door"} 0.0' in figures()
        assert "Anna" not in figures()
        home.now += 3600
        assert 'peephole_trouble{part="lock-out"} 0.0' in figures()


def test_what_is_printed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(store, lock_out_after=1, mode="dry-run", actuator="none")
    home.live.announcer.listen(Terminal(json=False))
    home.see(long_walk(shift=26))
    visit, refused, locked_out = [line[10:] for line in capsys.readouterr().out.splitlines()]
    assert visit.startswith("Anna: known")
    assert refused == "the door stays shut for Anna: near enough for a greeting, not for the door (a dry run)"
    assert locked_out.startswith("faces do not open the door until ") and locked_out.endswith(" (a dry run)")
    home.live.announcer.listen(Terminal(json=True))
    home.see(long_walk(MORNING + 3600, shift=26))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [line["reason"] for line in lines if line["event"] == "refused"] == ["too_far"]
    assert [line["who"] for line in lines if line["event"] == "locked_out"] == ["faces"]


def test_a_lock_out_is_a_problem_that_makes_no_doorbell_unhealthy() -> None:
    now, said = [0.0], ["faces wait"]
    health = Health({}, lambda: now[0], {"lock-out": lambda: said[0] if said else None})
    health.faults()
    now[0] = 600.0
    assert [(fault.part, fault.text) for fault in health.faults()] == [("lock-out", "faces wait")]
    assert not health.failing(health.faults())
    said.clear()
    assert health.faults() == ()
