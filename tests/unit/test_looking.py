"""Looking in C against the Python that did it before: the same in integers, and where floating point rounded a tie."""

import dataclasses
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import looking_in_python as before
from arrays import filled
from doorbell_parts import Calibration, describe
from peephole import _core
from peephole.alignment import TEMPLATE
from peephole.doorbell import quality, tilt
from peephole.doorbell.policy import Policy, whole_numbers
from peephole.doorbell.recogniser import Recogniser
from peephole.vision.crop import CropRule, aligned_matrix, cut_face, square_matrix, template_q8
from peephole.vision.detector import Box, Face
from peephole.vision.landmarks import FaceCut, doubt_about
from peephole.vision.pose import is_turned, pose_of

ONE = 65536
places = st.integers(-300, 1000)
sides = st.integers(1, 400)
boxes = st.builds(lambda x, y, side: Box(x, y, side, side), places, places, sides)


def near_half(value: float, error: float = 1e-6) -> bool:
    return abs(value - math.floor(value) - 0.5) < error


# Quality.


@given(st.data(), st.integers(3, 90), st.integers(3, 90))
def test_sharpness_and_light(data: st.DataObject, height: int, width: int) -> None:
    crop: Any = data.draw(filled((height, width), np.uint8))
    assert quality.sharpness(crop) == before.sharpness(crop)
    assert dataclasses.astuple(quality.exposure(crop)) == before.exposure(crop)


def test_light_on_the_largest_crop_that_there_is() -> None:
    crop = np.full((4096, 4096), 255, np.uint8)
    crop[::2] = 0
    assert dataclasses.astuple(quality.exposure(crop)) == (127, 127, 1000)
    with pytest.raises(ValueError, match="sizes do not fit"):
        quality.exposure(np.zeros((4097, 1), np.uint8))


good = st.integers(1, 1290)


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 2000), good, good, good)
def test_value(width: int, sharp: int, neighbours: int, wide: int, clear: int, sure: int) -> None:
    policy = Policy(good_width=wide, good_sharpness=clear, good_neighbours=sure)
    root = before.cube_root(width, sharp, neighbours, policy)
    assume(not near_half(root, 1e-9))
    assert _core.quality_value(whole_numbers(policy), width, sharp, neighbours) == round(root)


def test_value_at_a_tie_is_rounded_up() -> None:
    # (25 / 2000)^3 = 1 / 512,000: a thousand times the root is 12.5.
    policy = Policy(good_width=80, good_sharpness=80, good_neighbours=80)
    assert _core.quality_value(whole_numbers(policy), 1, 1, 1) == 13
    with pytest.raises(ValueError, match="outside the range"):
        _core.quality_value(whole_numbers(dataclasses.replace(policy, good_width=1 << 19)), 1, 1, 1)


# Crops.

parts = st.integers(1, 1024)
rules = st.builds(
    lambda scale, of, up, up_of: CropRule(Fraction(scale, of), Fraction(up, up_of)),
    parts,
    parts,
    st.integers(-1024, 1024),
    parts,
)
numbers = st.integers(-32768, 32767)
lengths = st.integers(1, 32767)


@given(numbers, numbers, lengths, lengths, st.integers(1, 1 << 18) | st.sampled_from([64, 96, 128]), rules)
def test_square_matrix_is_that_of_fractions(x: int, y: int, width: int, height: int, size: int, rule: CropRule) -> None:
    box = Box(x, y, width, height)
    expected = before.square_matrix(box, size, rule)
    if all(-(2**31) <= number < 2**31 for row in expected for number in row):
        assert square_matrix(box, size, rule).tolist() == expected
    else:
        with pytest.raises(ValueError, match="too far outside"):
            square_matrix(box, size, rule)


turns = st.lists(st.integers(-(1 << 20), 1 << 20) | st.sampled_from([0, ONE, -ONE]), min_size=6, max_size=6)


@given(turns, turns)
def test_two_matrices_in_one(outer: list[int], inner: list[int]) -> None:
    a, b = (np.array(rows, np.int32).reshape(2, 3) for rows in (outer, inner))
    out = np.empty((2, 3), np.int32)
    _core.compose_matrices(a, b, out)
    for row in range(2):
        for column in range(3):
            shift = Fraction(int(a[row, 2])) if column == 2 else 0
            exact = sum(Fraction(int(a[row, k]) * int(b[k, column]), ONE) for k in range(2)) + shift
            assert out[row, column] == math.floor(exact + Fraction(1, 2))


