"""Arrays for property tests: random ones, and those on which fixed-point arithmetic breaks first."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

FILLS = ("random", "small", "lowest", "highest", "zero", "edges")


def fill(rng: np.random.Generator, how: str, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
    """An array of one of FILLS; `edges` mixes the type's limits with -1 (or the limit), 0 and 1."""
    limits = np.iinfo(dtype)
    if how == "random":
        return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    if how == "small":
        return rng.integers(max(limits.min, -100), 100, shape, dtype)
    if how == "edges":
        return rng.choice(np.array([limits.min, limits.max, max(limits.min, -1), 0, 1], dtype), shape)
    return np.full(shape, {"lowest": limits.min, "highest": limits.max, "zero": 0}[how], dtype)


@st.composite
def filled(draw: st.DrawFn, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
    """An array of this shape and type, filled in any of the ways."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return fill(rng, draw(st.sampled_from(FILLS)), shape, dtype)


def sentinel(shape: tuple[int, ...]) -> NDArray[np.int16]:
    """An output tensor that shows which values a kernel wrote: an uncommon number everywhere."""
    return np.full(shape, -12345, np.int16)
