"""Accumulator bounds: never exceeded, and reached by the worst input."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrays import fill, filled
from peephole import _core
from peephole.fixedpoint import interpreter
from peephole.fixedpoint.layers import AveragePool, Conv2d, CopyChannels
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.proof import accumulator_bounds, fits_32_bits, headroom_bits, sum_bounds, value_ranges
from programs import programs


def conv(weight: np.ndarray, bias: int = 0, norm: int = 0, rule: str = "full") -> Conv2d:
    outputs = len(weight)
    return Conv2d(
        name="c",
        input="x",
        output="y",
        channel=0,
        stride=1,
        padding=0,
        relu=False,
        accumulation=rule,
        accumulator_bits=32,
        weight=weight.astype(np.int16),
        bias=np.full(outputs, bias, np.int32),
        norm=np.full(outputs, norm, np.uint8),
        weight_frac_bits=np.zeros(outputs, np.int8),
    )


def test_bounds_by_hand() -> None:
    weight = np.array([[3, -4], [5, 6]]).reshape(2, 1, 1, 2)
    assert sum_bounds(weight, 0, 10).tolist() == [40, 110]
    assert sum_bounds(weight, -2, 10).tolist() == [46, 110]
    assert accumulator_bounds(conv(weight, bias=-7, norm=3), (0, 10)).tolist() == [51, 121]
    # per channel: the running output shifted up, the larger channel's products, half a step
    assert accumulator_bounds(conv(weight, norm=3, rule="per_channel"), (0, 10)).tolist() == [
        32768 * 8 + 40 + 4,
        32768 * 8 + 60 + 4,
    ]


@given(
    weight=st.lists(st.integers(-32768, 32767), min_size=1, max_size=20),
    bias=st.integers(-(1 << 31), (1 << 31) - 1),
    norm=st.integers(0, 30),
    signed=st.booleans(),
    seed=st.integers(0, 999),
)
def test_no_input_exceeds_the_bound_and_the_worst_one_reaches_it(
    weight: list[int], bias: int, norm: int, signed: bool, seed: int
) -> None:
    low, high = (-32768 if signed else 0), 32767
    w = np.array(weight, np.int64)
    bound = int(sum_bounds(w.astype(np.int16).reshape(1, 1, 1, -1), low, high)[0])
    most = int(np.where(w > 0, w * high, w * low).sum())
    least = int(np.where(w > 0, w * low, w * high).sum())
    assert max(most, -least) == bound
    x = np.clip(fill(np.random.default_rng(seed), "edges", w.shape, np.int16), low, high).astype(np.int64)
    assert np.abs(np.cumsum(x * w)).max() <= bound  # every partial sum too
    whole = int(accumulator_bounds(conv(w.reshape(1, 1, 1, -1), bias, norm), (low, high))[0])
    half = (1 << norm) >> 1
    assert (
        max(abs(most + bias + half), abs(least + bias + half), abs(bias) + bound) <= whole <= bound + abs(bias) + half
    )


def test_a_sum_of_exactly_31_bits_fits_and_one_more_does_not() -> None:
    weight = np.full((1, 1, 1, 2), 32767)
    room = (1 << 31) - 1 - 2 * 32767 * 32767
    assert fits_32_bits(conv(weight, bias=room), (0, 32767))
    assert not fits_32_bits(conv(weight, bias=room + 1), (0, 32767))


def test_headroom_counts_bits() -> None:
    layer = conv(np.full((1, 1, 1, 1), 4), bias=0)
    assert headroom_bits(layer, {"x": (0, 1 << 14)}) == pytest.approx(15)
    assert headroom_bits(dataclasses.replace(layer, accumulator_bits=64), {"x": (0, 1 << 14)}) == pytest.approx(47)


@settings(max_examples=100)
@given(program=programs(), data=st.data())
def test_no_tensor_leaves_its_range(program: IntegerProgram, data: st.DataObject) -> None:
    image = data.draw(filled((program.input.height, program.input.width), np.uint8))
    ranges = program.value_ranges()
    made = interpreter.run(program, image, _core)
    for layer in program.layers:
        low, high = ranges[layer.output]
        assert low <= made[layer.name].min() <= made[layer.name].max() <= high, layer.name


def test_a_ceiling_saves_an_accumulator() -> None:
    """Six of ReLU6 in Q4.11 are 12,288: the sums of what reads it are that much smaller."""
    clipped = dataclasses.replace(conv(np.ones((1, 1, 1, 1))), relu=True, ceiling=12_288)
    reader = dataclasses.replace(conv(np.full((1, 1, 1, 5), 32767)), name="r", input="y", output="z")
    assert not fits_32_bits(reader, value_ranges("x", 0, [dataclasses.replace(clipped, ceiling=None)])["y"])
    assert fits_32_bits(reader, value_ranges("x", 0, [clipped])["y"])


def test_the_range_of_means_and_of_copies() -> None:
    factors = np.array([1 << 20, (1 << 19) + 1], np.int32)  # 1 and 1/2, a little more
    pool = AveragePool("m", "x", "y", 0, 1, 1, 20, factors, size_x=2)
    assert value_ranges("x", 128, [pool])["y"] == (-128, 127)
    assert value_ranges("x", 128, [dataclasses.replace(pool, shift=19)])["y"] == (-256, 254)
    assert value_ranges("x", 128, [dataclasses.replace(pool, shift=19)], {"y": 8})["y"] == (-128, 127)
    copy = CopyChannels("c", "x", "y", 0, 0, 1, -3)
    assert value_ranges("x", 128, [copy])["y"] == (-16, 16)
    assert value_ranges("x", 128, [dataclasses.replace(copy, shift=2)])["y"] == (-512, 508)
    assert value_ranges("x", 128, [dataclasses.replace(copy, shift=2, relu=True, ceiling=99)])["y"] == (0, 99)


@settings(max_examples=50)
@given(programs())
def test_ranges_start_at_the_image_and_follow_relu(program: object) -> None:
    ranges = value_ranges(program.input.name, program.input_offset, program.layers)  # type: ignore[attr-defined]
    assert ranges["image"] == (-program.input_offset, 255 - program.input_offset)  # type: ignore[attr-defined]
    for layer in program.layers:  # type: ignore[attr-defined]
        if isinstance(layer, Conv2d):
            assert ranges[layer.output][1] == (32767 if layer.ceiling is None else layer.ceiling)
            assert ranges[layer.output][0] in ((0, -32768) if layer.relu else (-32768,))
