"""ONNX Runtime: a float network as it runs it, and after its static quantization to QDQ form."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.evaluation.peers.onnx_model import OUTPUT, inputs_of, onnx_model
from peephole.fixedpoint.float_layers import FloatL2Normalize
from peephole.fixedpoint.float_network import FloatNetwork

BATCH = 32
Describe = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class StaticChoice:
    """How its `quantize_static` is asked: bits of activations and weights, scales per channel, rule of ranges.

    Activations of 8 bits are unsigned, weights signed: what its documentation advises for x86-64. QDQ form.
    """

    activations: int = 8
    weights: int = 8
    per_channel: bool = True
    ranges: str = "MinMax"

    def __str__(self) -> str:
        """Say it in words, for a table."""
        per = "channel" if self.per_channel else "tensor"
        return f"weights {self.weights} bits per {per}, activations {self.activations} bits, ranges {self.ranges}"


def float_describer(network: FloatNetwork, threads: int) -> Describe:
    """Describe by the network in its float arithmetic: uint8 [N,H,W] -> float32 [N,D]."""
    return describer(network, onnx_model(network).SerializeToString(), threads)


def describer(network: FloatNetwork, model: bytes, threads: int, optimized: bool = True) -> Describe:
    """Describe by a model of the network, made here or by a quantizer; the mirror image's vector in as for all.

    optimized: its graph may be rewritten, as is the default.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def vectors(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(session.run([OUTPUT], {network.input.name: inputs_of(network, images)})[0], np.float32)

    return finished(network, vectors)


def finished(network: FloatNetwork, vectors: Describe) -> Describe:
    """Return what describes whole sets by what makes vectors: mirrored and scaled in floats where the network is."""
    unit = any(isinstance(layer, FloatL2Normalize) for layer in network.layers)

    def describe(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        made = []
        for start in range(0, len(images), BATCH):
            batch = images[start : start + BATCH]
            found = vectors(batch)
            made.append((found + vectors(batch[:, :, ::-1])) / 2 if network.mirrored else found)
        whole = np.concatenate(made)
        return np.asarray(whole / np.linalg.norm(whole, axis=1, keepdims=True) if unit else whole, np.float32)

    return describe


def quantized_describer(
    network: FloatNetwork, faces: NDArray[np.uint8], choice: StaticChoice, threads: int
) -> Describe:
    """Quantize by `onnxruntime.quantization.quantize_static` on calibration faces uint8 [N,H,W], and describe."""
    return describer(network, quantized_model(network, faces, choice), threads)


def quantized_model(network: FloatNetwork, faces: NDArray[np.uint8], choice: StaticChoice) -> bytes:
    """Return the model that `quantize_static` makes on calibration faces uint8 [N,H,W]."""
    import onnx
    from onnxruntime import quantization as ort

    types = {8: (ort.QuantType.QUInt8, ort.QuantType.QInt8), 16: (ort.QuantType.QUInt16, ort.QuantType.QInt16)}
    with tempfile.TemporaryDirectory() as folder:
        plain, made = Path(folder) / "float.onnx", Path(folder) / "quantized.onnx"
        onnx.save(onnx_model(network), plain)
        ort.quantize_static(
            plain,
            made,
            _Reader(network, faces),
            quant_format=ort.QuantFormat.QDQ,
            per_channel=choice.per_channel,
            activation_type=types[choice.activations][0],
            weight_type=types[choice.weights][1],
            calibrate_method=ort.CalibrationMethod[choice.ranges],
        )
        return made.read_bytes()


class _Reader:
    """Hands the calibration faces over one by one, as `quantize_static` asks for them."""

    def __init__(self, network: FloatNetwork, faces: NDArray[np.uint8]) -> None:
        self.name = network.input.name
        self.items: Iterator[NDArray[np.float32]] = iter(inputs_of(network, faces)[:, None])

    def get_next(self) -> dict[str, Any] | None:
        """Return the next face under the input's name, None after the last."""
        face = next(self.items, None)
        return None if face is None else {self.name: face}
