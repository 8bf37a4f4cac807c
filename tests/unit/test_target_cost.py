"""The cost model against what was measured: figures of a cycle-approximate GAP8 simulator, data in L1, 8 cores."""

from typing import Any

import numpy as np
import pytest

from peephole.compiler.cost import Piece, Target, compute_cycles
from peephole.fixedpoint.layers import Add, Conv2d, DepthwiseConv2d, L2Normalize

GAP8 = Target()


def conv(kernel: int, outputs: int, inputs: int, bits: int = 16, **fields: Any) -> Conv2d:
    dtype = np.int16 if bits == 16 else np.int8
    none = np.zeros(outputs, np.int32)
    arrays = np.zeros((outputs, kernel, kernel, inputs), dtype), none, none.astype(np.uint8), none.astype(np.int8)
    settings = {"accumulation": "full", "accumulator_bits": 32} | fields
    return Conv2d("c", "x", "c", 0, 1, 0, False, settings["accumulation"], settings["accumulator_bits"], *arrays)


@pytest.mark.parametrize(("size", "measured"), [(64, 90), (512, 94), (4096, 541), (32768, 4184)])
def test_transfers_in_a_row_take_what_was_measured(size: int, measured: int) -> None:
    assert measured <= GAP8.plain(size) <= measured + 60


def test_a_transfer_of_rows_takes_what_was_measured() -> None:
    """64 rows of 256 bytes: 2,074 cycles."""
    assert GAP8.block((64, 16, 8), (40, 8), 2) == pytest.approx(2074, rel=0.04)


def test_whole_rows_are_one_transfer_and_parts_of_them_several() -> None:
    setup, beat = GAP8.dma_setup_cycles, GAP8.dma_bytes_per_cycle
    assert GAP8.block((5, 10, 8), (10, 8), 2) == setup + 5 * 10 * 8 * 2 // beat
    assert GAP8.block((5, 4, 8), (10, 8), 2) == setup + 5 * (4 * 8 * 2 // beat)
    assert GAP8.block((5, 10, 4), (10, 8), 2) == setup + 5 * 10 * (4 * 2 // beat)
    assert GAP8.block((5, 4, 3), (10, 8), 2) == 5 * setup + 5 * 4 * 1  # 6 bytes take a whole word
    assert GAP8.plain(0) == GAP8.stored(0) == 0


@pytest.mark.parametrize(("size", "measured_us"), [(256, 8), (4096, 27), (65536, 348)])
def test_reading_l3_is_not_faster_than_measured(size: int, measured_us: int) -> None:
    """188 MB/s were measured, and called optimistic; 100 MB/s are taken."""
    taken = GAP8.stored(size) / GAP8.clock_hz * 1e6
    assert measured_us < taken < 2 * measured_us + 8


def test_the_loop_that_was_measured() -> None:
    """4 outputs of 2 pixels at once: 8.7 multiply-accumulates a cycle on 8 cores."""
    word = GAP8.line(2, 1, 202, 2) - GAP8.line(2, 1, 200, 2)
    assert GAP8.cores * 2 * 4 * 2 / word == pytest.approx(8.7)
    assert GAP8.line(3, 1, 202, 2) - GAP8.line(3, 1, 200, 2) < 1.5 * word


def test_the_convolution_that_was_measured() -> None:
    """Another project's, with 4 channels of one pixel at once, took 295,900 cycles."""
    macs = 14 * 14 * 32 * 32 * 9
    cycles = compute_cycles(GAP8, conv(3, 32, 32), Piece(14, 14, 32, 32, 16, 2, 2))
    assert macs / 16 < cycles < 295_900


def test_a_line_of_pixels_is_made_of_threes_and_what_is_left() -> None:
    three = GAP8.line(3, 3, 24, 2)
    assert GAP8.line(7, 3, 24, 2) == pytest.approx(2 * three + GAP8.line(1, 3, 24, 2))
    assert three < 3 * GAP8.line(1, 3, 24, 2) and three < 1.5 * GAP8.line(2, 3, 24, 2)
    assert GAP8.line(3, 1, 5, 2) > GAP8.line(3, 1, 6, 2)  # what fills no word takes longer than one that is full


def test_an_output_that_is_left_over_costs_as_much_as_four() -> None:
    def cycles(channels: int) -> int:
        return compute_cycles(GAP8, conv(1, channels, 16), Piece(8, 9, channels, 16, 16))

    assert cycles(8) < cycles(12) < cycles(11)
    assert compute_cycles(GAP8, conv(1, 8, 16, 8), Piece(8, 9, 8, 16, 8)) < cycles(8)


def test_windows_at_edges_are_smaller_and_their_lines_shorter() -> None:
    layer = conv(3, 32, 64)
    inside, edges = Piece(5, 5, 32, 64, 16), Piece(5, 5, 32, 64, 16, 2, 2)
    assert compute_cycles(GAP8, layer, edges) < compute_cycles(GAP8, layer, inside)


def test_wide_sums_and_depthwise_windows_are_slow() -> None:
    exact = conv(3, 8, 8, accumulator_bits=64)
    piece = Piece(8, 8, 8, 8, 16)
    assert compute_cycles(GAP8, exact, piece) > 4 * compute_cycles(GAP8, conv(3, 8, 8), piece)
    none = np.zeros(8, np.int32)
    arrays = np.zeros((8, 3, 3), np.int16), none, none.astype(np.uint8), none.astype(np.int8)
    depthwise = DepthwiseConv2d("d", "x", "d", 0, 1, 0, False, 32, *arrays)
    macs = 8 * 8 * 8 * 9
    assert macs / compute_cycles(GAP8, depthwise, piece) < 1.7


def test_one_core_alone_scales_a_vector() -> None:
    layer, piece = L2Normalize("n", "x", "n", 0, 14), Piece(1, 1, 128, 1, 16)
    assert compute_cycles(Target(cores=1), layer, piece) == compute_cycles(GAP8, layer, piece)
    add = Add("a", "x", "y", "a", 0, False, 0, 0, 0)
    wide = Piece(4, 4, 128, 1, 16)
    assert compute_cycles(Target(cores=1), add, wide) > 7 * (compute_cycles(GAP8, add, wide) - GAP8.fork_cycles)


def test_another_machine_is_another_value() -> None:
    slow = Target(name="slow", clock_hz=50_000_000, l3_bytes_per_second=39e6)
    assert slow.milliseconds(50_000) == 1
    assert slow.stored(39_000) - slow.stored(19_500) == 25_000
