"""Resampling: C equals NumPy bit for bit, and both equal bilinear sampling in real numbers to one grey level."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrays import filled
from peephole import _core
from peephole.fixedpoint import reference

sides = st.integers(1, 40)
ONE = 1 << 16


@given(st.data(), sides, sides, sides, sides)
def test_resize_equals_the_reference(data: st.DataObject, h: int, w: int, out_h: int, out_w: int) -> None:
    image: Any = data.draw(filled((h, w), np.uint8))
    ours, expected = np.empty((out_h, out_w), np.uint8), np.empty((out_h, out_w), np.uint8)
    _core.resize_u8(image, ours)
    reference.resize_u8(image, expected)
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("size", [(256, 768), (512, 256)])
def test_resize_where_positions_fall_on_a_step_exactly(size: tuple[int, int]) -> None:
    """Only with an output side of 256 or a multiple does the division of the positions come out even."""
    image = np.array([[0, 255, 0, 255, 0], [255, 0, 255, 0, 255], [0, 0, 255, 255, 0]], np.uint8)
    ours, expected = np.empty(size, np.uint8), np.empty(size, np.uint8)
    _core.resize_u8(image, ours)
    reference.resize_u8(image, expected)
    np.testing.assert_array_equal(ours, expected)


def matrices() -> st.SearchStrategy[Any]:
    usual = st.integers(-4 * ONE, 4 * ONE)
    wild = st.integers(-(2**31), 2**31 - 1) | st.sampled_from([-(2**31), 2**31 - 1, 0])
    numbers = st.lists(usual, min_size=6, max_size=6) | st.lists(wild, min_size=6, max_size=6)
    return numbers.map(lambda values: np.array(values, np.int32).reshape(2, 3))


@given(st.data(), sides, sides, sides, sides, matrices())
def test_warp_equals_the_reference(data: st.DataObject, h: int, w: int, out_h: int, out_w: int, matrix: Any) -> None:
    image: Any = data.draw(filled((h, w), np.uint8))
    ours, expected = np.empty((out_h, out_w), np.uint8), np.empty((out_h, out_w), np.uint8)
    _core.warp_affine_u8(image, matrix, ours)
    reference.warp_affine_u8(image, matrix, expected)
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("limit", [-(2**31), 2**31 - 1])
def test_the_wildest_matrix_on_the_longest_row(limit: int) -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    matrix = np.full((2, 3), limit, np.int32)
    ours, expected = np.empty((2, 32767), np.uint8), np.empty((2, 32767), np.uint8)
    _core.warp_affine_u8(image, matrix, ours)
    reference.warp_affine_u8(image, matrix, expected)
    np.testing.assert_array_equal(ours, expected)


def grey_noise(h: int, w: int) -> Any:
    return np.random.default_rng(5).integers(0, 256, (h, w), np.uint8)


def test_resize_to_the_same_size_changes_nothing() -> None:
    image = grey_noise(33, 47)
    out = np.empty_like(image)
    _core.resize_u8(image, out)
    np.testing.assert_array_equal(out, image)


def test_the_identity_and_whole_shifts_are_exact() -> None:
    image = grey_noise(20, 30)
    out = np.empty_like(image)
    _core.warp_affine_u8(image, np.array([[ONE, 0, 0], [0, ONE, 0]], np.int32), out)
    np.testing.assert_array_equal(out, image)
    _core.warp_affine_u8(image, np.array([[ONE, 0, 5 * ONE], [0, ONE, -3 * ONE]], np.int32), out)
    np.testing.assert_array_equal(out, np.pad(image, ((3, 0), (0, 5)), "edge")[:20, 5:])


@pytest.mark.parametrize("size", [(12, 12), (48, 64), (17, 200)])
def test_resize_agrees_with_opencv_to_a_grey_level(size: tuple[int, int]) -> None:
    image = cv2.GaussianBlur(grey_noise(60, 80), (5, 5), 0)
    out = np.empty(size, np.uint8)
    _core.resize_u8(image, out)
    expected = cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR)
    assert np.abs(out.astype(int) - expected).max() <= 1


def test_warp_agrees_with_real_numbers_to_a_grey_level() -> None:
    image = cv2.GaussianBlur(grey_noise(60, 80), (5, 5), 0)
    real = np.array([[0.8, -0.3, 20.5], [0.3, 0.8, -4.25]])
    out = np.empty((50, 50), np.uint8)
    _core.warp_affine_u8(image, np.round(real * ONE).astype(np.int32), out)
    y, x = np.mgrid[:50, :50]
    columns = np.clip(real[0, 0] * x + real[0, 1] * y + real[0, 2], 0, 79)
    rows = np.clip(real[1, 0] * x + real[1, 1] * y + real[1, 2], 0, 59)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom, right = np.minimum(top + 1, 59), np.minimum(left + 1, 79)
    fy, fx = rows - top, columns - left
    value = (1 - fy) * ((1 - fx) * image[top, left] + fx * image[top, right])
    value += fy * ((1 - fx) * image[bottom, left] + fx * image[bottom, right])
    assert np.abs(out - value).max() <= 1
