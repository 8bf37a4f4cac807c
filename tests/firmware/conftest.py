"""An image of the emulated board, and frames for it."""

import shutil
from collections.abc import Callable
from itertools import islice

import pytest

from peephole.firmware.build import Sources, build_image, image_sources
from peephole.firmware.frames import GreyFrame, camera_frames
from peephole.firmware.image import Image, read_image
from peephole.firmware.toolchain import COMPILER, EMULATOR, MAKE
from peephole.fixedpoint.program import IntegerProgram
from peephole.vision.sources.demo import DemoSource
from peephole.weights import default_program, landmark_program
from workers import made_once


@pytest.fixture(scope="session")
def tools() -> None:
    """Compiler and emulator; the test is skipped where one is missing."""
    missing = [program for program in (COMPILER, EMULATOR, MAKE) if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}")


@pytest.fixture(scope="session")
def sources() -> Sources:
    return image_sources(IntegerProgram.load(default_program()), IntegerProgram.load(landmark_program()))


@pytest.fixture(scope="session")
def image(tools: None, sources: Sources, tmp_path_factory: pytest.TempPathFactory) -> Image:
    made = made_once(tmp_path_factory, "firmware", lambda folder: build_image(sources, folder / "image"))
    return read_image(made / "image")


@pytest.fixture(scope="session")
def demo() -> Callable[[int], GreyFrame]:
    """A frame of the demo by its number, as the device's camera sees it."""
    frames = list(islice(camera_frames(DemoSource(once=True, clock=lambda: 1000.0)), 240))
    return lambda number: frames[number]
