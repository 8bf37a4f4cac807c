"""The program file: what is saved comes back, and every broken rule is one clear sentence."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from safetensors import safe_open
from safetensors.numpy import save_file

from peephole.fixedpoint.layers import (
    AveragePool,
    Conv2d,
    CopyChannels,
    GlobalAveragePool,
    ShuffleChannels,
    Tensor,
    Upsample,
)
from peephole.fixedpoint.program import Calibration, IntegerProgram
from peephole.fixedpoint.quantize import quantize
from programs import programs, smooth_images, tiny_network

CALIBRATION = Calibration(((1e-3, 1000), (1e-2, 4000)), "synthetic waves")


@pytest.fixture(scope="module")
def program() -> IntegerProgram:
    return quantize(tiny_network(), smooth_images(8, 17))[0].with_calibration(CALIBRATION)


def edited(program: IntegerProgram, layer: str, **changes: Any) -> IntegerProgram:
    layers = tuple(dataclasses.replace(old, **changes) if old.name == layer else old for old in program.layers)
    return dataclasses.replace(program, layers=layers)


def conv(program: IntegerProgram, name: str) -> Conv2d:
    layer = next(layer for layer in program.layers if layer.name == name)
    assert isinstance(layer, Conv2d)
    return layer


@settings(max_examples=25)
@given(program=programs())
def test_what_is_saved_comes_back(program: IntegerProgram, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("programs") / "p.safetensors"
    program.save(path)
    loaded = IntegerProgram.load(path)
    assert loaded.identity == program.identity
    for old, new in zip(program.layers, loaded.layers, strict=True):
        for field in dataclasses.fields(old):
            np.testing.assert_array_equal(getattr(old, field.name), getattr(new, field.name))


def test_calibration_card_and_name_come_back(program: IntegerProgram, tmp_path: Path) -> None:
    carded = dataclasses.replace(program, card={"data": "waves"})
    carded.save(tmp_path / "deep" / "p.safetensors")
    loaded = IntegerProgram.load(tmp_path / "deep" / "p.safetensors")
    assert (loaded.name, loaded.card, loaded.calibration) == ("tiny", {"data": "waves"}, CALIBRATION)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["p.safetensors"]


def test_the_same_program_is_the_same_bytes_whenever_it_is_saved(program: IntegerProgram, tmp_path: Path) -> None:
    for turn in range(8):
        program.save(tmp_path / f"{turn}.safetensors")
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_a_file_whose_metadata_lie_in_another_order_is_read(program: IntegerProgram, tmp_path: Path) -> None:
    program.save(tmp_path / "m.safetensors")
    whole = (tmp_path / "m.safetensors").read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8:start])
    header["__metadata__"] = dict(reversed(header["__metadata__"].items()))
    text = json.dumps(header).encode()
    (tmp_path / "m.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + whole[start:])
    assert IntegerProgram.load(tmp_path / "m.safetensors").identity == program.identity


def test_identity_follows_what_decides_a_descriptor(program: IntegerProgram) -> None:
    weight = conv(program, "squeeze").weight.copy()
    weight[0, 0, 0, 0] ^= 1
    assert edited(program, "squeeze", weight=weight).identity != program.identity
    assert dataclasses.replace(program, crop="aligned").identity != program.identity
    assert dataclasses.replace(program, name="other", card={"a": 1}, calibration=None).identity == program.identity
    assert program.model_id == program.identity[:16]


Edit = Callable[[IntegerProgram], IntegerProgram]
BROKEN: dict[str, tuple[Edit, str]] = {
    "norm": (lambda p: edited(p, "squeeze", norm=conv(p, "squeeze").norm + np.uint8(1)), "squeeze: norm is not input"),
    "order": (lambda p: dataclasses.replace(p, layers=p.layers[::-1]), "descriptor: reads tensor mean before"),
    "overlap": (lambda p: edited(p, "expand3", channel=4), "expand3: writes channels of tensor fire that"),
    "beyond": (lambda p: edited(p, "expand3", channel=6), "expand3: writes channels of tensor fire that"),
    "hole": (lambda p: edited(p, "mean", input="squeeze"), "layer mean: .*|layer descriptor: reads"),
    "no tensor": (lambda p: edited(p, "pool", input="nowhere"), "pool: there is no tensor 'nowhere'"),
    "size": (lambda p: edited(p, "expand3", stride=2), "expand3: makes 1x1 to 2x2, tensor fire is 3x3"),
    "shift": (lambda p: edited(p, "squeeze", stride_x=2), "squeeze: makes 3x2, tensor squeeze is 3x3"),
    "padding": (lambda p: edited(p, "expand3", padding_left=3), "expand3: kernel .* make no sense"),
    "groups": (lambda p: edited(p, "expand3", groups=3), "expand3: 3 groups must divide its 4 input and 7 output"),
    "ceiling": (lambda p: edited(p, "squeeze", ceiling=-1), "squeeze: clips to 0..-1, which is no range of 16 bits"),
    "floor": (lambda p: edited(p, "squeeze", floor=3), "squeeze: has both ReLU and a floor of 3"),
    "pool": (lambda p: edited(p, "pool", size=2, padding=5, dilation=9), "pool: a window hangs out of tensor conv1"),
    "stride": (lambda p: edited(p, "squeeze", stride=0), "squeeze: kernel .* make no sense"),
    "type": (lambda p: edited(p, "squeeze", bias=np.zeros(4, np.int64)), "squeeze: bias is int64"),
    "weights": (lambda p: edited(p, "squeeze", weight=np.zeros((4, 1, 1, 5), np.int16)), "squeeze: weights are int16"),
    "rule": (lambda p: edited(p, "squeeze", accumulation="half"), "squeeze: accumulation 'half'"),
    "accumulator": (lambda p: edited(p, "squeeze", accumulator_bits=16), "squeeze: accumulator_bits 16"),
    "overflow": (
        lambda p: edited(p, "squeeze", weight=np.full((4, 1, 1, 6), 32767, np.int16), accumulator_bits=32),
        "squeeze: its sums may exceed 32 bits",
    ),
    "mean": (lambda p: edited(p, "mean", factor=1), "mean: factor 1 with shift .* is not a mean"),
    "twin": (lambda p: edited(p, "squeeze", name="conv1"), "conv1: every layer needs a name of its own"),
    "output": (lambda p: dataclasses.replace(p, output="fire"), "output 'fire': must name a tensor of height"),
    "offset": (lambda p: dataclasses.replace(p, input_offset=256), "offset must be 0 to 255"),
    "crop": (lambda p: dataclasses.replace(p, crop="round"), "crop 'round' must be one of"),
    "tensor": (lambda p: dataclasses.replace(p, tensors=(*p.tensors, p.tensors[0])), "tensor 'conv1': every tensor"),
}


def small(layer: Any, source: Tensor, out: Tensor) -> None:
    """A program of one layer between a small convolution's tensor and a convolution to one pixel."""
    first = Conv2d("first", "image", source.name, 0, 1, 0, True, "full", 32, *weights(source.channels, 1, 1))
    last = Conv2d("last", out.name, "end", 0, 1, 0, False, "full", 64, *weights(1, out.height, out.channels, out.width))
    image, end = Tensor("image", source.height, source.width, 1, 0), Tensor("end", 1, 1, 1, out.frac_bits)
    first = dataclasses.replace(first, weight_frac_bits=first.weight_frac_bits + np.int8(source.frac_bits))
    IntegerProgram("small", image, 128, (source, out, end), (first, layer, last), "end")


