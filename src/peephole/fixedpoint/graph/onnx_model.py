"""Front end: an ONNX model, node by node, into the typed graph."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from peephole.fixedpoint.graph.advice import control_flow, not_supported, random_values
from peephole.fixedpoint.graph.builder import Builder, Length, Value
from peephole.fixedpoint.graph.nodes import Graph, Origin
from peephole.fixedpoint.graph.onnx_operators import OPERATORS, Operation
from peephole.fixedpoint.graph.views import UnsupportedError

STANDARD = ("", "ai.onnx")  # the domain of ONNX's own operators, under both of its names

RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial")
OUTRIGHT = (
    {operator: control_flow(operator) for operator in ("If", "Loop", "Scan", "SequenceMap")}
    | {operator: not_supported(operator) for operator in ("LSTM", "GRU", "RNN")}
    | {operator: random_values(operator) for operator in RANDOM}
)


def load(path: Path) -> onnx.ModelProto:
    """Read an ONNX file. Raises `ValueError` for anything else, and naming the operator that is none of ONNX's own."""
    try:
        model = onnx.load(path)
    except (DecodeError, ValueError, OSError) as error:
        raise _not_whole(error) from error
    _check_operators(model)
    try:
        for output in model.graph.output:  # the checker wants a shape; some exporters write none, and none is read here
            if output.type.HasField("tensor_type"):
                output.type.tensor_type.shape.SetInParent()
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        raise _not_whole(error) from error
    return model


def _not_whole(error: Exception) -> ValueError:
    first = str(error).strip().partition("\n")[0]
    return ValueError(f"not a whole ONNX file ({first or type(error).__name__}); export it again")


def _check_operators(model: onnx.ModelProto) -> None:
    """Raise `ValueError` for an operator that is not among ONNX's own, which the checker would call a broken file."""
    versions = [opset.version for opset in model.opset_import if opset.domain in STANDARD]
    version = min(max([1, *versions]), onnx.defs.onnx_opset_version())  # of a damaged file it may be any number
    for node in model.graph.node:
        operator = str(node.op_type)  # of a damaged file it may be bytes that are no text
        if node.domain not in STANDARD:
            raise _named(node, UnsupportedError(not_supported(f"{node.domain}.{operator}")))
        if versions and not onnx.defs.has(operator, version):
            raise _named(node, UnsupportedError(not_supported(operator)))


def read_graph(model: onnx.ModelProto, image: bool) -> Graph:
    """Return the graph of an ONNX model; image: it takes grey images.

    Raises `ValueError` naming operator and node for what is not supported.
    """
    return _Reader(model, image).graph()


def _array(tensor: onnx.TensorProto) -> NDArray[Any]:
    try:
        return numpy_helper.to_array(tensor)
    except (KeyError, TypeError, ValueError, OSError, MemoryError) as error:  # a type or sizes that there are not
        raise ValueError(f"tensor {tensor.name}: is not whole; export the network again") from error


@dataclass(frozen=True)
class _Input:
    name: str
    batch: int
    shape: tuple[int, ...]


