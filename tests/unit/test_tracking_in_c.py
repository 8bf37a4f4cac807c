"""How well two boxes fit one face: the integers of csrc/app beside floating point. Whole scenes: test_watch_in_c.py."""

from hypothesis import given
from hypothesis import strategies as st

import tracking_in_python as plain
from peephole import _core
from peephole.vision.detector import Box

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
