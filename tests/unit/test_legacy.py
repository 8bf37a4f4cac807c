"""The published program of the 2019 doorbell: its descriptor, its layers, and its wrapping."""

import csv
import dataclasses
import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from peephole import _core
from peephole.engine import Engine
from peephole.fixedpoint import interpreter, reference
from peephole.fixedpoint.describe import describe
from peephole.fixedpoint.layers import Conv2d
from peephole.fixedpoint.legacy import FIRES, import_facereid
from peephole.fixedpoint.program import IntegerProgram
from programs import extreme_images

KERNELS = {"numpy": reference, "c": _core}


@pytest.fixture(scope="module")
def golden(research_data: Path) -> Path:
    return research_data / "golden"


@pytest.fixture(scope="module")
def program(golden: Path) -> IntegerProgram:
    return import_facereid(golden / "facereid-int16.npz")


@pytest.fixture(scope="module")
def lena(golden: Path) -> Any:
    return np.frombuffer((golden / "Lena.pgm").read_bytes()[-128 * 128 :], np.uint8).reshape(128, 128)


def before_relu(program: IntegerProgram, layers: dict[str, Any], kernels: Any) -> dict[str, str]:
    """SHA-256 of every convolution's output before ReLU and pooling, int16 little-endian CHW."""
    hashes = {}
    for layer in program.layers:
        if isinstance(layer, Conv2d):
            out = np.zeros((*layers[layer.name].shape[:2], layer.channels), np.int16)
            x = np.ascontiguousarray(read(program, layers, layer.input))
            alone = dataclasses.replace(layer, input="x", output="out", relu=False, channel=0)
            interpreter.apply(kernels, alone, {"x": x, "out": out})
            hashes[layer.name] = hashlib.sha256(out.transpose(2, 0, 1).astype("<i2").tobytes()).hexdigest()
    return hashes


def read(program: IntegerProgram, layers: dict[str, Any], tensor: str) -> Any:
    if tensor == program.input.name:
        return layers[tensor]
    writers = sorted((layer for layer in program.layers if layer.output == tensor), key=lambda layer: layer.channel)
    return np.concatenate([layers[layer.name] for layer in writers], axis=2)


@pytest.mark.parametrize("kernels", KERNELS)
def test_lena(program: IntegerProgram, golden: Path, lena: Any, kernels: str) -> None:
    layers = interpreter.run(program, lena, KERNELS[kernels])
    expected = np.fromfile(golden / "Lena.bin", "<i2")
    assert (layers["descriptor"].reshape(-1) == expected).sum() == 512
    layers["image"] = lena.astype(np.int16)[..., None]
    with (golden / "lena-layers.tsv").open() as table:
        published = {row["layer"]: row["sha256_int16le"] for row in csv.DictReader(table, delimiter="\t")}
    made = before_relu(program, layers, KERNELS[kernels])
    assert len(made) == 26
    assert made == {name: published[name] for name in made}


def test_lena_through_the_engine(program: IntegerProgram, golden: Path, lena: Any) -> None:
    np.testing.assert_array_equal(Engine(program).descriptor(lena), np.fromfile(golden / "Lena.bin", "<i2"))


def test_the_published_formats_hold(program: IntegerProgram) -> None:
    described = describe(program)
    assert (described.weights, described.macs) == (719_555, 80_140_992)
    assert program.tensor("descriptor").frac_bits == 10


@pytest.mark.parametrize("name", ["white", "black", "noise", "checkerboard"])
def test_extreme_images(program: IntegerProgram, name: str) -> None:
    image = extreme_images(128, 128)[name]
    expected = interpreter.run(program, image)
    for layer, values in Engine(program).layers(image).items():
        np.testing.assert_array_equal(values, expected[layer], err_msg=layer)


def synthetic(path: Path, magnitude: int, norm: int = 16) -> Path:
    """An archive of the published topology, few channels wide, with weights that overflow on purpose."""
    rng = np.random.default_rng(magnitude)
    arrays: dict[str, Any] = {}

    def put(layer: str, outputs: int, inputs: int, kernel: int) -> None:
        arrays[f"{layer}.weight"] = rng.integers(-magnitude, magnitude, (outputs, inputs, kernel, kernel), np.int16)
        arrays[f"{layer}.bias"] = rng.integers(-magnitude, magnitude, outputs, np.int16)
        arrays[f"{layer}.norm"] = np.int16(norm)
        for which, bits in (("w", norm), ("b", 8), ("in", 8), ("out", 8)):
            arrays[f"{layer}.{which}_frac"] = np.int16(bits)

    put("conv1", 3, 1, 1)
    arrays |= {"conv1.w_frac": np.int16(8), "conv1.in_frac": np.int16(0), "conv1.norm": np.int16(0)}
    put("features.0", 6, 3, 3)
    inputs = 6
    for number in FIRES:
        put(f"features.{number}.squeeze", 4, inputs, 1)
        put(f"features.{number}.expand1x1", 3, 4, 1)
        put(f"features.{number}.expand3x3", 3, 4, 3)
        inputs = 6
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("magnitude", [300, 3000, 32767])
def test_wrapping_and_clipping_agree(tmp_path: Path, magnitude: int) -> None:
    program = import_facereid(synthetic(tmp_path / "f.npz", magnitude))
    clipped = 0
    for name, image in extreme_images(128, 128).items():
        expected = interpreter.run(program, image)
        for layer, values in Engine(program).layers(image).items():
            np.testing.assert_array_equal(values, expected[layer], err_msg=f"{name} {layer}")
            clipped += int((values == 32767).sum())
    assert magnitude == 300 or clipped > 100  # the test reaches what it is about
    assert any(layer.headroom_bits is not None and layer.headroom_bits < 0 for layer in describe(program).layers)


def test_wrapping_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = import_facereid(synthetic(tmp_path / "f.npz", 32767))
    image = extreme_images(128, 128)["noise"]
    wrapped = Engine(program).layers(image)
    monkeypatch.setattr(sys.modules["peephole.fixedpoint.reference.conv2d_s16"], "wrap32", lambda value: value)
    unwrapped = interpreter.run(program, image)
    assert any((wrapped[layer] != unwrapped[layer]).any() for layer in wrapped)


def test_foreign_archives(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.npz: no such file"):
        import_facereid(tmp_path / "gone.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match=r"other\.npz: not the packed FaceReID archive"):
        import_facereid(tmp_path / "other.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ValueError, match=r"text\.npz: "):
        import_facereid(tmp_path / "text.npz")


def test_stale_fraction_bits_are_refused(tmp_path: Path) -> None:
    path = synthetic(tmp_path / "f.npz", 300)
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["features.4.squeeze.w_frac"] = np.int16(15)
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"layer features\.4\.squeeze: norm is not input \+ weight - output"):
        import_facereid(path)
