"""From a torch network or an ONNX file to a float network.

`peephole.fixedpoint.graph` knows how; neither torch nor onnx is loaded before a network of its kind is.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from peephole.extras import missing
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.graph.lowering import lower
from peephole.fixedpoint.graph.nodes import Affine, Graph
from peephole.fixedpoint.graph.passes import scalings_to_affine, simplify
from peephole.fixedpoint.graph.views import Layout
from peephole.fixedpoint.pixels import OFFSET, SCALE
from peephole.fixedpoint.validation import IMAGE, INPUT_KINDS, TENSOR

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class Imported:
    """A float network, and how samples of the original lie in its input and its output.

    `input.to_tensor` makes of samples [N,..] what the network reads, [N,H,W,C], and `output.from_tensor`
    of what it makes what the original returned.
    """

    network: FloatNetwork
    input: Layout
    output: Layout


def import_network(
    network: "nn.Module", name: str, size: tuple[int, int] = (128, 128), offset: float = OFFSET, scale: float = SCALE
) -> FloatNetwork:
    """Import a torch network of ours, which describes grey images [1,1,H,W] given as (pixel - offset) / scale.

    The network is left in evaluation mode. Raises `ValueError` naming module and operator for what cannot be imported.
    """
    from peephole.fixedpoint.graph import torch_program

    exported = torch_program.export(network, (1, *size), name, f"a grey {size[0]}x{size[1]} image")
    imported = _imported(torch_program.read_graph(exported, image=True), name, IMAGE, offset, scale)
    if imported.output.tensor[1:] != (1, 1) or len(imported.output.shape) > 1:
        raise ValueError("the network must end in a descriptor [N,D]; pool and flatten at the end")
    return imported.network


def import_module(
    network: "nn.Module",
    name: str,
    shape: Sequence[int],
    input_kind: str = TENSOR,
    offset: float = OFFSET,
    scale: float = SCALE,
) -> Imported:
    """Import any torch network. shape: of one sample, without the batch; a grey image's is [1,H,W].

    input_kind: `tensor`, or `image` for grey images given as (pixel - offset) / scale. The network is left
    in evaluation mode. Raises `ValueError` naming module and operator for what cannot be imported.
    """
    from peephole.fixedpoint.graph import torch_program

    exported = torch_program.export(network, tuple(shape), name, f"a sample {list(shape)}")
    return _imported(torch_program.read_graph(exported, image=_is_image(input_kind)), name, input_kind, offset, scale)


def import_file(
    path: Path | str, input_kind: str = TENSOR, offset: float = OFFSET, scale: float = SCALE, name: str | None = None
) -> Imported:
    """Import a network saved by `torch.export.save` (.pt2) or an ONNX file (.onnx); named after the file.

    Raises `FileNotFoundError`, or `ValueError` for a file of another kind and for what cannot be imported.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such network")
    try:
        graph = _read(path, _is_image(input_kind))
        return _imported(graph, name or path.stem, input_kind, offset, scale)
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(str(path)) else f"{path}: {error}") from error


def _is_image(input_kind: str) -> bool:
    if input_kind not in INPUT_KINDS:
        raise ValueError(f"input kind {input_kind!r} must be one of {', '.join(INPUT_KINDS)}")
    return input_kind == IMAGE


def _read(path: Path, image: bool) -> Graph:
    if path.suffix == ".onnx":
        try:
            from peephole.fixedpoint.graph import onnx_model
        except ModuleNotFoundError as error:
            raise ValueError(missing("this", error.name, "onnx")) from error
        return onnx_model.read_graph(onnx_model.load(path), image)
    if path.suffix != ".pt2" or not zipfile.is_zipfile(path):
        raise ValueError("not a whole network of torch.export.save (.pt2), nor an ONNX file (.onnx)")
    from peephole.fixedpoint.graph import torch_program

    return torch_program.read_graph(torch_program.load(path), image)


def _imported(graph: Graph, name: str, input_kind: str, offset: float, scale: float) -> Imported:
    image = input_kind == IMAGE
    scalings_to_affine(graph)
    offset, scale = _taken_in(graph, offset, scale) if image else (0.0, 1.0)
    simplify(graph)
    if graph.output is graph.input:
        raise ValueError("what the network does cancels out: it returns its input; there is nothing to compute")
    network = lower(graph, name=name, offset=float(offset), scale=float(scale), input_kind=input_kind)
    return Imported(network, graph.input_layout, graph.output_layout)


def _taken_in(graph: Graph, offset: float, scale: float) -> tuple[float, float]:
    """Take one scaling of all pixels at the start, as x / 255, into the offset and scale of the image."""
    readers = graph.users[graph.input]
    first = readers[0].operator
    if len(readers) != 1 or not isinstance(first, Affine) or readers[0] is graph.output or first.factor[0] <= 0:
        return offset, scale
    centre, factor, added = float(first.centre[0]), float(first.factor[0]), float(first.offset[0])
    graph.bypass(readers[0], graph.input)
    taken = _taken_in(graph, offset + scale * (centre - added / factor), scale / factor)
    return taken
