"""Emitted C of programs of both widths computes what the interpreter computes, bit for bit, layer by layer."""

import random
import shutil
from pathlib import Path

import pytest

from emitted import self_test
from peephole.fixedpoint.mixed import calibrate_mixed, mixed_program
from peephole.fixedpoint.quantize import QuantizationOptions
from programs import residual_network, smooth_images, tiny_network

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
OPTIONS = {bits: QuantizationOptions.of(bits) for bits in (8, 16)}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("make", [tiny_network, residual_network])
def test_emitted_c_agrees_layer_by_layer(make: object, seed: int, kernels: Path, tmp_path: Path) -> None:
    network = make(seed)  # type: ignore[operator]
    known = calibrate_mixed(network, smooth_images(8, network.input.height), OPTIONS)
    narrow = random.Random(seed).sample(known.convolutions, len(known.convolutions) // 2)
    program = mixed_program(known, narrow)
    done = self_test(program, tmp_path / "made", kernels)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"all {len(program.layers)} layers as expected" in done.stdout