def test_a_face_that_does_not_lean_is_cut_as_ever() -> None:
    grey = np.random.default_rng(2).integers(0, 256, (200, 300), np.uint8)
    box = Box(-7, 120, 91, 91)
    points = np.round(TEMPLATE * 256).astype(np.int32) + 5000
    np.testing.assert_array_equal(cut_face(grey, box, 96), before.cut(grey, box, 96, None))
    np.testing.assert_array_equal(cut_face(grey, box, 96, points=points), before.cut(grey, box, 96, points))


@pytest.mark.parametrize("degrees", [-37, 20])
def test_a_leaning_face_is_cut_as_from_a_turned_copy_but_for_one_resampling(degrees: int) -> None:
    rows, columns = np.mgrid[:200, :300]
    grey = (128 + 60 * np.sin(rows / 9) + 60 * np.cos(columns / 13)).astype(np.uint8)
    box = Box(110, 60, 80, 80)
    copy = before.turned(grey, box, 160, 160, degrees)
    difference = cut_face(grey, box, 96, degrees).astype(int) - before.cut(copy, Box(40, 40, 80, 80), 96, None)
    assert np.abs(difference).max() <= 3 and abs(difference.mean()) < 0.5


# Points.


@st.composite
def faces(draw: st.DrawFn) -> tuple[Any, Box]:
    """Points as a face has them, more or less, and a box that is more or less theirs."""
    side = draw(st.integers(24, 1000))
    box = Box(draw(places), draw(places), side, draw(st.integers(24, side)))
    turn = np.exp(1j * math.radians(draw(st.integers(-60, 60)))) * draw(st.floats(0.4, 2.2)) * side / 100
    moved = draw(st.floats(-0.6, 0.6)) + 1j * draw(st.floats(-0.6, 0.6))
    middle = box.x + (box.width - 1) / 2 + 1j * (box.y + (box.height - 1) / 2) + moved * side
    noise = np.random.default_rng(draw(st.integers(0, 1000))).normal(0, draw(st.floats(0, 14)), (2, 5))
    points = turn * ((TEMPLATE - 55.5) @ [1, 1j] + noise[0] + 1j * noise[1]) + middle
    return np.floor(np.stack((points.real, points.imag), 1) * 256 + 0.5).astype(np.int32), box


@given(faces())
def test_doubt(face: tuple[Any, Box]) -> None:
    points, box = face
    ours, theirs = doubt_about(points, box), before.doubt_about(points, box)
    if {ours, theirs} == {"", "shape"}:
        # Only the shape is not compared exactly: by less than 1/4,096 pixel of the frame.
        matrix = aligned_matrix(points, template_q8(112)) / ONE
        assert abs(before.residual(points, matrix) - 8.75) < 1 / 4096 / math.hypot(matrix[0, 0], matrix[1, 0])
    else:
        assert ours == theirs


