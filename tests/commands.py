"""Running `peephole` as its user does, and the small things that its commands need."""

import contextlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.cli.app import invoke
from peephole.fixedpoint.float_layers import FloatConv2d, FloatGlobalAveragePool
from peephole.fixedpoint.float_network import FloatNetwork, FloatTensor
from peephole.fixedpoint.layers import MaxPool
from peephole.fixedpoint.program import Calibration, IntegerProgram
from peephole.fixedpoint.quantize import quantize

Done = subprocess.CompletedProcess[str]


def process(*arguments: object, **environment: str) -> Done:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "peephole.cli.app", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=os.environ | environment
    )


def peephole(*arguments: object) -> Done:
    """Run the command in this process, which is faster; all that the two differ in is tested through `process`."""
    out, err = io.StringIO(), io.StringIO()
    command = [str(argument) for argument in arguments]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = invoke(command)
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def assert_one_line(done: Done, code: int, *words: str) -> None:
    """What every failure looks like: the code, nothing on stdout, one line on stderr that holds the words."""
    assert done.returncode == code, (done.stdout, done.stderr)
    assert done.stdout == ""
    assert done.stderr.startswith("peephole") and done.stderr.count("\n") == 1 and done.stderr.endswith("\n")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def tiny_network(size: int = 64) -> FloatNetwork:
    """A network with random weights: 6x6/4 convolution, pool, 1x1 to 32 values, mean."""
    rng = np.random.default_rng(7)
    side = (size - 6) // 4 + 1
    half = (side - 2) // 2 + 1
    first = FloatConv2d(
        "conv1", "image", "conv1", 0, 4, 0, True, rng.normal(0, 0.3, (8, 6, 6, 1)).astype(np.float32), np.zeros(8)
    )
    last = FloatConv2d(
        "mix", "pool", "mix", 0, 1, 0, False, rng.normal(0, 0.5, (32, 3, 3, 8)).astype(np.float32), np.zeros(32)
    )
    return FloatNetwork(
        name="tiny",
        input=FloatTensor("image", size, size, 1),
        offset=128,
        scale=128,
        tensors=(
            FloatTensor("conv1", side, side, 8),
            FloatTensor("pool", half, half, 8),
            FloatTensor("mix", half - 2, half - 2, 32),
            FloatTensor("descriptor", 1, 1, 32),
        ),
        layers=(
            first,
            MaxPool("pool", "conv1", "pool", 0, 2, 2),
            last,
            FloatGlobalAveragePool("mean", "mix", "descriptor", 0),
        ),
        output="descriptor",
    )


def tiny_program(path: Path, calibrated: bool = True) -> IntegerProgram:
    """Save a program of `tiny_network`; its thresholds are small, so that only like pictures match."""
    images = np.random.default_rng(3).integers(0, 256, (8, 64, 64), np.uint8)
    program, _ = quantize(tiny_network(), images)
    if calibrated:
        program = program.with_calibration(
            Calibration(((1e-4, 1000), (1e-3, 3000), (1e-2, 10_000), (1e-1, 30_000)), "tests")
        )
    program.save(path)
    return program


def png(image: NDArray[np.uint8]) -> bytes:
    """Encode a picture."""
    return bytes(cv2.imencode(".png", image)[1])


def tar_of(path: Path, members: dict[str, bytes]) -> Path:
    """Write a tar file."""
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def astronaut() -> NDArray[np.uint8]:
    """A public-domain portrait, grey: the upper half of scikit-image's astronaut."""
    from skimage import data

    picture: NDArray[np.uint8] = data.astronaut()
    return np.ascontiguousarray(picture[:260, 100:360].mean(2).astype(np.uint8))
