"""One integer program and its peers, on one thread and on several: each makes the descriptor of one face.

All have the same weights. Every peer gets its input ready in the form that it takes, and is timed on the network alone,
for each of the two views of a face where the program looks at both. Ours is timed whole, from the picture to the
descriptor.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.engine import Engine
from peephole.evaluation.peers.dequantized import dequantized
from peephole.evaluation.peers.onnx_model import OUTPUT, inputs_of, onnx_model
from peephole.evaluation.peers.onnx_runtime import StaticChoice, quantized_model
from peephole.evaluation.peers.rows import Job, Maker, Row, timed
from peephole.fixedpoint.program import IntegerProgram

CALIBRATION_FACES = 8  # what is calibrated changes no time


def network_speed(wide: IntegerProgram, narrow: IntegerProgram, seconds: float, threads: int = 1) -> list[Row]:
    """Time the 16-bit and the 8-bit program beside their peers; ratios are to ONNX Runtime in float32 where it is here.

    wide, narrow: recognisers of one network that take images of one size. threads: where more than one, those that can
    are timed with so many too, each in turns with the first row's one thread; they are the last rows.
    """
    size = (wide.input.height, wide.input.width)
    faces = np.random.default_rng(1).integers(0, 256, (CALIBRATION_FACES, *size), dtype=np.uint8)
    threaded: dict[str, Callable[[int], Job]] = {
        "onnxruntime float32": partial(_onnx, wide, faces, None),
        "onnxruntime int8": partial(_onnx, narrow, faces, StaticChoice()),
        "LiteRT int8": partial(_litert, narrow, faces, 8),
        "peephole int16": partial(_ours, wide, faces),
        "peephole int8": partial(_ours, narrow, faces),
    }
    one = {name: partial(make, 1) for name, make in threaded.items()}
    makers: dict[str, Maker] = {
        "onnxruntime float32": one["onnxruntime float32"],
        "onnxruntime int8": one["onnxruntime int8"],
        "LiteRT int16 activations, int8 weights": partial(_litert, narrow, faces, 16, 1),
        "LiteRT int8": one["LiteRT int8"],
        "TensorFlow Lite Micro int8": partial(_tflm, narrow, faces),
        "peephole int16": one["peephole int16"],
        "peephole int8": one["peephole int8"],
    }
    if threads == 1:
        return timed(makers, seconds)
    rows = timed(makers, seconds / 2)
    for name, make in threaded.items():
        rows += _with_threads(name, make, one["onnxruntime float32"], threads, seconds / 2 / len(threaded))
    return rows


def _with_threads(name: str, make: Callable[[int], Job], first: Maker, threads: int, seconds: float) -> list[Row]:
    """Time one with several threads beside the first with one, and no other: idle threads of some do not rest."""
    with _first_core() as others:
        works = {"first": first, f"{name}, {threads} threads": _apart(partial(make, threads), others)}
        return timed(works, seconds)[1:]


@contextmanager
def _first_core() -> Iterator[set[int]]:
    """Keep this thread to one core, and those that it starts until they are told otherwise; the others are given."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield cores - {min(cores)} or cores
    finally:
        os.sched_setaffinity(0, cores)


def _apart(make: Maker, cores: set[int]) -> Maker:
    """Give the threads that a job starts cores of their own, which would be left to chance on a busy machine."""

    def made() -> Job:
        before = _threads()
        job = make()
        job.work()
        for thread in _threads() - before:
            os.sched_setaffinity(thread, cores)
        return job

    return made


def _threads() -> set[int]:
    return {int(path.name) for path in Path("/proc/self/task").iterdir()}


def _views(program: IntegerProgram, face: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return what one descriptor looks at: the face uint8 [1,H,W], and its mirror image where the program does."""
    return [face[None], np.ascontiguousarray(face[None, :, ::-1])] if program.mirrored else [face[None]]


def _ours(program: IntegerProgram, faces: NDArray[np.uint8], threads: int) -> Job:
    engine = Engine(program, threads=1, layer_threads=threads)
    return Job(partial(engine.descriptor, faces[0]))


def _onnx(program: IntegerProgram, faces: NDArray[np.uint8], choice: StaticChoice | None, threads: int) -> Job:
    import onnxruntime

    network = dequantized(program)
    model = onnx_model(network).SerializeToString() if choice is None else quantized_model(network, faces, choice)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = [{network.input.name: inputs_of(network, view)} for view in _views(program, faces[0])]

    def work() -> None:
        for given in inputs:
            session.run([OUTPUT], given)

    return Job(work)


def _litert(program: IntegerProgram, faces: NDArray[np.uint8], bits: int, threads: int) -> Job:
    from ai_edge_litert.interpreter import Interpreter

    from peephole.compiler.peers.tflite_model import tflite_model

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(tflite_model(program, bits))
        interpreter: Any = Interpreter(model_path=str(path), num_threads=threads)
        interpreter.allocate_tensors()
    entered = interpreter.get_input_details()[0]
    inputs = [_integers(program, view, entered["dtype"]) for view in _views(program, faces[0])]

    def work() -> None:
        for given in inputs:
            interpreter.set_tensor(entered["index"], given)
            interpreter.invoke()

    return Job(work)


def _tflm(program: IntegerProgram, faces: NDArray[np.uint8]) -> Job:
    from peephole.compiler.peers.tensorflow_lite_micro import interpreter_of
    from peephole.compiler.peers.tflite_model import tflite_model

    interpreter = interpreter_of(tflite_model(program))
    inputs = [_integers(program, view, np.int8) for view in _views(program, faces[0])]

    def work() -> None:
        for given in inputs:
            interpreter.set_input(given, 0)
            interpreter.invoke()

    return Job(work)


def _integers(program: IntegerProgram, view: NDArray[np.uint8], dtype: Any) -> NDArray[Any]:
    """Return a view uint8 [1,H,W] as the program's integers [1,H,W,1], in the width of a peer's input."""
    entered = view.astype(np.int16) - program.input_offset
    shift = 8 * np.dtype(dtype).itemsize - program.input.bits
    return np.asarray((entered << max(0, shift)).astype(dtype)[..., None])