@pytest.mark.parametrize("degrees", [0, 30])
@pytest.mark.parametrize("side", [40, 100, 700])
def test_the_bar_of_the_shape(side: int, degrees: int) -> None:
    """Where the nose is moved aside in steps of 1/256 pixel, both begin to doubt at the same step, or the next."""
    turn = np.exp(1j * math.radians(degrees)) * side / 100
    points = turn * ((TEMPLATE - 55.5) @ [1, 1j]) + 500 + 400j
    face = np.floor(np.stack((points.real, points.imag), 1) * 256 + 0.5).astype(np.int32)
    box = Box(500 - side // 2, 400 - side // 2, side, side)

    def first_doubt(doubt: Any) -> int:
        low, high = 0, 256 * side
        while high - low > 1:
            step = (low + high) // 2
            moved = face.copy()
            moved[2, 0] += step
            low, high = (low, step) if doubt(moved, box) == "shape" else (step, high)
        return high

    assert abs(first_doubt(doubt_about) - first_doubt(before.doubt_about)) <= 1


@given(st.lists(st.integers(-(1 << 23), 1 << 23), min_size=10, max_size=10), boxes)
def test_doubt_about_any_points(values: list[int], box: Box) -> None:
    points = np.array(values, np.int32).reshape(5, 2)
    assert doubt_about(points, box) == before.doubt_about(points, box)


@given(faces(), st.integers(-1, 100))
def test_turned(face: tuple[Any, Box], most: int) -> None:
    yaw = abs(pose_of(face[0]).yaw)
    assume(abs(yaw - most) > 1e-3)
    assert is_turned(face[0], most) == (yaw > most)


@given(st.lists(st.integers(-(1 << 23), 1 << 23), min_size=10, max_size=10), st.integers(0, 90))
def test_turned_by_any_points(values: list[int], most: int) -> None:
    points = np.array(values, np.int32).reshape(5, 2)
    yaw = abs(pose_of(points).yaw)
    assume(abs(yaw - most) > 1e-3)
    assert is_turned(points, most) == (yaw > most)


def test_turned_at_the_bar() -> None:
    # Eyes 200 apart, nose 83 aside of the middle: tan(yaw) = 83 / (100 * 0.83) = 1 is not beyond 45 degrees.
    points = np.array([[-100, 0], [100, 0], [83, 50], [-80, 100], [80, 100]], np.int32)
    assert not is_turned(points, 45)
    points[2, 0] += 1
    assert is_turned(points, 45) and not is_turned(points, 46)
    assert is_turned(np.zeros((5, 2), np.int32), 89) and not is_turned(np.zeros((5, 2), np.int32), 90)
    assert is_turned(points * (1 << 18), 89)  # too far away to be a face


# Leaning faces.


@given(boxes, boxes)
def test_same_place(a: Box, b: Box) -> None:
    assert _core.same_place(a.values(), b.values()) == (before.overlap(a, b) >= 0.3)


def test_same_place_at_the_bar() -> None:
    # 13 x 10 and 13 x 10 share 6 x 10 of 200: 3/10 exactly; a pixel less is another place.
    a = (0, 0, 13, 10)
    assert _core.same_place(a, (7, 0, 13, 10)) and not _core.same_place(a, (8, 0, 13, 10))


hits = st.builds(Face, boxes, st.just(1), st.integers(1, 5))


@given(st.lists(hits, max_size=12))
def test_distinct(found: list[Face]) -> None:
    assert tilt.distinct(found) == before.distinct(found)


@given(boxes, st.integers(1, 500), st.integers(1, 400), st.integers(1, 100), st.integers(-90, 90))
def test_turned_matrix(around: Box, size: int, step: int, step_of: int, degrees: int) -> None:
    out = np.empty((2, 3), np.int32)
    try:
        _core.turned_matrix(around.values(), size, step, step_of, degrees, out)
    except ValueError:
        assume(False)
    exact = before.turned_matrix(around, size * step / step_of, size, degrees) * ONE
    # Sine and cosine are off by 2^-31 each, over half of the copy.
    error = 0.501 + size * step / step_of * 2.0**-31 * ONE
    assert np.abs(out - exact).max() <= error


@given(
    boxes,
    st.integers(-60, 60),
    st.lists(boxes, max_size=2),
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100), st.integers(40, 110), st.integers(1, 60)), max_size=4),
)
def test_look_for(last: Box, lean: int, others: list[Box], rows: list[tuple[int, int, int, int]]) -> None:
    """Whatever a detector says of the turned copies, it is taken for the same face, or not."""
    found = [Face(Box(x, y, side, side), 1, neighbours) for x, y, side, neighbours in rows]
    for degrees in (lean, lean - 20, lean + 20):
        for face in found:
            left, top, _ = before.in_frame(face.box, last, degrees)
            assume(not near_half(left) and not near_half(top))
    told = before.look_for(lambda grey: found, np.zeros((9, 9), np.uint8), last, lean, others)
    recogniser = Recogniser(lambda grey: found, lambda grey, box, tilt: FaceCut(grey), describe, "m", Calibration())
    assert tilt.look_for(recogniser, np.zeros((9, 9), np.uint8), last, lean, others) == told


def test_what_a_detector_raises_comes_through() -> None:
    def broken(grey: Any) -> Any:
        raise RuntimeError("no light")

    recogniser = Recogniser(broken, lambda grey, box, tilt: FaceCut(grey), describe, "m", Calibration())
    with pytest.raises(RuntimeError, match="no light"):
        tilt.look_for(recogniser, np.zeros((9, 9), np.uint8), Box(1, 1, 50, 50), 20, [])
