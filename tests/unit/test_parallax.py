"""Plane and parallax: no motion of a plane looks like the turn of a head, and a turn of any head does."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from peephole.liveness.evidence import BOUNDS
from peephole.liveness.parallax import LEAST_POINTS, Motion, depth, motion_of, moved

GRID = np.stack(np.meshgrid(np.linspace(-0.4, 0.4, 7), np.linspace(-0.4, 0.5, 8)), axis=-1).reshape(-1, 2)
SMALL = st.floats(-0.3, 0.3)
NOISE = 0.003  # a third of a pixel on a face of a hundred


def homography(values: tuple[float, ...]) -> NDArray[np.float64]:
    """Shift, stretch, shear and foreshorten, within what keeps a face a face."""
    a, b, c, d, x, y, g, h = values
    return np.array([[1 + a, b, x], [c, 1 + d, y], [g, h, 1]])


def jittered(points: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    return points + np.random.default_rng(seed).normal(0, NOISE, points.shape)


@given(st.tuples(*[SMALL] * 8))
def test_a_plane_has_no_parallax_however_it_moves(values: tuple[float, ...]) -> None:
    motion = motion_of(GRID, moved(homography(values), GRID))
    assert motion is not None
    assert motion.parallax < 1e-6


@given(st.tuples(*[SMALL] * 8), st.integers(0, 99))
@settings(max_examples=50)
def test_noise_on_a_plane_stays_within_its_own_error(values: tuple[float, ...], seed: int) -> None:
    motion = motion_of(GRID, jittered(moved(homography(values), GRID), seed))
    assert motion is not None
    assert motion.parallax < BOUNDS.certainty * motion.error


@given(st.floats(0.2, 0.5), st.floats(0, 2 * np.pi), st.tuples(*[st.floats(-0.1, 0.1)] * 6), st.integers(0, 99))
@settings(max_examples=50)
def test_a_head_that_turns_has_as_much_parallax_as_it_turns(
    turn: float, direction: float, values: tuple[float, ...], seed: int
) -> None:
    shift = turn * np.array([np.cos(direction), np.sin(direction)])
    seen = moved(homography((*values, 0.0, 0.0)), GRID) + depth(GRID)[:, None] * shift
    motion = motion_of(GRID, jittered(seen, seed))
    assert motion is not None
    assert abs(motion.parallax - turn) < 0.1
    assert motion.parallax > BOUNDS.certainty * motion.error


def test_points_on_a_hand_that_passes_by_do_not_count() -> None:
    seen = GRID.copy()
    seen[::9] += 0.2
    motion = motion_of(GRID, seen)
    assert motion is not None
    assert motion.parallax < 0.01


def test_too_few_points_say_nothing() -> None:
    few = GRID[: LEAST_POINTS - 1]
    assert motion_of(few, few) is None


def test_the_nose_stands_out_of_eyes_and_mouth_as_on_the_average_head() -> None:
    nose, eye, mouth = depth(np.array([[0.0, 0.05], [0.17, -0.12], [0.0, 0.28]]))
    assert 0.8 * 0.415 * 0.35 < nose - (eye + mouth) / 2 < 1.2 * 0.415 * 0.35


def test_a_shift_that_its_error_explains_is_none() -> None:
    assert Motion(np.array([0.01, 0.01]), 0.01, 0.003, 0.0, np.eye(3)).parallax == 0
    assert Motion(np.array([0.1, 0.0]), 0.01, 0.003, 0.0, np.eye(3)).parallax < 0.1
