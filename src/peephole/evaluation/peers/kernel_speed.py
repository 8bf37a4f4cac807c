"""The kernels of a program on every path that this machine has, the portable C first, in the same run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peephole import _core
from peephole.engine import kernel_paths
from peephole.evaluation.peers.timing import Timing, in_turns
from peephole.fixedpoint import reference
from peephole.fixedpoint.interpreter import apply, buffers, written
from peephole.fixedpoint.layers import L2Normalize, Layer
from peephole.fixedpoint.program import IntegerProgram

REFERENCES, LENGTH = 10_000, 128


@dataclass(frozen=True)
class Row:
    """One kernel on one path. same: it wrote the bits of the first path. work: sizes, for the table."""

    kernel: str
    work: str
    path: str
    timing: Timing
    same: bool


def kernel_speed(programs: Sequence[IntegerProgram], seconds: float) -> list[Row]:
    """Time the layers of the programs, and matching, for about `seconds` in all.

    Of layers of one kind and size the first is taken.
    """
    chosen = [(program, layer) for program in programs for layer in _distinct(program)]
    each = seconds / (len(chosen) + 1)
    rows = [row for program, layer in chosen for row in _layer_rows(program, layer, each)]
    return rows + _matching_rows(each)


def _distinct(program: IntegerProgram) -> list[Layer]:
    found: dict[str, Layer] = {}
    for layer in program.layers:
        if not isinstance(layer, L2Normalize):
            found.setdefault(_work(program, layer), layer)
    return list(found.values())


def _work(program: IntegerProgram, layer: Layer) -> str:
    """Return sizes in words: the kernel's, and height, width and channels of what is read and written."""
    given, made = program.tensor(layer.input), program.tensor(layer.output)
    channels = getattr(layer, "channels", given.channels)
    window = "x".join(map(str, getattr(layer, "kernel_size", ()))) or "all"
    read = f"{given.height}x{given.width}x{given.channels}"
    return f"{layer.kind} {window}, {read} to {made.height}x{made.width}x{channels}, {given.bits} bits"


def _layer_rows(program: IntegerProgram, layer: Layer, seconds: float) -> list[Row]:
    rng = np.random.default_rng(1)
    recordings, made = {}, {}
    given = program.tensor(layer.input)
    values = rng.integers(0, np.iinfo(given.dtype).max, given.shape, given.dtype, endpoint=True)
    for path in kernel_paths():
        tensors = buffers(program)
        tensors[layer.input][...] = values
        with _core.Recording(_core.PackedWeights(path)) as recording:
            apply(_core, layer, tensors)
        recording.run()
        recordings[path], made[path] = recording, written(layer, tensors).copy()
    timings = in_turns({path: recording.run for path, recording in recordings.items()}, seconds, calls=20)
    first = made[kernel_paths()[0]]
    kernel, _, work = _work(program, layer).partition(" ")
    return [Row(kernel, work, p, timing, np.array_equal(made[p], first)) for p, timing in timings.items()]


def _matching_rows(seconds: float) -> list[Row]:
    """Time the distances from one descriptor to many references, beside NumPy's, since there is one way in C alone."""
    rng = np.random.default_rng(2)
    one = rng.integers(-9000, 9000, LENGTH).astype(np.int16)
    many = rng.integers(-9000, 9000, (REFERENCES, LENGTH)).astype(np.int16)
    expected, found = (np.zeros(REFERENCES, np.uint64) for _ in range(2))

    def numpy() -> None:
        reference.squared_l2_many_s16(one, many, expected)

    def ours() -> None:
        _core.squared_l2_many_s16(one, many, found)

    timings = in_turns({"NumPy": numpy, "C": ours}, seconds)
    work = f"{LENGTH} values, 1 to {REFERENCES:,}"
    return [Row("squared_l2_many", work, name, t, bool(np.array_equal(found, expected))) for name, t in timings.items()]
