"""The similarity through five points: C equals Python bit for bit, and both equal least squares in real numbers."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from peephole import _core
from peephole.alignment import TEMPLATE, template_windows
from peephole.fixedpoint import reference

ONE = 1 << 16


def integers(most: int) -> st.SearchStrategy[int]:
    return st.integers(-most, most) | st.sampled_from([-most, most, 0])


def five(most: int) -> st.SearchStrategy[Any]:
    return st.lists(integers(most), min_size=10, max_size=10).map(lambda v: np.array(v, np.int32).reshape(5, 2))


def outcome(function: Any, *arguments: Any, shape: tuple[int, int]) -> Any:
    """What a kernel writes, or None where it refuses; a refusal writes nothing."""
    out = np.full(shape, 77, np.int32)
    try:
        function(*arguments, out)
    except ValueError:
        assert (out == 77).all()
        return None
    return out.tolist()


@given(points=five(1 << 23) | five(1 << 14), template=five(1 << 20) | five(1 << 15) | five(2))
def test_the_fit_equals_the_reference(points: Any, template: Any) -> None:
    ours = outcome(_core.similarity_fit_s32, points, template, shape=(2, 3))
    assert ours == outcome(reference.similarity_fit_s32, points, template, shape=(2, 3))


@given(
    st.lists(st.integers(-(2**15), 2**15 - 1), min_size=10, max_size=10),
    st.integers(1, 4096),
    st.integers(0, 15),
    st.lists(st.integers(-(2**31), 2**31 - 1) | st.integers(-3 * ONE, 3 * ONE), min_size=6, max_size=6),
)
def test_points_of_a_crop_equal_the_reference(values: list[int], size: int, bits: int, numbers: list[int]) -> None:
    points = np.array(values, np.int16).reshape(5, 2)
    matrix = np.array(numbers, np.int32).reshape(2, 3)
    ours = outcome(_core.warp_points_s16, points, size, bits, matrix, shape=(5, 2))
    assert ours == outcome(reference.warp_points_s16, points, size, bits, matrix, shape=(5, 2))


def template_of(size: int) -> Any:
    return np.floor(((TEMPLATE + 0.5) * size / 112 - 0.5) * 256 + 0.5).astype(np.int32)


def points_about(rng: np.random.Generator, angle: float, scale: float, spread: float) -> Any:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (TEMPLATE - 56) @ turn.T + rng.uniform(60, 400, 2) + rng.normal(0, spread, (5, 2))
    return np.floor(points * 256 + 0.5).astype(np.int32)


@pytest.mark.parametrize("size", [64, 112, 128])
def test_the_fit_is_that_of_training(size: int) -> None:
    """The matrix of the kernel and the window that training cuts put a pixel in the same place, to 1/100 pixel."""
    rng = np.random.default_rng(size)
    for angle in (0.0, 0.4, -1.1, 3.0):
        points = points_about(rng, angle, 0.8, 3.0)
        out = np.empty((2, 3), np.int32)
        _core.similarity_fit_s32(points, template_of(size), out)
        x, y, side, turn = template_windows(points[None] / 256)[0]
        step = side / size * np.exp(1j * turn)
        for corner in (0, (size - 1) * (1 + 1j), size - 1):
            exact = x + 1j * y + step * (corner - (size - 1) / 2 * (1 + 1j))
            place = out / ONE @ [np.real(corner), np.imag(corner), 1]
            assert abs(place[0] + 1j * place[1] - exact) < 0.01


def test_points_that_fit_exactly_give_what_opencv_estimates() -> None:
    rng = np.random.default_rng(5)
    for angle in (0.1, -0.7, 2.5):
        points, template = points_about(rng, angle, 1.3, 0.0), template_of(112)
        out = np.empty((2, 3), np.int32)
        _core.similarity_fit_s32(points, template, out)
        theirs, _ = cv2.estimateAffinePartial2D(template / 256, points / 256)
        np.testing.assert_allclose(out / ONE, theirs, atol=0.02)


@given(points=five(1 << 17), template=five(1 << 15), data=st.data())
def test_no_other_similarity_lies_nearer(points: Any, template: Any, data: st.DataObject) -> None:
    best = outcome(_core.similarity_fit_s32, points, template, shape=(2, 3))
    assume(best is not None)
    (a, minus_b, x), (b, _, y) = best
    assert minus_b == -b
    change = data.draw(st.lists(st.integers(-300, 300), min_size=4, max_size=4))
    # Neighbours differ by so much that the one rounding of each number cannot decide.
    assume(max(map(abs, change)) > 100)

    def distance(a: int, b: int, x: int, y: int) -> float:
        matrix = np.array([[a, -b, x], [b, a, y]]) / ONE
        placed = template / 256 @ matrix[:, :2].T + matrix[:, 2]
        return float(((placed - points / 256) ** 2).sum())

    steps = [change[0] * 8, change[1] * 8, change[2] * 512, change[3] * 512]
    other = [value + step for value, step in zip((a, b, x, y), steps, strict=True)]
    assert distance(a, b, x, y) <= distance(*other) * (1 + 1e-9) + 1e-6


@given(points=five(1 << 15), shift=st.integers(-(2**15), 2**15))
def test_moved_points_move_the_matrix_alone(points: Any, shift: int) -> None:
    template = template_of(112)
    first = outcome(_core.similarity_fit_s32, points, template, shape=(2, 3))
    assume(first is not None)
    second = outcome(_core.similarity_fit_s32, (points + shift).astype(np.int32), template, shape=(2, 3))
    for row in range(2):
        assert second[row][:2] == first[row][:2]
        assert second[row][2] == first[row][2] + shift * 256


def test_points_on_one_another_have_no_turn() -> None:
    same, out = np.full((5, 2), 900, np.int32), np.empty((2, 3), np.int32)
    with pytest.raises(ValueError, match="similarity_fit_s32: a number is outside"):
        _core.similarity_fit_s32(same, template_of(112), out)
    with pytest.raises(ValueError, match="similarity_fit_s32: a number is outside"):
        _core.similarity_fit_s32(template_of(112), same, out)


def test_arrays_that_do_not_fit_are_named() -> None:
    good, out = template_of(112), np.empty((2, 3), np.int32)
    with pytest.raises(ValueError, match=r"points must have the shape \[5, 2\]"):
        _core.similarity_fit_s32(good[:4], good, out)
    with pytest.raises(ValueError, match="template must hold int32"):
        _core.similarity_fit_s32(good, good.astype(np.int16), out)
    with pytest.raises(ValueError, match="size must be 1 to 4,096"):
        _core.warp_points_s16(good.astype(np.int16), 0, 14, out, good)
    with pytest.raises(ValueError, match="frac_bits must be 0 to 15"):
        _core.warp_points_s16(good.astype(np.int16), 64, 16, out, good)


def test_a_crop_told_by_its_own_template_is_cut_as_it_was() -> None:
    """There and back: the template's points, told as a network would, lead to the matrix of the crop they lie in."""
    matrix = np.array([[ONE, -ONE // 3, 40 * ONE], [ONE // 3, ONE, 25 * ONE]], np.int32)
    told = np.floor((TEMPLATE - 55.5) / 56 * 2**14 + 0.5).astype(np.int16)
    points, again = np.empty((5, 2), np.int32), np.empty((2, 3), np.int32)
    _core.warp_points_s16(told, 112, 14, matrix, points)
    _core.similarity_fit_s32(points, template_of(112), again)
    np.testing.assert_allclose(again / ONE, matrix / ONE, atol=0.01)
