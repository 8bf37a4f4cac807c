"""Five points behind the detector's box: the integer path, what is believed of them, and how the face is turned."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from peephole.alignment import LANDMARK_WINDOW_DOWN, LANDMARK_WINDOW_SIDE, TEMPLATE, template_points
from peephole.fixedpoint.describe import describe
from peephole.fixedpoint.layers import Conv2d, Tensor
from peephole.fixedpoint.program import LANDMARKS, RECOGNISE, IntegerProgram
from peephole.image_files import decode_grey, read_picture, read_pictures
from peephole.vision.crop import crop_aligned, crop_face, fixed_points
from peephole.vision.detector import Box, Detector
from peephole.vision.landmarks import LandmarkFinder, doubt_about
from peephole.vision.pose import pose_of
from peephole.weights import default_program, landmark_program

BOX = Box(100, 80, 100, 100)


def on_box(box: Box = BOX, degrees: float = 0.0, scale: float = 1.0) -> Any:
    """The template's points, float [5,2], as a face lies in a detector's box on average."""
    turn = math.radians(degrees)
    step = scale * box.width / 0.89 / 112
    matrix = step * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    centre = np.array([box.x + (box.width - 1) / 2, box.y + (box.height - 1) / 2 - 0.07 * step * 112])
    return (TEMPLATE - 55.5) @ matrix.T + centre


def telling(points: Any, bits: int = 13) -> IntegerProgram:
    """A landmark program that tells the same points, float [5,2] in half sides, of every picture."""
    conv = Conv2d(
        name="points",
        input="image",
        output="points",
        channel=0,
        stride=1,
        padding=0,
        relu=False,
        accumulation="full",
        accumulator_bits=32,
        weight=np.zeros((10, 8, 8, 1), np.int16),
        bias=np.round(points.reshape(10) * 2**bits).astype(np.int32),
        norm=np.zeros(10, np.uint8),
        weight_frac_bits=np.full(10, bits - 7, np.int8),
    )
    tensors = (Tensor("points", 1, 1, 10, bits),)
    return IntegerProgram("constant", Tensor("image", 8, 8, 1, 7), 128, tensors, (conv,), "points", task=LANDMARKS)


def test_what_the_network_tells_is_placed_in_the_frame() -> None:
    """Its picture is the square of 5/4 of the box around the box's centre: here x is 87 to 212, and y is 67 to 192."""
    told = np.array([[-1, -1], [1, -1], [0, 0], [-1, 1], [1, 1]])
    found = LandmarkFinder(telling(told), looks=1).find(np.zeros((300, 300), np.uint8), BOX)
    expected = [[87, 67], [212, 67], [149.5, 129.5], [87, 192], [212, 192]]
    np.testing.assert_allclose(found.points / 256, expected, atol=0.01)


def test_a_second_look_at_a_face_that_lies_as_the_template_says_moves_nothing() -> None:
    window = template_points(8, LANDMARK_WINDOW_SIDE, LANDMARK_WINDOW_DOWN)
    program = telling((window - 3.5) / 4)
    grey = np.zeros((300, 300), np.uint8)
    once, twice = (LandmarkFinder(program, looks).find(grey, BOX) for looks in (1, 2))
    assert (once.doubt, twice.doubt) == ("", "")
    np.testing.assert_allclose(twice.points / 256, once.points / 256, atol=0.15)
    np.testing.assert_allclose(once.points / 256, on_box(), atol=2)


def test_points_as_a_face_has_them_are_believed() -> None:
    for degrees in (-30, 0, 30):
        for scale in (0.75, 1.0, 1.3):
            assert doubt_about(fixed_points(on_box(BOX, degrees, scale)), BOX) == ""


@pytest.mark.parametrize(
    ("points", "doubt"),
    [
        (on_box()[[1, 0, 2, 4, 3]], "order"),
        (on_box()[[3, 4, 2, 0, 1]], "order"),
        (np.ones((5, 2)), "order"),
        (on_box(degrees=60), "leaning"),
        (on_box(scale=0.4), "size"),
        (on_box(scale=2.2), "size"),
        (on_box(Box(180, 80, 100, 100)), "outside"),
        (on_box() * [1, 0.4] + [0, 80], "shape"),
    ],
)
def test_points_that_no_face_has_are_doubted(points: Any, doubt: str) -> None:
    assert doubt_about(fixed_points(points), BOX) == doubt


def test_a_face_in_doubt_is_cut_by_the_box() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (300, 300), np.uint8)
    window = (template_points(8, LANDMARK_WINDOW_SIDE, LANDMARK_WINDOW_DOWN) - 3.5) / 4
    doubted = LandmarkFinder(telling(window[[1, 0, 2, 4, 3]])).cut(grey, BOX, 32)
    assert doubted.doubt == "order"
    np.testing.assert_array_equal(doubted.pixels, crop_face(grey, BOX, 32))
    finder = LandmarkFinder(telling(window))
    believed = finder.cut(grey, BOX, 32)
    assert believed.doubt == "" and believed.landmarks is not None
    np.testing.assert_array_equal(believed.pixels, crop_aligned(grey, believed.landmarks.points, 32))


