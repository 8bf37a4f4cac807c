"""A float network as a model of ONNX: [N,1,H,W], the image as (pixel - offset) / scale, to the vector [N,D].

What scales the vector to length one, and the mean with the mirror image's, stays outside: each quantizer gets the part
that it would quantize.
"""

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.float_layers import (
    FloatAdd,
    FloatConv2d,
    FloatDepthwiseConv2d,
    FloatGlobalAveragePool,
    FloatL2Normalize,
    FloatLayer,
)
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.layers import MaxPool
from peephole.fixedpoint.window import Pair, Window

OPSET, IR_VERSION = 17, 9
INPUT, OUTPUT = "image", "vector"


def onnx_model(network: FloatNetwork) -> Any:
    """Return the model (`onnx.ModelProto`), of one image at a time or many.

    Raises `ValueError` for a layer that is not written here, `ModuleNotFoundError` without the package onnx.
    """
    return _Writer(network).write()


def inputs_of(network: FloatNetwork, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what the model reads, float32 [N,1,H,W], of images uint8 [N,H,W]."""
    values = (images.astype(np.float32) - np.float32(network.offset)) / np.float32(network.scale)
    return np.asarray(values[:, None], np.float32)


class _Writer:
    def __init__(self, network: FloatNetwork) -> None:
        self.network = network
        self.onnx: Any = importlib.import_module("onnx")
        self.make = self.onnx.helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.sizes = {t.name: (t.height, t.width, t.channels) for t in (network.input, *network.tensors)}
        self.parts: dict[str, list[tuple[int, str]]] = {}

    def write(self) -> Any:
        layers = [layer for layer in self.network.layers if not isinstance(layer, FloatL2Normalize)]
        if len(layers) < len(self.network.layers) - 1 or self.network.input.channels != 1:
            raise ValueError(f"network {self.network.name}: only grey ones that end in one vector are written as ONNX")
        for number, layer in enumerate(layers):
            written = self._layer(layer)
            self.parts.setdefault(layer.output, []).append((layer.channel, written))
            if not any(other.output == layer.output for other in layers[number + 1 :]):
                parts = [name for _, name in sorted(self.parts[layer.output])]
                if len(parts) > 1:
                    self._node("Concat", parts, layer.output, axis=1)
        end = layers[-1].output
        self._node("Flatten", [end], OUTPUT, axis=1)
        return self._model(self.sizes[end])

    def _model(self, end: tuple[int, int, int]) -> Any:
        height, width, _ = self.sizes[self.network.input.name]
        kind = self.onnx.TensorProto.FLOAT
        given = self.make.make_tensor_value_info(self.network.input.name, kind, ["N", 1, height, width])
        made = self.make.make_tensor_value_info(OUTPUT, kind, ["N", int(np.prod(end))])
        graph = self.make.make_graph(self.nodes, self.network.name, [given], [made], self.constants)
        model = self.make.make_model(graph, opset_imports=[self.make.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        self.onnx.checker.check_model(model)
        return model

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(self.make.make_node(kind, inputs, [output], name=f"{kind}.{output}", **attributes))
        return output

    def _constant(self, name: str, values: NDArray[np.float32]) -> str:
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _layer(self, layer: FloatLayer) -> str:
        """Write a layer and return the name of what it writes: its tensor, or a part of one."""
        channels = getattr(layer, "channels", self.sizes[layer.input][2])
        whole = channels == self.sizes[layer.output][2]
        output = layer.output if whole else f"{layer.output}:{layer.channel}"  # a name that no tensor has
        before = output if not getattr(layer, "relu", False) else f"{output}:linear"
        match layer:
            case FloatConv2d() | FloatDepthwiseConv2d():
                self._convolution(layer, before)
            case FloatAdd():
                self._node("Add", [layer.input, layer.other], before)
            case MaxPool():
                self._node("MaxPool", [layer.input], before, **self._moves(layer.window, layer.input, layer.output))
            case FloatGlobalAveragePool():
                self._node("GlobalAveragePool", [layer.input], before)
            case _:
                raise ValueError(f"layer {layer.name}: {layer.kind} is not written as ONNX here")
        if not isinstance(layer, MaxPool | FloatGlobalAveragePool) and (layer.ceiling, layer.floor) != (None, None):
            raise ValueError(f"layer {layer.name}: clips other than ReLU are not written as ONNX here")
        return output if before == output else self._node("Relu", [before], output)

    def _convolution(self, layer: FloatConv2d | FloatDepthwiseConv2d, output: str) -> None:
        depthwise = isinstance(layer, FloatDepthwiseConv2d)
        weight = layer.weight[:, None] if depthwise else layer.weight.transpose(0, 3, 1, 2)
        inputs = [
            layer.input,
            self._constant(f"{layer.name}:weight", np.asarray(weight, np.float32)),
            self._constant(f"{layer.name}:bias", layer.bias.astype(np.float32)),
        ]
        groups = layer.channels if isinstance(layer, FloatDepthwiseConv2d) else layer.groups
        self._node("Conv", inputs, output, group=groups, **self._moves(layer.window, layer.input, layer.output))

    def _moves(self, window: Window, source: str, target: str) -> dict[str, list[int]]:
        """Return a window's attributes; what hangs out below and on the right follows from the output's size."""
        ends: list[int] = []
        made: Pair = self.sizes[target][:2]
        for direction in (0, 1):
            reach = (made[direction] - 1) * window.stride[direction] + window.extent[direction]
            ends.append(max(0, reach - self.sizes[source][direction] - window.padding[direction]))
        return {
            "kernel_shape": list(window.size),
            "strides": list(window.stride),
            "dilations": list(window.dilation),
            "pads": [*window.padding, *ends],
        }
