"""Residual and depthwise networks, from torch to the engine: the same function, and refusals that name the layer."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peephole.engine import Engine
from peephole.fixedpoint import interpreter
from peephole.fixedpoint.averages import mean_factor
from peephole.fixedpoint.describe import describe, table
from peephole.fixedpoint.equalise import equalise
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.layers import Add, Conv2d, DepthwiseConv2d, GlobalAveragePool, Tensor, add_shifts
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from peephole.fixedpoint.ranges import calibrate
from programs import extreme_images, residual_network, smooth_images

IMAGES = smooth_images(16, 16)
EXTREMES = ("white", "black", "noise", "checkerboard")


def test_the_float_layers_by_hand() -> None:
    network = residual_network()
    layers: dict[str, Any] = {layer.name: layer for layer in network.layers}
    made = network.activations(IMAGES)
    np.testing.assert_array_equal(made["a"], np.maximum(made["a2"] + made["stem"], 0))
    np.testing.assert_array_equal(made["b"], made["b3"] + made["b4"])
    expected = (made["b"] * layers["whole"].weight.transpose(1, 2, 0)).sum((1, 2)) + layers["whole"].bias
    np.testing.assert_allclose(made["whole"][:, 0, 0], expected, rtol=1e-4, atol=1e-5)
    patch = made["b1"][3, 1:4, 3:6, 4]  # padded by one, stride two: row 1 and column 2 start there
    value = (patch * layers["b2"].weight[4]).sum() + layers["b2"].bias[4]
    assert made["b2"][3, 1, 2, 4] == pytest.approx(max(0.0, float(value)), abs=1e-5)


def test_a_float_network_comes_back_from_its_file(tmp_path: Path) -> None:
    network = residual_network()
    network.save(tmp_path / "f.safetensors")
    loaded = FloatNetwork.load(tmp_path / "f.safetensors")
    np.testing.assert_array_equal(loaded.descriptors(IMAGES), network.descriptors(IMAGES))


@settings(max_examples=10)
@given(st.integers(0, 10**6), st.booleans())
def test_every_layer_is_near_the_float_network(seed: int, equalised: bool) -> None:
    program, report = quantize(residual_network(seed), IMAGES, QuantizationOptions(equalise=equalised))
    assert report.output_snr_db > 50
    assert all(layer.snr_db > 45 and layer.clipped == 0 for layer in report.layers)
    assert [layer.kind for layer in program.layers].count("add") == 2


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_equalisation_keeps_the_function_where_channels_are_added(seed: int) -> None:
    network = residual_network(seed)
    maxima, _ = calibrate(network, IMAGES)
    equal, factors = equalise(network, maxima, 4.0)
    for left, right, total in (("a2", "stem", "a"), ("b3", "b4", "b")):
        np.testing.assert_array_equal(factors[left], factors[total])
        np.testing.assert_array_equal(factors[right], factors[total])
    assert factors["b2"].max() > 1  # what meets in no addition is free
    np.testing.assert_allclose(equal.descriptors(IMAGES), network.descriptors(IMAGES), atol=1e-4)
    for name, made in equal.activations(IMAGES).items():
        expected = network.activations(IMAGES)[name] * factors[name]
        np.testing.assert_allclose(made, expected, rtol=1e-3, atol=1e-4 * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("wide", [0.0, 1.0])
def test_the_engine_equals_the_interpreter(name: str, wide: float) -> None:
    program, _ = quantize(residual_network(5), IMAGES, QuantizationOptions(wide_share=wide, report_images=1))
    image = extreme_images(16, 16)[name]
    made = Engine(program, 1).layers(image)
    for layer, values in interpreter.run(program, image).items():
        np.testing.assert_array_equal(made[layer], values, err_msg=layer)


def to_8_bits(network: FloatNetwork, wide_from: str) -> IntegerProgram:
    """The network in 8 bits, by its 16-bit program with 8 bits fewer; layers from `wide_from` on write 16 bits."""
    program, _ = quantize(network, IMAGES, QuantizationOptions(margin=1.0, report_images=1))
    outputs = [layer.output for layer in program.layers]
    wide = outputs[outputs.index(wide_from) :]
    tensors = {program.input.name: dataclasses.replace(program.input, bits=8)}
    for tensor in program.tensors:
        narrow = dataclasses.replace(tensor, bits=8, frac_bits=tensor.frac_bits - 8)
        tensors[tensor.name] = tensor if tensor.name in wide else narrow
    layers: list[Any] = []
    for layer in program.layers:
        source, out = tensors[layer.input], tensors[layer.output]
        if isinstance(layer, Add):
            shifts = add_shifts(source.frac_bits, tensors[layer.other].frac_bits, out.frac_bits)
            layer = dataclasses.replace(layer, shift=shifts[0], other_shift=shifts[1], norm=shifts[2])
        elif isinstance(layer, Conv2d | DepthwiseConv2d):
            bits = layer.weight_frac_bits.astype(int) - 8
            finer = 8 + program.tensor(layer.input).frac_bits - source.frac_bits  # than the new sums are
            layer = dataclasses.replace(
                layer,
                accumulator_bits=32,
                weight=np.clip((layer.weight.astype(int) + 128) >> 8, -128, 127).astype(np.int8),
                bias=((layer.bias.astype(np.int64) + (1 << finer >> 1)) >> finer).astype(np.int32),
                norm=(source.frac_bits + bits - out.frac_bits).astype(np.uint8),
                weight_frac_bits=bits.astype(np.int8),
            )
        layers.append(layer)
    start = tensors.pop(program.input.name)
    return dataclasses.replace(program, input=start, tensors=tuple(tensors.values()), layers=tuple(layers))


@pytest.fixture(scope="module")
def program_s8() -> IntegerProgram:
    return to_8_bits(residual_network(5), "descriptor")


def test_8_bits_describe_the_same_directions(program_s8: IntegerProgram) -> None:
    descriptors = Engine(program_s8, 1).descriptors(IMAGES) / 2**14
    cosines = (descriptors * residual_network(5).descriptors(IMAGES)).sum(1)
    assert cosines.min() > 0.97
    assert {tensor.bits for tensor in program_s8.tensors} == {8, 16}


MIXED: dict[str, Callable[[IntegerProgram], IntegerProgram]] = {
    "a wide descriptor": lambda program: program,
    "a wide depthwise convolution": lambda program: whole_in_16_bits(program),
}


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("mixed", MIXED)
def test_the_engine_equals_the_interpreter_in_8_bits(program_s8: IntegerProgram, name: str, mixed: str) -> None:
    program = MIXED[mixed](program_s8)
    image = extreme_images(16, 16)[name]
    made = Engine(program, 1).layers(image)
    for layer, values in interpreter.run(program, image).items():
        np.testing.assert_array_equal(made[layer], values, err_msg=layer)
        assert made[layer].dtype == program.tensor(program_layer(program, layer).output).dtype
    assert Engine(program, 1).descriptor(image).dtype == np.int16


def program_layer(program: IntegerProgram, name: str) -> Any:
    return next(layer for layer in program.layers if layer.name == name)


def whole_in_16_bits(program: IntegerProgram) -> IntegerProgram:
    """The same without its last convolution, the depthwise one before it writing 16 bits."""
    tensors = {tensor.name: tensor for tensor in program.tensors}
    whole = program_layer(program, "whole")
    finer = int(whole.norm.min())
    tensors["whole"] = dataclasses.replace(tensors["whole"], bits=16, frac_bits=tensors["whole"].frac_bits + finer)
    whole = dataclasses.replace(whole, norm=whole.norm - np.uint8(finer))
    tensors["unit"] = dataclasses.replace(tensors["unit"], channels=whole.channels)
    del tensors["descriptor"]
    layers = [whole if layer.name == "whole" else layer for layer in program.layers if layer.name != "descriptor"]
    layers[-1] = dataclasses.replace(layers[-1], input="whole")
    return dataclasses.replace(program, tensors=tuple(tensors.values()), layers=tuple(layers))


def test_a_program_of_8_bits_comes_back_from_a_smaller_file(program_s8: IntegerProgram, tmp_path: Path) -> None:
    program_s8.save(tmp_path / "p.safetensors")
    loaded = IntegerProgram.load(tmp_path / "p.safetensors")
    assert loaded.identity == program_s8.identity
    assert program_layer(loaded, "a1").weight.dtype == np.int8
    assert describe(loaded).weight_bytes == describe(loaded).weights + 5 * (6 * 3 + 10 * 2 + 9 * 3 + 8)
    assert describe(loaded).layers[0].output_bytes == 7 * 7 * 6
    assert "  8  " in table(describe(loaded))


def edited(program: IntegerProgram, layer: str, **changes: Any) -> IntegerProgram:
    layers = tuple(dataclasses.replace(old, **changes) if old.name == layer else old for old in program.layers)
    return dataclasses.replace(program, layers=layers)


def reshaped(program: IntegerProgram, *names: str, **changes: Any) -> IntegerProgram:
    tensors = tuple(dataclasses.replace(old, **changes) if old.name in names else old for old in program.tensors)
    return dataclasses.replace(program, tensors=tensors)


def weight(program: IntegerProgram, layer: str) -> Any:
    return program_layer(program, layer).weight


BROKEN: dict[str, tuple[Callable[[IntegerProgram], IntegerProgram], str]] = {
    "shapes": (lambda p: edited(p, "a", other="image"), "layer a: adds tensors a2 and image of different shapes"),
    "no tensor": (lambda p: edited(p, "a", other="c"), "layer a: there is no tensor 'c'"),
    "order": (lambda p: edited(p, "a", other="b"), "layer a: reads tensor b before all its channels"),
    "size": (lambda p: edited(p, "a", input="b4", other="b4"), "layer a: reads tensor b4 before"),
    "shift": (lambda p: edited(p, "a", shift=9), r"layer a: shifts and norm are \(9, .*call for"),
    "far apart": (lambda p: reshaped(p, "a2", frac_bits=-16), "layer a2: norm is not input"),
    "width": (lambda p: reshaped(p, "a2", "a", bits=16), "layer a: adds tensor a2 of 16 bits and stem of 8"),
    "sum": (lambda p: reshaped(p, "a", bits=16), "layer a: reads 8 bits and writes 16 to tensor a, must write 8"),
    "unit": (lambda p: reshaped(p, "unit", bits=8), "layer unit: reads 16 bits and writes 8 .* must write 16"),
    "bits": (lambda p: reshaped(p, "a2", bits=4), "tensor a2: 4 bits are not supported; use 8 or 16"),
    "pixels": (lambda p: dataclasses.replace(p, input_offset=127), "a pixel less 127 does not fit 8 bits; 128 does"),
    "wide weights": (lambda p: edited(p, "b2", weight=weight(p, "b2").astype(np.int16)), "layer b2: weights are int16"),
    "kernels": (lambda p: edited(p, "b2", weight=weight(p, "b2")[:, None]), r"layer b2: .*must be int8 \[10,KH,KW\]"),
    "64 bits": (lambda p: edited(p, "b2", accumulator_bits=64), "layer b2: of 8 bits there is only"),
    "per channel": (lambda p: edited(p, "b1", accumulation="per_channel"), "layer b1: of 8 bits there is only"),
    "overflow": (lambda p: edited(p, "b2", bias=np.full(10, 2**31 - 1, np.int32)), "layer b2: its sums may exceed 32"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_named(program_s8: IntegerProgram, rule: str) -> None:
    edit, message = BROKEN[rule]
    with pytest.raises(ValueError, match=message):
        edit(program_s8)


def test_a_depthwise_kernel_that_is_too_large_is_named() -> None:
    tensors = Tensor("image", 9, 9, 1, 7), Tensor("y", 1, 1, 1, 7)
    arrays: dict[str, Any] = {"bias": np.zeros(1, np.int32), "norm": np.zeros(1, np.uint8)}
    arrays |= {"weight": np.zeros((1, 9, 9), np.int16), "weight_frac_bits": np.zeros(1, np.int8)}
    layer = DepthwiseConv2d("y", "image", "y", 0, 1, 0, False, 32, **arrays)
    with pytest.raises(ValueError, match="layer y: a kernel of 81 weights is larger than 64"):
        IntegerProgram("large", tensors[0], 128, tensors[1:], (layer,), "y")


def test_a_mean_of_8_bits_may_keep_16() -> None:
    image, mean = Tensor("image", 4, 4, 1, 7, bits=8), Tensor("mean", 1, 1, 1, 11, bits=16)
    pool = GlobalAveragePool("mean", "image", "mean", 0, *mean_factor(16, finer=4))
    program = IntegerProgram("mean", image, 128, (mean,), (pool,), "mean")
    picture = np.full((4, 4), 128, np.uint8)
    picture[0, 0] = 129
    assert Engine(program, 1).descriptor(picture).tolist() == [1]  # a sixteenth of a step, four bits finer
    with pytest.raises(ValueError, match="layer mean: reads 16 bits and writes 8"):
        IntegerProgram("mean", Tensor("image", 4, 4, 1, 7), 128, (Tensor("mean", 1, 1, 1, 11, 8),), (pool,), "mean")
