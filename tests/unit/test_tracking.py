"""The tracker: which box of this frame continues which walk."""

import numpy as np
import pytest

from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.visit import Look, Quality
from peephole.vision.detector import Box
from tracker_steps import Tracker, Walk

POLICY = Policy(hold_seconds=1.0, blink_seconds=0.4, gap_seconds=3.0, longest_seconds=100.0, keep_looks=3)
BARS = Bars(known=100, stranger=900, same_stranger=50, margin=20)


def look(place: int, time: float = 0.0, quality: int = 500, good: bool = True) -> Look:
    return Look(time, Box(0, 0, 50, 50), np.array([place, 0], np.int16), Quality(50, 50, 9, quality, good), b"")


def box(x: int, y: int = 100, side: int = 50) -> Box:
    return Box(x, y, side, side)


def begun(tracker: Tracker, time: float, *boxes: Box) -> list[Walk]:
    return [tracker.begin(time, one) for one in boxes]


def test_a_face_that_moves_a_little_is_followed():
    tracker = Tracker(POLICY)
    (walk,) = begun(tracker, 0.0, box(100))
    assert tracker.place(0.1, [box(110)]) == [walk]


def test_a_face_elsewhere_is_somebody_else():
    tracker = Tracker(POLICY)
    begun(tracker, 0.0, box(100))
    assert tracker.place(0.1, [box(200)]) == [None]


def test_a_sudden_change_of_size_is_somebody_else():
    tracker = Tracker(POLICY)
    begun(tracker, 0.0, box(100, side=50))
    assert tracker.place(0.1, [box(90, 90, side=120)]) == [None]


def test_two_faces_keep_their_walks_whatever_their_order():
    tracker = Tracker(POLICY)
    left, right = begun(tracker, 0.0, box(100), box(160))
    assert tracker.place(0.1, [box(155), box(105)]) == [right, left]


def test_one_walk_takes_one_face_the_closest():
    tracker = Tracker(POLICY)
    (walk,) = begun(tracker, 0.0, box(100))
    assert tracker.place(0.1, [box(115), box(102)]) == [None, walk]


def test_place_counts_for_the_hold_time_only():
    tracker = Tracker(POLICY)
    (walk,) = begun(tracker, 0.0, box(100))
    assert tracker.place(1.0, [box(100)]) == [walk]
    assert tracker.place(1.1, [box(100)]) == [None]


def test_a_face_is_followed_at_any_hour():
    tracker = Tracker(POLICY)
    (walk,) = begun(tracker, 86_400.0, box(100))
    assert tracker.place(86_400.9, [box(100)]) == [walk]
    assert tracker.place(86_401.1, [box(100)]) == [None]


def test_after_a_blink_the_same_place_is_not_enough():
    tracker = Tracker(POLICY)
    (walk,) = begun(tracker, 0.0, box(100))
    walk.add(look(0), POLICY)
    assert tracker.is_someone_else(walk, look(50, time=0.8), BARS)
    assert not tracker.is_someone_else(walk, look(50, time=0.3), BARS), "no blink: the next frame"
    assert not tracker.is_someone_else(walk, look(20, time=0.8), BARS), "may be the same person"
    assert not tracker.is_someone_else(walk, look(50, time=0.8, good=False), BARS), "too poor to tell"


@pytest.mark.parametrize(("place", "time", "good", "found"), [
    (5, 2.5, True, True),
    (5, 3.5, True, False),
    (20, 2.5, True, False),
    (5, 2.5, False, False),
])  # fmt: skip
def test_rejoin_needs_likeness_within_the_gap(place, time, good, found):
    tracker = Tracker(POLICY)
    (walk,) = begun(tracker, 0.0, box(100))
    walk.add(look(0), POLICY)
    assert tracker.rejoin(look(place, time, good=good), BARS, set()) is (walk if found else None)


def test_nobody_rejoins_a_walk_that_is_in_view():
    tracker = Tracker(POLICY)
    (walk,) = begun(tracker, 0.0, box(100))
    walk.add(look(0), POLICY)
    assert tracker.rejoin(look(0, 0.1), BARS, {walk.number}) is None


def test_a_flicker_ends_sooner_than_a_visit():
    tracker = Tracker(POLICY)
    flicker, visit = begun(tracker, 0.0, box(0), box(100))
    visit.visit = "v1"
    assert tracker.over(1.0) == []
    assert tracker.over(1.5) == [flicker]
    assert tracker.over(3.5) == [flicker, visit]


def test_a_visit_has_a_longest_time():
    tracker = Tracker(POLICY)
    (walk,) = begun(tracker, 0.0, box(0))
    walk.visit = "v1"
    tracker.follow(walk, 100.5, box(0))
    assert tracker.over(100.5) == [walk]


def test_the_best_looks_are_kept_and_numbers_never_used_twice():
    (walk,) = begun(Tracker(POLICY), 0.0, box(0))
    kept = [walk.add(look(number, quality=quality), POLICY) for number, quality in enumerate([5, 1, 3, 2, 2, 9])]
    assert kept == [True, True, True, True, False, True]
    assert {number: one.quality.value for number, one in walk.kept.items()} == {0: 5, 2: 3, 5: 9}


def test_a_good_look_is_kept_before_any_poor_one():
    (walk,) = begun(Tracker(POLICY), 0.0, box(0))
    for quality in (900, 800, 700):
        walk.add(look(0, quality=quality, good=False), POLICY)
    assert walk.add(look(0, quality=10), POLICY)
    assert [one.quality.good for one in walk.kept.values()].count(True) == 1


def test_merged_walks_are_one():
    tracker = Tracker(POLICY)
    early, late = begun(tracker, 0.0, box(0), box(100))
    late.add(look(3), POLICY)
    tracker.follow(late, 0.5, box(110))
    tracker.merge(early, late)
    assert tracker.walks == [early]
    assert (early.faces, early.last_seen, early.box, len(early.kept)) == (3, 0.5, box(110), 1)
