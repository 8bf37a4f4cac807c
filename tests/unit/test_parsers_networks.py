"""Networks, checkpoints and cascades of somebody else, however damaged, are refused in one sentence or read."""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from damaged import refused_in_a_sentence, spoilt
from peephole.fixedpoint.importer import import_file
from peephole.fixedpoint.legacy import import_facereid
from peephole.packed_index import read_index
from peephole.vision.cascade_table import default_path, load_cascade

some = settings(max_examples=60)


@functools.cache
def small_cascade() -> bytes:
    """The wheel's cascade with its first stage alone."""
    tree = ElementTree.parse(default_path())  # noqa: S314 - a file of an installed package
    cascade = tree.getroot().find("cascade")
    assert cascade is not None
    stages, features = cascade.find("stages"), cascade.find("features")
    assert stages is not None and features is not None
    stages[1:], features[40:] = [], []
    return ElementTree.tostring(tree.getroot())


def onnx_model() -> bytes:
    onnx = pytest.importorskip("onnx", reason="needs the onnx extra")
    helper = onnx.helper
    weight = onnx.numpy_helper.from_array(np.ones((4, 1, 3, 3), np.float32), "w")
    image = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (1, 1, 8, 8))
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, (1, 4, 3, 3))
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"], strides=[2, 2]), helper.make_node("Relu", ["a"], ["y"])]
    graph = helper.make_graph(nodes, "graph", [image], [made], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    return bytes(model.SerializeToString())


def index() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.npz"
        teacher = np.ones((2, 3), np.float32)
        landmarks = np.zeros((2, 5, 2), np.float32)
        np.savez(path, key=np.array(["a", "b"]), identity=np.arange(2), landmarks=landmarks, teacher=teacher)
        return path.read_bytes()


def checkpoint() -> bytes:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ckpt"
        torch.save({"state_dict": {"a": torch.zeros(9)}, "seed": 1, "held_out_identities": 2}, path)
        return path.read_bytes()


def read_checkpoint(path: Path) -> object:
    from peephole.training import checkpoints

    return checkpoints.read_checkpoint(path)


FILES: dict[str, tuple[Callable[[], bytes], Callable[[Path], object]]] = {
    "network.onnx": (onnx_model, import_file),
    "cascade.xml": (small_cascade, load_cascade.__wrapped__),
    "index.npz": (index, lambda path: read_index(path.parent)),
    "facereid.npz": (index, import_facereid),
    "last.ckpt": (checkpoint, read_checkpoint),
}


@pytest.fixture(scope="module")
def whole() -> dict[str, bytes]:
    return {}


@pytest.mark.parametrize("name", FILES)
def test_a_whole_file_is_read(name: str, tmp_path: Path) -> None:
    make, read = FILES[name]
    (tmp_path / name).write_bytes(make())
    if name == "facereid.npz":
        with pytest.raises(ValueError, match="not the packed FaceReID archive"):
            read(tmp_path / name)
    else:
        read(tmp_path / name)


@pytest.mark.parametrize("name", FILES)
@some
@given(data=st.data())
def test_a_damaged_file(
    name: str, data: st.DataObject, whole: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    make, read = FILES[name]
    content = whole.setdefault(name, make() if name not in whole else b"")
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(data.draw(spoilt(content)))
    with refused_in_a_sentence():
        read(path)


NUMBERS = st.sampled_from(["1e999", "-1", "nan", "3.5", "99999999999999999999", "", "x", "0 0 1", "0 -1 7 inf"])


@some
@given(data=st.data())
def test_a_cascade_whose_numbers_cannot_be(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = ElementTree.fromstring(small_cascade())  # noqa: S314 - made above
    leaves = [element for element in root.iter() if len(element) == 0]
    data.draw(st.sampled_from(leaves)).text = data.draw(NUMBERS)
    path = tmp_path_factory.getbasetemp() / "numbers.xml"
    path.write_bytes(ElementTree.tostring(root))
    with refused_in_a_sentence():
        load_cascade.__wrapped__(path)


def edited(model: Any, data: st.DataObject) -> None:
    """Change one number of an ONNX model: a size, an attribute, an index of a type."""
    node = model.graph.node[0]
    number = data.draw(st.sampled_from([-1, 0, 7, 2**31 - 1, 2**31, 2**62]))
    match data.draw(st.sampled_from(["stride", "weight's size", "image's size", "type", "version", "input"])):
        case "stride":
            node.attribute[0].ints[0] = number
        case "weight's size":
            model.graph.initializer[0].dims[data.draw(st.integers(0, 3))] = number
        case "image's size":
            model.graph.input[0].type.tensor_type.shape.dim[data.draw(st.integers(0, 3))].dim_value = number
        case "type":
            model.graph.initializer[0].data_type = number % 30
        case "version":
            model.opset_import[0].version = number
        case _:
            node.input[data.draw(st.integers(0, 1))] = data.draw(st.sampled_from(["", "y", "x", "nobody"]))


@some
@given(data=st.data())
def test_an_onnx_network_whose_numbers_cannot_be(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the onnx extra")
    model = onnx.load_from_string(onnx_model())
    edited(model, data)
    path = tmp_path_factory.getbasetemp() / "numbers.onnx"
    path.write_bytes(model.SerializeToString())
    with refused_in_a_sentence():
        import_file(path)
