"""ONNX models of a few nodes, and what the importer makes of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the onnx extra")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator as ReferenceEvaluator  # noqa: E402

from peephole.fixedpoint.importer import Imported, import_file  # noqa: E402

SHAPE = (4, 7, 6)  # channels, height, width
Attributes = dict[str, Any]


def model(*nodes: Any, shape: tuple[Any, ...] = (1, *SHAPE), version: int = 18, **constants: Any) -> Any:
    """A model from nodes (operator, inputs, outputs, attributes) that reads x and returns y; constants by name."""
    made = [helper.make_node(kind, given.split(","), out.split(","), **more) for kind, given, out, more in nodes]
    arrays = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    start = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    end = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["?"])
    graph = helper.make_graph(made, "g", [start], [end], arrays)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)], ir_version=8)


def imported_from(made: Any, folder: Path) -> Imported:
    onnx.save(made, folder / "net.onnx")
    return import_file(folder / "net.onnx")


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(0, 1, shape).astype(np.float32)


def whole(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def one(kind: str, inputs: str = "x", **attributes: Any) -> tuple[str, str, str, Attributes]:
    return kind, inputs, "y", attributes


W = random(3, 4, 3, 2)
