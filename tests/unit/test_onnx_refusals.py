"""ONNX files that are refused: each names the operator and the node, or what is wrong with the file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnx_models import TensorProto, W, helper, imported_from, model, one, onnx, random, whole
from peephole.fixedpoint.importer import import_file


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
    "nobody's operator": (model(one("Foo")), r"node y \(Foo\): operator Foo is not supported; build the network of"),
    "an operator of later versions": (
        model(one("Gelu"), version=13),
        r"node y \(Gelu\): operator Gelu is not supported; use ReLU or another clip",
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
    "upsampling by three": (
        model(one("Resize", "x,,s"), s=np.array([1, 1, 3, 2], np.float32)),
        r"node y \(Resize\): upsampling from 7x6 to 21x12 is not supported; by 2 is",
    ),
    "upsampling by a little more than two": (
        model(one("Resize", "x,,s"), s=np.array([1, 1, 2.05, 2], np.float32)),
        r"upsampling from 7x6 to 14\.35x12 is not supported; by 2 is",
    ),
    "upsampling of channels": (
        model(one("Resize", "x,,s"), s=np.array([1, 2, 2, 2], np.float32)),
        r"is not supported; by 2 is",
    ),
    "upsampling of other pixels": (
        model(one("Resize", "x,,s", nearest_mode="floor"), s=np.array([1, 1, 2, 2], np.float32)),
        "upsampling by half_pixel and floor takes other pixels than the nearest; use asymmetric and floor",
    ),
    "smooth upsampling": (
        model(one("Resize", "x,,s", mode="linear"), s=np.array([1, 1, 2, 2], np.float32)),
        "upsampling of mode linear is not supported; use nearest",
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
    onnx.save(model(one("Conv", "x,w"), w=W), tmp_path / "b.onnx")
    (tmp_path / "b.onnx").write_bytes((tmp_path / "b.onnx").read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"b\.onnx: not a whole ONNX file"):
        import_file(tmp_path / "b.onnx")


def test_an_operator_whose_name_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(model(one("Relu")).SerializeToString().replace(b"\x04Relu", b"\x04Re\xff\xfe"))
    with pytest.raises(ValueError, match=r"Re.* is not supported|not a whole ONNX file"):
        import_file(path)
