"""Layers that are noted and run later give the bits of the reference, on every path that this machine has."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layer_strategies import KINDS, cases
from peephole import _core
from peephole.engine import KERNELS_VARIABLE, Engine, kernel_paths
from peephole.fixedpoint import reference
from peephole.fixedpoint.interpreter import apply_rows
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.window import Windowed
from peephole.weights import default_program
from programs import extreme_images

PATHS = ["portable", "avx2", "avx-vnni", "avx512-vnni", "neon"]


def needs(path: str) -> None:
    """Skip, and say so, where the processor has no such vectors."""
    if path not in kernel_paths():
        pytest.skip(f"this processor has no {path}")


def test_every_machine_has_the_portable_path_and_the_fastest_is_the_last() -> None:
    assert kernel_paths()[0] == "portable"
    assert kernel_paths() == [path for path in PATHS if path in kernel_paths()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=40)
@given(data=st.data())
def test_a_recorded_layer_equals_the_reference(path: str, kind: str, data: st.DataObject) -> None:
    needs(path)
    case = data.draw(cases(kind))
    top = case.layer.window.padding[0] if isinstance(case.layer, Windowed) else 0
    expected, made = (np.full(case.shape, 77, case.dtype) for _ in range(2))
    with _core.Recording(_core.PackedWeights(path)) as recording:
        apply_rows(_core, case.layer, case.inputs, made, top)
    assert (made == 77).all()  # noted, and not run
    apply_rows(reference, case.layer, case.inputs, expected, top)
    for _ in range(2):
        recording.run()
        np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize("path", PATHS[1:])
def test_the_shipped_recogniser_gives_the_same_bits_on_every_path(path: str, bits: int) -> None:
    needs(path)
    program = IntegerProgram.load(default_program(bits))
    portable, fast = Engine(program, 1, "portable"), Engine(program, 1, path)
    assert fast.path == path
    for image in extreme_images(program.input.height, program.input.width).values():
        expected = portable.layers(image)
        for name, values in fast.layers(image).items():
            np.testing.assert_array_equal(values, expected[name], err_msg=name)


def test_the_environment_names_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    program = IntegerProgram.load(default_program(8))
    monkeypatch.delenv(KERNELS_VARIABLE, raising=False)
    assert Engine(program).path == kernel_paths()[-1]
    monkeypatch.setenv(KERNELS_VARIABLE, "portable")
    assert Engine(program).path == "portable"
    monkeypatch.setenv(KERNELS_VARIABLE, "mmx")
    with pytest.raises(ValueError, match='PEEPHOLE_KERNELS is "mmx"; this machine has: portable'):
        Engine(program)
    with pytest.raises(ValueError, match='path "mmx" is none of this machine\'s: portable'):
        Engine(program, path="mmx")


@pytest.mark.parametrize("path", PATHS)
def test_layers_that_read_a_part_of_the_same_weights_keep_their_own(path: str) -> None:
    needs(path)
    rng = np.random.default_rng(3)
    x = rng.integers(-99, 99, (9, 9, 4)).astype(np.int16)
    weight = rng.integers(-99, 99, (48, 2, 2, 4)).astype(np.int16)
    bias, norm = np.zeros(48, np.int32), np.full(48, 3, np.uint8)
    made, expected = ([np.zeros((8, 8, count), np.int16) for count in (8, 48)] for _ in range(2))
    for kernels, outs in ((_core, made), (reference, expected)):
        with _core.Recording(_core.PackedWeights(path)) as recording:
            for out in outs:
                part = slice(out.shape[2])
                arrays = (x, weight[part], bias[part], norm[part])
                window = ((1, 1), (0, 0), (1, 1), 1)
                kernels.conv2d_s16(*arrays, *window, -32768, 32767, "full", 32, out, 0)
        recording.run()
    for one, other in zip(made, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_fails_while_layers_are_noted_leaves_no_recording_open() -> None:
    weights = _core.PackedWeights("portable")
    x, out = np.full((1, 1, 2), 5, np.int16), np.zeros((1, 1, 2), np.int16)
    with pytest.raises(ValueError, match="x must hold int16 values"), _core.Recording(weights):
        _core.add_s16(x.astype(np.int32), x, 0, 0, 0, -9, 99, out, 0)
    _core.Recording(weights).__enter__()  # and is gone at once
    first, second = _core.Recording(weights), _core.Recording(weights)
    with first:
        second.__exit__(None, None, None)
        _core.add_s16(x, x, 0, 0, 0, -9, 99, out, 0)
    assert not out.any()  # noted in the first, which was open still
    _core.add_s16(x, x, 0, 0, 0, -9, 99, out, 0)
    assert out.tolist() == [[[10, 10]]]


@pytest.mark.parametrize(("dtype", "offset"), [(np.int16, 0), (np.int16, 255), (np.int8, 128)])
def test_an_image_is_entered_less_its_offset_from_either_side(dtype: type, offset: int) -> None:
    image = np.array([[0, 127, 128], [129, 254, 255]], np.uint8)
    out = np.zeros((2, 3, 1), dtype)
    for mirrored, view in ((False, image), (True, image[:, ::-1])):
        _core.enter_image(image, offset, mirrored, out)
        assert (out[..., 0] == view.astype(np.int32) - offset).all()
    for wrong in (-1, 256):
        with pytest.raises(ValueError, match=f"offset must be 0 to 255, not {wrong}"):
            _core.enter_image(image, wrong, False, out)
    with pytest.raises(ValueError, match="out"):
        _core.enter_image(image, offset, False, out[:, :2].copy())


def test_another_thread_runs_its_kernels_while_one_records() -> None:
    x, out = np.full((1, 1, 2), 5, np.int16), np.zeros((1, 1, 2), np.int16)

    def work() -> None:
        _core.add_s16(x, x, 0, 0, 0, -9, 99, out, 0)

    with _core.Recording(_core.PackedWeights("portable")):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert out.tolist() == [[[10, 10]]]


def test_what_cannot_be_recorded_is_refused_in_a_sentence() -> None:
    recording = _core.Recording(_core.PackedWeights("portable"))
    with recording:
        with pytest.raises(ValueError, match="a recording is open already"):
            recording.__enter__()
        with pytest.raises(ValueError, match="cannot run while one is open"):
            recording.run()
        with pytest.raises(ValueError, match="out must not share memory with x"):
            _core.shuffle_channels_s16(x := np.zeros((1, 1, 2), np.int16), 1, x, 0)
    recording.run()
