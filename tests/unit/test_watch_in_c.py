"""The order of a frame in csrc/app/watch.c is that of the plain Python in tests/tracking_in_python.py."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import decisions_in_python
import tracking_in_python as plain
from peephole import _core
from peephole.doorbell.policy import Bars, Policy, whole_numbers
from peephole.doorbell.visit import Look, Quality
from peephole.doorbell.voting import to_decision
from peephole.people.matching import References
from peephole.vision.detector import Box

# Times in eighths of a second, which are exact in floating point too.
POLICY = Policy(
    hold_seconds=1.0,
    blink_seconds=0.5,
    gap_seconds=3.0,
    longest_seconds=6.0,
    look_seconds=0.25,
    later_look_seconds=0.5,
    save_seconds=1.0,
    opening_faces=3,
    keep_looks=4,
)
BARS = Bars(known=100, stranger=900, same_stranger=50, margin=20)
PEOPLE = [("anna", np.array([0, 0], np.int16)), ("ben", np.array([50, 0], np.int16))]

# A face: who it is, where (places of which neighbours overlap), by how much off, and how good the look is. Few of each,
# and long scenes, so that people meet, jump, cross, and are lost and found again.
faces = st.tuples(
    st.sampled_from([0, 2]),
    st.sampled_from([0, 1, 4]),
    st.integers(-2, 2),
    st.integers(0, 3),
    st.booleans() | st.just(True),
)
waits = st.sampled_from([1, 1, 2, 5, 7, 12])
scenes = st.lists(st.tuples(waits, st.lists(faces, min_size=1, max_size=2)), min_size=4, max_size=16)


def place(face) -> Box:
    _, where, shift, *_ = face
    return Box(40 * where + shift, 10, 60, 60)


def look(time, face) -> Look:
    who, _, shift, value, good = face
    return Look(time, place(face), np.array([25 * who + shift, 0], np.int16), Quality(60, 9, 9, value, good), b"")


class Scene:
    """Eyes and visits of a `_core.Watch`; nobody leans, and everything can be saved."""

    def __init__(self):
        self.watch = _core.Watch()
        self.people = References.of(PEOPLE)
        self.heard = []
        self.looks = []

    def frame(self, time, faces):
        self.time, self.faces, self.heard = time, faces, []
        nobody = References.of([])
        bars, numbers = dataclasses.astuple(BARS), whole_numbers(POLICY)
        self.watch.frame(round(time * 1000), self.people.columns, nobody.columns, bars, numbers, self, self)

    def find(self):
        return [(place(face).values(), 50, 0) for face in self.faces]

    def look_for(self, last, tilt, others):
        return None

    def straighten(self, seen):
        return seen

    def look(self, seen):
        # Of faces at the very same place the first is described.
        one = look(self.time, next(face for face in self.faces if place(face).values() == seen[0]))
        self.looks.append(one)
        return _core.Look(
            round(self.time * 1000), one.quality.value, one.quality.good, len(self.looks) - 1, one.descriptor
        )

    def kept(self, walk):
        pass

    def merged(self, into, walk):
        pass

    def began(self, walk):
        self.heard.append(("began", walk.number))

    def decided(self, walk, verdict, stranger):
        decision = to_decision(verdict, self.people)
        assert stranger is None
        told = (decision.kind, decision.person, decision.distance, decision.margin, decision.reason, decision.nearest)
        self.heard.append(("decided", walk.number, told))

    def save(self, walk):
        self.heard.append(("saved", walk.number))
        return True

    def ended(self, walk):
        self.heard.append(("ended", walk.number, walk.faces))


class PlainScene:
    """The same in plain Python: what the doorbell did before there was C."""

    def __init__(self):
        self.tracker = plain.Tracker(POLICY)
        self.saved: dict[int, float] = {}
        self.heard = []

    def frame(self, time, faces):
        self.heard = []
        tracker = self.tracker
        placed = tracker.place(time, [place(face) for face in faces])
        busy = {walk.number for walk in placed if walk is not None}
        view = []
        for walk, face in zip(placed, faces, strict=True):
            if walk not in tracker.walks:  # none, or one that was merged a moment ago
                walk = None
            found = self.see(time, next(one for one in faces if place(one) == place(face)), walk, busy)
            busy.add(found.number)
            view.append(found)
        for walk in view:
            if walk in tracker.walks:
                self.advance(walk, time)
        for walk in tracker.over(time):
            tracker.forget(walk)
            if walk.visit is not None:
                self.heard.append(("ended", walk.number, walk.faces))

    def see(self, time, face, walk, busy):
        one = None
        if walk is None or walk.wants_look(time, POLICY):
            one = look(time, face)
            if walk is not None and (other := self.tracker.crossed(walk, one, BARS)):
                walk = other
            elif walk is not None and self.tracker.is_someone_else(walk, one, BARS):
                walk = None
            if walk is None or walk.visit is None:
                earlier = self.tracker.rejoin(one, BARS, busy | ({walk.number} if walk else set()))
                if earlier is not None and walk is not None:
                    self.tracker.merge(earlier, walk)
                    self.saved.pop(earlier.number, None)
                walk = earlier or walk
        if walk is None:
            walk = self.tracker.begin(time, place(face))
        else:
            self.tracker.follow(walk, time, place(face))
        if one is not None and walk.add(one, POLICY):
            self.saved.pop(walk.number, None)
        return walk

    def advance(self, walk, time):
        if walk.visit is None:
            if walk.faces < POLICY.opening_faces:
                return
            walk.visit = "a visit"
            self.heard.append(("began", walk.number))
        if walk.number not in self.saved:
            told = decisions_in_python.decide(list(walk.kept.values()), PEOPLE, BARS, POLICY)
            self.heard.append(("decided", walk.number, told))
        if walk.number not in self.saved or time - self.saved[walk.number] >= POLICY.save_seconds:
            self.heard.append(("saved", walk.number))
            self.saved[walk.number] = time


@given(scenes)
def test_a_scene_is_the_plain_one(scene):
    ours, theirs = Scene(), PlainScene()
    eighths = 0
    for wait, faces in scene:
        eighths += wait
        ours.frame(eighths / 8, faces)
        theirs.frame(eighths / 8, faces)
        assert ours.heard == theirs.heard
        assert [state(walk, ours.looks) for walk in ours.watch.walks] == [
            (
                walk.number,
                round(walk.first_seen * 1000),
                round(walk.last_seen * 1000),
                walk.box.values(),
                walk.faces,
                [(look.time, look.quality.value, look.descriptor.tolist()) for look in walk.kept.values()],
            )
            for walk in theirs.tracker.walks
        ]


def state(walk, looks):
    kept = [looks[number] for number in walk.pictures]
    return (
        walk.number,
        walk.first_seen,
        walk.last_seen,
        walk.box,
        walk.faces,
        [(look.time, look.quality.value, look.descriptor.tolist()) for look in kept],
    )


def test_what_python_raises_in_a_frame_is_raised_by_it():
    scene = Scene()
    scene.look = lambda seen: 1 / 0
    with pytest.raises(ZeroDivisionError):
        scene.frame(1.0, [(0, 0, 0, 5, True)])
    del scene.look
    scene.frame(1.125, [(0, 0, 0, 5, True)])
    assert [walk.faces for walk in scene.watch.walks] == [1]


def test_a_look_of_another_length_is_refused():
    scene = Scene()
    scene.frame(1.0, [(0, 0, 0, 5, True)])
    scene.look = lambda seen: _core.Look(2000, 5, True, 1, np.zeros(3, np.int16))
    with pytest.raises(ValueError, match="a look has 3 values, those before it have 2"):
        scene.frame(2.0, [(0, 0, 0, 5, True)])


def test_a_crowd_is_followed_up_to_its_surest_faces():
    scene = Scene()
    crowd = [(0, 2 * number, 0, 5, True) for number in range(80)]
    scene.frame(1.0, crowd)
    assert len(scene.watch.view) == 64
    scene.frame(1.25, crowd)
    assert len(scene.watch.walks) == 64
