"""ONNX files: the same function as in torch's own front end, and operators that no exporter of ours writes."""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnx_models import SHAPE, ReferenceEvaluator, W, imported_from, model, one, onnx, random, whole
from peephole.fixedpoint.graph.onnx_operators import DOUBLING
from peephole.fixedpoint.importer import Imported


def run(imported: Imported, samples: np.ndarray) -> np.ndarray:
    return imported.output.from_tensor(imported.network.outputs(imported.input.to_tensor(samples)))


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
    **{
        f"upsampling, {places}, {rounding}": (
            model(
                one("Resize", "x,,s", coordinate_transformation_mode=places, nearest_mode=rounding),
                s=np.array([1, 1, 2, 2], np.float32),
            ),
            "upsample",
        )
        for places, ways in DOUBLING.items()
        for rounding in ways
    },
    "upsampling to sizes": (
        model(("Resize", "x,,,s", "a", {}), one("Relu", "a"), s=whole(1, 4, 14, 12)),
        "upsample copy_channels",
    ),
    "upsampling by axes": (
        model(one("Resize", "x,,s", axes=[3, 2]), s=np.array([2, 2], np.float32)),
        "upsample",
    ),
    "upsampling, old": (model(one("Upsample", "x,s"), s=np.array([1, 1, 2, 2], np.float32), version=9), "upsample"),
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


def test_an_output_without_a_shape_is_taken(tmp_path: Path) -> None:
    made, *_ = MODELS["gemm"]
    bare = onnx.ModelProto.FromString(made.SerializeToString())
    bare.graph.output[0].type.tensor_type.ClearField("shape")
    with pytest.raises(onnx.checker.ValidationError, match="shape"):
        onnx.checker.check_model(bare)
    assert imported_from(bare, tmp_path).output == imported_from(made, tmp_path).output
