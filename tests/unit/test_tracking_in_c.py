"""The walks of csrc/app are those of the plain Python in tests/tracking_in_python.py, whatever goes on in the view."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tracking_in_python as plain
from peephole import _core
from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.visit import Quality, Sighting
from peephole.vision.detector import Box
from tracker_steps import Tracker

# Times in eighths of a second, which are exact in floating point too.
POLICY = Policy(
    hold_seconds=1.0,
    blink_seconds=0.5,
    gap_seconds=3.0,
    longest_seconds=6.0,
    look_seconds=0.25,
    later_look_seconds=0.5,
    keep_looks=3,
)
BARS = Bars(known=100, stranger=900, same_stranger=50, margin=20)

boxes = st.builds(Box, st.integers(-50, 250), st.integers(-20, 60), st.integers(20, 120), st.integers(20, 120))


@given(boxes, boxes)
def test_closeness_is_the_plain_one(before, now):
    found = _core.closeness(before.values(), now.values())
    expected = plain.closeness(before, now)
    assert abs(found / 65536 - expected) < 2**-12
    if abs(expected) > 1e-9:  # what floating point makes of a distance of exactly 0.6 sides is chance
        assert (found > 0) == (expected > 0)


@given(st.integers(20, 300), st.integers(-300, 300), st.integers(-300, 300))
def test_closeness_to_a_box_of_the_same_size_falls_with_the_way(side, across, down):
    near = _core.closeness((0, 0, side, side), (across, down, side, side))
    far = _core.closeness((0, 0, side, side), (across + (1 if across >= 0 else -1), down, side, side))
    assert far <= near


# A scene: frames 1/8 to 2 s apart, in each of which a few people are seen, each with a look or without one.
people = st.lists(
    st.tuples(
        st.integers(0, 3),  # who
        st.integers(0, 4),  # where: places that overlap
        st.integers(-3, 3),
        st.integers(0, 5),  # quality
        st.booleans() | st.just(True),
        st.booleans() | st.just(True),  # whether it is looked at
    ),
    max_size=3,
)
scenes = st.lists(st.tuples(st.integers(1, 16), people), max_size=12)


@given(scenes)
def test_a_scene_gives_the_same_walks(scene):
    """The order of a frame is that of csrc/app/watch.c, without what a picture is needed for."""
    ours, theirs = Tracker(POLICY), plain.Tracker(POLICY)
    eighths = 0
    for wait, faces in scene:
        eighths += wait
        found = [frame(tracker, eighths / 8, faces) for tracker in (ours, theirs)]
        assert found[0] == found[1]
        assert [state(walk) for walk in ours.walks] == [state(walk) for walk in theirs.walks]


def frame(tracker, time, faces):
    places = [Box(40 * where + shift, 10, 60, 60) for _, where, shift, *_ in faces]
    placed = tracker.place(time, places)
    told = [[walk and walk.number for walk in placed], [walk.number for walk in tracker.missing(time, placed)]]
    busy = {walk.number for walk in placed if walk is not None}
    for walk, place, (who, _, shift, value, good, looked) in zip(placed, places, faces, strict=True):
        look = Sighting(
            time, place, np.array([25 * who + shift, 0], np.int16), Quality(60, 50, 9, value, good), bytes([value])
        )
        if looked and (walk is None or walk.wants_look(time, POLICY)):
            if walk is not None and (other := tracker.crossed(walk, look, BARS)):
                walk = other
            elif walk is not None and tracker.is_someone_else(walk, look, BARS):
                walk = None
            if walk is None or walk.visit is None:
                earlier = tracker.rejoin(look, BARS, busy | ({walk.number} if walk else set()))
                if earlier is not None and walk is not None:
                    tracker.merge(earlier, walk)
                walk = earlier or walk
        else:
            look = None
        if walk is None:
            walk = tracker.begin(time, place)
        else:
            tracker.follow(walk, time, place, shift)
        if look is not None:
            told.append(walk.add(look, POLICY))
        if walk.faces > 2 and walk.visit is None:
            walk.visit = "a visit"
        busy.add(walk.number)
    for walk in tracker.over(time):
        told.append(walk.number)
        tracker.forget(walk)
    return told


def state(walk):
    """Looks by their pictures: their numbers are the tracker's in one and the walk's in the other."""
    return (
        walk.number,
        walk.first_seen,
        walk.last_seen,
        walk.box,
        walk.tilt,
        walk.faces,
        [(look.time, look.quality.value, look.descriptor.tolist()) for look in walk.kept.values()],
    )
