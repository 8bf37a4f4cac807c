"""Who comes in: the door with a real doorbell and store."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest

from door_parts import Home, Strike, beside, long_walk
from doorbell_parts import ANNA, BEN, MORNING, Actor, paint, store_at, walk
from peephole.door.book import entry_of
from peephole.door.opener import DoorOpener
from peephole.doorbell.doorbell import Photo
from peephole.doorbell.events import Opened
from peephole.people.records import Rules
from peephole.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


def test_a_dry_run_writes_down_what_it_would_do_and_moves_nothing(store: Store) -> None:
    home = Home(store, mode="dry-run")
    home.see(long_walk())
    assert home.rows() == [("open", "all_hold", "face", "not_tried")]
    assert home.actuator.told == []
    [event] = home.told(Opened)
    assert (event.person, event.by, event.mode) == ("Anna", "face", "dry-run")
    assert event.as_json()["event"] == "opened"


def test_the_door_opens_once_a_visit_and_again_for_the_next(store: Store) -> None:
    home = Home(store)
    home.see(long_walk(looks=25))
    assert (home.actuator.releases, home.actuator.told[-1]) == (1, "secure")
    home.see(long_walk(MORNING + 60))
    assert home.actuator.releases == 2
    assert home.rows() == [("open", "all_hold", "face", "done")] * 2
    visits = {row.visit for row in store.door.recent()}
    assert visits == {visit.id for visit in home.bell.visits()}


def test_the_row_is_on_the_disk_before_the_lock_moves(store: Store) -> None:
    rows: list[object] = []

    class Watched(Strike):
        def release(self, seconds: float) -> None:
            with closing(connect(store._database.path)) as another_process:
                rows.append(another_process.execute("SELECT verdict, reason, by, done FROM door_log").fetchall())

    home = Home(store, Watched())
    home.see(long_walk())
    assert rows == [[("open", "all_hold", "face", "not_known")]]


@pytest.mark.parametrize(
    ("rules", "settings", "reason"),
    [
        ({}, {"least_looks": 9, "least_seconds": 10}, "too_short"),
        ({"hours": "mon-sun 0:00-0:01"}, {}, "persons_hours"),
        ({}, {"hours": "mon-sun 0:00-0:01"}, "house_hours"),
        ({}, {"liveness": "required"}, "liveness_not_done"),
    ],
)
def test_one_thing_that_does_not_hold_keeps_it_shut(store: Store, rules, settings, reason: str) -> None:
    home = Home(store, **settings)
    home.bell.set_rules("Anna", Rules(may_open=True, **rules))
    home.see(long_walk())
    assert home.actuator.told == []
    assert home.rows() == [("shut", reason, "face", "not_tried")]


def test_somebody_without_the_right_is_not_even_logged(store: Store) -> None:
    home = Home(store)
    home.bell.set_rules("Anna", Rules(may_open=False))
    home.see([*long_walk(), *walk(BEN, MORNING + 60)])
    assert (home.actuator.told, home.rows()) == ([], [])


def test_too_few_looks_keep_it_shut(store: Store) -> None:
    home = Home(store)
    home.see(long_walk(looks=4))
    assert (home.actuator.told, home.rows()) == ([], [("shut", "too_few_looks", "face", "not_tried")])


def test_near_enough_for_a_greeting_is_not_near_enough_for_the_door(store: Store) -> None:
    home = Home(store)
    home.see(long_walk(shift=26))
    assert home.bell.visits()[0].decision.kind == "known"
    assert (home.actuator.told, home.rows()) == ([], [("shut", "too_far", "face", "not_tried")])


def test_every_look_that_counts_is_near_enough_by_itself(store: Store) -> None:
    home = Home(store, least_looks=8)
    away, near = long_walk(looks=12, shift=26)[:5], long_walk(looks=12)[5:]
    home.see([*away, *near])
    assert home.bell.visits()[0].decision.distance < 60_000  # most looks that vote are the near ones
    assert (home.actuator.told, home.rows()) == ([], [("shut", "too_few_looks", "face", "not_tried")])


def test_looks_that_are_nearer_to_somebody_else_do_not_count(store: Store) -> None:
    """Anna's sister is 40,000 away from her; looks between the two are within the bar of both."""
    home = Home(store, least_looks=8)
    home.bell.enrol("Sister", [Photo("s.jpg", paint([Actor(ANNA, noise=200, shift=20)]).image)])
    between, own = long_walk(looks=12, shift=12)[:5], long_walk(looks=12)[5:]
    home.see([*between, *own])
    assert home.bell.visits()[0].person_name == "Anna"
    assert (home.actuator.told, home.rows()) == ([], [("shut", "too_few_looks", "face", "not_tried")])


def test_a_stranger_beside_keeps_it_shut(store: Store) -> None:
    home = Home(store)
    home.see(beside(MORNING, BEN))
    assert (home.actuator.told, home.rows()) == ([], [("shut", "stranger_near", "face", "not_tried")])


def test_a_stranger_who_has_left_is_near_for_two_seconds(store: Store) -> None:
    home, left = Home(store), 4
    for number in range(25):
        anna = Actor(ANNA, x=20 + number, width=60 + 2 * number, noise=number + 1)
        other = [Actor(BEN, x=180, y=20, width=60 + number, noise=number + 1)] if number <= left else []
        home.see([paint([anna, *other], MORNING + number / 5)])
    opened = home.told(Opened)[0].time - MORNING
    assert left / 5 + 2.0 < opened < left / 5 + 2.5


def test_a_friend_beside_does_not(store: Store) -> None:
    home = Home(store)
    home.bell.enrol("Ben", [Photo("b.jpg", paint([Actor(BEN, noise=200)]).image)])
    home.see(beside(MORNING, BEN))
    assert home.actuator.releases == 1


