"""Frames in, visits out: the doorbell with a made-up camera and network, and a real database."""

import json

import pytest

from doorbell_parts import Actor, Frame, doorbell, paint, store_at, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.events import Decided, Event, VisitEnded, VisitStarted
from peephole.doorbell.policy import Policy, share_of
from peephole.store.retention import DAY, Retention

ANNA, BEN, CARL, DORA = 1, 2, 3, 4


@pytest.fixture
def store(tmp_path):
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def bell(store):
    return doorbell(store)


def enrol(bell: Doorbell, name: str, person: int) -> str:
    return bell.enrol(name, [Photo("photo.jpg", paint([Actor(person, noise=200)]).image)]).person.id


def watch(bell: Doorbell, *frames: Frame) -> list[Event]:
    return [event for frame in frames for event in bell.process(frame)]


def visits(events: list[Event]) -> list[VisitEnded]:
    return [event for event in events if isinstance(event, VisitEnded)]


def test_a_walk_of_a_known_person_is_one_visit(bell):
    anna = enrol(bell, "Anna", ANNA)
    events = watch(bell, *walk(ANNA, 1000.0))
    assert [type(event) for event in events] == [VisitStarted, Decided, VisitEnded]
    (visit,) = visits(events)
    assert (visit.decision, visit.person, visit.person_id, visit.reason) == ("known", "Anna", anna, "looks_agree")
    assert (visit.first_seen, visit.last_seen, visit.sightings) == (1000.0, 1001.4, 8)
    assert visit.distance is not None and 0 <= visit.distance < 100_000
    assert {event.visit for event in events} == {visit.visit}


def test_the_name_is_told_within_the_first_second(bell):
    enrol(bell, "Anna", ANNA)
    events = watch(bell, *walk(ANNA, 1000.0))
    (decided,) = [event for event in events if isinstance(event, Decided)]
    assert decided.person == "Anna"
    assert decided.time - 1000.0 < 1.0


def test_a_stranger_lands_in_the_inbox_once(bell):
    enrol(bell, "Anna", ANNA)
    (first,) = visits(watch(bell, *walk(BEN, 1000.0)))
    (second,) = visits(watch(bell, *walk(BEN, 2000.0)))
    (third,) = visits(watch(bell, *walk(CARL, 3000.0)))
    assert (first.decision, first.stranger, first.person) == ("stranger", 1, None)
    assert (second.stranger, second.stranger_id) == (1, first.stranger_id)
    assert third.stranger == 2
    assert [(row.number, row.visits) for row in bell.strangers()] == [(2, 1), (1, 2)]


def test_the_second_time_the_stranger_is_announced_by_number(bell):
    watch(bell, *walk(BEN, 1000.0))
    decided = [event for event in watch(bell, *walk(BEN, 2000.0)) if isinstance(event, Decided)]
    assert [(event.stranger, event.visits) for event in decided] == [(1, 2)]


def test_each_visit_of_a_stranger_has_its_number_also_when_older_ones_are_forgotten(bell, store):
    ended = [visits(watch(bell, *walk(BEN, 1000.0 * number)))[0] for number in (1, 2, 3)]
    assert [event.visits for event in ended] == [1, 2, 3]
    assert [row.stranger_visits for row in bell.visits()] == [3, 2, 1]
    store.forget_old(Retention(visits=1), 1500.0 + DAY)
    assert [row.stranger_visits for row in bell.visits()] == [3, 2]
    *_, last = watch(bell, *walk(BEN, 4000.0)[:8])
    assert (last.visits, bell.visit(last.visit).stranger_visits) == (4, 4)


def test_two_at_once_are_two_visits(bell):
    enrol(bell, "Anna", ANNA)
    frames = [
        paint([Actor(ANNA, x=20 + i, noise=i + 1), Actor(BEN, x=150 + i, noise=i + 1)], 1000.0 + i / 5)
        for i in range(8)
    ]
    found = visits(watch(bell, *frames, paint([], 1010.0)))
    assert sorted((visit.decision, visit.person) for visit in found if visit.person) == [("known", "Anna")]
    assert sorted(visit.decision for visit in found) == ["known", "stranger"]


def test_two_who_cross_are_told_apart_or_unsure_never_swapped(bell):
    enrol(bell, "Anna", ANNA)
    frames = [
        paint([Actor(ANNA, x=10 + 14 * i, noise=i + 1), Actor(BEN, x=160 - 14 * i, noise=i + 1)], 1000.0 + i / 5)
        for i in range(11)
    ]
    found = visits(watch(bell, *frames, paint([], 1010.0)))
    assert sum(visit.decision == "known" for visit in found) <= 1


