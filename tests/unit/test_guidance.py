"""What somebody in front of the camera is asked to do, from what is measured of one frame."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from peephole.alignment import TEMPLATE
from peephole.doorbell.guidance import TURNS, Measured, Turn, guide, turn_of
from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import FAULTS
from peephole.vision.pose import pitch_of, pose_of

ALL = tuple(TURNS)
POLICY = Policy()
GOOD = Measured(faces=1, width=100)


def face(**changes: object) -> Measured:
    return Measured(**{**vars(GOOD), **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "slug"),
    [
        (Measured(faces=0), "nobody"),
        (face(faces=2), "crowd"),
        (face(width=59), "far"),
        (face(width=59, fault="blurred"), "far"),  # one thing at a time: nearer first
        (face(fault="too_small"), "far"),
        (face(fault="flat", brightness=30), "dark"),
        (face(fault="flat", brightness=120), "flat"),
        (face(fault="glaring"), "glaring"),
        (face(fault="blurred"), "blurred"),
        (face(fault="turned", yaw=70), "turned"),
        (face(fault="unaligned"), "unaligned"),
        (face(yaw=25), "straight"),
        (face(), "kept"),
    ],
)
def test_one_thing_is_asked_for_at_a_time(seen: Measured, slug: str) -> None:
    asked = guide(seen, ALL, None, POLICY)
    assert asked.slug == slug
    assert asked.text.endswith(".")
    assert (asked.turn is not None) == (slug == "kept")


@pytest.mark.parametrize(
    ("yaw", "pitch", "turn"),
    [
        (5.0, 3.0, "straight"),
        (18.0, 3.0, "left"),  # to the right of the picture is the person's left
        (-8.1, 3.0, "right"),
        (5.0, 12.1, "up"),
        (5.0, -6.1, "down"),
        (25.0, 30.0, "left"),
    ],
)
def test_a_turn_is_told_beside_the_first_look(yaw: float, pitch: float, turn: Turn) -> None:
    first = face(yaw=5.0, pitch=3.0)
    assert turn_of(face(yaw=yaw, pitch=pitch), first) == turn


def test_looks_are_asked_for_in_order_and_taken_in_any() -> None:
    wanted: tuple[Turn, ...] = ("left", "right", "down")
    assert guide(face(), wanted, GOOD, POLICY).slug == "left"
    assert guide(face(yaw=-20.0), wanted, GOOD, POLICY).turn == "right"
    assert guide(face(pitch=20.0), wanted, GOOD, POLICY).slug == "left"  # the chin was lifted before
    assert guide(face(), (), GOOD, POLICY).slug == "complete"


@given(
    st.builds(
        Measured,
        faces=st.integers(0, 3),
        width=st.integers(0, 400),
        fault=st.sampled_from(FAULTS),
        brightness=st.integers(0, 255),
        yaw=st.floats(-90, 90),
        pitch=st.floats(-90, 90),
    ),
    st.sets(st.sampled_from(ALL)),
    st.none() | st.just(GOOD),
)
def test_a_look_is_kept_only_of_one_face_of_use_that_is_wanted(
    seen: Measured, wanted: set[Turn], first: Measured | None
) -> None:
    ordered = tuple(turn for turn in ALL if turn in wanted)
    asked = guide(seen, ordered, first, POLICY)
    assert asked.text
    if asked.turn is not None:
        assert seen.faces == 1 and not seen.fault and seen.width >= 60 and asked.turn in wanted


def moved_nose(across: float, down: float) -> NDArray[np.float64]:
    points = TEMPLATE.copy()
    points[2] += (across, down)
    return points


def test_pitch_rises_with_the_nose_and_nods_leave_the_yaw_alone() -> None:
    assert abs(pitch_of(TEMPLATE)) < 0.5
    assert pitch_of(moved_nose(0, -5)) == pytest.approx(-pitch_of(moved_nose(0, 5)), abs=1)
    assert 15 < pitch_of(moved_nose(0, -5)) < 25
    assert pose_of(moved_nose(0, -5)).yaw == pytest.approx(pose_of(TEMPLATE).yaw, abs=0.5)


@given(st.floats(-40, 40), st.floats(0.2, 8), st.floats(-8, 8))
def test_pitch_does_not_depend_on_size_or_lean(degrees: float, size: float, down: float) -> None:
    points = moved_nose(0, down)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    assert pitch_of(points @ turn * size + 30) == pytest.approx(pitch_of(points), abs=1e-6)


def test_points_on_one_another_have_no_pitch() -> None:
    assert pitch_of(np.zeros((5, 2), np.int32)) == 0.0
