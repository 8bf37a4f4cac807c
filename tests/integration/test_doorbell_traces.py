"""What a visit was decided by is kept, and other bars can be tried on it."""

import dataclasses

import pytest

from doorbell_parts import Actor, doorbell, paint, store_at, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.events import VisitEnded
from peephole.doorbell.policy import Bars, Policy

ANNA, BEN = 1, 2


@pytest.fixture
def bell(tmp_path):
    with store_at(tmp_path) as store:
        yield doorbell(store)


def enrol(bell: Doorbell, name: str, person: int) -> str:
    return bell.enrol(name, [Photo("photo.jpg", paint([Actor(person, noise=200)]).image)]).person.id


def visit(bell: Doorbell, *frames) -> VisitEnded:
    (ended,) = [event for frame in frames for event in bell.process(frame) if isinstance(event, VisitEnded)]
    return ended


def test_every_look_kept_is_traced_with_its_distance_and_its_vote(bell):
    anna = enrol(bell, "Anna", ANNA)
    ended = visit(bell, *walk(ANNA, 1000.0))

    trace = bell.trace(ended.visit)

    assert (trace.bars, trace.compared) == (Bars(100_000, 1_000_000, 70_000, 5_000), 1)
    assert len(trace.looks) == 8
    assert {look.nearest for look in trace.looks} == {anna}
    voted = sorted(look.distance for look in trace.looks if look.voted)
    assert ended.distance == voted[len(voted) // 2]
    assert [look.time for look in trace.looks] == sorted(look.time for look in trace.looks)
    assert bell.look_picture(ended.visit, trace.looks[0].number)[:2] == b"\xff\xd8"


def test_a_poor_look_says_what_is_wrong_with_it(bell):
    frames = [paint([Actor(BEN, x=100 + i, noise=i + 1, blurred=i % 2 == 0)], 1000.0 + i / 5) for i in range(8)]
    ended = visit(bell, *frames, paint([], 1010.0))

    faults = {look.quality.fault: look.voted for look in bell.trace(ended.visit).looks}

    assert faults.pop("") is True
    assert faults and not any(faults.values())


def test_a_lower_bar_would_have_made_a_known_visit_unsure(bell):
    enrol(bell, "Anna", ANNA)
    ended = visit(bell, *walk(ANNA, 1000.0, shift=25))
    assert ended.decision == "known" and 60_000 < ended.distance < 100_000
    as_it_is = Policy()

    (same,) = bell.rejudge(as_it_is)
    (other,) = bell.rejudge(dataclasses.replace(as_it_is, known_rate=2e-4))

    assert (same.visit.id, same.differs, same.now.distance) == (ended.visit, False, ended.distance)
    assert (other.differs, other.now.kind, other.now.reason) == (True, "unsure", "between_bars")
    assert bell.visit(ended.visit).decision.kind == "known"  # nothing is stored


def test_whoever_is_enrolled_later_is_known_now_and_the_bars_are_not_blamed_for_it(bell):
    enrol(bell, "Anna", ANNA)
    ended = visit(bell, *walk(BEN, 1000.0))
    assert ended.decision == "stranger"
    ben = enrol(bell, "Ben", BEN)

    (judged,) = bell.rejudge(Policy())

    assert (judged.now.kind, judged.now.person) == (judged.in_force.kind, judged.in_force.person) == ("known", ben)
    assert (judged.differs, judged.differs_from_then) == (False, True)


def test_both_policies_judge_the_people_of_today(bell):
    enrol(bell, "Anna", ANNA)
    visit(bell, *walk(BEN, 1000.0, shift=25))
    enrol(bell, "Ben", BEN)

    (judged,) = bell.rejudge(dataclasses.replace(Policy(), known_rate=2e-4))

    assert (judged.visit.decision.kind, judged.in_force.kind, judged.now.kind) == ("stranger", "known", "unsure")
    assert (judged.differs, judged.differs_from_then) == (True, True)


def test_a_visit_of_which_no_look_is_left_is_not_judged(bell):
    visit(bell, *walk(BEN, 1000.0))
    bell.discard("1")

    assert bell.rejudge(Policy()) == []


def test_what_the_owner_decided_is_not_judged_again(bell):
    visit(bell, *walk(BEN, 1000.0))
    bell.assign("1", "Ben")

    assert bell.rejudge(Policy()) == []


@pytest.mark.parametrize("forget", ["remove", "discard"])
def test_the_looks_go_with_whom_they_show(bell, forget):
    if forget == "remove":
        enrol(bell, "Ben", BEN)
    ended = visit(bell, *walk(BEN, 1000.0))
    number = bell.trace(ended.visit).looks[0].number

    if forget == "remove":
        bell.remove("Ben")
    else:
        bell.discard("1")

    assert bell.trace(ended.visit).looks == ()
    assert bell.look_picture(ended.visit, number) is None


def test_an_unknown_visit_says_so(bell):
    with pytest.raises(ValueError, match="v123: there is no visit of this id"):
        bell.trace("v123")
