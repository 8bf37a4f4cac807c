"""Somebody presses the bell: told at once, and one visit with whoever is seen."""

import pytest

from doorbell_parts import Actor, doorbell, paint, store_at, walk
from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.events import Event, Rang, VisitEnded, VisitStarted

BEN = 2


@pytest.fixture
def store(tmp_path):
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def bell(store):
    return doorbell(store)


def watch(bell: Doorbell, *frames) -> list[Event]:
    return [event for frame in frames for event in bell.process(frame)]


def nobody(begin: float, seconds: float):
    return [paint([], begin + 0.5 * step) for step in range(int(2 * seconds))]


def test_a_ring_is_told_at_once_and_opens_a_visit(bell):
    scene = paint([Actor(BEN)]).image
    started, rang = bell.ring(1000.0, "button", scene)

    assert (started, rang) == (VisitStarted(rang.visit, 1000.0), Rang(rang.visit, 1000.0, "button"))
    (record,) = bell.visits()
    assert (record.id, record.closed, record.rang) == (rang.visit, False, True)
    assert bell.visit_picture(rang.visit)[:2] == b"\xff\xd8"


def test_the_face_that_follows_belongs_to_the_visit_of_the_ring(bell):
    _, rang = bell.ring(1000.0, "button", None)

    events = watch(bell, *walk(BEN, 1003.0))

    assert not [event for event in events if isinstance(event, VisitStarted)]
    (visit,) = [event for event in events if isinstance(event, VisitEnded)]
    assert (visit.visit, visit.rang, visit.decision, visit.stranger) == (rang.visit, True, "stranger", 1)
    assert [record.id for record in bell.visits()] == [rang.visit]


def test_a_ring_during_a_visit_belongs_to_it(bell):
    frames = walk(BEN, 1000.0)
    before = watch(bell, *frames[:6])

    (rang,) = bell.ring(1001.1, "mqtt", None)

    (visit,) = [event for event in watch(bell, *frames[6:]) if isinstance(event, VisitEnded)]
    assert rang.visit == visit.visit == before[0].visit
    assert visit.rang


def test_a_ring_that_no_face_follows_is_a_visit_of_nobody(bell):
    _, rang = bell.ring(1000.0, "button", None)

    assert watch(bell, *nobody(1000.0, 15.0)) == []
    (visit,) = watch(bell, *nobody(1015.5, 1.0))

    assert isinstance(visit, VisitEnded)
    assert (visit.visit, visit.decision, visit.reason, visit.sightings) == (rang.visit, "unsure", "nobody_seen", 0)
    assert watch(bell, *walk(BEN, 1020.0))[0] != visit


def test_a_face_that_comes_too_late_is_another_visit(bell):
    _, rang = bell.ring(1000.0, "button", None)

    ended = [event for event in watch(bell, *walk(BEN, 1016.0)) if isinstance(event, VisitEnded)]

    assert [event.rang for event in ended] == [True, False]
    assert ended[0].visit == rang.visit != ended[1].visit


def test_ringing_again_and_again_is_one_visit(bell):
    _, first = bell.ring(1000.0, "button", None)
    (second,) = bell.ring(1001.0, "button", None)

    assert second.visit == first.visit
    assert len(bell.visits()) == 1


def test_the_end_of_the_source_ends_the_visit_of_a_ring(bell):
    bell.ring(1000.0, "button", None)

    (visit,) = bell.flush()

    assert (visit.reason, visit.rang) == ("nobody_seen", True)
    assert [record.closed for record in bell.visits()] == [True]


def test_a_ring_outlives_a_killed_process(bell, store):
    _, rang = bell.ring(1000.0, "button", None)

    (visit,) = doorbell(store).recover()

    assert (visit.visit, visit.reason, visit.rang) == (rang.visit, "nobody_seen", True)


def test_a_ring_before_the_first_frame_outlives_the_recovery_of_older_visits(bell):
    _, rang = bell.ring(1000.0, "mqtt", None)

    assert bell.recover() == []
    (visit,) = [event for event in watch(bell, *walk(BEN, 1003.0)) if isinstance(event, VisitEnded)]

    assert (visit.visit, visit.decision) == (rang.visit, "stranger")


def test_a_ring_hours_after_the_camera_was_lost_is_a_visit_of_its_own(bell):
    before = watch(bell, *walk(BEN, 1000.0)[:6])  # the picture goes while somebody is there

    started, first = bell.ring(5000.0, "button", None)
    ended, again, second = bell.ring(9000.0, "button", None)

    assert len({before[0].visit, first.visit, second.visit}) == 3
    assert (started.visit, again.visit) == (first.visit, second.visit)
    assert isinstance(ended, VisitEnded) and ended.visit == first.visit
