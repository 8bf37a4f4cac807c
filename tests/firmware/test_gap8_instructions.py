"""How many instructions the recogniser takes of GAP8's cores, by its kernels' machine code on a model of a core."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gap8_parts import RISCV, OnModel
from layer_strategies import Case
from peephole.fixedpoint.layers import Conv2d, MaxPool, Tensor
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program

CORES = 8
SAMPLED = 32  # output channels of a layer that are computed, about as many as a tile has; all others are like them
WHOLE = 5  # maps of no more rows are computed whole, of others a row in the middle

pytestmark = pytest.mark.skipif(shutil.which(RISCV + "gcc") is None, reason=f"needs {RISCV}gcc")


def counted(model: OnModel, layer: Conv2d | MaxPool, source: Tensor, out: Tensor) -> float:
    """Instructions of one core for a layer that all of them share, from what a part of it takes."""
    rows = out.height if out.height <= WHOLE else 1
    start, stop, top = layer.window.strip(out.height // 2 if rows == 1 else 0, rows, source.height)
    x = np.zeros((stop - start, source.width, source.channels), np.int16)
    channels = layer.channels if isinstance(layer, Conv2d) else source.channels
    some = min(channels, SAMPLED)
    moved = replace(layer, channel=0, padding=top, padding_left=layer.window.padding[1])
    if isinstance(moved, Conv2d):
        names = ("weight", "bias", "norm", "weight_frac_bits")
        moved = replace(moved, **{name: getattr(moved, name)[:some] for name in names})
    else:
        x = np.ascontiguousarray(x[:, :, :some])
    case = Case(moved, [x], (rows, out.width, some), np.int16)
    taken = model.run(case, np.zeros(case.shape, np.int16), CORES)
    return taken.all / CORES * channels / some * out.height / rows


def test_convolutions_and_pools_of_the_recogniser(tmp_path: Path) -> None:
    """All but the last three layers, which have sums of 64 bits or are a vector: 99.8 percent of the products."""
    program, model = IntegerProgram.load(default_program()), OnModel(tmp_path)
    tensors = program.tensor_table
    total = 0.0
    for layer in program.layers[:-3]:
        assert isinstance(layer, Conv2d | MaxPool)
        total += program.passes * counted(model, layer, tensors[layer.input], tensors[layer.output])
    assert 11e6 < total < 13.9e6