class _Reader:
    """What every name of the ONNX graph has become: a `Value`, a `Length`, or a constant array."""

    def __init__(self, model: onnx.ModelProto, image: bool) -> None:
        self.model = model
        self.versions = {opset.domain: opset.version for opset in model.opset_import}
        self.made: dict[str, Any] = {t.name: _array(t) for t in model.graph.initializer}
        self.made[""] = None  # an input that is left out
        self.read = {name for node in model.graph.node for name in node.input} | {o.name for o in model.graph.output}
        inputs = [value for value in model.graph.input if value.name not in self.made]
        if len(inputs) != 1:
            told = ", ".join(value.name for value in inputs)
            raise ValueError(f"the network takes {len(inputs)} inputs ({told}); only one is supported")
        self.input = _input(inputs[0])
        try:
            self.builder = Builder(self.input.shape, image)
        except UnsupportedError as error:
            raise ValueError(f"input {self.input.name}: {error}") from error
        self.made[self.input.name] = self.builder.start()

    def graph(self) -> Graph:
        """Walk the nodes and return the graph."""
        outputs = self.model.graph.output
        if len(outputs) != 1:
            told = ", ".join(value.name for value in outputs)
            raise ValueError(f"the network returns {len(outputs)} values ({told}); it must return one tensor")
        for node in self.model.graph.node:  # first, for what leads to them is not supported either
            if node.op_type in OUTRIGHT and node.domain in STANDARD:
                raise _named(node, UnsupportedError(OUTRIGHT[node.op_type]))
        for node in self.model.graph.node:
            try:
                self._run(node)
            except UnsupportedError as error:
                raise _named(node, error) from error
        result = self.made[outputs[0].name]
        if not isinstance(result, Value):
            raise ValueError("the network returns a constant; there is nothing to compute")
        return self.builder.finish(result)

    def _run(self, node: onnx.NodeProto) -> None:
        inputs = [self.made[name] for name in node.input]
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Shape" and isinstance(inputs[0], Value):
            sizes = np.array([self.input.batch, *inputs[0].sizes], np.int64)
            results: list[Any] = [sizes[attributes.get("start") : attributes.get("end")]]
        elif not any(isinstance(thing, Value | Length) for thing in inputs):
            results = self._constants(node)
        elif node.op_type in OPERATORS:
            self.builder.origin = _origin(node)
            made = OPERATORS[node.op_type](
                self.builder, Operation(inputs, attributes, len(node.output), self.input.batch)
            )
            results = made if isinstance(made, list) else [made]
        else:
            raise UnsupportedError(not_supported(node.op_type, self._is_at_the_end(node)))
        for name, result in zip(node.output, results, strict=False):
            self.made[name] = result
        if self.read & set(node.output[len(results) :]):
            raise UnsupportedError("the places of maxima and masks are not supported; leave those outputs out")

    def _is_at_the_end(self, node: onnx.NodeProto) -> bool:
        """Tell whether what a node makes is only returned, perhaps in another shape."""
        users = [user for user in self.model.graph.node if set(user.input) & set(node.output)]
        shaped = ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Cast")
        return all(user.op_type in shaped and self._is_at_the_end(user) for user in users)

    def _constants(self, node: onnx.NodeProto) -> list[Any]:
        feeds = {name: self.made[name] for name in node.input if name}
        try:
            return list(ReferenceEvaluator(node, opsets=self.versions).run(None, feeds))
        except Exception as error:  # every operator raises errors of its own
            first = str(error).strip().partition("\n")[0]
            raise UnsupportedError(
                f"what it makes of constants cannot be computed ({first or type(error).__name__}); export it again"
            ) from error


def _named(node: onnx.NodeProto, error: UnsupportedError) -> ValueError:
    return ValueError(f"node {node.name or next(iter(node.output), '?')} ({node.op_type}): {error}")


def _input(value: onnx.ValueInfoProto) -> _Input:
    dimensions = value.type.tensor_type.shape.dim
    sizes = [d.dim_value if d.HasField("dim_value") else None for d in dimensions]
    fixed = [size for size in sizes[1:] if size]
    if not sizes or len(fixed) != len(sizes) - 1:
        told = ", ".join(d.dim_param or str(d.dim_value or "?") for d in dimensions)
        raise ValueError(f"input {value.name}: its shape [{told}] is not fixed; export with a dynamic batch at most")
    return _Input(value.name, sizes[0] or 1, tuple(fixed))


def _origin(node: onnx.NodeProto) -> Origin:
    """Return where a node stands: exporters of torch call it /units/units.0/conv/Conv, in module units.0.conv."""
    parts = [part for part in node.name.split("/") if part]
    if "/" not in node.name:
        return Origin(node.name, node.output[0])
    path: list[str] = []
    for part in parts[:-1]:
        if path and part.startswith(f"{path[-1]}."):  # a list and its element
            path.pop()
        path.append(part)
    return Origin(".".join(path), parts[-1] if parts else node.output[0])
