"""Integral images: C equals NumPy bit for bit, beyond 2^32 too."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arrays import filled
from peephole import _core
from peephole.fixedpoint import reference


def both(image: Any) -> tuple[Any, Any]:
    shape = (image.shape[0] + 1, image.shape[1] + 1)
    ours = [np.full(shape, 7, np.uint32) for _ in range(2)]
    expected = [np.full(shape, 8, np.uint32) for _ in range(2)]
    _core.integral_u8(image, *ours)
    reference.integral_u8(image, *expected)
    np.testing.assert_array_equal(ours, expected)
    return ours[0], ours[1]


@given(st.data(), st.integers(1, 50), st.integers(1, 50))
def test_c_equals_the_reference(data: st.DataObject, height: int, width: int) -> None:
    both(data.draw(filled((height, width), np.uint8)))


def test_rectangles_stay_exact_where_the_corner_wraps() -> None:
    """White, and large enough that the sum of squares passes 2^32 four times over."""
    image = np.full((480, 640), 255, np.uint8)
    sums, squares = both(image)
    assert int(squares[-1, -1]) == 480 * 640 * 255**2 % 2**32 != 480 * 640 * 255**2
    corners = (int(squares[440, 600]), -int(squares[340, 600]), -int(squares[440, 500]), int(squares[340, 500]))
    assert sum(corners) % 2**32 == 100 * 100 * 255**2
    assert int(sums[-1, -1]) == 480 * 640 * 255
