"""The cost model's cycles of compute are those of the kernels' machine code, counted on a model of a core."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gap8_parts import RISCV, OnModel
from layer_strategies import Case
from peephole.compiler.cost import compute_cycles, is_narrow
from peephole.compiler.schedule import lower
from peephole.compiler.tiled_schedule import LayerTiles, TiledSchedule, tile
from peephole.compiler.tiles import columns_read, piece, rows_read, split
from peephole.fixedpoint.layers import Conv2d, Convolution, DepthwiseConv2d, MaxPool
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program, landmark_program
from tiles_run import Tile, part_of_layer

CORES = 8
L1_BYTES = 64 * 1024

pytestmark = pytest.mark.skipif(shutil.which(RISCV + "gcc") is None, reason=f"needs {RISCV}gcc")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> OnModel:
    return OnModel(tmp_path_factory.mktemp("model"))


def shared(tiled: TiledSchedule) -> Iterator[tuple[int, LayerTiles]]:
    """The layers whose kernels the cores share, with how often each runs for a face."""
    for number, step in enumerate(tiled.steps):
        for layer in step.layers:
            narrow = layer.usual.work.source.bits == 16
            match layer.layer:
                case Conv2d() if is_narrow(layer.layer):
                    yield tiled.passes_of(number), layer
                case MaxPool() | DepthwiseConv2d() if narrow:
                    yield tiled.passes_of(number), layer


def usual_tile(layer: LayerTiles) -> Case:
    """The first tile of the shape that most calls of a layer have, of zeros."""
    work, size = layer.usual.work, layer.usual.size
    one = Tile(
        split(work.output.height, size.rows)[0],
        split(work.output.width, size.columns)[0],
        split(work.channels, size.channels)[0],
    )
    (rows, top), (columns, left) = rows_read(work, one.rows), columns_read(work, one.columns)
    assert isinstance(layer.layer, Conv2d | MaxPool | DepthwiseConv2d)
    part = replace(part_of_layer(layer.layer, one.channels, left), padding=top)
    channels = work.source.channels if isinstance(layer.layer, Conv2d) else one.channels.count
    x = np.zeros((rows.count, columns.count, channels), work.source.dtype)
    return Case(part, [x], (one.rows.count, one.columns.count, one.channels.count), work.output.dtype)


def compared(model: OnModel, tiled: TiledSchedule) -> dict[str, tuple[float, float]]:
    """Cycles of each layer for a face, predicted and counted."""
    told = {}
    known: dict[object, float] = {}  # many layers are alike
    for passes, layer in shared(tiled):
        case = usual_tile(layer)
        work = layer.usual.work
        weight = layer.layer.weight.shape if isinstance(layer.layer, Convolution) else layer.layer.kind
        key = case.shape, case.inputs[0].shape, weight, case.layer.window.padding  # type: ignore[union-attr]
        if key not in known:
            known[key] = model.run(case, np.zeros(case.shape, case.dtype), CORES).busiest_cycles
        each = compute_cycles(tiled.target, layer.layer, piece(work, *case.shape)) - tiled.target.fork_cycles
        values = work.output.height * work.output.width * work.channels
        times = passes * work.maps * layer.turns * values / np.prod(case.shape)
        told[layer.layer.name] = (each * times, known[key] * times)
    return told


@pytest.mark.parametrize(
    ("path", "most"), [(default_program(), 12.0e6), (default_program(8), 8.0e6), (landmark_program(), 1.0e6)]
)
def test_predicted_cycles_are_those_that_are_counted(path: Path, most: float, model: OnModel) -> None:
    """Of each convolution by a tenth, of a pool by a quarter, of all by a fiftieth."""
    layers = compared(model, tile(lower(IntegerProgram.load(path)), L1_BYTES))
    for name, (predicted, counted) in layers.items():
        assert predicted == pytest.approx(counted, rel=0.25 if "pool" in name else 0.1), name
    predicted, counted = np.sum(list(layers.values()), axis=0)
    assert predicted == pytest.approx(counted, rel=0.02)
    assert 0.5 * most < counted < most
