"""An integer program as a model of TensorFlow Lite: the same layers with the same scales, int8 weights throughout.

Powers of two are a special case of its scales (Jacob et al., 2018), so an 8-bit program passes over as it is, but for
its last vector, which has 16 bits with us and 8 there. Concatenation, which with us is writing into a slice, becomes
an operator of its own, and so does padding that is neither of the two kinds that there are.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.layers import (
    Add,
    Conv2d,
    Convolution,
    DepthwiseConv2d,
    GlobalAveragePool,
    L2Normalize,
    Layer,
    MaxPool,
    Tensor,
)
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.window import Pair

IDENTIFIER = b"TFL3"
SCHEMA = "tflite_micro.tensorflow.lite.micro.python.schema_py_generated"
Ints = NDArray[np.signedinteger[Any]]


def tflite_model(program: IntegerProgram, bits: int = 8, exact: bool = True) -> bytes:
    """Return the flatbuffer; `bits`, 8 or 16, is the width of its activations.

    An l2_normalize at the end is left out: there is none of 16 bits. exact: windows lie where ours do, which asks for
    padding operators; else for its own padding wherever that gives the same shape, as a network trained there has it.
    Raises `ValueError` for a layer that it cannot say, `ModuleNotFoundError` without the packages flatbuffers and
    tflite-micro.
    """
    return _Writer(program, bits, exact).write()


@dataclass
class _Writer:
    """A model under construction; tensors are known by name and get their numbers in the order they are made in.

    parts: of a tensor that several layers write slices of, the first channel of each slice and its number.
    """

    program: IntegerProgram
    bits: int
    exact: bool
    numbers: dict[str, int] = field(default_factory=dict)
    parts: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def write(self) -> bytes:
        import importlib

        import flatbuffers

        self.fb: Any = importlib.import_module(SCHEMA)
        self.tensors: list[Any] = []
        self.buffers: list[Any] = [self.fb.BufferT()]  # number 0 means: no data
        self.operators: list[Any] = []
        self.codes: list[int] = []
        self.formats = self.program.tensor_table
        layers = [layer for layer in self.program.layers if not isinstance(layer, L2Normalize)]
        self._activation(self.program.input.name, self.program.input)
        for number, layer in enumerate(layers):
            self._layer(layer, [other for other in layers[number + 1 :] if other.output == layer.output])
        ends = next((n.input for n in self.program.layers if isinstance(n, L2Normalize)), self.program.output)
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self._model(ends).Pack(builder), file_identifier=IDENTIFIER)
        return bytes(builder.Output())

    def _model(self, output: str) -> Any:
        graph = self.fb.SubGraphT()
        graph.name = self.program.name
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = [self.numbers[self.program.input.name]], [self.numbers[output]]
        model = self.fb.ModelT()
        model.version, model.description = 3, self.program.name
        model.subgraphs, model.buffers = [graph], self.buffers
        model.operatorCodes = [self._code(code) for code in self.codes]
        return model

    def _code(self, builtin: int) -> Any:
        code = self.fb.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), 1
        return code

    def _tensor(self, name: str, shape: tuple[int, ...], kind: int, scales: Any = None, axis: int = 0) -> int:
        tensor = self.fb.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, 0
        if scales is not None:
            scales = np.atleast_1d(np.asarray(scales, np.float32))
            tensor.quantization = self.fb.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = scales, np.zeros(len(scales), np.int64)
            tensor.quantization.quantizedDimension = axis
        self.tensors.append(tensor)
        self.numbers[name] = len(self.tensors) - 1
        return self.numbers[name]

    def _constant(self, name: str, values: Ints, scales: Any = None, axis: int = 0) -> int:
        kinds = {"int8": self.fb.TensorType.INT8, "int32": self.fb.TensorType.INT32, "int64": self.fb.TensorType.INT64}
        buffer = self.fb.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self.buffers.append(buffer)
        number = self._tensor(name, values.shape, kinds[values.dtype.name], scales, axis)
        self.tensors[number].buffer = len(self.buffers) - 1
        return number

    def _frac_bits(self, tensor: Tensor) -> int:
        return tensor.frac_bits - (tensor.bits - self.bits)  # the same range, in the bits that there are

    def _activation(self, name: str, like: Tensor, channels: int | None = None, size: Pair | None = None) -> int:
        kind = self.fb.TensorType.INT8 if self.bits == 8 else self.fb.TensorType.INT16
        height, width = size or (like.height, like.width)
        shape = (1, height, width, channels or like.channels)
        return self._tensor(name, shape, kind, 2.0 ** -self._frac_bits(like))

    def _operator(self, name: str, inputs: list[int], output: int, options: str = "", **values: Any) -> None:
        builtin = getattr(self.fb.BuiltinOperator, name)
        if builtin not in self.codes:
            self.codes.append(builtin)
        operator = self.fb.OperatorT()
        operator.opcodeIndex = self.codes.index(builtin)
        operator.inputs, operator.outputs = inputs, [output]
        if options:
            operator.builtinOptionsType = getattr(self.fb.BuiltinOptions, options)
            operator.builtinOptions = getattr(self.fb, options + "T")()
            for key, value in values.items():
                setattr(operator.builtinOptions, key, value)
        self.operators.append(operator)

    def _layer(self, layer: Layer, later: list[Layer]) -> None:
        """Write a layer; where it makes a part of a tensor, the last one to do so is followed by the concatenation."""
        whole = self.formats[layer.output]
        channels = int(getattr(layer, "channels", self.formats[layer.input].channels))
        is_part = channels < whole.channels
        part = f"{layer.output}:{layer.channel}" if is_part else layer.output  # a name that no tensor has
        output = self._activation(part, whole, channels)
        if is_part:
            self.parts.setdefault(layer.output, []).append((layer.channel, output))
        match layer:
            case Conv2d() | DepthwiseConv2d():
                self._convolution(layer, output)
            case MaxPool():
                source, padding = self._padded(layer, part)
                (height, width), (down, along) = layer.window.size, layer.window.stride
                moves = {"filterHeight": height, "filterWidth": width, "strideH": down, "strideW": along}
                self._operator("MAX_POOL_2D", [source], output, "Pool2DOptions", padding=padding, **moves)
            case Add():
                both = [self.numbers[layer.input], self.numbers[layer.other]]
                self._operator("ADD", both, output, "AddOptions", fusedActivationFunction=self._clip(layer))
            case GlobalAveragePool():
                axes = self._constant(f"{part}:axes", np.array([1, 2], np.int32))
                self._operator("MEAN", [self.numbers[layer.input], axes], output, "ReducerOptions", keepDims=True)
            case _:
                raise ValueError(f"layer {layer.name}: {layer.kind} is not written for TensorFlow Lite Micro here")
        if is_part and not later:
            parts = [number for _, number in sorted(self.parts[layer.output])]
            joined = self._activation(layer.output, whole)
            self._operator("CONCATENATION", parts, joined, "ConcatenationOptions", axis=3)

    def _convolution(self, layer: Convolution, output: int) -> None:
        source, padding = self._padded(layer, self.tensors[output].name)
        if isinstance(layer, Conv2d) and layer.groups > 1:
            raise ValueError(f"layer {layer.name}: groups are not written for TensorFlow Lite Micro here")
        entered = self.formats[layer.input]
        narrower = 8 * layer.weight.dtype.itemsize - 8
        weight = np.clip(np.round(layer.weight / 2.0**narrower), -128, 127).astype(np.int8)
        frac_bits = layer.weight_frac_bits.astype(np.int64) - narrower
        sums = frac_bits + self._frac_bits(entered)
        dropped = entered.frac_bits + layer.weight_frac_bits.astype(np.int64) - sums
        bias: Ints = np.round(layer.bias / 2.0**dropped).astype(np.int32 if self.bits == 8 else np.int64)
        (down, along), (dilation, dilation_x) = layer.window.stride, layer.window.dilation
        moves = {"padding": padding, "strideH": down, "strideW": along}
        moves |= {"dilationHFactor": dilation, "dilationWFactor": dilation_x}
        moves["fusedActivationFunction"] = self._clip(layer)
        depthwise = isinstance(layer, DepthwiseConv2d)
        axis = 3 if depthwise else 0
        laid_out: Ints = weight.transpose(1, 2, 0)[None] if depthwise else weight
        inputs = [
            source,
            self._constant(f"{layer.name}:weight", laid_out, 2.0**-frac_bits, axis),
            self._constant(f"{layer.name}:bias", bias, 2.0**-sums),
        ]
        if depthwise:
            self._operator("DEPTHWISE_CONV_2D", inputs, output, "DepthwiseConv2DOptions", depthMultiplier=1, **moves)
        else:
            self._operator("CONV_2D", inputs, output, "Conv2DOptions", **moves)

    def _clip(self, layer: Convolution | Add) -> int:
        kinds = self.fb.ActivationFunctionType
        if layer.ceiling is None and layer.floor is None:
            return int(kinds.RELU if layer.relu else kinds.NONE)
        if layer.relu and layer.floor is None and layer.ceiling == 6 * 2 ** self.formats[layer.output].frac_bits:
            return int(kinds.RELU6)
        raise ValueError(f"layer {layer.name}: its clip is none that TensorFlow Lite has")

    def _padded(self, layer: Convolution | MaxPool, part: str) -> tuple[int, int]:
        """Return what a window reads, padded by an operator where it must be, and the padding that is left to it."""
        source, target = self.formats[layer.input], self.formats[layer.output]
        window, sides = layer.window, (source.height, source.width)
        made = (target.height, target.width)
        reach = [(n - 1) * step + extent for n, step, extent in zip(made, window.stride, window.extent, strict=True)]
        spare = [max(0, r - side) for r, side in zip(reach, sides, strict=True)]
        ceiled = tuple(-(-side // step) for side, step in zip(sides, window.stride, strict=True))
        if not any(window.padding) and window.fitting(*sides) == made and not any(spare):
            return self.numbers[layer.input], int(self.fb.Padding.VALID)
        if ceiled == made and (not self.exact or window.padding == tuple(s // 2 for s in spare)):
            return self.numbers[layer.input], int(self.fb.Padding.SAME)
        if isinstance(layer, MaxPool):
            raise ValueError(f"layer {layer.name}: its padding is none that TensorFlow Lite has")
        around = [(p, r - side - p) for p, r, side in zip(window.padding, reach, sides, strict=True)]
        sizes = np.maximum(np.array([(0, 0), *around, (0, 0)], np.int32), 0)
        larger = (sides[0] + int(sizes[1].sum()), sides[1] + int(sizes[2].sum()))
        padded = self._activation(f"{part}:padded", source, None, larger)
        name = f"{part}:padding"
        self._operator("PAD", [self.numbers[layer.input], self._constant(name, sizes)], padded, "PadOptions")
        return padded, int(self.fb.Padding.VALID)
