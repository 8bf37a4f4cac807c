"""Squared distances: exact, whatever the descriptors hold."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arrays import filled
from peephole import _core
from peephole.fixedpoint import reference


@given(st.data(), st.integers(0, 600))
def test_one_to_one(data: st.DataObject, length: int) -> None:
    a: Any = data.draw(filled((length,), np.int16))
    b: Any = data.draw(filled((length,), np.int16))
    expected = sum((int(p) - int(q)) ** 2 for p, q in zip(a, b, strict=True))
    assert _core.squared_l2_s16(a, b) == reference.squared_l2_s16(a, b) == expected


@given(st.data(), st.integers(0, 130), st.integers(0, 20))
def test_one_to_many(data: st.DataObject, length: int, count: int) -> None:
    a: Any = data.draw(filled((length,), np.int16))
    b: Any = data.draw(filled((count, length), np.int16))
    ours, expected = np.full(count, 7, np.uint64), np.full(count, 8, np.uint64)
    _core.squared_l2_many_s16(a, b, ours)
    reference.squared_l2_many_s16(a, b, expected)
    np.testing.assert_array_equal(ours, expected)


def test_the_farthest_descriptors_do_not_wrap() -> None:
    a, b = np.full(512, -32768, np.int16), np.full(512, 32767, np.int16)
    assert _core.squared_l2_s16(a, b) == 512 * 65535**2 > 2**32
