"""ONNX files: the same function as in torch's own front end, and operators that no exporter of ours writes."""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the onnx extra")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

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


def run(imported: Imported, samples: np.ndarray) -> np.ndarray:
    return imported.output.from_tensor(imported.network.outputs(imported.input.to_tensor(samples)))


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
MODELS: dict[str, tuple[Any, str]] = {
    "pads": (model(one("Conv", "x,w", pads=[2, 0, 1, 1], strides=[2, 1]), w=W), "conv2d"),
    "same upper": (model(one("Conv", "x,w,b", auto_pad="SAME_UPPER", strides=[2, 2]), w=W, b=random(3)), "conv2d"),
    "same lower": (model(one("Conv", "x,w", auto_pad="SAME_LOWER"), w=W), "conv2d"),
    "groups": (model(one("Conv", "x,w", group=2, dilations=[2, 1]), w=random(6, 2, 3, 1)), "conv2d"),
    "depthwise": (model(one("Conv", "x,w", group=4), w=random(4, 1, 3, 3)), "depthwise_conv2d"),
    "series": (model(one("Conv", "x,w", pads=[1, 2]), shape=(1, 4, 9), w=random(3, 4, 3)), "conv2d"),
    "batch norm": (
        model(
            ("Conv", "x,w", "a", {}),
            one("BatchNormalization", "a,g,b,m,v", epsilon=0.1),
            w=W,
            g=random(3),
            b=random(3),
            m=random(3),
            v=random(3) ** 2,
        ),
        "conv2d",
    ),
    "clips": (
        model(
            ("Clip", "x,low,high", "a", {}),
            ("Max", "a,c", "b", {}),
            ("Min", "c2,b", "d", {}),
            one("Relu", "d"),
            low=np.float32(-1),
            high=np.float32(2),
            c=np.float32(-0.5),
            c2=np.float32(1.5),
        ),
        "copy_channels",
    ),
    "old clip": (model(one("Clip", min=0.0, max=6.0), version=10), "copy_channels"),
    "max pool": (
        model(one("MaxPool", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 0, 1], ceil_mode=1)),
        "max_pool",
    ),
    "max pool, same": (model(one("MaxPool", kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")), "max_pool"),
    "average pool": (model(one("AveragePool", kernel_shape=[3, 3], pads=[0, 1, 1, 0])), "average_pool"),
    "average pool that counts": (
        model(one("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2], count_include_pad=1)),
        "average_pool",
    ),
    "global pools": (
        model(("GlobalAveragePool", "x", "a", {}), ("GlobalMaxPool", "x", "b", {}), one("Concat", "a,b", axis=1)),
        "global_average_pool max_pool",
    ),
    "mean": (model(one("ReduceMean", "x,axes", keepdims=0), axes=whole(2, 3)), "global_average_pool"),
    "mean, old": (model(one("ReduceMean", axes=[-1], keepdims=1), version=11), "average_pool"),
    "sum over rows": (model(one("ReduceSum", "x,axes"), axes=whole(2)), "average_pool depthwise_conv2d"),
    "maximum": (model(one("ReduceMax", axes=[2, 3], keepdims=0), version=11), "max_pool"),
    "gemm": (
        model(
            ("Flatten", "x", "f", {}),
            one("Gemm", "f,w,b", alpha=0.5, beta=2.0, transB=1),
            w=random(5, 168),
            b=random(5),
        ),
        "conv2d",
    ),
    "matmul": (
        model(
            ("Reshape", "x,s", "f", {}),
            ("MatMul", "f,w", "a", {}),
            one("Add", "b,a"),
            s=whole(0, -1),
            w=random(168, 5),
            b=random(5),
        ),
        "conv2d",
    ),
    "arithmetic": (
        model(
            ("Sub", "x,c", "a", {}),
            ("Mul", "c,a", "b", {}),
            ("Div", "b,two", "d", {}),
            ("Neg", "d", "e", {}),
            one("Sum", "e,x,x"),
            c=random(1, 4, 1, 1),
            two=np.float32(2),
        ),
        "depthwise_conv2d add add",
    ),
    "split": (
        model(("Split", "x,n", "a,b", {"axis": 1}), one("Concat", "b,a", axis=1), n=whole(1, 3)),
        "copy_channels copy_channels",
    ),
    "split in equal parts": (
        model(("Split", "x", "a,b", {"axis": 1, "num_outputs": 2}), one("Add", "a,b")),
        "copy_channels copy_channels add",
    ),
    "split, old": (
        model(("Split", "x", "a,b", {"axis": 1}), one("Add", "a,b"), version=11),
        "copy_channels copy_channels add",
    ),
    "slice": (
        model(one("Slice", "x,s,e,a,t"), s=whole(0, 1), e=whole(2**62, -1), a=whole(0, 1), t=whole(1, 1)),
        "copy_channels",
    ),
    "gather": (model(one("Gather", "x,i", axis=1), i=np.int64(2)), "copy_channels"),
    "shuffle": (
        model(
            ("Reshape", "x,s", "a", {}),
            ("Transpose", "a", "b", {"perm": [0, 2, 1, 3, 4]}),
            one("Reshape", "b,t"),
            s=whole(1, 2, 2, 7, 6),
            t=whole(0, 4, 7, 6),
        ),
        "shuffle_channels",
    ),
    "squeeze and unsqueeze": (
        model(
            ("GlobalAveragePool", "x", "a", {}),
            ("Squeeze", "a,s", "b", {}),
            ("Unsqueeze", "b,u", "c", {}),
            one("Conv", "c,w"),
            s=whole(2, 3),
            u=whole(2, -1),
            w=random(3, 4, 1, 1),
        ),
        "global_average_pool conv2d",
    ),
    "pad": (model(("Pad", "x,p", "a", {}), one("Conv", "a,w"), p=whole(0, 0, 1, 0, 0, 0, 2, 1), w=W), "conv2d"),
    "pad by axes": (
        model(("Pad", "x,p,c,a", "b", {}), one("Conv", "b,w"), p=whole(1, 2), c=np.float32(0), a=whole(3), w=W),
        "depthwise_conv2d conv2d",
    ),
    "channels last": (
        model(("Transpose", "x", "a", {"perm": [0, 3, 1, 2]}), one("Conv", "a,w"), w=random(3, 6, 2, 2)),
        "conv2d",
    ),
    "unit length": (
        model(("GlobalAveragePool", "x", "a", {}), ("Flatten", "a", "b", {}), one("LpNormalization", "b", axis=1)),
        "global_average_pool l2_normalize",
    ),
    "unit length by hand": (
        model(
            ("GlobalAveragePool", "x", "a", {}),
            ("Flatten", "a", "b", {}),
            ("ReduceL2", "b", "n", {"axes": [1]}),
            ("Clip", "n,tiny", "m", {}),
            ("Shape", "b", "s", {}),
            ("Expand", "m,s", "e", {}),
            one("Div", "b,e"),
            tiny=np.float32(1e-12),
            version=13,
        ),
        "global_average_pool l2_normalize",
    ),
    "computed constants": (
        model(
            ("Shape", "x", "s", {}),
            ("Gather", "s,i", "n", {"axis": 0}),
            ("Concat", "n,rest", "t", {"axis": 0}),
            ("Reshape", "x,t", "f", {}),
            ("Transpose", "w", "v", {}),
            one("Gemm", "f,v"),
            i=whole(0),
            rest=whole(-1),
            w=random(5, 168),
        ),
        "conv2d",
    ),
    "a part of a shape": (
        model(
            ("Shape", "x", "h", {"start": -2, "end": -1}),
            ("Concat", "n,h,rest", "t", {"axis": 0}),
            ("Reshape", "x,t", "f", {}),
            one("Relu", "f"),
            shape=(1, 1, 7, 6),
            n=whole(1),
            rest=whole(-1),
        ),
        "copy_channels",
    ),
    "masks and places that nobody reads": (
        model(("MaxPool", "x", "a,i", {"kernel_shape": [2, 2]}), ("Dropout", "a", "b,m", {}), one("Relu", "b")),
        "max_pool copy_channels",
    ),
    "identity": (
        model(("Identity", "x", "a", {}), ("Dropout", "a", "b", {}), ("Cast", "b", "c", {"to": 1}), one("Relu", "c")),
        "copy_channels",
    ),
    "a batch that is not fixed": (
        model(("Flatten", "x", "a", {}), one("Gemm", "a,w"), shape=("n", *SHAPE), w=random(168, 2)),
        "conv2d",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_operator_equals_the_reference_of_onnx(name: str, tmp_path: Path) -> None:
    made, kinds = MODELS[name]
    imported = imported_from(made, tmp_path)
    sample = random(1, *imported.input.shape)
    expected = ReferenceEvaluator(made).run(None, {"x": sample})[0]
    result = run(imported, sample)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    assert [layer.kind for layer in imported.network.layers] == kinds.split()


def test_a_network_of_torch_is_the_same_through_both_front_ends(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    from peephole.fixedpoint.importer import import_module
    from peephole.models import build

    torch.manual_seed(0)
    network = build("shufflenet_v2", 8, width=0.5, size=32).eval()
    network.unit_length = True
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch wants another exporter to be used, which needs another package
        torch.onnx.export(network, (torch.zeros(1, 1, 32, 32),), written, dynamo=False)
    one, other = (
        import_module(network, "net", (1, 32, 32)),
        imported_from(onnx.load_from_string(written.getvalue()), tmp_path),
    )
    samples = random(2, 1, 32, 32)
    np.testing.assert_allclose(run(one, samples), run(other, samples), rtol=1e-5, atol=1e-6)
    assert [layer.kind for layer in one.network.layers] == [layer.kind for layer in other.network.layers]
    assert "units.0.branch.0.conv" in {layer.name for layer in other.network.layers}


def of_another_domain(made: Any) -> Any:
    """The same model, its first operator somebody's own."""
    made.graph.node[0].domain = "com.somebody"
    made.opset_import.append(helper.make_opsetid("com.somebody", 1))
    return made


def branched(name: str) -> Any:
    """Twice or three times something, by a constant condition."""
    ends = [helper.make_tensor_value_info("b", TensorProto.FLOAT, None)]
    twice, thrice = (
        helper.make_graph([helper.make_node("Mul", [name, factor], ["b"])], factor, [], ends) for factor in ("k", "l")
    )
    constants = {"k": np.float32(2), "l": np.float32(3), "c": np.float32(1), "true": np.bool_(True)}
    return model(("If", "true", "y", {"then_branch": twice, "else_branch": thrice}), **constants)


def of_length(change: Any, **constants: Any) -> Any:
    """A vector divided by its length n, which is changed into m."""
    flat = (("GlobalAveragePool", "x", "a", {}), ("Flatten", "a", "b", {}), ("ReduceL2", "b", "n", {"axes": [1]}))
    return model(*flat, change, one("Div", "b,m"), version=13, **constants)


TINY = "vector's length may be kept from zero by a constant of at most 1e-06, not more"

WRONG: dict[str, tuple[Any, str]] = {
    "another's operator": (
        of_another_domain(model(one("Relu"))),
        r"node y \(Relu\): operator com\.somebody\.Relu is not supported",
    ),
    "another's constant": (
        of_another_domain(model(("Table", "c", "t", {}), one("Mul", "x,t"), c=np.float32(2))),
        r"node t \(Table\): operator com\.somebody\.Table is not supported",
    ),
    "an entry that is not there": (model(one("Gather", "x,i", axis=1), i=np.int64(4)), "entry 4 of a dimension of 4"),
    "not a number": (model(one("Mul", "x,c"), c=np.float32("nan")), r"node y \(Mul\): a constant is infinite or not a"),
    "operator": (
        model(("Relu", "x", "a", {}), one("Sigmoid", "a")),
        r"node y \(Sigmoid\): operator Sigmoid is not supported; leave it out",
    ),
    "operator in the middle": (
        model(("Sigmoid", "x", "a", {}), one("Conv", "a,w"), w=W),
        r"node a \(Sigmoid\): operator Sigmoid is not supported; use ReLU or another clip",
    ),
    "products of tensors": (model(one("MatMul", "x,x"), shape=(1, 5, 5)), "the matrix product of two tensors is not"),
    "two inputs": (model(one("Add", "x,z")), "not a whole ONNX file"),
    "free sides": (model(one("Relu"), shape=(1, 3, "h", "w")), r"input x: its shape \[1, 3, h, w\] is not fixed"),
    "whole numbers": (model(one("Cast", to=6)), "rounding to whole numbers inside of the network is not supported"),
    "batch": (
        model(one("Reshape", "x,s"), s=whole(2, -1)),
        r"node y \(Reshape\): a reshape to \[2, -1\] does not keep the batch",
    ),
    "places": (
        model(("MaxPool", "x", "a,i", {"kernel_shape": [2, 2]}), one("Add", "a,i")),
        r"node a \(MaxPool\): the places of maxima",
    ),
    "dropout in training": (
        model(one("Dropout", "x,r,t"), r=np.float32(0.5), t=np.bool_(True)),
        r"node y \(Dropout\): dropout is in training mode",
    ),
    "batch norm in training": (
        model(one("BatchNormalization", "x,g,g,g,g", training_mode=1), g=random(4) ** 2, version=15),
        "batch norm is in training mode",
    ),
    "a vector's product": (model(one("MatMul", "x,w"), w=random(6)), r"node y \(MatMul\): weights \[6\] are no matrix"),
    "a length that is cut off above": (of_length(("Clip", "n,,most", "m", {}), most=np.float32(0.5)), TINY),
    "a length of at least four": (of_length(("Max", "n,least", "m", {}), least=np.float32(4)), TINY),
    "a length of at most four": (of_length(("Min", "n,most", "m", {}), most=np.float32(4)), TINY),
    "a length and one": (of_length(("Add", "n,more", "m", {}), more=np.float32(1)), TINY),
    "an end of a clip that is no number": (
        model(one("Clip", "x,low"), low=np.float32("nan")),
        r"node y \(Clip\): a clip to what is not a number; give it an end",
    ),
    "random values": (
        model(("RandomUniformLike", "c", "r", {}), one("Add", "x,r"), c=np.float32(0)),
        r"node r \(RandomUniformLike\): operator RandomUniformLike gives random values; make it a constant",
    ),
    "a branch": (branched("x"), r"node y \(If\): control flow \(If\) is not supported; export the part that runs"),
    "a branch of constants": (branched("c"), r"node y \(If\): control flow \(If\) is not supported"),
    "a recurrent layer": (
        model(
            ("Transpose", "x", "t", {"perm": [1, 0, 2]}),
            one("LSTM", "t,w,r", hidden_size=2),
            shape=(1, 5, 3),
            w=random(1, 8, 3),
            r=random(1, 8, 2),
        ),
        r"node y \(LSTM\): operator LSTM is not supported; use convolutions along time",
    ),
    "constants that cannot be": (
        model(("Reshape", "c,s", "k", {}), one("Add", "x,k"), c=random(5), s=whole(2, 3)),
        r"node k \(Reshape\): what it makes of constants cannot be computed",
    ),
    "spread": (
        model(("GlobalAveragePool", "x", "a", {}), one("Expand", "a,s"), s=whole(1, 4, 7, 6)),
        "cannot be spread to",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_unsupported_is_named(name: str, tmp_path: Path) -> None:
    made, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        imported_from(made, tmp_path)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_text("hello")
    with pytest.raises(ValueError, match=r"a\.onnx: not a whole ONNX file"):
        import_file(tmp_path / "a.onnx")
    onnx.save(MODELS["gemm"][0], tmp_path / "b.onnx")
    (tmp_path / "b.onnx").write_bytes((tmp_path / "b.onnx").read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"b\.onnx: not a whole ONNX file"):
        import_file(tmp_path / "b.onnx")