def weights(outputs: int, height: int, inputs: int, width: int = 1) -> tuple[Any, ...]:
    zeros = np.zeros(outputs, np.int32)
    return np.ones((outputs, height, width, inputs), np.int16), zeros, zeros.astype(np.uint8), zeros.astype(np.int8)


X, Y = Tensor("x", 4, 4, 6, 3), Tensor("y", 4, 4, 6, 3)
QUARTERS = np.array([1 << 28, 1 << 27, 89_478_486, 1 << 26], np.int32)
POOL, POOLED = AveragePool("p", "x", "y", 0, 2, 2, 28, QUARTERS), dataclasses.replace(Y, height=2, width=2)
COPY, SHUFFLE = CopyChannels("c", "x", "y", 0, 0, 6, 0), ShuffleChannels("s", "x", "y", 0, 3)
DOUBLE, DOUBLED = Upsample("u", "x", "y", 0), dataclasses.replace(Y, height=8, width=8)
ONE_LAYER: dict[str, tuple[Any, Tensor, str]] = {
    "factors": (
        dataclasses.replace(POOL, factors=QUARTERS[:3]),
        POOLED,
        r"factors are int32 \(3,\), must be int32 \(4,\)",
    ),
    "no mean": (dataclasses.replace(POOL, shift=27), POOLED, "factor 67108864 with shift 27 is no mean of 4 values"),
    "finer": (POOL, dataclasses.replace(POOLED, frac_bits=4), "is no mean of 4 values; 134217728.0 would be"),
    "negative": (dataclasses.replace(POOL, factors=-QUARTERS), POOLED, "a factor is negative"),
    "large": (dataclasses.replace(POOL, size=256), POOLED, "windows of 65,536 values, more than 65,535"),
    "end": (dataclasses.replace(POOL, padding_bottom=-1), POOLED, r"padding of \(-1, 0\) at the end"),
    "windows": (POOL, Y, "makes 2x2, tensor y is 4x4"),
    "slice": (dataclasses.replace(COPY, first=3), Y, "reads channels 3 to 8 of tensor x, which has 6"),
    "shift": (COPY, dataclasses.replace(Y, frac_bits=5), "shift is 0, the fraction bits of its tensors call for 2"),
    "far": (dataclasses.replace(COPY, shift=32), dataclasses.replace(Y, frac_bits=35), "a shift of 32 is beyond 31"),
    "rows": (COPY, POOLED, "makes 4x4, tensor y is 2x2"),
    "groups": (dataclasses.replace(SHUFFLE, groups=4), Y, "4 groups must divide its 6 channels"),
    "order": (SHUFFLE, dataclasses.replace(Y, frac_bits=5), "input has 3 fraction bits, output 5"),
    "doubled": (DOUBLE, dataclasses.replace(DOUBLED, width=7), "makes 8x8, tensor y is 8x7"),
    "repeated": (DOUBLE, dataclasses.replace(DOUBLED, frac_bits=5), "input has 3 fraction bits, output 5"),
    "repeated width": (DOUBLE, dataclasses.replace(DOUBLED, bits=8), "reads 16 bits and writes 8 to tensor y, must"),
    "width": (SHUFFLE, dataclasses.replace(Y, bits=8), "reads 16 bits and writes 8 to tensor y, must write 16"),
}


