"""Layers of any geometry: C equals NumPy bit for bit, and strips of rows equal the whole."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layer_strategies import KINDS, Case, cases
from peephole import _core
from peephole.fixedpoint import reference
from peephole.fixedpoint.interpreter import apply_rows
from peephole.fixedpoint.layers import channels_written
from peephole.fixedpoint.window import Windowed

MARK = {np.int8: -123, np.int16: -12345}


def run(kernels: Any, case: Case) -> Any:
    """What a set of kernels writes into a tensor that is marked all over."""
    out = np.full(case.shape, MARK[case.dtype], case.dtype)
    top = case.layer.window.padding[0] if isinstance(case.layer, Windowed) else 0
    apply_rows(kernels, case.layer, case.inputs, out, top)
    return out


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150)
@given(data=st.data())
def test_c_equals_the_reference(kind: str, data: st.DataObject) -> None:
    case = data.draw(cases(kind))
    made = run(_core, case)
    np.testing.assert_array_equal(made, run(reference, case))
    count = channels_written(case.layer, case.inputs[0].shape[2])
    others = np.delete(made, np.s_[case.layer.channel : case.layer.channel + count], axis=2)
    assert (others == MARK[case.dtype]).all()


@pytest.mark.parametrize("kernels", [_core, reference], ids=["C", "NumPy"])
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60)
@given(data=st.data())
def test_strips_equal_the_whole(kind: str, kernels: Any, data: st.DataObject) -> None:
    """Every strip has its own copy of the rows that `window.strip` says it needs, and not one more."""
    case = data.draw(cases(kind))
    made = np.full(case.shape, MARK[case.dtype], case.dtype)
    height, rows = case.inputs[0].shape[0], case.shape[0]
    first = 0
    while first < rows:
        count = data.draw(st.integers(1, rows - first), label="rows")
        start, stop, top = first, first + count, 0
        if isinstance(case.layer, Windowed):
            start, stop, top = case.layer.window.strip(first, count, height)
        at_hand = [x[start:stop].copy() for x in case.inputs]
        apply_rows(kernels, case.layer, at_hand, made[first : first + count], top)
        first += count
    np.testing.assert_array_equal(made, run(kernels, case))
