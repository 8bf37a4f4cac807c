"""The recogniser's network and nothing else, by us and by other runtimes, on one thread: for what each takes of memory.

Peers get models that another process has written, since writing them takes more memory than running them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from peephole.fixedpoint.program import IntegerProgram
from peephole.vision.image import Image

FLOAT_ONNX, INT8_ONNX, INT8_TFLITE = "network.onnx", "network-int8.onnx", "network-int8.tflite"
CALIBRATION_FACES = 8
Run = Callable[[Image], object]
"""One run of the network; whatever frame it is given, it computes on zeros of its own shape."""


def write_models(wide: IntegerProgram, narrow: IntegerProgram, folder: Path) -> None:
    """Write what peers run: of the 16-bit and of the 8-bit program. Without their packages nothing is written."""
    from peephole.compiler.peers.tflite_model import tflite_model
    from peephole.evaluation.peers.dequantized import dequantized
    from peephole.evaluation.peers.onnx_model import onnx_model
    from peephole.evaluation.peers.onnx_runtime import StaticChoice, quantized_model

    def quantized() -> bytes:
        size = (CALIBRATION_FACES, narrow.input.height, narrow.input.width)
        faces = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8)
        return quantized_model(dequantized(narrow), faces, StaticChoice())

    models: dict[str, Callable[[], bytes]] = {
        FLOAT_ONNX: lambda: onnx_model(dequantized(wide)).SerializeToString(),
        INT8_ONNX: quantized,
        INT8_TFLITE: lambda: tflite_model(narrow),
    }
    for name, make in models.items():
        try:
            (folder / name).write_bytes(make())
        except ModuleNotFoundError as error:
            (folder / name).with_suffix(".lacks").write_text(error.name or "", encoding="utf-8")


def own_network(program: IntegerProgram) -> Run:
    """Return a run of an integer program on the kernels."""
    from peephole.engine import Engine

    engine = Engine(program, threads=1)
    face = np.zeros((program.input.height, program.input.width), np.uint8)
    return lambda _: engine.descriptor(face)


def onnx_network(model: Path) -> Run:
    """Return a run of a network by ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(_written(model)), options, providers=["CPUExecutionProvider"])
    entered = session.get_inputs()[0]
    zeros = np.zeros([one if isinstance(one, int) else 1 for one in entered.shape], np.float32)
    return lambda _: session.run(None, {entered.name: zeros})


def litert_network(model: Path) -> Run:
    """Return a run of a network by LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter: Any = Interpreter(model_path=str(_written(model)), num_threads=1)
    interpreter.allocate_tensors()
    return lambda _: interpreter.invoke()


def micro_network(model: Path) -> Run:
    """Return a run of a network by TensorFlow Lite Micro on this host."""
    from peephole.compiler.peers.tensorflow_lite_micro import interpreter_of

    interpreter = interpreter_of(_written(model).read_bytes())
    entered = interpreter.get_input_details(0)
    zeros = np.zeros(entered["shape"], entered["dtype"])

    def run(_: Image) -> None:
        interpreter.set_input(zeros, 0)
        interpreter.invoke()

    return run


def _written(model: Path) -> Path:
    """Return a model that there is; raise `ModuleNotFoundError` for one that could not be written."""
    if not model.is_file():
        lacks = model.with_suffix(".lacks").read_text(encoding="utf-8")
        raise ModuleNotFoundError(f"no {lacks}, to write {model.name} with", name=lacks)
    return model
