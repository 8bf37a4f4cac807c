"""The crop at run time is the crop of training, also over the edge of a frame."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peephole.alignment import TEMPLATE, template_windows
from peephole.training import augmentation
from peephole.vision.crop import (
    CropRule,
    aligned_matrix,
    crop_aligned,
    crop_face,
    fixed_points,
    square_matrix,
    template_q8,
)
from peephole.vision.detector import Box

GREY = np.random.default_rng(7).integers(0, 256, (30, 40), np.uint8).repeat(6, 0).repeat(6, 1)  # [180,240]


def trained_window(box: Box) -> np.ndarray:
    """The template window that the rule makes of a box: centre, side, angle, in training's terms."""
    side = 11 / 10 * box.width
    x = box.x + (box.width - 1) / 2
    y = box.y + (box.height - 1) / 2 - 5 / 64 * box.width
    return np.array([x, y, side, 0], np.float32)


@settings(max_examples=50)
@given(x=st.integers(-60, 240), y=st.integers(-60, 180), side=st.integers(1, 200), size=st.integers(1, 128))
def test_upright_crop_is_that_of_training(x: int, y: int, side: int, size: int) -> None:
    box = Box(x, y, side, side)
    expected = augmentation.window_matrix(trained_window(box), size, mirror=False)
    np.testing.assert_allclose(square_matrix(box, size) / 65536, expected, atol=1e-4)


@pytest.mark.parametrize(
    "box", [Box(60, 50, 90, 90), Box(0, 0, 40, 40), Box(200, 140, 40, 40), Box(-30, -20, 80, 80), Box(100, 90, 31, 31)]
)
def test_pixels_are_those_of_training_at_the_edges_too(box: Box) -> None:
    expected = augmentation.crop(GREY, trained_window(box), 128)
    difference = np.abs(crop_face(GREY, box, 128).astype(int) - expected)
    # OpenCV knows 32 positions between two pixels, the kernel 256: a step of 255 grey levels shows
    # up to 255 / 64 along either axis
    assert difference.max() <= 8
    smooth = np.add.outer(np.arange(180) // 2, np.arange(240) // 2).astype(np.uint8)
    difference = np.abs(crop_face(smooth, box, 128).astype(int) - augmentation.crop(smooth, trained_window(box), 128))
    assert difference.max() <= 1


def test_aligned_crop_is_that_of_training() -> None:
    rng = np.random.default_rng(8)
    for angle in (0.0, 0.3, -2.0):
        turn = 0.9 * np.exp(1j * angle)
        points = TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]
        points = turn * (points - 56) + 110 + 85j + rng.normal(0, 2, 5) + 1j * rng.normal(0, 2, 5)
        landmarks = np.stack((points.real, points.imag), 1).astype(np.float32)
        window = template_windows(landmarks[None])[0]
        expected = augmentation.window_matrix(window, 96, mirror=False)
        points = fixed_points(landmarks)
        matrix = aligned_matrix(points, template_q8(96)) / 65536
        np.testing.assert_allclose(matrix, expected, atol=1e-2)  # points in Q8 are off by up to 2e-3 each
        difference = np.abs(crop_aligned(GREY, points, 96).astype(int) - augmentation.crop(GREY, window, 96))
        assert difference.max() <= 10 and difference.mean() < 1


def test_whole_pixels_are_copied() -> None:
    """A square as large as its crop, at whole pixels, is the frame's own bytes; beyond the edge they repeat."""
    rule = CropRule(scale=Fraction(1), up=Fraction(0))
    np.testing.assert_array_equal(crop_face(GREY, Box(20, 30, 64, 64), 64, rule), GREY[30:94, 20:84])
    over = crop_face(GREY, Box(-10, -4, 32, 32), 32, rule)
    np.testing.assert_array_equal(over, np.pad(GREY, 16, mode="edge")[12:44, 6:38])


def test_a_flat_box_becomes_the_square_of_its_longer_side() -> None:
    rule = CropRule(scale=Fraction(1), up=Fraction(0))
    np.testing.assert_array_equal(crop_face(GREY, Box(20, 46, 64, 32), 64, rule), GREY[30:94, 20:84])


def test_rounding_to_q16_is_halves_up() -> None:
    matrix = square_matrix(Box(0, 0, 1, 1), 1 << 18)
    assert matrix[0, 0] == 0  # 11/10 / 2^18 is 0.28 of the last place
    assert square_matrix(Box(0, 0, 1, 1), 147456, CropRule(Fraction(9, 8), Fraction(0)))[0, 0] == 1  # exactly a half


@pytest.mark.parametrize("box", [Box(0, 0, 0, 10), Box(0, 0, 10, -1), Box(40000, 0, 10, 10)])
def test_boxes_that_cannot_be_cropped_are_refused(box: Box) -> None:
    with pytest.raises(ValueError, match="crop"):
        crop_face(GREY, box, 64)


def test_landmarks_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="five points"):
        fixed_points(np.zeros((4, 2), np.float32))
    with pytest.raises(ValueError, match="five points"):
        fixed_points(np.full((5, 2), np.nan, np.float32))
    with pytest.raises(ValueError, match="on one another"):
        crop_aligned(GREY, np.ones((5, 2), np.int32), 64)
    with pytest.raises(ValueError, match="too far outside"):
        crop_aligned(GREY, np.full((5, 2), 2**23, np.int32) * np.array([[1], [1], [1], [1], [-1]], np.int32), 64)
    with pytest.raises(ValueError, match="too far outside"):
        fixed_points(np.full((5, 2), 1e9, np.float32))
