"""What TensorFlow Lite Micro's interpreter takes of its arena for a model."""

import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LINE = re.compile(r"Arena allocation (total|head|tail) (\d+) bytes")


@dataclass(frozen=True)
class ArenaUse:
    """Bytes: `head` is what its planner lays out, activations and scratch; `tail` is what lives as long as the model.

    The tail holds pointers, so it is larger on a host of 64 bits than on a device of 32.
    """

    head: int
    tail: int


def arena_use(model: bytes, arena_bytes: int = 1 << 24) -> ArenaUse:
    """Run a model once on zeros and return what it took. Raises `ModuleNotFoundError` or `RuntimeError`."""
    interpreter = interpreter_of(model, arena_bytes)
    entered = interpreter.get_input_details(0)
    interpreter.set_input(np.zeros(entered["shape"], entered["dtype"]), 0)
    interpreter.invoke()
    told = dict(LINE.findall(_stderr_of(interpreter.print_allocations)))
    if not {"head", "tail"} <= told.keys():
        raise RuntimeError("TensorFlow Lite Micro does not print its arena in the words that are known here")
    return ArenaUse(int(told["head"]), int(told["tail"]))


def run(model: bytes, inputs: NDArray[Any], arena_bytes: int = 1 << 24) -> NDArray[Any]:
    """Return the integers [1,H,W,C] that a model makes of integers [1,H,W,C]."""
    interpreter = interpreter_of(model, arena_bytes)
    interpreter.set_input(inputs, 0)
    interpreter.invoke()
    return np.asarray(interpreter.get_output(0))


def interpreter_of(model: bytes, arena_bytes: int = 1 << 24) -> Any:
    """Return its interpreter for a model. Raises `ModuleNotFoundError` without the package tflite-micro."""
    from tflite_micro.python.tflite_micro import runtime

    return runtime.Interpreter.from_bytes(model, arena_size=arena_bytes)


def _stderr_of(work: Callable[[], object]) -> str:
    """Return what `work` prints on the process's own stderr, from C++ too."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as stream:
        os.dup2(stream.fileno(), 2)
        try:
            work()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        stream.seek(0)
        return stream.read().decode(errors="replace")