@pytest.mark.parametrize("rule", ONE_LAYER)
def test_a_broken_rule_of_pools_and_channels_is_named(rule: str) -> None:
    layer, out, message = ONE_LAYER[rule]
    with pytest.raises(ValueError, match=f"layer {layer.name}: .*{message}"):
        small(layer, X, out)


def test_unbroken_rules() -> None:
    small(POOL, X, POOLED)
    small(COPY, X, Y)
    small(SHUFFLE, X, Y)
    small(DOUBLE, X, DOUBLED)


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_named(program: IntegerProgram, rule: str) -> None:
    edit, message = BROKEN[rule]
    with pytest.raises(ValueError, match=message):
        edit(program)


def test_a_mean_whose_sums_are_too_large_for_the_kernel_is_named() -> None:
    image, mean = Tensor("image", 512, 512, 1, 7), Tensor("mean", 1, 1, 1, 7)
    pool = GlobalAveragePool("mean", "image", "mean", 0, 1 << 30, 48)  # a mean indeed: 2^30 / 2^48 is 1 / 512^2
    with pytest.raises(ValueError, match=r"layer mean: factor .* exceed 62 bits"):
        IntegerProgram("wide", image, 128, (mean,), (pool,), "mean")


def test_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.safetensors: no such file"):
        IntegerProgram.load(tmp_path / "gone.safetensors")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_truncated_file(program: IntegerProgram, tmp_path: Path, share: float) -> None:
    path = tmp_path / "p.safetensors"
    program.save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ValueError, match=r"p\.safetensors: truncated, damaged or not a \.safetensors file"):
        IntegerProgram.load(path)


