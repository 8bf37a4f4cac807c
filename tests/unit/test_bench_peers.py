"""`peephole bench peers`: what is handed to peers is the same network, and the figures fit together."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from commands import assert_one_line, peephole
from peephole.compiler.memory import Buffer
from peephole.compiler.peers import arenas as memory
from peephole.compiler.peers import tensorflow_lite_micro
from peephole.compiler.peers.tflite_model import tflite_model
from peephole.evaluation.lfw import Pair, PairList
from peephole.evaluation.peers import losses, onnx_runtime, quantizers
from peephole.evaluation.peers.faces import Faces
from peephole.evaluation.peers.onnx_runtime import StaticChoice
from peephole.fixedpoint import interpreter
from peephole.fixedpoint.float_layers import FloatConv2d, FloatL2Normalize
from peephole.fixedpoint.float_network import FloatNetwork, FloatTensor
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from programs import residual_network, smooth_images, tiny_network


def needs(*packages: str) -> None:
    """Skip, and say which package is missing."""
    for package in packages:
        pytest.importorskip(package, reason=f"needs the peers extra ({package})")


def halving_network() -> FloatNetwork:
    """A convolution that halves an even map with the padding before it: TensorFlow would put it behind."""
    rng = np.random.default_rng(1)

    def conv(name: str, source: str, shape: tuple[int, ...], stride: int, padding: int) -> FloatConv2d:
        weight = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)
        return FloatConv2d(name, source, name, 0, stride, padding, padding > 0, weight, rng.normal(0, 0.1, shape[0]))

    layers = (
        conv("stem", "image", (4, 3, 3, 1), 1, 0),
        conv("half", "stem", (5, 3, 3, 4), 2, 1),
        conv("descriptor", "half", (6, 4, 4, 5), 1, 0),
        FloatL2Normalize("unit", "descriptor", "unit", 0),
    )
    sides = {"stem": (8, 4), "half": (4, 5), "descriptor": (1, 6), "unit": (1, 6)}
    tensors = tuple(FloatTensor(name, side, side, channels) for name, (side, channels) in sides.items())
    return FloatNetwork("halving", FloatTensor("image", 10, 10, 1), 128.0, 128.0, tensors, layers, "unit")


def numbered_network() -> FloatNetwork:
    """Tensors of one module are numbered as imported ones are, beside one that is written in parts."""
    network = tiny_network(side=33, unit_length=True)
    other = {"pool": "fire.0", "squeeze": "fire.2"}
    return dataclasses.replace(
        network,
        name="numbered",
        tensors=tuple(dataclasses.replace(t, name=other.get(t.name, t.name)) for t in network.tensors),
        layers=tuple(
            dataclasses.replace(
                layer, input=other.get(layer.input, layer.input), output=other.get(layer.output, layer.output)
            )
            for layer in network.layers
        ),
    )


NETWORKS = [halving_network(), tiny_network(side=33, unit_length=True), residual_network(), numbered_network()]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_tensorflow_lite_micro_computes_our_8_bit_program(network: FloatNetwork) -> None:
    """Powers of two are among its scales; where its rounding differs, a value is one off."""
    needs("tflite_micro")
    images = smooth_images(8, network.input.height)
    program, _ = quantize(network, images, QuantizationOptions.of(8), 8)
    vector = program.layers[-1].input
    ours = interpreter.run(program, images[0])
    wide = program.tensor_table[vector]
    given = (images[0].astype(np.int16) - program.input_offset).astype(np.int8)[None, :, :, None]
    made = tensorflow_lite_micro.run(tflite_model(program), given)
    expected = ours[vector].reshape(-1) / 2.0 ** (wide.bits - 8)
    assert wide.bits == 16
    assert np.abs(expected).max() > 5
    assert made.dtype == np.int8
    assert np.abs(made.reshape(-1) - expected).max() <= 1


def test_a_layer_that_the_peer_is_not_written_for_is_named() -> None:
    needs("tflite_micro")
    network = tiny_network(side=33)
    program, _ = quantize(network, smooth_images(2, 33), bits=8, options=QuantizationOptions.of(8))
    odd = next(layer for layer in program.layers if layer.kind == "conv2d")
    object.__setattr__(odd, "ceiling", 3)
    with pytest.raises(ValueError, match="layer conv1: its clip"):
        tflite_model(program)


def test_greedy_by_size_puts_the_largest_first() -> None:
    """The long thin buffer comes last and lies above the two large ones, which share their bytes."""
    buffers = [Buffer("a", "L2", 100, 0, 1), Buffer("b", "L2", 90, 2, 3), Buffer("c", "L2", 8, 0, 3)]
    assert memory.greedy_by_size(buffers, alignment=4) == 108
    assert memory.greedy_by_size(buffers, alignment=16) == 128


@pytest.mark.parametrize(
    "count", [pytest.param(1, id="one network"), pytest.param(9, id="all", marks=pytest.mark.slow)]
)
def test_one_json_object_holds_arenas_that_fit_together(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    from peephole.compiler.peers import networks

    smallest_first = sorted(networks.SHAPES.items(), key=lambda item: item[1].side)
    monkeypatch.setattr(networks, "SHAPES", dict(smallest_first[:count]))
    done = peephole("bench", "peers", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["losses"] == []
    assert {row["bits"] for row in told["arenas"]} == {8, 16}
    for row in told["arenas"]:
        assert row["ours"] <= row["whole_layers"] <= row["layer_by_layer"] <= row["by_size"]
        assert row["ours"] <= row["with_weights"]
        if row["tflm"] is None:
            assert "is not installed" in row["why_not"]
        else:  # it plans greedily by size too, and nothing of a network's buffers is lost in the writing
            assert row["tflm"] == pytest.approx(row["by_size"], rel=0.02)
    by_name = {(row["network"], row["bits"]): row["ours"] for row in told["arenas"]}
    assert all(by_name[name, 16] == 2 * by_name[name, 8] for name, bits in by_name if bits == 8)


def test_a_peer_that_is_absent_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    from peephole.compiler.peers.networks import SHAPES, program_of

    def absent(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'tflite_micro'", name="tflite_micro")

    monkeypatch.setattr(memory, "tflite_model", absent)
    row = memory.arenas("landmarks", program_of(SHAPES["five landmarks, 64x64"], 8))
    assert (row.tflm, row.why_not) == (None, "the package tflite_micro is not installed")
    assert row.ours < row.by_size


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_the_onnx_model_is_the_network(network: FloatNetwork) -> None:
    needs("onnx", "onnxruntime")
    images = smooth_images(5, network.input.height)
    made = onnx_runtime.float_describer(network, 1)(images)
    np.testing.assert_allclose(made, network.descriptors(images), atol=2e-6)


@pytest.mark.filterwarnings("ignore")
def test_static_quantization_loses_more_with_fewer_bits() -> None:
    needs("onnx", "onnxruntime")
    network = NETWORKS[1]
    images = smooth_images(24, 33)
    exact = network.descriptors(images)
    noise = [
        losses.signal_to_noise(exact, onnx_runtime.quantized_describer(network, images, choice, 1)(images))
        for choice in (StaticChoice(16, 16), StaticChoice(8, 8))
    ]
    assert noise[0] > 45
    assert 15 < noise[1] < noise[0] - 15


def test_what_was_lost_is_against_the_float_network() -> None:
    """Two folds of two pairs; the second set of descriptors has one of four pairs wrong in one fold."""
    names = [f"p{number}" for number in range(8)]
    pairs = PairList(tuple(Pair(names[2 * i], names[2 * i + 1], i % 2 == 0) for i in range(4)), 2)
    faces = Faces(tuple(names), np.zeros((8, 2, 2), np.uint8), np.ones(8, np.bool_))
    exact = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [1, 0], [0, 1]], np.float32)
    spoilt = exact.copy()
    spoilt[5] = [1, 0]
    rows = losses.losses(pairs, faces, exact, {("a", "good"): exact, ("a", "bad"): spoilt, ("b", "x"): "not here"})
    assert [row.lost for row in rows[:2]] == [0.0, 0.0]
    assert rows[0].accuracy == 1
    assert rows[2].lost > 0.2
    assert rows[1].noise == float("inf")
    assert rows[2].noise == pytest.approx(10 * np.log10(8 / 2))
    assert rows[3].why_not == "not here"


def test_our_rows_need_no_peer() -> None:
    network = NETWORKS[1]
    images = smooth_images(8, 33)
    ours = [row for row in quantizers.ROWS if row.quantizer == "peephole"]
    assert [re.findall(r"\d+ bits", row.choice)[0] for row in ours] == ["16 bits", "8 bits"]
    for row in ours:
        describe = quantizers.describe_by(row, network, images, 1)
        assert not isinstance(describe, str)
        assert losses.signal_to_noise(network.descriptors(images), describe(images)) > 15


def test_wrong_words_and_missing_files() -> None:
    assert_one_line(peephole("bench", "peers", "--images", "x.tar"), 2, "--checkpoint")
    paths = ("--checkpoint", "a", "--calibration", "b", "--images", "c", "--pairs", "d")
    assert_one_line(peephole("bench", "peers", *paths), 1, "no such file")
    assert_one_line(peephole("bench", "peers", "--document", "none.md"), 1, "no such document")


def test_help_needs_no_peer() -> None:
    asked = "import sys; from peephole.cli.app import invoke; invoke(['bench', 'peers', '--help']); "
    asked += "sys.exit(len({'onnx', 'onnxruntime', 'tflite_micro', 'esp_ppq', 'torch'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "--checkpoint" in done.stdout


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bits", [8, 16])
def test_esp_ppq_is_described_as_its_own_executor_does(bits: int) -> None:
    needs("onnx", "onnxruntime", "esp_ppq")
    from esp_ppq.executor import TorchExecutor

    from peephole.evaluation.peers import esp_ppq
    from peephole.evaluation.peers.onnx_model import inputs_of

    network = tiny_network(side=33)
    images = smooth_images(6, 33)
    made = esp_ppq.quantized_describer(network, images, bits, 1)(images)
    import torch

    executor = TorchExecutor(graph=esp_ppq.quantized_graph(network, images, bits), device="cpu")
    with torch.no_grad():
        own = executor.forward(inputs=torch.from_numpy(inputs_of(network, images)))[0].numpy()
    assert losses.signal_to_noise(network.descriptors(images), made) > (15, 60)[bits == 16]
    np.testing.assert_allclose(made, own, atol=2.0 ** -(bits - 3))


def test_kept_descriptors_are_those_of_one_quantizer_and_of_the_same_faces(tmp_path: Path) -> None:
    from peephole.cli.bench import _described
    from peephole.evaluation.peers.quantizers import Row

    made: list[str] = []

    def row(choice: str) -> Row:
        def make(network: object, faces: object, threads: int) -> object:
            made.append(choice)
            return lambda images: images.reshape(len(images), -1).astype(np.float32)

        return Row("ours", choice, make)  # type: ignore[arg-type]

    faces = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    for choice, images, keep in (("a", faces, tmp_path), ("a", faces, tmp_path), ("b", faces, tmp_path)):
        found = _described(row(choice), None, faces, images, (b"network",), keep)  # type: ignore[arg-type]
        assert np.array_equal(found, images.reshape(3, 4))
    assert made == ["a", "b"]
    _described(row("a"), None, faces, faces[::-1], (b"network",), tmp_path)  # type: ignore[arg-type]
    _described(row("a"), None, faces, faces, (b"another",), tmp_path)  # type: ignore[arg-type]
    _described(row("a"), None, faces, faces, (b"network",), None)  # type: ignore[arg-type]
    assert made == ["a", "b", "a", "a", "a"]
