"""Runs integer programs on the C kernels; bit for bit what the NumPy interpreter computes.

Use one `Engine` for as long as the program is in use: every thread that calls it keeps its own
tensors, allocated once.
"""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.fixedpoint.interpreter import Activation, buffers, check_input, fill, written
from peephole.fixedpoint.program import NETWORK, IntegerProgram


class Engine:
    """An integer program, ready to run. Safe to call from several threads at once."""

    def __init__(self, program: IntegerProgram, threads: int | None = None) -> None:
        """Prepare a program. threads: of `descriptors`; all cores when None."""
        self.program = program
        self.threads = threads if threads is not None else os.cpu_count() or 1
        if self.threads < 1:
            raise ValueError(f"an engine needs at least one thread, not {threads}")
        self._idle: list[dict[str, Activation]] = []
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
            tensors = self._idle.pop() if self._idle else None
        tensors = tensors if tensors is not None else buffers(self.program)
        try:
            fill(_core, self.program, values, tensors)
            yield tensors
        finally:
            with self._lock:
                self._idle.append(tensors)