def test_a_short_gap_does_not_split_a_visit(bell):
    enrol(bell, "Anna", ANNA)
    away = [paint([], 1001.6 + i / 5) for i in range(8)]
    again = walk(ANNA, 1003.4)
    found = visits(watch(bell, *walk(ANNA, 1000.0)[:8], *away, *again))
    assert len(found) == 1
    assert found[0].last_seen == pytest.approx(1004.8)


def test_a_face_that_jumps_across_the_picture_is_recognised_as_the_same_visit(bell):
    left = [paint([Actor(ANNA, x=20, noise=i + 1)], 1000.0 + i / 5) for i in range(5)]
    right = [paint([Actor(ANNA, x=170, noise=i + 9)], 1001.0 + i / 5) for i in range(5)]
    assert len(visits(watch(bell, *left, *right, paint([], 1010.0)))) == 1


def test_somebody_else_in_the_same_place_after_a_blink_is_another_visit(bell):
    enrol(bell, "Anna", ANNA)
    first = [paint([Actor(ANNA, noise=i + 1)], 1000.0 + i / 5) for i in range(6)]
    second = [paint([Actor(BEN, noise=i + 1)], 1001.8 + i / 5) for i in range(6)]
    found = visits(watch(bell, *first, *second, paint([], 1010.0)))
    assert [(visit.decision, visit.person) for visit in found] == [("known", "Anna"), ("stranger", None)]


def test_a_flicker_of_the_detector_is_no_visit(bell):
    assert watch(bell, paint([Actor(BEN)], 1000.0), *(paint([], 1000.2 + i) for i in range(6))) == []
    assert bell.visits() == []


@pytest.mark.parametrize("fault", [{"width": 30}, {"blurred": True}])
def test_poor_faces_stay_unsure_and_make_no_stranger(bell, fault):
    frames = [paint([Actor(BEN, noise=i + 1, **fault)], 1000.0 + i / 5) for i in range(10)]
    (visit,) = visits(watch(bell, *frames, paint([], 1010.0)))
    assert (visit.decision, visit.reason) == ("unsure", "poor_looks")
    assert bell.strangers() == []


def test_between_the_bars_is_unsure_and_makes_no_stranger(bell):
    enrol(bell, "Anna", ANNA)
    (visit,) = visits(watch(bell, *walk(ANNA, 1000.0, shift=60)))
    assert (visit.decision, visit.reason, visit.person) == ("unsure", "between_bars", None)
    assert bell.strangers() == []


def test_an_ignored_stranger_is_silent_and_still_counted(bell):
    watch(bell, *walk(BEN, 1000.0))
    bell.ignore("1")
    events = watch(bell, *walk(BEN, 2000.0))
    assert [event.silent for event in events if isinstance(event, Decided | VisitEnded)] == [True, True]
    assert bell.strangers() == []
    assert [(row.number, row.state, row.visits) for row in bell.strangers(every_state=True)] == [(1, "ignored", 2)]


def test_a_discarded_stranger_is_a_new_one_next_time(bell):
    (first,) = visits(watch(bell, *walk(BEN, 1000.0)))
    assert bell.visit_picture(first.visit)
    bell.discard("1")
    assert bell.visit_picture(first.visit) is None
    assert first.stranger_id is not None and bell.stranger_picture(first.stranger_id) is None
    (second,) = visits(watch(bell, *walk(BEN, 2000.0)))
    assert (second.decision, second.stranger) == ("stranger", 2)


def test_a_named_stranger_is_known_on_the_next_walk_and_on_the_last_one(bell):
    watch(bell, *walk(BEN, 1000.0))
    bell.assign("1", "Ben")
    (before,) = bell.visits()
    assert (before.decision.kind, before.person_name, before.decision.reason) == ("known", "Ben", "assigned")
    (after,) = visits(watch(bell, *walk(BEN, 2000.0)))
    assert (after.decision, after.person) == ("known", "Ben")


def test_a_stranger_named_during_the_visit_is_known_at_its_end(bell):
    watch(bell, *walk(BEN, 1000.0))
    frames = walk(BEN, 2000.0)
    watch(bell, *frames[:5])
    bell.assign("1", "Ben")
    (visit,) = visits(watch(bell, *frames[5:]))
    assert (visit.decision, visit.person) == ("known", "Ben")


