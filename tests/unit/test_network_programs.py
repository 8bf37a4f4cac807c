"""Programs that are no face recognisers: inputs of any channels, outputs of any shape."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrays import filled
from peephole.engine import Engine
from peephole.fixedpoint import interpreter
from peephole.fixedpoint.describe import describe
from peephole.fixedpoint.float_layers import FloatConv2d
from peephole.fixedpoint.float_network import FloatNetwork, FloatTensor
from peephole.fixedpoint.layers import Conv2d, MaxPool, Tensor
from peephole.fixedpoint.program import IntegerProgram


def convolution(name: str, source: Tensor, out: Tensor) -> Conv2d:
    """A 3x3 convolution with weights 1, 2, 3, ..; 64-bit sums hold whatever it reads."""
    count = out.channels * 9 * source.channels
    weight = np.arange(1, count + 1).reshape(out.channels, 3, 3, source.channels).astype(source.dtype)
    zeros, norm = np.zeros(out.channels, np.int32), np.full(out.channels, 9, np.uint8)
    bits = norm.astype(np.int8) + np.int8(out.frac_bits - source.frac_bits)
    wide = 64 if source.bits == 16 else 32
    return Conv2d(name, source.name, out.name, 0, 1, 1, True, "full", wide, weight, zeros, norm, bits)


def network(channels: int = 3, bits: int = 16, **changes: Any) -> IntegerProgram:
    """Tensor 6x5 of some channels -> convolution -> max pool: 3x2 of 4 channels."""
    start, map_ = Tensor("samples", 6, 5, channels, 4, bits), Tensor("map", 6, 5, 4, 2, bits)
    out = Tensor("out", 3, 2, 4, 2, bits)
    layers = (convolution("map", start, map_), MaxPool("out", "map", "out", 0, 2, 2))
    fields = {"task": "network", "input_kind": "tensor"} | changes
    return IntegerProgram("keywords", start, fields.pop("input_offset", 0), (map_, out), layers, "out", **fields)


@given(data=st.data(), channels=st.integers(1, 12), bits=st.sampled_from([16, 8]))
def test_the_engine_returns_the_output_tensor(data: st.DataObject, channels: int, bits: int) -> None:
    program = network(channels, bits)
    values = data.draw(filled(program.input.shape, program.input.dtype))
    made = Engine(program, 1).run(values)
    assert (made.shape, made.dtype) == ((3, 2, 4), program.input.dtype)
    np.testing.assert_array_equal(made, interpreter.run(program, values)["out"])


def test_an_image_may_become_a_map() -> None:
    program = network(1, task="network", input_kind="image", input_offset=100)
    image = np.random.default_rng(0).integers(0, 256, (6, 5), np.uint8)
    as_tensor = dataclasses.replace(program, input_kind="tensor", input_offset=0)
    shifted = (image.astype(np.int16) - 100)[..., None]
    np.testing.assert_array_equal(Engine(program, 1).run(image), Engine(as_tensor, 1).run(shifted))
    assert program.identity != as_tensor.identity


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    program = network()
    program.save(tmp_path / "p.safetensors")
    loaded = IntegerProgram.load(tmp_path / "p.safetensors")
    assert (loaded.identity, loaded.task, loaded.input_kind) == (program.identity, "network", "tensor")


def test_the_range_of_a_tensor_is_that_of_its_type() -> None:
    assert network().value_ranges()["samples"] == (-32768, 32767)
    assert network(bits=8).value_ranges()["samples"] == (-128, 127)
    narrow = dataclasses.replace(network().layers[0], accumulator_bits=32)
    layers = (dataclasses.replace(narrow, weight=np.full((4, 3, 3, 3), 9999, np.int16)), network().layers[1])
    with pytest.raises(ValueError, match="layer map: its sums may exceed 32 bits"):
        dataclasses.replace(network(), layers=layers)


BROKEN = {
    "task": ({"task": "recognise"}, "a program for the task recognise takes images; input kind tensor is for network"),
    "kind": ({"input_kind": "sound"}, "input kind 'sound' must be one of image, tensor"),
    "offset": ({"input_offset": 128}, "input samples: integers that the caller quantizes have no offset, not 128"),
    "image": ({"input_kind": "image"}, "input samples: must have one channel, a grey image, not 3; .* kind tensor"),
    "mirrored": ({"mirrored": True}, "a mirrored program must end in l2_normalize"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_named(rule: str) -> None:
    changes, message = BROKEN[rule]
    with pytest.raises(ValueError, match=message):
        network(**changes)


def test_a_recogniser_still_ends_in_a_vector() -> None:
    with pytest.raises(ValueError, match="output 'out': must name a tensor of height and width 1"):
        network(1, task="recognise", input_kind="image")
    with pytest.raises(ValueError, match="output 'samples': must name a tensor that a layer writes"):
        dataclasses.replace(network(), output="samples")


@pytest.mark.parametrize(
    "values", [np.zeros((6, 5, 3), np.int8), np.zeros((5, 6, 3), np.int16), np.zeros((6, 5), np.uint8)]
)
def test_an_input_of_another_shape_or_type(values: Any) -> None:
    wanted = r"program keywords takes int16 \(6, 5, 3\) of 4 fraction bits"
    with pytest.raises(ValueError, match=wanted):
        Engine(network()).run(values)
    with pytest.raises(ValueError, match=wanted):
        interpreter.run(network(), values)


def test_it_makes_no_descriptor() -> None:
    with pytest.raises(ValueError, match=r"program keywords is a network and makes no descriptor; use Engine\.run"):
        Engine(network()).descriptor(np.zeros((6, 5, 3), np.int16))  # type: ignore[arg-type]


def test_its_description() -> None:
    described = describe(network())
    assert (described.task, described.input_kind, described.input_channels) == ("network", "tensor", 3)
    assert described.output_shape == (3, 2, 4)


def float_network(**changes: Any) -> FloatNetwork:
    weight = np.ones((2, 1, 1, 3), np.float32) / 3
    layer = FloatConv2d("mean", "samples", "out", 0, 1, 0, False, weight, np.zeros(2))
    tensors = (FloatTensor("out", 2, 2, 2),)
    fields = {"offset": 0.0, "scale": 1.0, "input_kind": "tensor"} | changes
    return FloatNetwork("f", FloatTensor("samples", 2, 2, 3), tensors=tensors, layers=(layer,), output="out", **fields)


def test_the_float_twin(tmp_path: Path) -> None:
    inputs = np.random.default_rng(1).normal(0, 1, (5, 2, 2, 3)).astype(np.float32)
    made = float_network().outputs(inputs)
    np.testing.assert_allclose(made, np.repeat(inputs.mean(3, keepdims=True), 2, 3), rtol=1e-5, atol=1e-6)
    assert float_network().outputs(inputs[:0]).shape == (0, 2, 2, 2)
    float_network().save(tmp_path / "f.safetensors")
    np.testing.assert_array_equal(FloatNetwork.load(tmp_path / "f.safetensors").outputs(inputs), made)
    with pytest.raises(ValueError, match=r"the inputs are float64 .*; the network takes float32 \[N,2,2,3\]"):
        float_network().outputs(inputs.astype(np.float64))
    with pytest.raises(ValueError, match="network f: input kind tensor has offset 0 and scale 1"):
        float_network(offset=128.0)
