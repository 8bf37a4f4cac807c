"""Tiles of a layer: every output once, and the bits of the whole layer."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layer_strategies import KINDS, Case, cases
from peephole.compiler.streaming import Rows
from peephole.compiler.tiles import Work, channel_sizes, column_sizes, row_sizes, sizes, split
from peephole.fixedpoint import reference
from peephole.fixedpoint.averages import average_factors
from peephole.fixedpoint.interpreter import apply
from peephole.fixedpoint.layers import AveragePool, GlobalAveragePool, L2Normalize, Tensor, Upsample
from peephole.fixedpoint.window import Windowed
from tiles_run import run_tile, tiles_of


def work_of(case: Case) -> Work:
    """The whole layer as one call."""
    x = case.inputs[0]
    top = case.layer.window.padding[0] if isinstance(case.layer, Windowed) else 0
    bits = np.dtype(case.dtype).itemsize * 8
    return Work(case.layer, Tensor("x", *x.shape, 0, x.itemsize * 8), Tensor("y", *case.shape, 0, bits), top)


@st.composite
def tilings(draw: st.DrawFn, work: Work) -> tuple[int, int, int, bool]:
    chosen = (draw(st.sampled_from(of(work))) for of in (row_sizes, column_sizes, channel_sizes))
    return (*chosen, draw(st.booleans()))  # type: ignore[return-value]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_tile_by_tile_is_the_whole_layer(kind: str, data: st.DataObject) -> None:
    case = data.draw(cases(kind))
    work = work_of(case)
    whole = {"x": case.inputs[0], "z": case.inputs[-1], "y": np.zeros(case.shape, case.dtype)}
    apply(reference, case.layer, whole)
    made = np.zeros(case.shape, case.dtype)
    for tile in tiles_of(work, *data.draw(tilings(work))):
        run_tile(reference, work, tile, case.inputs, made)
    np.testing.assert_array_equal(made, whole["y"])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_every_output_is_made_once(kind: str, data: st.DataObject) -> None:
    work = work_of(data.draw(cases(kind)))
    made = Counter(
        (y, x, c)
        for tile in tiles_of(work, *data.draw(tilings(work)))
        for y in range(tile.rows.first, tile.rows.end)
        for x in range(tile.columns.first, tile.columns.end)
        for c in range(tile.channels.first, tile.channels.end)
    )
    assert set(made.values()) == {1}
    assert len(made) == work.output.height * work.output.width * work.channels


def test_means_of_everything_are_cut_by_channels_alone() -> None:
    x = np.random.default_rng(0).integers(-999, 999, (3, 5, 8)).astype(np.int16)
    work = Work(GlobalAveragePool("m", "x", "y", 0, 2185, 15), Tensor("x", 3, 5, 8, 0), Tensor("y", 1, 1, 8, 0))
    assert (row_sizes(work), column_sizes(work)) == ([1], [1])
    whole, made = np.zeros((2, 1, 1, 8), np.int16)
    apply(reference, work.layer, {"x": x, "y": whole})  # type: ignore[arg-type]
    for tile in tiles_of(work, 1, 1, 3, True):
        run_tile(reference, work, tile, [x], made)
    np.testing.assert_array_equal(made, whole)


def test_an_upsampling_is_cut_by_channels_alone() -> None:
    x = np.random.default_rng(0).integers(-999, 999, (3, 5, 8)).astype(np.int16)
    work = Work(Upsample("u", "x", "y", 0), Tensor("x", 3, 5, 8, 0), Tensor("y", 6, 10, 8, 0))
    assert (row_sizes(work), column_sizes(work)) == ([6], [10])
    whole, made = np.zeros((2, 6, 10, 8), np.int16)
    apply(reference, work.layer, {"x": x, "y": whole})  # type: ignore[arg-type]
    for tile in tiles_of(work, 6, 10, 3, True):
        run_tile(reference, work, tile, [x], made)
    np.testing.assert_array_equal(made, whole)


def test_a_vector_s_length_needs_all_of_it() -> None:
    work = Work(L2Normalize("n", "x", "y", 0, 14), Tensor("x", 1, 1, 64, 0), Tensor("y", 1, 1, 64, 14))
    assert channel_sizes(work) == [64]


def test_padding_on_the_right_is_that_of_the_layer_in_every_column() -> None:
    """Means of 3 in a row, zeros around it counted: the last column's tile hangs out on the right alone."""
    fields = {"padding": 0, "padding_left": 1, "counts_padding": True, "size_x": 3}
    factors, shift = average_factors([3], 3, 0)
    layer = AveragePool("p", "x", "y", 0, 1, 1, shift=shift, factors=factors, **fields)  # type: ignore[arg-type]
    work = Work(layer, Tensor("x", 1, 4, 1, 0), Tensor("y", 1, 4, 1, 0))
    x, made = np.array([[[30], [60], [90], [120]]], np.int16), np.zeros((1, 4, 1), np.int16)
    for tile in tiles_of(work, 1, 1, 1, True):
        run_tile(reference, work, tile, [x], made)
    assert made.ravel().tolist() == [30, 60, 90, 70]


def test_the_order_of_tiles() -> None:
    work = Work(L2Normalize("n", "x", "y", 0, 14), Tensor("x", 2, 1, 2, 0), Tensor("y", 2, 1, 2, 14))

    def order(channels_first: bool) -> list[tuple[int, int]]:
        return [(t.rows.first, t.channels.first) for t in tiles_of(work, 1, 1, 1, channels_first)]

    assert order(channels_first=True) == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert order(channels_first=False) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_sizes_of_a_long_side_are_those_of_equal_parts() -> None:
    assert sizes(5) == [1, 2, 3, 4, 5]
    assert sizes(20) == [1, 2, 3, 4, 5, 7, 10, 20]
    assert sizes(20, multiple=4) == [1, 4, 8, 12, 20]
    assert split(5, 2) == (Rows(0, 2), Rows(2, 4), Rows(4, 5))
