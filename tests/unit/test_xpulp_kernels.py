"""The kernels that GAP8's cores share: the portable C, and the words of its Xpulp code on a model of a core."""

import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gap8_parts import RISCV, OnHost, OnModel
from layer_strategies import Case, cases
from peephole.fixedpoint import reference
from peephole.fixedpoint.interpreter import apply_rows
from peephole.fixedpoint.layers import Conv2d

KINDS = [("conv2d", np.int16), ("conv2d", np.int8), ("depthwise_conv2d", np.int16), ("max_pool", np.int16)]
each_kind = pytest.mark.parametrize(("kind", "dtype"), KINDS, ids=lambda of: getattr(of, "__name__", of))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> OnHost:
    return OnHost(tmp_path_factory.mktemp("host"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> OnModel:
    if shutil.which(RISCV + "gcc") is None:
        pytest.skip(f"needs {RISCV}gcc")
    return OnModel(tmp_path_factory.mktemp("model"))


@st.composite
def shared(draw: st.DrawFn, kind: str, dtype: type[np.signedinteger[Any]]) -> Case:
    """A layer that cores share: of convolutions those with sums of 32 bits, rounded once."""
    case = draw(cases(kind, [dtype]))
    if isinstance(case.layer, Conv2d):
        return replace(case, layer=replace(case.layer, accumulation="full", accumulator_bits=32))
    return case


def expected(case: Case) -> Any:
    out = np.full(case.shape, 77, case.dtype)
    apply_rows(reference, case.layer, case.inputs, out, case.layer.window.padding[0])  # type: ignore[union-attr]
    return out


@each_kind
@settings(max_examples=150)
@given(data=st.data(), cores=st.integers(1, 9))
def test_all_parts_make_the_whole(kind: str, dtype: Any, data: st.DataObject, cores: int, host: OnHost) -> None:
    case = data.draw(shared(kind, dtype))
    made = np.full(case.shape, 77, case.dtype)
    host.run(case, made, cores, order=reversed(range(cores)))
    np.testing.assert_array_equal(made, expected(case))


@each_kind
@settings(max_examples=30, deadline=None)
@given(data=st.data(), cores=st.sampled_from([1, 3, 8]))
def test_the_words_of_xpulp_make_the_same_bits(
    kind: str, dtype: Any, data: st.DataObject, cores: int, model: OnModel
) -> None:
    case = data.draw(shared(kind, dtype))
    made = np.full(case.shape, 77, case.dtype)
    model.run(case, made, cores)
    np.testing.assert_array_equal(made, expected(case))
