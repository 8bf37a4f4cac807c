"""Runs integer programs on the C kernels; bit for bit what the NumPy interpreter computes.

Use one `Engine` for as long as the program is in use: every thread that calls it keeps its own
tensors, allocated once, and its layers are checked once. Convolutions run on the widest vectors that the
processor has; PEEPHOLE_KERNELS names another of `kernel_paths()` to choose, of the same bits.
"""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.fixedpoint.formats import limits
from peephole.fixedpoint.interpreter import Activation, apply, body_of, buffers, check_input, written
from peephole.fixedpoint.program import NETWORK, IntegerProgram
from peephole.fixedpoint.validation import IMAGE

KERNELS_VARIABLE = "PEEPHOLE_KERNELS"
MOST_LAYER_THREADS = 64


def kernel_paths() -> list[str]:
    """Return the ways in which this machine can compute convolutions, the fastest last; `portable` is always one."""
    return _core.kernel_paths()


def _wished() -> str | None:
    """Return the path that the environment names, if it does; raise ValueError where this machine has no such one."""
    named = os.environ.get(KERNELS_VARIABLE)
    if named and named not in kernel_paths():
        raise ValueError(f'{KERNELS_VARIABLE} is "{named}"; this machine has: {", ".join(kernel_paths())}')
    return named or None


@dataclass(frozen=True)
class _Room:
    """What one thread needs to run a program: its tensors, and all that is done with them, noted once.

    values: what the program is run on: an image, uint8 [H,W], or the input tensor itself.
    """

    values: NDArray[Any]
    tensors: dict[str, Activation]
    steps: _core.Recording


class Engine:
    """An integer program, ready to run. Safe to call from several threads at once."""

    def __init__(
        self, program: IntegerProgram, threads: int | None = None, path: str | None = None, layer_threads: int = 1
    ) -> None:
        """Prepare a program.

        threads: of `descriptors`, each with inputs of its own; all cores when None. path: one of `kernel_paths()`; when
        None, what the environment variable PEEPHOLE_KERNELS says, else the fastest. layer_threads: that work on one
        input together, 1 to 64, for one caller at a time: others who call meanwhile have one thread each. The bits are
        the same. Raises `ValueError` for a path that this machine has not, or such a number of threads.
        """
        self.program = program
        self.threads = threads if threads is not None else os.cpu_count() or 1
        if self.threads < 1:
            raise ValueError(f"an engine needs at least one thread, not {threads}")
        if not 1 <= layer_threads <= MOST_LAYER_THREADS:
            raise ValueError(f"a layer has 1 to {MOST_LAYER_THREADS} threads, not {layer_threads}")
        self.path = path or _wished() or kernel_paths()[-1]
        self._weights = _core.PackedWeights(self.path)
        self._workers = _core.Workers(layer_threads - 1) if layer_threads > 1 else None
        self._idle: list[_Room] = []
        self._lock = threading.Lock()

    def run(self, values: NDArray[Any]) -> Activation:
        """Run one input; return the output tensor, int16 or int8 [H,W,C].

        values: an image, uint8 [H,W], or where the program's input kind is `tensor` integers [H,W,C]
        of the input's type and format. Raises `ValueError` for anything else.
        """
        with self._run(values) as tensors:
            return tensors[self.program.output].copy()

    def layers(self, image: NDArray[Any]) -> dict[str, Activation]:
        """Run one input, as `run` takes it; return what each layer wrote, int16 or int8 [H,W,C], by layer name."""
        with self._run(image) as tensors:
            return {layer.name: written(layer, tensors).copy() for layer in self.program.layers}

    def descriptor(self, image: NDArray[np.uint8]) -> NDArray[np.int16]:
        """Return the descriptor of one image, uint8 [H,W]: int16 [D].

        Raises `ValueError` for a program of the task `network`, which makes none.
        """
        if self.program.task == NETWORK:
            raise ValueError(f"program {self.program.name} is a {NETWORK} and makes no descriptor; use Engine.run")
        with self._run(image) as tensors:
            return tensors[self.program.output].reshape(-1).astype(np.int16)

    def descriptors(self, images: NDArray[np.uint8]) -> NDArray[np.int16]:
        """Return the descriptors of images, uint8 [N,H,W], on several threads: int16 [N,D]."""
        if images.ndim != 3:
            raise ValueError(f"a batch is uint8 [N,H,W], not {images.dtype} {images.shape}")
        out = np.zeros((len(images), self.program.descriptor_size), np.int16)

        def fill(row: int) -> None:
            out[row] = self.descriptor(images[row])

        if min(self.threads, len(images)) <= 1:
            for row in range(len(images)):
                fill(row)
            return out
        with ThreadPoolExecutor(min(self.threads, len(images))) as pool:
            for _ in pool.map(fill, range(len(images))):
                pass
        return out

    @contextmanager
    def _run(self, values: NDArray[Any]) -> Iterator[dict[str, Activation]]:
        check_input(self.program, values)
        with self._lock:
            room = self._idle.pop() if self._idle else None
            room = room or self._furnished()
        try:
            room.values[...] = values
            room.steps.run(self._workers)
            yield room.tensors
        finally:
            with self._lock:
                self._idle.append(room)

    def _furnished(self) -> _Room:
        """Allocate tensors and note what is done; weights are laid out for the path by the first that does."""
        tensors, entered = buffers(self.program), self.program.input
        is_image = self.program.input_kind == IMAGE
        values = np.zeros((entered.height, entered.width), np.uint8) if is_image else tensors[entered.name]
        with _core.Recording(self._weights) as steps:
            _note(self.program, values, tensors)
        return _Room(values, tensors, steps)


def _note(program: IntegerProgram, values: NDArray[Any], tensors: dict[str, Activation]) -> None:
    """Do what `interpreter.run_layers` does, on values to come, by kernels alone."""
    start, last = tensors[program.input.name], program.layers[-1]

    def view(mirrored: bool) -> None:
        if program.input_kind == IMAGE:
            _core.enter_image(values, program.input_offset, mirrored, start)
        for layer in body_of(program):
            apply(_core, layer, tensors)

    if not program.mirrored:
        view(False)
        return
    vector = tensors[last.input]
    clip, size, narrow = limits(vector.itemsize * 8), vector.shape[2], vector.dtype == np.int8
    kept = np.zeros_like(vector)
    view(True)
    (_core.copy_channels_s8 if narrow else _core.copy_channels_s16)(vector, 0, size, 0, *clip, kept, 0)
    view(False)
    (_core.add_s8 if narrow else _core.add_s16)(kept, vector, 0, 0, 1, *clip, vector, 0)
    apply(_core, last, tensors)