def test_a_recogniser_finds_no_points() -> None:
    with pytest.raises(ValueError, match="recogniser is for the task recognise, not landmarks"):
        LandmarkFinder(IntegerProgram.load(default_program()))


def test_what_a_program_is_for_is_kept_and_is_part_of_its_identity(tmp_path: Path) -> None:
    program = telling(np.zeros((5, 2)))
    program.save(tmp_path / "points.safetensors")
    again = IntegerProgram.load(tmp_path / "points.safetensors")
    assert (again.task, again.identity) == (LANDMARKS, program.identity)
    recogniser = dataclasses.replace(program, task=RECOGNISE)
    assert recogniser.identity != program.identity
    recogniser.save(tmp_path / "faces.safetensors")
    assert IntegerProgram.load(tmp_path / "faces.safetensors").task == RECOGNISE
    with pytest.raises(ValueError, match="task 'age' must be one of recognise, landmarks"):
        dataclasses.replace(program, task="age")


def test_pose_of_the_template_is_straight_and_of_a_turned_one_its_turn() -> None:
    straight = pose_of(TEMPLATE)
    assert abs(straight.yaw) < 2 and abs(straight.roll) < 1
    for degrees in (-25, 10, 40):
        assert pose_of(on_box(degrees=degrees)).roll == pytest.approx(degrees, abs=1)
        assert pose_of(on_box(degrees=degrees)).yaw == pytest.approx(straight.yaw, abs=1e-6)
    assert pose_of(np.ones((5, 2))).yaw == 90.0


@pytest.mark.parametrize("degrees", [-50, -20, 0, 15, 45])
def test_yaw_of_a_head_that_turns(degrees: float) -> None:
    """Eyes 64 apart, mouth 50 wide, the nose 27 in front of them: seen from afar, turned to the picture's right."""
    head = np.array([[-32, 0, 0], [32, 0, 0], [0, 36, 27], [-25, 70, 0], [25, 70, 0]], float)
    turn = math.radians(degrees)
    seen = np.stack((head[:, 0] * math.cos(turn) + head[:, 2] * math.sin(turn), head[:, 1]), 1)
    assert pose_of(seen).yaw == pytest.approx(degrees, abs=3)


# The program that ships.


def shipped() -> LandmarkFinder:
    return LandmarkFinder(IntegerProgram.load(landmark_program()))


def test_the_shipped_program_is_as_small_as_it_should_be() -> None:
    described = describe(IntegerProgram.load(landmark_program()))
    assert described.weights <= 60_000 and described.macs < 8_000_000
    assert described.input_shape == (64, 64) and described.descriptor == 10


def eileen() -> Any:
    demo = pytest.importorskip("peephole.vision.sources.demo")
    return np.ascontiguousarray(read_picture(demo.EILEEN.path()).mean(2).astype(np.uint8))


def face_box(grey: Any) -> Box:
    return max(Detector().detect(grey), key=lambda face: face.neighbours).box


# Marked by hand, to about two pixels, in the 512x512 portrait.
EILEEN = np.array([[204, 107], [246, 104], [227, 126], [208, 148], [246, 147]], float)


def test_the_points_of_a_portrait_are_found() -> None:
    grey = eileen()
    found = shipped().find(grey, face_box(grey))
    assert found.doubt == ""
    error = np.hypot(*(found.points / 256 - EILEEN).T) / 42
    assert error.mean() < 0.12 and error.max() < 0.25


def test_the_points_of_a_mirrored_portrait_are_mirrored() -> None:
    grey = eileen()
    there = shipped().find(grey, face_box(grey)).points / 256
    mirrored = np.ascontiguousarray(grey[:, ::-1])
    back = shipped().find(mirrored, face_box(mirrored)).points[[1, 0, 2, 4, 3]] / 256
    back[:, 0] = grey.shape[1] - 1 - back[:, 0]
    assert np.hypot(*(there - back).T).mean() / 42 < 0.1


@pytest.mark.parametrize("shift", [(-6, 4), (5, -5), (0, 8)])
def test_the_points_do_not_follow_a_box_that_lies_a_little_off(shift: tuple[int, int]) -> None:
    grey = eileen()
    box = face_box(grey)
    moved = Box(box.x + shift[0], box.y + shift[1], box.width + 6, box.height + 6)
    finder = shipped()
    difference = (finder.find(grey, box).points - finder.find(grey, moved).points) / 256
    assert np.hypot(*difference.T).mean() / 42 < 0.1


def test_points_of_synthetic_portraits_are_believed(research_data: Path) -> None:
    finder, detector = shipped(), Detector(min_size=60)
    doubts = []
    for picture in read_pictures(research_data / "synthetic"):
        grey = decode_grey(picture)
        faces = detector.detect(grey)
        if faces:
            doubts.append(finder.find(grey, max(faces, key=lambda face: face.neighbours).box).doubt)
    assert len(doubts) >= 50
    assert doubts.count("") >= 0.95 * len(doubts)
