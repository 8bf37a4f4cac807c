"""Mirrored programs: a face and its mirror image are described together, the same in floats, NumPy and C."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from peephole.engine import Engine
from peephole.fixedpoint import interpreter
from peephole.fixedpoint.describe import describe, table
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.quantize import quantize
from programs import extreme_images, smooth_images, tiny_network

SIDE = 17


@pytest.fixture
def network() -> FloatNetwork:
    return dataclasses.replace(tiny_network(side=SIDE, unit_length=True), mirrored=True)


@pytest.fixture
def program(network: FloatNetwork) -> IntegerProgram:
    return quantize(network, smooth_images(16, SIDE))[0]


def test_a_face_and_its_mirror_image_have_one_descriptor(network: FloatNetwork, program: IntegerProgram) -> None:
    faces = smooth_images(4, SIDE, seed=1)
    engine = Engine(program, threads=1)
    np.testing.assert_array_equal(engine.descriptors(faces), engine.descriptors(faces[:, :, ::-1]))
    np.testing.assert_allclose(network.descriptors(faces), network.descriptors(faces[:, :, ::-1]), atol=1e-6)
    alone = Engine(dataclasses.replace(program, mirrored=False), threads=1)
    assert (alone.descriptors(faces) != alone.descriptors(faces[:, :, ::-1])).any()


def test_the_descriptor_is_the_scaled_mean_of_both_vectors(network: FloatNetwork) -> None:
    faces = smooth_images(3, SIDE, seed=2)
    alone = dataclasses.replace(network, mirrored=False)
    last = network.layers[-1]
    vectors = [alone.activations(view)[last.input].reshape(3, -1) for view in (faces, faces[:, :, ::-1])]
    mean = (vectors[0] + vectors[1]) / 2
    expected = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    np.testing.assert_allclose(network.descriptors(faces), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["white", "black", "noise", "checkerboard"])
def test_numpy_and_c_agree_on_every_layer(program: IntegerProgram, kind: str) -> None:
    image = extreme_images(SIDE, SIDE)[kind]
    expected, made = interpreter.run(program, image), Engine(program, threads=1).layers(image)
    assert expected.keys() == made.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(values, made[name], err_msg=name)


def test_integers_follow_the_floats(network: FloatNetwork, program: IntegerProgram) -> None:
    faces = smooth_images(4, SIDE, seed=3)
    made = Engine(program, threads=1).descriptors(faces) / 2**14
    np.testing.assert_allclose(made, network.descriptors(faces), atol=5e-3)


def test_half_the_sum_is_rounded_and_cannot_overflow(program: IntegerProgram) -> None:
    image = smooth_images(1, SIDE, seed=4)[0]
    alone = dataclasses.replace(program, mirrored=False)
    vector = program.layers[-2].name
    left, right = (interpreter.run(alone, view)[vector].astype(int) for view in (image[:, ::-1], image))
    np.testing.assert_array_equal(interpreter.run(program, image)[vector], (left + right + 1) >> 1)


def test_files_keep_it_and_it_is_part_of_the_identity(
    network: FloatNetwork, program: IntegerProgram, tmp_path: Path
) -> None:
    program.save(tmp_path / "m.safetensors")
    network.save(tmp_path / "n.safetensors")
    assert IntegerProgram.load(tmp_path / "m.safetensors").mirrored
    assert FloatNetwork.load(tmp_path / "n.safetensors").mirrored
    assert dataclasses.replace(program, mirrored=False).identity != program.identity


def test_its_work_counts_twice(program: IntegerProgram) -> None:
    alone = describe(dataclasses.replace(program, mirrored=False))
    assert describe(program).macs == 2 * alone.macs
    assert "total, 2 passes" in table(describe(program))


def test_a_program_that_ends_otherwise_cannot_be_mirrored() -> None:
    program = quantize(tiny_network(side=SIDE), smooth_images(8, SIDE))[0]
    with pytest.raises(ValueError, match="must end in l2_normalize"):
        dataclasses.replace(program, mirrored=True)
