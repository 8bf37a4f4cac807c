"""Front end: a program of `torch.export`, node by node, into the typed graph."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.export.graph_signature import OutputKind

from peephole.fixedpoint.graph.advice import ADVICE, changed_buffer, control_flow, not_supported, random_values
from peephole.fixedpoint.graph.builder import Builder, Length, Value
from peephole.fixedpoint.graph.nodes import Graph, Origin
from peephole.fixedpoint.graph.torch_operators import DROPOUTS, OPERATORS, RESHAPES, SAME
from peephole.fixedpoint.graph.views import UnsupportedError

CONTROL = ("cond", "while_loop", "scan", "associative_scan", "map_impl", "map")
OUTRIGHT = {operator: control_flow(operator) for operator in CONTROL} | {
    operator: not_supported(operator) for operator in ("scaled_dot_product_attention", "bmm", "baddbmm")
}


def export(network: nn.Module, shape: tuple[int, ...], name: str, what: str) -> torch.export.ExportedProgram:
    """Trace a network for one sample of this shape. Raises `ValueError`; `what` says there what the sample is."""
    try:
        return torch.export.export(network.eval(), (torch.zeros(1, *shape),))
    except (RuntimeError, TypeError, torch._dynamo.exc.TorchDynamoException) as error:
        first = str(error).strip().partition("\n")[0]
        raise ValueError(f"network {name}: cannot be traced for {what}: {first}") from error


def load(path: Path) -> torch.export.ExportedProgram:
    """Read what `torch.export.save` wrote. Raises `ValueError` for anything else."""
    log = logging.getLogger("torch.export")  # which would print a traceback before our sentence
    was, log.disabled = log.disabled, True
    try:
        return torch.export.load(path)
    except Exception as error:  # it raises a dozen kinds of errors for a file of another kind
        raise ValueError(f"not a whole network of torch.export.save ({type(error).__name__}); save it again") from error
    finally:
        log.disabled = was


def read_graph(program: torch.export.ExportedProgram, image: bool) -> Graph:
    """Return the graph of an exported program; image: it takes grey images.

    Raises `ValueError` naming operator and module for what is not supported.
    """
    return _Reader(program, image).graph()


class _Reader:
    """What every node of the exported graph has become: a `Value`, a `Length`, a list of them, or a constant."""

    def __init__(self, program: torch.export.ExportedProgram, image: bool) -> None:
        self.program = program = _without_changes_in_place(program)
        signature = program.graph_signature
        state = dict(program.state_dict) | dict(program.constants)
        names: Mapping[str, str] = (
            dict(signature.inputs_to_parameters)
            | dict(signature.inputs_to_buffers)
            | dict(signature.inputs_to_lifted_tensor_constants)
        )
        self.made: dict[str, Any] = {node: state[name].detach() for node, name in names.items()}
        inputs = [n for n in program.graph.nodes if n.op == "placeholder" and n.name not in self.made]
        if len(inputs) != 1:
            told = ", ".join(n.name for n in inputs)
            raise ValueError(f"the network takes {len(inputs)} inputs ({told}); only one is supported")
        self.batch, *shape = _shape(inputs[0])
        with _named(inputs[0]):
            self.builder = Builder([_whole(size) for size in shape], image)
        self.made[inputs[0].name] = self.builder.start()

    def graph(self) -> Graph:
        """Walk the nodes and return the graph."""
        for node in self.program.graph.nodes:  # first, for what leads to them is not supported either
            if _operator(node) in OUTRIGHT:
                with _named(node):
                    raise UnsupportedError(OUTRIGHT[_operator(node)])
        for node in self.program.graph.nodes:
            if node.op == "output":
                return self._finish(node.args[0])
            if node.op == "call_function" and node.users and not _is_size(node):
                with _named(node):
                    self.made[node.name] = self._run(node)
        raise ValueError("the exported program has no output")

    def _finish(self, returned: Sequence[Any]) -> Graph:
        for buffer in self.program.graph_signature.buffers_to_mutate.values():
            raise ValueError(changed_buffer(buffer))
        kinds = [spec.kind for spec in self.program.graph_signature.output_specs]  # what it changes is there too
        results = [node for node, kind in zip(returned, kinds, strict=True) if kind == OutputKind.USER_OUTPUT]
        if len(results) != 1:
            raise ValueError(f"the network returns {len(results)} values; it must return one tensor")
        result = self.made.get(results[0].name) if isinstance(results[0], torch.fx.Node) else None
        if not isinstance(result, Value):
            raise ValueError("the network returns no tensor that it computes from its input; there is nothing to do")
        return self.builder.finish(result)

    def _run(self, node: torch.fx.Node) -> Any:
        operator = _operator(node)
        if _is_random(node) and operator not in OPERATORS and operator not in ADVICE:
            raise UnsupportedError(random_values(operator))
        if any(source.op == "get_attr" for source in node.all_input_nodes):  # another graph
            raise UnsupportedError(not_supported(operator))
        arguments = self._arguments(node)
        read = [source for source in node.all_input_nodes if not _is_size(source)]
        whole = len(read) == len(node.all_input_nodes)
        if whole and not any(isinstance(self.made[source.name], Value | Length | list) for source in read):
            return _constant(node, self.made)
        self.builder.origin = Origin(_path(node), node.name)
        if operator == "slice" and str(_shape(node)) == str(_shape(read[0])):
            result = arguments["self"]  # all of it, as x[:] of the batch
        elif operator in RESHAPES:
            result = self._see(arguments["self"], node)
        elif operator in OPERATORS:
            result = OPERATORS[operator](self.builder, arguments)
        else:
            raise UnsupportedError(not_supported(operator, _is_at_the_end(node)))
        if isinstance(result, Value) and _is_rounded(node, read[0]):
            raise UnsupportedError(
                "rounding to whole numbers inside of the network is not supported; leave the cast out"
            )
        return result

    def _see(self, value: Any, node: torch.fx.Node) -> Any:
        if isinstance(value, Length):
            return value
        batch, *shape = _shape(node) or [None]
        if str(batch) != str(self.batch):
            raise UnsupportedError(f"a tensor {list(_shape(node))} does not keep the batch as its first dimension")
        return self.builder.reshape(value, [_whole(size) for size in shape])

    def _arguments(self, node: torch.fx.Node) -> dict[str, Any]:
        """Return a node's arguments by name, the operator's defaults too."""
        schema = getattr(node.target, "_schema", None)
        if schema is None:  # getitem of a list
            return dict(zip(("self", "index"), self._resolved(list(node.args)), strict=False))
        named: dict[str, Any] = {}
        for place, argument in enumerate(schema.arguments):
            given = (
                node.args[place] if place < len(node.args) else node.kwargs.get(argument.name, argument.default_value)
            )
            named[argument.name] = self._resolved(given)
        if schema.arguments:
            named["self"] = named[schema.arguments[0].name]
        return named

    def _resolved(self, argument: Any) -> Any:
        if isinstance(argument, torch.fx.Node):
            made = self.made.get(argument.name)
            return made.double().numpy() if isinstance(made, torch.Tensor) and made.is_floating_point() else made
        if isinstance(argument, (list, tuple)):
            return [self._resolved(part) for part in argument]
        return argument


class _named:  # noqa: N801 - reads as a statement
    """Adds a node's module to what is not supported."""

    def __init__(self, node: torch.fx.Node) -> None:
        self.node = node

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, UnsupportedError):
            raise ValueError(f"module {_path(self.node) or '(top level)'}: {error}") from error