def test_what_was_true_a_while_ago_opens_nothing(store: Store) -> None:
    home = Home(store)
    home.see(long_walk(), late=3)
    assert (home.actuator.told, home.rows()) == ([], [("shut", "old_picture", "face", "not_tried")])


class Check:
    """A check whose results are given, one after the other; the last one stays."""

    def __init__(self, *results: str) -> None:
        self.results = list(results)

    def result(self, visit: str) -> str:
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


def test_a_face_that_passes_every_check_comes_in(store: Store) -> None:
    home = Home(store, checks=(Check("passed"), Check("not_done", "not_done", "passed")), liveness="required")
    home.see(long_walk())
    assert home.actuator.releases == 1


def test_a_face_that_failed_a_check_once_stays_out_for_the_visit(store: Store) -> None:
    home = Home(store, checks=(Check("failed", "passed"),), liveness="required")
    home.see(long_walk())
    assert (home.actuator.told, home.rows()) == ([], [("shut", "liveness_failed", "face", "not_tried")])


def test_what_failed_before_it_was_known_who_it_is_counts_for_the_visit_too(store: Store) -> None:
    kinds: list[str] = []

    class FailsAtFirst:
        def result(self, visit: str) -> str:
            [candidate] = [one for one in home.bell.candidates(1e-4) if one.visit == visit]
            kinds.append(candidate.kind)
            return "passed" if candidate.kind == "known" else "failed"

    home = Home(store, checks=(FailsAtFirst(),), liveness="required")
    home.see(long_walk())
    assert set(kinds) == {"unsure", "known"}
    assert (home.actuator.told, home.rows()) == ([], [("shut", "liveness_failed", "face", "not_tried")])


def test_where_the_bell_must_be_pressed_a_face_that_passes_by_opens_nothing(store: Store) -> None:
    home = Home(store, require_ring=True)
    home.see(long_walk())
    assert (home.actuator.told, home.rows()) == ([], [("shut", "not_rung", "face", "not_tried")])

    later = long_walk(MORNING + 60)
    home.see(later[:10])  # everything holds but that
    assert home.actuator.told == []
    home.bell.ring(home.now, "button", None)
    home.see(later[10:])
    assert home.rows()[1:] == [("open", "all_hold", "face", "done")]

    home.bell.ring(MORNING + 119, "button", None)  # and who rings before the face is seen
    home.see(long_walk(MORNING + 120))
    assert home.rows()[2:] == [("open", "all_hold", "face", "done")]

    home.see(long_walk(MORNING + 180))  # the next visit needs a ring of its own
    assert home.rows()[3:] == [("shut", "not_rung", "face", "not_tried")]


def test_of_two_who_come_together_either_may_have_rung(store: Store) -> None:
    home = Home(store, require_ring=True)
    home.bell.enrol("Ben", [Photo("b.jpg", paint([Actor(BEN, noise=200)]).image)])
    frames = beside(MORNING, BEN)
    home.see(frames[:4])
    home.bell.ring(home.now, "button", None)
    home.see(frames[4:])
    visits = {visit.person_name: visit.rang for visit in home.bell.visits()}
    assert sorted(visits.values()) == [False, True]
    assert home.actuator.releases == 1


def test_suspicious_refusals_lock_faces_out_and_not_the_owner(store: Store) -> None:
    home = Home(store, lock_out_after=2, lock_out_minutes=15)
    for minute in range(2):
        home.see(long_walk(MORNING + 60 * minute, shift=26))
    home.see(long_walk(MORNING + 120))
    assert [reason for _, reason, _, _ in home.rows()] == ["too_far", "too_far", "locked_out"]
    assert home.opener.status().locked_until == pytest.approx(MORNING + 60 + 15 * 60, abs=10)
    assert home.opener.open("owner").opened
    home.see(long_walk(MORNING + 20 * 60))
    assert home.rows()[-1] == ("open", "all_hold", "face", "done")


def test_openings_within_an_hour_are_limited_for_everybody_and_after_a_restart(store: Store) -> None:
    home = Home(store, most_openings=2)
    home.see([*long_walk(), *long_walk(MORNING + 60), *long_walk(MORNING + 120)])
    assert home.actuator.releases == 2
    assert home.rows()[-1][:3] == ("shut", "too_many_openings", "face")
    again = DoorOpener(
        home.opener.settings, home.bell, store.door, home.actuator, home.live.announcer, clock=lambda: MORNING + 180
    )
    answer = again.open("mqtt")
    assert (answer.opened, "too often" in answer.text) == (False, True)
    assert home.rows()[-1][:3] == ("shut", "too_many_openings", "mqtt")
    assert home.actuator.releases == 2


def test_the_limit_holds_where_two_ask_at_the_same_moment(store: Store) -> None:
    row = entry_of(Home(store).opener.settings, MORNING, "owner", "open", "wished")
    assert [store.door.note_opening(row, 1, MORNING - 3600) is None for _ in range(2)] == [False, True]
    assert row.done == "not_known"


def test_the_lock_is_made_ready_when_the_door_is_switched_on_and_let_go_when_it_is_switched_off(store: Store) -> None:
    home, lock, nothing = Home(store, mode="dry-run", actuator="none"), Strike(), Strike()
    home.opener.follow(home.opener.settings.model_copy(update={"mode": "on"}), lock)
    assert (home.actuator.told, lock.told) == (["secure", "close"], ["prepare"])
    home.opener.follow(home.opener.settings.model_copy(update={"least_looks": 9}), Strike())
    assert lock.told == ["prepare"]
    home.opener.follow(home.opener.settings.model_copy(update={"mode": "off"}), nothing)
    assert (lock.told, nothing.told) == (["prepare", "secure", "close"], [])
