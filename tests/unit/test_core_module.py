"""The module of the C code as a whole: its types, and what it leaves to other threads."""

import ast
import inspect
import threading
import time
from pathlib import Path

import numpy as np

import peephole
from peephole import _core
from peephole.fixedpoint import reference


def test_every_kernel_has_a_type_and_a_reference_of_its_name_and_parameters() -> None:
    stub = ast.parse((Path(peephole.__file__).parent / "_core.pyi").read_text())
    typed = {node.name: [a.arg for a in node.args.args] for node in stub.body if isinstance(node, ast.FunctionDef)}
    classes = {n.name for n in stub.body if isinstance(n, ast.ClassDef) and "Protocol" not in map(ast.unparse, n.bases)}
    constants = {ast.unparse(node.target) for node in stub.body if isinstance(node, ast.AnnAssign)}
    assert set(typed) | classes | constants == {name for name in dir(_core) if not name.startswith("_")}
    for name in reference.__all__:
        assert list(inspect.signature(getattr(reference, name)).parameters) == typed[name]


def test_other_threads_run_while_a_kernel_does() -> None:
    """A long convolution releases Python's lock: meanwhile this thread counts on."""
    x, weight = np.ones((200, 200, 64), np.int16), np.ones((64, 3, 3, 64), np.int16)
    out = np.zeros((200, 200, 64), np.int16)
    moves = ((1, 1), (1, 1), (1, 1), 1, -9, 9)
    layer = (x, weight, np.zeros(64, np.int32), np.zeros(64, np.uint8), *moves, "full", 64, out, 0)
    ends = []

    def work() -> None:
        ends.append(time.perf_counter())
        _core.conv2d_s16(*layer)
        ends.append(time.perf_counter())

    worker = threading.Thread(target=work)
    worker.start()
    turns = []
    while worker.is_alive():
        turns.append(time.perf_counter())
    quarter = (ends[1] - ends[0]) / 4
    assert any(ends[0] + quarter < turn < ends[1] - quarter for turn in turns)
