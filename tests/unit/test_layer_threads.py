"""Several threads on the layers of one input give the bits of one, whoever else calls meanwhile."""

import os
import threading

import numpy as np
import pytest

from peephole import _core
from peephole.engine import Engine, kernel_paths
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program
from programs import extreme_images


def recogniser(bits: int) -> IntegerProgram:
    return IntegerProgram.load(default_program(bits))


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize("path", kernel_paths())
def test_any_number_of_threads_gives_the_same_bits_in_every_layer(path: str, bits: int, count: int) -> None:
    program = recogniser(bits)
    alone, together = Engine(program, path=path), Engine(program, path=path, layer_threads=count)
    for image in extreme_images(program.input.height, program.input.width).values():
        expected = alone.layers(image)
        for name, values in together.layers(image).items():
            np.testing.assert_array_equal(values, expected[name], err_msg=name)


def test_callers_at_once_get_their_own_answers() -> None:
    """One of them has the workers at a time, and the others do without."""
    program = recogniser(16)
    faces = np.random.default_rng(5).integers(0, 256, (4, program.input.height, program.input.width), np.uint8)
    expected = Engine(program).descriptors(faces)
    engine, found = Engine(program, layer_threads=3), [np.zeros((20, 128), np.int16) for _ in faces]

    def call(caller: int) -> None:
        for descriptor in found[caller]:
            descriptor[:] = engine.descriptor(faces[caller])

    callers = [threading.Thread(target=call, args=(number,)) for number in range(len(faces))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    for one, descriptors in zip(expected, found, strict=True):
        assert (descriptors == one).all()


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_computes_alone() -> None:
    program = recogniser(8)
    face = np.zeros((program.input.height, program.input.width), np.uint8)
    engine = Engine(program, layer_threads=2)
    expected = engine.descriptor(face)
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(engine.descriptor(face), expected) else 7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_too_few_or_too_many_threads_are_refused() -> None:
    program = recogniser(8)
    for count in (0, 65):
        with pytest.raises(ValueError, match=f"a layer has 1 to 64 threads, not {count}"):
            Engine(program, layer_threads=count)
    with pytest.raises(ValueError, match="workers must be 1 to 63, not 0"):
        _core.Workers(0)
