"""The engine on the C kernels equals the NumPy interpreter, bit for bit, layer by layer."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrays import filled
from peephole.engine import Engine
from peephole.fixedpoint import interpreter
from peephole.fixedpoint.describe import describe
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from peephole.weights import default_program
from programs import extreme_images, programs, smooth_images, tiny_network

EXTREMES = ("white", "black", "noise", "checkerboard")


def assert_same_layers(program: IntegerProgram, image: Any) -> None:
    expected = interpreter.run(program, image)
    made = Engine(program, 1).layers(image)
    assert list(made) == [layer.name for layer in program.layers]
    for name, values in expected.items():
        np.testing.assert_array_equal(made[name], values, err_msg=name)


@settings(max_examples=150)
@given(st.data())
def test_random_programs(data: st.DataObject) -> None:
    program = data.draw(programs())
    image = data.draw(filled((program.input.height, program.input.width), np.uint8))
    assert_same_layers(program, image)


@pytest.fixture(scope="module")
def tiny() -> IntegerProgram:
    return quantize(tiny_network(), smooth_images(8, 17))[0]


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("wide", [0.0, 1.0])
def test_extreme_images_on_a_quantized_network(name: str, wide: float) -> None:
    program, _ = quantize(tiny_network(3), smooth_images(8, 17), QuantizationOptions(wide_share=wide))
    assert_same_layers(program, extreme_images(17, 17)[name])


@pytest.fixture(scope="module")
def squeezenet() -> IntegerProgram:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    from peephole.fixedpoint.importer import import_network
    from peephole.models import build

    torch.manual_seed(1)
    network = build("squeezenet1_1", 128)
    network.train()(torch.randn(4, 1, 128, 128))  # running statistics that are not trivial
    images = smooth_images(4, 128)
    return quantize(import_network(network, "random"), images, QuantizationOptions(report_images=1))[0]


@pytest.mark.parametrize("name", EXTREMES)
def test_squeezenet_with_random_weights(squeezenet: IntegerProgram, name: str) -> None:
    assert_same_layers(squeezenet, extreme_images(128, 128)[name])


@pytest.mark.parametrize("name", EXTREMES)
def test_the_shipped_program(name: str) -> None:
    program = IntegerProgram.load(default_program())
    assert_same_layers(program, extreme_images(program.input.height, program.input.width)[name])


def test_the_shipped_program_is_within_its_bytes_and_its_work() -> None:
    assert default_program().stat().st_size <= 1_500_000
    assert describe(IntegerProgram.load(default_program())).macs <= 100_000_000


def test_a_batch_equals_image_by_image(tiny: IntegerProgram) -> None:
    images = smooth_images(20, 17, seed=5)
    expected = np.stack([interpreter.run(tiny, image)["descriptor"].reshape(-1) for image in images])
    for threads in (1, 3):
        made = Engine(tiny, threads).descriptors(images)
        assert made.dtype == np.int16
        np.testing.assert_array_equal(made, expected)
    assert Engine(tiny).descriptors(images[:0]).shape == (0, 5)


def test_one_engine_serves_many_threads(tiny: IntegerProgram) -> None:
    images = smooth_images(200, 17, seed=6)
    engine = Engine(tiny)
    with ThreadPoolExecutor(8) as pool:
        made = np.stack(list(pool.map(engine.descriptor, images)))
    np.testing.assert_array_equal(made, Engine(tiny, 1).descriptors(images))


def test_results_are_the_callers_own(tiny: IntegerProgram) -> None:
    engine = Engine(tiny, 1)
    images = smooth_images(2, 17)
    first, layers = engine.descriptor(images[0]), engine.layers(images[0])
    kept, kept_conv = first.copy(), layers["conv1"].copy()
    engine.descriptor(images[1])
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(layers["conv1"], kept_conv)


@pytest.mark.parametrize(
    "image", [np.zeros((17, 16), np.uint8), np.zeros((17, 17), np.int16), np.zeros((17, 17, 1), np.uint8)]
)
def test_an_image_of_another_size_or_type(tiny: IntegerProgram, image: Any) -> None:
    with pytest.raises(ValueError, match="the program takes grey uint8 17x17"):
        Engine(tiny).descriptor(image)


def test_a_batch_must_have_three_dimensions(tiny: IntegerProgram) -> None:
    with pytest.raises(ValueError, match="a batch is uint8"):
        Engine(tiny).descriptors(np.zeros((17, 17), np.uint8))
    with pytest.raises(ValueError, match="the program takes grey uint8 17x17"):
        Engine(tiny).descriptors(np.zeros((3, 8, 17), np.uint8))


def test_an_engine_needs_a_thread(tiny: IntegerProgram) -> None:
    with pytest.raises(ValueError, match="at least one thread"):
        Engine(tiny, 0)
