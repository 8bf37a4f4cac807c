"""Eight bits from the command line: quantized, described, measured, and not mistaken for sixteen."""

import json
from pathlib import Path

import numpy as np
import pytest

from commands import assert_one_line, peephole, png, tar_of, tiny_network
from peephole.fixedpoint.layers import Conv2d
from peephole.fixedpoint.network_formats import NetworkFormats
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.quantize import QuantizationOptions, trainable

PAIRS = "2\t1\n" + "".join(f"P{a}\t1\t2\nP{a}\t1\tP{a + 1}\t2\n" for a in (0, 2))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four people with two pictures each, and a float network."""
    rng = np.random.default_rng(5)
    members = {}
    for person in range(4):
        face = rng.integers(0, 256, (10, 10)).astype(np.uint8).repeat(10, 0).repeat(10, 1)
        for number in (1, 2):
            picture = np.clip(face.astype(int) + rng.integers(-9, 10, face.shape), 0, 255).astype(np.uint8)
            members[f"P{person}/P{person}_{number:04d}.png"] = png(picture)
    tar_of(tmp_path / "faces.tar", members)
    (tmp_path / "pairs.txt").write_text(PAIRS)
    tiny_network().save(tmp_path / "float.safetensors")
    return tmp_path


def _quantize(folder: Path, source: str, *more: object) -> IntegerProgram:
    output = folder / "made.safetensors"
    done = peephole("quantize", folder / source, "--calibration", folder / "faces.tar", "-o", output, *more)
    assert done.returncode == 0, done.stderr
    return IntegerProgram.load(output)


def test_a_program_of_8_bits_is_made_and_measured(folder: Path) -> None:
    program = _quantize(folder, "float.safetensors", "--bits", 8)
    assert {tensor.bits for tensor in (program.input, *program.tensors[:-1])} == {8}
    assert {layer.weight.dtype for layer in program.layers if isinstance(layer, Conv2d)} == {np.dtype(np.int8)}
    lfw = ("evaluate", "lfw", "--images", folder / "faces.tar", "--pairs", folder / "pairs.txt", "--crop", "center")
    done = peephole(*lfw, "--json", "--model", folder / "made.safetensors", "--arithmetic", "int8")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["auc"] == 1.0
    refused = peephole(*lfw, "--model", folder / "made.safetensors")
    assert_one_line(refused, 1, "made.safetensors: computes in 8 bits; say --arithmetic int8")


def test_a_network_trained_in_8_bits_keeps_its_formats(folder: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (8, 64, 64), np.uint8)
    start = trainable(tiny_network(), images, QuantizationOptions.of(8), 8)
    start.save(folder / "trained.safetensors")
    assert isinstance(start.formats, NetworkFormats)
    program = _quantize(folder, "trained.safetensors")
    for name, form in start.formats.tensors.items():
        assert (program.tensor(name).bits, program.tensor(name).frac_bits) == (form.bits, form.frac_bits)
    assert _quantize(folder, "trained.safetensors", "--bits", 16).input.bits == 16


def test_a_width_that_there_is_not(folder: Path) -> None:
    made = ("-o", folder / "made.safetensors")
    done = peephole(
        "quantize", folder / "float.safetensors", "--calibration", folder / "faces.tar", "--bits", 12, *made
    )
    assert_one_line(done, 1, "12 bits are not supported; use 8 or 16")
