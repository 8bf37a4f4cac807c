"""The tiler finds what trying everything finds; what it finds fits, and computes the program's bits."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import graphs
from layer_strategies import KINDS, cases
from peephole.compiler.cost import Target, compute_cycles
from peephole.compiler.memory import Memory
from peephole.compiler.planner import place_arena
from peephole.compiler.schedule import Passes, lower
from peephole.compiler.streaming import Enter
from peephole.compiler.tiled_schedule import TiledSchedule, l1_buffers, machine_of, tile, work_of
from peephole.compiler.tiler import IN_L1, IN_L2, STAGED, Size, Tiler, candidates, cut, predict
from peephole.compiler.tiles import Work, channels_read, columns_read, piece, row_sizes, rows_read
from peephole.fixedpoint import reference
from peephole.fixedpoint.describe import describe
from peephole.fixedpoint.interpreter import apply, buffers, enter_input
from peephole.fixedpoint.layers import Conv2d, Convolution, GlobalAveragePool, L2Normalize, Tensor, tensors_read
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program, landmark_program
from tiles_run import Tile, run_tile, tiles_of

GAP8 = Target()


def conv(outputs: int, inputs: int, kernel: int = 1, side: int = 4) -> Work:
    none = np.zeros(outputs, np.int32)
    arrays = np.zeros((outputs, kernel, kernel, inputs), np.int16), none, none.astype(np.uint8), none.astype(np.int8)
    layer = Conv2d("mix", "x", "y", 0, 1, kernel // 2, False, "full", 32, *arrays)
    return Work(layer, Tensor("x", side, side, inputs, 0), Tensor("y", side, side, outputs, 0), kernel // 2)


def words(count: int) -> int:
    return -(-count // 4) * 4


def walked(work: Work, tiles: list[Tile], weights: str) -> tuple[int, int]:
    """Bytes of L1 and cycles, by walking over the tiles one by one with what is in L1 in mind."""
    layer, width, out_width = work.layer, work.source.bits // 8, work.output.bits // 8
    here: dict[str, object] = {}
    largest = {"input": 0, "weights": 0, "output": 0}
    changes = dict.fromkeys(largest, 0)
    loads, computes, stores = [], [], []
    constants = 0
    each = 0
    if isinstance(layer, Convolution) and weights != IN_L1:
        each = layer.weight.nbytes // len(layer.weight)
        constants = layer.bias.nbytes + layer.norm.nbytes
    for one in tiles:
        seen = rows_read(work, one.rows)[0], columns_read(work, one.columns)[0], channels_read(work, one.channels)
        block = seen[0].count, seen[1].count, seen[2].count
        size = {
            "input": work.sources * words(block[0] * block[1] * block[2] * width),
            "weights": words(one.channels.count * each),
            "output": words(one.rows.count * one.columns.count * one.channels.count * out_width),
        }
        load = 0
        for part, key in (("input", seen), ("weights", one.channels), ("output", one)):
            if here.get(part) != key and size[part]:
                here[part] = key
                changes[part] += 1
                if part == "input":
                    load += work.sources * GAP8.block(block, (work.source.width, work.source.channels), width)
                if part == "weights":
                    load += GAP8.plain(one.channels.count * each)
        largest = {part: max(most, size[part]) for part, most in largest.items()}
        made = one.rows.count, one.columns.count, one.channels.count
        loads.append(load)
        computes.append(compute_cycles(GAP8, layer, piece(work, *made)))
        stores.append(GAP8.block(made, (work.output.width, work.output.channels), out_width))
    loads[0] += GAP8.plain(constants)
    beside = [load + store for load, store in zip([*loads[1:], 0], [0, *stores[:-1]], strict=True)]
    cycles = loads[0] + sum(map(max, computes, beside)) + stores[-1]
    return words(constants) + sum(most * min(2, changes[part]) for part, most in largest.items()), cycles


def every(work: Work) -> Iterator[list[Tile]]:
    """Every tiling of whole rows, groups never cut across."""
    layer = work.layer
    whole = not isinstance(layer, Conv2d) or layer.groups == 1
    outputs = work.channels // layer.groups if isinstance(layer, Conv2d) else work.channels
    for rows in range(1, work.output.height + 1):
        for channels in range(1, work.channels + 1):
            fits = whole or outputs % channels == 0 or channels % outputs == 0
            if fits and (layer.kind != "shuffle_channels" or channels == work.channels):
                for channels_first in (True, False) if work.shares_input else (True,):
                    yield list(tiles_of(work, rows, work.output.width, channels, channels_first))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_nothing_that_fits_is_faster(kind: str, data: st.DataObject) -> None:
    case = data.draw(cases(kind).filter(lambda case: case.shape[2] <= 16))
    x, bits = case.inputs[0], np.dtype(case.dtype).itemsize * 8
    top = getattr(case.layer, "padding", 0)
    work = Work(case.layer, Tensor("x", *x.shape, 0, x.itemsize * 8), Tensor("y", *case.shape, 0, bits), top)
    weights = data.draw(st.sampled_from([IN_L1, IN_L2]))
    tried = [walked(work, tiles, weights) for tiles in every(work)]
    capacity = data.draw(st.integers(min(size for size, _ in tried), max(size for size, _ in tried)))
    chosen = Tiler(GAP8).choose(work, capacity, weights)
    assert chosen.cost.cycles == min(cycles for size, cycles in tried if size <= capacity)
    tiles = list(tiles_of(work, *(getattr(chosen.size, n) for n in ("rows", "columns", "channels", "channels_first"))))
    assert (chosen.room.bytes, chosen.cost.cycles) == walked(work, tiles, weights)
    assert chosen.room.bytes <= capacity and chosen.count == len(tiles)


def test_weights_come_once_or_again_for_each_row() -> None:
    """64 KiB of weights in 4 tiles of channels, 4 rows of input; from L3 they come once."""
    work = conv(128, 256)
    once = predict(GAP8, cut(work, Size(1, 4, 32), STAGED))
    again = predict(GAP8, cut(work, Size(1, 4, 32, channels_first=False), STAGED))
    constants, weights, tensor = 128 * 5, 128 * 256 * 2, 4 * 4 * 256 * 2
    assert once.in_bytes == constants + weights + 4 * tensor
    assert again.in_bytes == constants + 4 * weights + tensor
    assert once.stored_bytes == again.stored_bytes == weights + constants
    assert once.out_bytes == again.out_bytes == 4 * 4 * 128 * 2
    assert predict(GAP8, cut(work, Size(1, 4, 32), IN_L2)).stored_bytes == 0


def test_two_maps_are_two_calls_whose_weights_come_once() -> None:
    work = conv(128, 64)
    one, two = (predict(GAP8, cut(dataclasses.replace(work, maps=maps), Size(2, 4, 32), STAGED)) for maps in (1, 2))
    assert two.compute == 2 * one.compute and two.out_bytes == 2 * one.out_bytes
    assert two.stored_bytes == one.stored_bytes and two.in_bytes < 2 * one.in_bytes


def test_weights_that_may_not_be_kept_come_channels_first() -> None:
    small, large = conv(64, 256, side=8), conv(256, 256, side=8)
    orders = [{c.size.channels_first for c in candidates(work, STAGED, [8])} for work in (small, large)]
    assert orders == [{True, False}, {True}]


def test_columns_are_cut_where_no_row_fits() -> None:
    work = conv(4, 64, 3, side=32)
    row = 3 * 32 * 64 * 2
    assert Tiler().choose(work, 64 * 1024).size.columns == 32
    narrow = Tiler().choose(work, row)
    assert narrow.size.columns < 32 and narrow.room.bytes <= row


def test_what_cannot_be_cut_is_said_with_its_bytes() -> None:
    work = conv(4, 4096, 3)
    with pytest.raises(ValueError, match=r"layer mix: .* needs 2\d\d,\d{3} bytes of L1, and there are 60,672"):
        Tiler().choose(work, 60_672)
    norm = Work(L2Normalize("n", "x", "y", 0, 14), Tensor("x", 1, 1, 64, 0), Tensor("y", 1, 1, 64, 14))
    with pytest.raises(ValueError, match="layer n: its smallest tile needs 256 bytes of L1, and there are 255"):
        Tiler().choose(norm, 255)
    mean = Work(GlobalAveragePool("m", "x", "y", 0, 1, 1), Tensor("x", 8, 8, 4, 0), Tensor("y", 1, 1, 4, 0))
    assert row_sizes(mean) == [1]
    assert Tiler().choose(mean, 300).size.channels == 1


def computed(program: IntegerProgram) -> dict[str, np.ndarray]:
    """All tensors of one random input, by the interpreter."""
    image = program.input_kind == "image"
    shape = program.input.shape[:2] if image else program.input.shape
    values = np.random.default_rng(0).integers(0, 100, shape).astype(np.uint8 if image else program.input.dtype)
    tensors = buffers(program)
    enter_input(program, values, tensors[program.input.name])
    for layer in program.layers:
        apply(reference, layer, tensors)
    return tensors


@settings(max_examples=15, deadline=None)
@given(graphs(), st.booleans(), st.sampled_from([2000, 60_000]))
def test_a_program_in_tiles_has_its_bits(program: IntegerProgram, streaming: bool, room: int) -> None:
    """Every call of every turn, tile by tile from what the interpreter wrote, makes what it wrote."""
    schedule = lower(program, Passes(streaming=streaming))
    tiled = tile(schedule, machine_of(schedule).reserved_l1_bytes + room)
    tensors = computed(program)
    for step, cut_step in zip(schedule.steps, tiled.steps, strict=True):
        calls = (call for layer in cut_step.layers for call, _ in layer.calls)
        size_of = {dataclasses.replace(tiling.work, maps=1): tiling.size for tiling in calls}
        assert cut_step.l1_bytes <= room
        for call in (call for turn in step.segment.turns for call in turn.calls if not isinstance(call.layer, Enter)):
            work = work_of(schedule, call)
            reads = zip(tensors_read(call.layer), call.inputs, strict=True)
            inputs = [tensors[name][rows.first : rows.end] for name, rows in reads]
            whole = tensors[call.layer.output][call.rows.first : call.rows.end]
            made = whole.copy()
            made[..., call.layer.channel : call.layer.channel + work.channels] = 77
            for one in tiles_of(work, *dataclasses.astuple(size_of[work])):
                run_tile(reference, work, one, inputs, made)
            np.testing.assert_array_equal(made, whole, err_msg=call.layer.name)


@pytest.fixture(scope="module")
def shipped() -> tuple[IntegerProgram, TiledSchedule]:
    program = IntegerProgram.load(default_program())
    return program, tile(lower(program), 64 * 1024)


def test_the_shipped_recogniser_s_tiles_lie_in_l1(shipped: tuple[IntegerProgram, TiledSchedule]) -> None:
    program, tiled = shipped
    schedule = lower(program)
    placement = place_arena([*schedule.buffers, *l1_buffers(tiled)], Memory(l1=64 * 1024, l2=512 * 1024))
    level = next(plan for plan in placement.levels if plan.level == "L1")
    assert level.optimal and level.peak_bytes <= 64 * 1024
    most = max(step.l1_bytes for step in tiled.steps)
    assert most <= level.peak_bytes - GAP8.reserved_l1_bytes <= most + 3


def test_a_face_s_prediction_adds_up(shipped: tuple[IntegerProgram, TiledSchedule]) -> None:
    """Two passes, of which the steps with small maps are one; no core does more than it can."""
    program, tiled = shipped
    assert [tiled.passes_of(step) for step in range(len(tiled.steps))] == [2] * 5 + [1] * 15
    weights = describe(program).weight_bytes
    assert weights < tiled.cost.stored_bytes < 1.2 * weights
    assert tiled.cost.compute > describe(program).macs / 10  # what the inner loop makes a cycle
    assert tiled.cost.cycles >= max(tiled.cost.compute, tiled.cost.moved, tiled.cost.stored)
    assert 53 < tiled.milliseconds < 400  # at the rate of the inner loop alone; what the old system took


def test_weights_that_stay_come_once_in_all_turns(shipped: tuple[IntegerProgram, TiledSchedule]) -> None:
    staying = [layer for step in shipped[1].steps for layer in step.layers if layer.stays]
    assert staying and all(layer.turns > 1 for layer in staying)
    for layer in staying:
        tiles_in = sum(tiling.cost.in_bytes * count for tiling, count in layer.calls)
        work = layer.usual.work
        assert layer.cost.in_bytes - tiles_in == work.weight_bytes + work.constant_bytes == layer.cost.stored_bytes


def test_less_l1_is_never_faster(shipped: tuple[IntegerProgram, TiledSchedule]) -> None:
    schedule = lower(shipped[0])
    times = [tile(schedule, size * 1024).cost.cycles for size in (24, 32, 48, 64, 128)]
    assert times == sorted(times, reverse=True) and times[0] > times[-1]


def test_an_l1_that_stacks_fill_is_refused() -> None:
    schedule = lower(IntegerProgram.load(default_program()))
    with pytest.raises(ValueError, match=r"L1 has 4,096 bytes, and stacks on GAP8 take 14,080"):
        tile(schedule, 4096)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("the recogniser, 16 bits, two passes", default_program()),
        ("the recogniser, 8 bits, two passes", default_program(8)),
        ("the landmark network, 16 bits", landmark_program()),
    ],
)
def test_the_documented_predictions(name: str, path: Path) -> None:
    program = IntegerProgram.load(path)
    tiled = tile(lower(program), 64 * 1024)
    busy = (tiled.cost.compute, tiled.cost.moved, tiled.cost.stored, tiled.cost.cycles)
    row = " | ".join(f"{GAP8.milliseconds(cycles):.1f} ms" for cycles in busy)
    text = (Path(__file__).parents[2] / "docs" / "firmware.md").read_text()
    assert f"| {name} | {describe(program).macs:,} | {row} |" in text
