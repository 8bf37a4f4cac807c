"""ESP-PPQ, Espressif's quantizer: powers of two as ours, one scale a tensor.

What it makes is described through its own export to ONNX (QDQ form), by ONNX Runtime, many times as fast as by its
executor in torch. On our recogniser both give the same with 8 bits; with 16 they are at most a step or two apart.
"""

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.evaluation.peers.onnx_model import inputs_of, onnx_model
from peephole.evaluation.peers.onnx_runtime import Describe, describer
from peephole.fixedpoint.float_network import FloatNetwork

TARGET = "esp32p4"
NEWEST_IR, INT16_OPSET = 10, 21  # of ONNX; the first opset whose QuantizeLinear has 16 bits


def quantized_describer(network: FloatNetwork, faces: NDArray[np.uint8], bits: int, threads: int) -> Describe:
    """Quantize by `espdl_quantize_onnx` on calibration faces uint8 [N,H,W], and describe."""
    import onnx
    from esp_ppq.parser import ONNXRUNTIMExporter

    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "quantized.onnx"
        ONNXRUNTIMExporter().export(str(made), quantized_graph(network, faces, bits))
        model = onnx.load(made)
    # Optimized by ONNX Runtime 1.32, an export of 16 bits gives other vectors altogether; as it is, the executor's.
    return describer(network, runnable(model).SerializeToString(), threads, optimized=bits == 8)


def quantized_graph(network: FloatNetwork, faces: NDArray[np.uint8], bits: int) -> Any:
    """Return the graph (`esp_ppq.IR.BaseGraph`) that it quantizes a network to, by its defaults for the ESP32-P4."""
    import onnx
    import torch
    from esp_ppq.api import espdl_quantize_onnx

    values = [torch.from_numpy(one) for one in inputs_of(network, faces)[:, None]]
    # It prints banners and reports on stdout, where ours must be one JSON object.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        plain = Path(folder) / "float.onnx"
        onnx.save(onnx_model(network), plain)
        return espdl_quantize_onnx(
            str(plain),
            str(Path(folder) / "made.espdl"),
            values,
            len(values),
            list(values[0].shape),
            target=TARGET,
            num_of_bits=bits,
            error_report=False,
            skip_export=True,
            verbose=0,
        )


def runnable(model: Any) -> Any:
    """Return an export in the words that ONNX Runtime reads: batches of any size; int16, where it writes int32.

    Its biases of 16-bit layers are int64, which nothing dequantizes; they become the floats that they stand for.
    """
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    del model.graph.value_info[:]
    model.ir_version = min(model.ir_version, NEWEST_IR)
    constants = {constant.name: constant for constant in model.graph.initializer}
    biases = [n for n in model.graph.node if n.op_type == "DequantizeLinear" and _is_int64(n, constants)]
    if biases:
        for node in biases:
            _dequantize(node, constants, model)
        _narrow(model, constants)
        model.opset_import[0].version = INT16_OPSET
    return model


def _is_int64(node: Any, constants: dict[str, Any]) -> bool:
    from onnx import TensorProto

    return node.input[0] in constants and constants[node.input[0]].data_type == TensorProto.INT64


def _dequantize(node: Any, constants: dict[str, Any], model: Any) -> None:
    from onnx import numpy_helper

    values, scale = (numpy_helper.to_array(constants[name]) for name in node.input[:2])
    floats = np.asarray(values * scale.astype(np.float64), np.float32)
    model.graph.node.remove(node)
    model.graph.initializer.append(numpy_helper.from_array(floats, node.output[0]))


def _narrow(model: Any, constants: dict[str, Any]) -> None:
    from onnx import numpy_helper

    for node in model.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            for name in {node.input[0], node.input[2]} & constants.keys():
                values = numpy_helper.to_array(constants[name])
                if values.dtype == np.int32:
                    constants[name].CopyFrom(numpy_helper.from_array(values.astype(np.int16), name))