def _without_changes_in_place(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """Return the same program with every tensor written once; torch knows which ones share memory."""
    nodes = [node for node in program.graph.nodes if node.op == "call_function"]
    if not any(_is_in_place(node) for node in nodes):
        return program
    for node in nodes:
        if _operator(node) in DROPOUTS and not _is_training(node):  # returns what it reads; torch makes a copy of it
            node.target, node.args, node.kwargs = torch.ops.aten.alias.default, (node.all_input_nodes[0],), {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch about itself
        once: torch.export.ExportedProgram = program.run_decompositions({})
    return once


def _constant(node: torch.fx.Node, made: Mapping[str, Any]) -> Any:
    def known(argument: Any) -> Any:
        return made[argument.name] if isinstance(argument, torch.fx.Node) else argument

    arguments = torch.fx.node.map_arg(node.args, known)
    return node.target(*arguments, **torch.fx.node.map_arg(node.kwargs, known))  # type: ignore[operator]


def _operator(node: torch.fx.Node) -> str:
    name = (
        str(getattr(node.target, "__name__", node.target)) if not hasattr(node.target, "_schema") else str(node.target)
    )
    name = name.removeprefix("aten.").split(".")[0]
    return name[:-1] if name.endswith("_") and not name.startswith("__") else name


def _is_in_place(node: torch.fx.Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return schema is not None and bool(schema.is_mutable)


def _is_at_the_end(node: torch.fx.Node) -> bool:
    """Tell whether what a node makes is only returned, in another shape or as one of its parts."""
    users = [user for user in node.users if not _is_size(user)]
    shaped = (*SAME, *RESHAPES, "getitem")
    return all(user.op == "output" or (_operator(user) in shaped and _is_at_the_end(user)) for user in users)


def _is_random(node: torch.fx.Node) -> bool:
    """Tell whether an operator draws numbers; in training, for some."""
    return torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())


def _is_rounded(node: torch.fx.Node, source: torch.fx.Node) -> bool:
    """Tell whether a node makes whole numbers; an input of them may be seen in another shape."""
    made, given = node.meta["val"], getattr(source.meta["val"], "dtype", None)
    if not isinstance(made, torch.Tensor) or made.is_floating_point():
        return False
    return made.dtype != given or _operator(node) not in (*SAME, *RESHAPES, "permute", "transpose")


def _is_training(node: torch.fx.Node) -> bool:
    return bool(node.args[2] if len(node.args) > 2 else node.kwargs["train"])


def _is_size(node: torch.fx.Node) -> bool:
    """Tell whether a node only reckons with sizes, of a batch that is not fixed; shapes are known without it."""
    return isinstance(node.meta.get("val"), torch.SymInt | int | torch.SymBool | bool)


def _shape(node: torch.fx.Node) -> tuple[Any, ...]:
    return tuple(node.meta["val"].shape)


def _whole(size: Any) -> int:
    if not isinstance(size, int):
        raise UnsupportedError(f"a size {size} is not fixed; export with a dynamic batch at most")
    return size


def _path(node: torch.fx.Node) -> str:
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path = str(stack[-1][0]) if stack else ""
    return "" if path.startswith("_empty_nn_module_stack") else path