def test_foreign_files(tmp_path: Path) -> None:
    save_file({"a": np.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="holds something else, not a peephole integer program"):
        IntegerProgram.load(tmp_path / "other.safetensors")
    tiny_network().save(tmp_path / "float.safetensors")
    with pytest.raises(ValueError, match="holds peephole float network, not a peephole integer program"):
        IntegerProgram.load(tmp_path / "float.safetensors")
    (tmp_path / "image.jpg").write_bytes(b"\xff\xd8\xff\xe0 not really")
    with pytest.raises(ValueError, match=r"image\.jpg: truncated, damaged or not"):
        IntegerProgram.load(tmp_path / "image.jpg")


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the JSON structure inside a program file."""
    with safe_open(path, "np") as file:
        metadata = dict(file.metadata())
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    structure = json.loads(metadata["structure"])
    change(structure)
    save_file(arrays, path, metadata | {"structure": json.dumps(structure)})


def _layer(structure: dict[str, Any], index: int, **changes: Any) -> None:
    structure["layers"][index] |= changes


TAMPERED: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "relu": (lambda s: _layer(s, 6, relu=True), "identity does not match"),
    "kind": (lambda s: _layer(s, 0, kind="conv5d"), "a layer of kind 'conv5d' is unknown"),
    "type": (lambda s: _layer(s, 0, stride="2"), "Conv2d 'conv1': stride is '2', must be of type int"),
    "array": (lambda s: _layer(s, 0, name="conv9"), "layer conv9: has no"),
    "field": (lambda s: s["layers"][1].pop("size"), "MaxPool 'pool': has no size"),
    "input": (lambda s: s.pop("input"), "Tensor: is not an object"),
    "layers": (lambda s: s.update(layers={}), "its layers are missing or not a list"),
    "tensors": (lambda s: s.update(tensors=[3]), "Tensor: is not an object"),
    "name": (lambda s: s.update(name=None), "its name is missing"),
    "offset": (lambda s: s.update(input_offset=1.5), "its input_offset is missing or not a whole number"),
    "format": (lambda s: s["tensors"][0].update(frac_bits=40), "conv1: its fraction bits call for shifts"),
    "points": (lambda s: s.update(calibration={"points": 3, "source": ""}), "its calibration is not a list"),
    "card": (lambda s: s.update(card=[1]), "its card is missing or not an object"),
    "missing": (lambda s: s["layers"].pop(2), "layer expand1: reads tensor squeeze before"),
    "rates": (lambda s: s["calibration"].update(points=[[2, 3]]), "a calibration needs points"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_file_that_was_altered(program: IntegerProgram, tmp_path: Path, what: str) -> None:
    path = tmp_path / "p.safetensors"
    program.save(path)
    change, message = TAMPERED[what]
    rewritten(path, change)
    with pytest.raises(ValueError, match=rf"^{path}: .*{message}"):
        IntegerProgram.load(path)


def test_a_newer_version_of_the_format(program: IntegerProgram, tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"
    program.save(path)
    with safe_open(path, "np") as file:
        metadata = dict(file.metadata())
    save_file({}, path, metadata | {"version": "2"})
    with pytest.raises(ValueError, match="format version 2, this program reads 1"):
        IntegerProgram.load(path)


def test_a_folder_that_cannot_be_written(program: IntegerProgram, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        program.save(tmp_path / "file" / "p.safetensors")


def test_a_failed_save_leaves_nothing_behind(program: IntegerProgram, tmp_path: Path) -> None:
    (tmp_path / "p.safetensors").mkdir()
    with pytest.raises(OSError, match=r"p\.safetensors"):
        program.save(tmp_path / "p.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["p.safetensors"]


def test_distance_between_calibrated_rates() -> None:
    assert CALIBRATION.distance_at(1e-3) == 1000
    assert CALIBRATION.distance_at(1e-2) == 4000
    assert CALIBRATION.distance_at(10**-2.5) == 2500  # half way by the logarithm
    with pytest.raises(ValueError, match=r"rate 0\.1 is not calibrated; choose one from 0\.001 to 0\.01"):
        CALIBRATION.distance_at(0.1)


@pytest.mark.parametrize("points", [(), ((0.0, 1),), ((0.1, 5), (0.01, 6)), ((0.01, 6), (0.1, 5)), ((0.1, -1),)])
def test_a_calibration_must_rise(points: tuple[tuple[float, int], ...]) -> None:
    with pytest.raises(ValueError, match="a calibration"):
        Calibration(points, "nowhere")