def test_a_person_enrolled_by_another_process_is_noticed(bell, tmp_path):
    watch(bell, *walk(BEN, 1000.0))
    with store_at(tmp_path) as other:
        enrol(doorbell(other), "Ben", BEN)
    (visit,) = visits(watch(bell, *walk(BEN, 2000.0)))
    assert (visit.decision, visit.person) == ("known", "Ben")


def test_a_person_removed_during_the_visit_is_not_named(bell, tmp_path):
    enrol(bell, "Anna", ANNA)
    frames = walk(ANNA, 1000.0)
    watch(bell, *frames[:6])
    with store_at(tmp_path) as other:
        doorbell(other).remove("Anna")
    (visit,) = visits(watch(bell, *frames[6:]))
    assert visit.decision != "known" and visit.person is None


def test_coming_back_soon_is_marked(bell):
    enrol(bell, "Anna", ANNA)
    first, second, third = visits(watch(bell, *walk(ANNA, 1000.0), *walk(ANNA, 1020.0), *walk(ANNA, 1200.0)))
    assert (first.repeat, second.repeat, third.repeat) == (False, True, False)


def test_the_end_of_the_source_ends_visits(bell):
    enrol(bell, "Anna", ANNA)
    watch(bell, *walk(ANNA, 1000.0)[:6])
    (visit,) = visits(bell.flush())
    assert visit.person == "Anna"
    assert bell.flush() == []
    assert bell.current() == ()


def test_a_clock_set_back_ends_the_visits_and_nothing_else(bell):
    enrol(bell, "Anna", ANNA)
    watch(bell, *walk(ANNA, 9000.0)[:6])
    found = visits(watch(bell, *walk(ANNA, 1000.0)))
    assert [visit.first_seen for visit in found] == [9000.0, 1000.0]


def test_a_loiterer_is_a_visit_every_so_often(store):
    bell = doorbell(store, Policy(longest_seconds=10.0))
    frames = [paint([Actor(BEN, noise=i % 200)], 1000.0 + i / 4) for i in range(100)]
    found = visits([*watch(bell, *frames), *bell.flush()])
    assert len(found) == 3
    assert {visit.stranger for visit in found} == {1}


def test_the_live_picture_shows_names(bell):
    enrol(bell, "Anna", ANNA)
    frames = walk(ANNA, 1000.0)
    bell.process(frames[0])
    assert [(face.label, face.kind, face.near) for face in bell.current()] == [("?", "unsure", "")]
    watch(bell, *frames[1:5])
    (face,) = bell.current()
    assert (face.label, face.kind, face.box.x) == ("Anna", "known", 88)
    open_visit = bell.visits(1)[0].decision
    assert open_visit.distance is not None
    assert face.near == share_of(open_visit.distance, bell.bars().known) and 0 < float(face.near) < 1
    watch(bell, *frames[8:])
    assert bell.current() == ()


def test_an_open_visit_survives_a_crash(bell, tmp_path):
    enrol(bell, "Anna", ANNA)
    started = watch(bell, *walk(ANNA, 1000.0)[:6], *walk(BEN, 1001.3)[:1])
    assert isinstance(started[0], VisitStarted)
    with store_at(tmp_path) as after:
        again = doorbell(after)
        (visit,) = visits(again.recover())
        assert (visit.visit, visit.decision, visit.person) == (started[0].visit, "known", "Anna")
        assert again.recover() == []
        assert [row.closed for row in again.visits()] == [True]


def test_a_crashed_visit_of_another_model_is_closed_as_it_stood(bell, tmp_path):
    enrol(bell, "Anna", ANNA)
    watch(bell, *walk(ANNA, 1000.0)[:6])
    with store_at(tmp_path) as after:
        (visit,) = visits(doorbell(after, model="f" * 16).recover())
    assert (visit.decision, visit.person) == ("known", "Anna")


def test_looks_of_another_model_are_never_compared(store):
    enrol(doorbell(store), "Anna", ANNA)
    newer = doorbell(store, model="f" * 16)
    (visit,) = visits(watch(newer, *walk(ANNA, 1000.0)))
    assert visit.decision == "stranger"
    (problem,) = newer.problems()
    assert problem.startswith("Anna: 1 ") and "enrol" in problem
    assert doorbell(store).problems() == []


def test_events_are_flat_json(bell):
    for event in watch(bell, *walk(BEN, 1000.0)):
        line = json.loads(json.dumps(event.as_json()))
        assert line["event"] in ("visit_started", "decision", "visit")
        assert not any(isinstance(value, dict | list) for value in line.values())
