"""Random bytes of the camera's noise: none before there is enough, and never the same."""

import ctypes
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emitted import STRICT, run
from peephole.compiler.emit.sources import source_folder

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

OK, UNKNOWN = 0, 5  # ph_status
PIXELS = 320 * 240
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    root = source_folder()
    made = tmp_path_factory.mktemp("random") / "random.so"
    include = (f"-I{root}", f"-I{root / 'include'}")
    sources: list[Path] = [root / "ports" / "gap8" / "random.c", root / "app" / "sha256.c"]
    done = run("gcc", *STRICT, "-O1", "-shared", "-fPIC", *include, "-o", made, *sources)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(made))


class Source:
    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._state = ctypes.create_string_buffer(4096)
        library.ph_random_begin(self._state)

    def stir(self, picture: Picture, time: int = 0) -> None:
        data = np.ascontiguousarray(picture).ctypes.data
        self._library.ph_random_stir(
            self._state, ctypes.c_void_p(data), PIXELS, ctypes.c_int64(time), ctypes.c_uint32(0)
        )

    def draw(self, count: int = 16) -> bytes | None:
        to = ctypes.create_string_buffer(count)
        status = self._library.ph_random_draw(self._state, to, count)
        assert status in (OK, UNKNOWN)
        return to.raw if status == OK else None


@pytest.fixture
def source(library: ctypes.CDLL) -> Source:
    return Source(library)


def noise(levels: int, seed: int) -> Picture:
    return np.random.default_rng(seed).integers(100, 100 + levels, PIXELS, np.uint8)


def pictures_until_bytes(source: Source, picture: Callable[[int], Picture], most: int = 60) -> int | None:
    for count in range(1, most + 1):
        source.stir(picture(count), count)
        if source.draw() is not None:
            return count
    return None


def test_two_noisy_pictures_are_enough(source: Source) -> None:
    """Of 1,024 pixels of the first half nearly all change by a little: a quarter of a bit each."""
    assert source.draw() is None
    assert pictures_until_bytes(source, lambda seed: noise(9, seed)) == 3


def test_a_covered_or_blinded_camera_gives_nothing(source: Source) -> None:
    for level in (0, 255):
        dark = np.full(PIXELS, level, np.uint8)
        assert pictures_until_bytes(source, lambda seed, dark=dark: dark) is None


def test_what_moves_is_no_noise(source: Source) -> None:
    """Large changes may be seen by somebody else too."""
    assert pictures_until_bytes(source, lambda seed: np.full(PIXELS, 100 * (seed % 2), np.uint8)) is None


def test_light_that_flickers_is_no_noise(source: Source) -> None:
    assert pictures_until_bytes(source, lambda seed: np.full(PIXELS, 100 + 3 * (seed % 2), np.uint8)) is None


def test_little_noise_takes_many_pictures(source: Source) -> None:
    def quiet(seed: int) -> Picture:
        picture = np.full(PIXELS, 100, np.uint8)
        picture[np.random.default_rng(seed).integers(0, PIXELS, PIXELS // 40)] += 1
        return picture

    count = pictures_until_bytes(source, quiet)
    assert count is not None and 15 < count < 50


def test_bytes_never_repeat(source: Source) -> None:
    for seed in range(4):
        source.stir(noise(9, seed), seed)
    drawn = [source.draw(48) for _ in range(50)]
    blocks = [one[at : at + 16] for one in drawn if one is not None for at in (0, 16, 32)]
    assert len(set(blocks)) == 150


def test_one_pixel_or_the_time_makes_other_bytes(library: ctypes.CDLL) -> None:
    def bytes_of(change: int, time: int) -> bytes | None:
        source = Source(library)
        for seed in range(4):
            picture = noise(9, seed)
            picture[0] += change if seed == 3 else 0
            source.stir(picture, time)
        return source.draw()

    assert bytes_of(0, 7) == bytes_of(0, 7)
    assert len({bytes_of(0, 7), bytes_of(1, 7), bytes_of(0, 8)}) == 3
