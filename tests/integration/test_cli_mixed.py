"""`peephole quantize` as it is told: widths within a budget, rules for ranges and weights, a picture of the report."""

import json
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

from commands import Done, assert_one_line, peephole, png, tar_of, tiny_network
from peephole.fixedpoint.layers import Convolution
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.quantize import QuantizationOptions, trainable

BYTES_16, BYTES_8 = 5384, 2792  # of the tiny network's weights, biases and shifts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A float network, one that was trained in 8 bits, and a few faces."""
    made = tmp_path_factory.mktemp("mixed")
    rng = np.random.default_rng(5)
    faces = {f"P/{n}.png": png(rng.integers(0, 256, (80, 80)).astype(np.uint8)) for n in range(8)}
    tar_of(made / "faces.tar", faces)
    tiny_network().save(made / "float.safetensors")
    images = rng.integers(0, 256, (8, 64, 64), np.uint8)
    trainable(tiny_network(), images, QuantizationOptions.of(8), 8).save(made / "trained.safetensors")
    return made


def quantize(folder: Path, out: Path, *options: object, source: str = "float") -> Done:
    files = (folder / f"{source}.safetensors", "--calibration", folder / "faces.tar", "-o", out)
    return peephole("quantize", *files, *options)


def widths(program: IntegerProgram) -> dict[str, int]:
    return {la.name: program.tensor(la.input).bits for la in program.layers if isinstance(la, Convolution)}


def test_a_budget_of_bytes(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    done = quantize(folder, out, "--bits", "mixed", "--budget", "4K", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    program = IntegerProgram.load(out)
    assert widths(program) == {"conv1": 16, "mix": 8}
    assert told["model_id"] == program.model_id
    mixed = told["mixed"]
    assert (mixed["unit"], mixed["budget"], mixed["cost_16"], mixed["cost_8"]) == ("bytes", 4096, BYTES_16, BYTES_8)
    assert mixed["cost"] <= 4096 and mixed["snr_8_db"] < mixed["snr_db"] < mixed["snr_16_db"]
    assert {layer["name"]: layer["narrow"] for layer in mixed["layers"]} == {"conv1": False, "mix": True}
    assert [(layer["name"], layer["bits"]) for layer in told["layers"]] == [
        ("conv1", 16),
        ("pool", 16),
        ("pool.int8", 16),
        ("mix", 8),
        ("mean", 8),
    ]
    described = json.loads(peephole("describe", out, "--json").stdout)
    bits = {layer["name"]: (layer["input_bits"], layer["output_bits"]) for layer in described["layers"]}
    assert bits["conv1"] == (16, 16) and bits["mix"][0] == 8
    assert described["weight_bytes"] == mixed["cost"]


def test_a_budget_of_cycles_is_what_the_plan_predicts(folder: Path, tmp_path: Path) -> None:
    cycles = {}
    for bits in (16, 8):
        assert quantize(folder, tmp_path / "one.safetensors", "--bits", bits).returncode == 0
        plan = json.loads(peephole("plan", tmp_path / "one.safetensors", "--tiles", "--json").stdout)
        cycles[bits] = plan["tiles"]["predicted"]["cycles"]
    budget = (cycles[8] + 2 * cycles[16]) // 3
    done = quantize(folder, tmp_path / "m.safetensors", "--bits", "mixed", "--budget-cycles", budget)
    assert done.returncode == 0, done.stderr
    assert f"cycles of {budget:,} ({cycles[16]:,} in 16 bits, {cycles[8]:,} in 8)" in done.stdout
    plan = json.loads(peephole("plan", tmp_path / "m.safetensors", "--tiles", "--json").stdout)
    assert f"{plan['tiles']['predicted']['cycles']:,} cycles of {budget:,}" in done.stdout
    assert plan["tiles"]["predicted"]["cycles"] <= budget


REFUSED = {
    "too little": (("mixed", "--budget", "1K"), 1, "1,024 bytes is 1,768 less than 8 bits throughout need, 2,792"),
    "too much": (("mixed", "--budget", "1M"), 1, "kept by 16 bits throughout, which need 5,384; quantize with --bits"),
    "too few cycles": (("mixed", "--budget-cycles", 1), 1, "a budget of 1 cycles is"),
    "no budget": (("mixed",), 2, "--bits mixed needs one of --budget BYTES and --budget-cycles N"),
    "two budgets": (("mixed", "--budget", "1K", "--budget-cycles", 9), 2, "--bits mixed needs one of"),
    "no size": (("mixed", "--budget", "few"), 2, "--budget few: no size"),
    "a budget for nothing": (("8", "--budget", "1K"), 2, "--budget and --budget-cycles are for --bits mixed"),
    "a margin for nothing": (("8", "--margin", 2), 2, "--margin is for --ranges maximum; 8 bits would take least-sq"),
    "a percentile for nothing": (("16", "--percentile", 99), 2, "--percentile is for --ranges percentile"),
    "a rule that there is not": (("16", "--ranges", "median"), 2, "median"),
    "a width that there is not": (("12",), 1, "12 bits are not supported; use 8 or 16"),
    "words": (("many",), 2, "--bits many: must be 16, 8 or mixed"),
    "another kind of picture": (("16", "--plot", "a.pdf"), 1, "a.pdf: the report is drawn as SVG or PNG"),
    "a picture nowhere": (("16", "--plot", "/nowhere/a.svg"), 1, "/nowhere: no such folder to write a.svg into"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_one_sentence(folder: Path, tmp_path: Path, case: str) -> None:
    options, code, words = REFUSED[case]
    done = quantize(folder, tmp_path / "m.safetensors", "--bits", *options)
    assert_one_line(done, code, words)
    assert not (tmp_path / "m.safetensors").exists()


def test_every_option_makes_another_program(folder: Path, tmp_path: Path) -> None:
    choices: list[tuple[object, ...]] = [
        (),
        ("--ranges", "maximum", "--margin", 2),
        ("--ranges", "percentile", "--percentile", 90),
        ("--ranges", "least-squares"),
        ("--weights-per", "layer"),
        ("--no-equalise",),
        ("--no-correct-bias",),
    ]
    made = []
    for choice in choices:
        out = tmp_path / "m.safetensors"
        done = quantize(folder, out, *choice)
        assert done.returncode == 0, done.stderr
        made.append(IntegerProgram.load(out).model_id)
    assert len(set(made)) == len(made)
    assert quantize(folder, out, "--ranges", "maximum", "--margin", 4, "--weights-per", "channel").returncode == 0
    assert IntegerProgram.load(out).model_id == made[0]


def test_a_network_trained_in_its_formats_takes_none_of_them(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    ignored = ("--ranges", "maximum", "--margin", 2, "--no-equalise", "--no-correct-bias", "--weights-per", "layer")
    done = quantize(folder, out, *ignored, source="trained")
    words = "leave out --ranges, --margin, --weights-per, --no-equalise, --no-correct-bias"
    assert_one_line(done, 1, "was trained in its formats of 8 bits and keeps them", words)
    done = quantize(folder, out, "--bits", "mixed", "--budget", "4K", source="trained")
    assert_one_line(done, 1, "was trained in formats of 8 bits, so there are no widths to choose")
    assert quantize(folder, out, "--bits", 16, "--no-equalise", source="trained").returncode == 0


@pytest.mark.parametrize("name", ["report.svg", "report.png"])
def test_the_report_is_drawn(folder: Path, tmp_path: Path, name: str) -> None:
    pytest.importorskip("matplotlib", reason="needs the demo extra")
    for number in range(2):
        done = quantize(
            folder,
            tmp_path / "m.safetensors",
            "--bits",
            "mixed",
            "--budget",
            "4K",
            "--plot",
            tmp_path / f"{number}{name}",
        )
        assert done.returncode == 0, done.stderr
    first, second = ((tmp_path / f"{number}{name}").read_bytes() for number in range(2))
    assert first == second
    if name.endswith("png"):
        assert min(cv2.imread(str(tmp_path / f"0{name}")).shape[:2]) > 200
    else:
        assert first.startswith(b"<?xml")


def test_networks_of_the_users_own(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    pytest.importorskip("onnx", reason="needs the onnx extra")
    from torch import nn

    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(2, 8, 3), nn.ReLU6(), nn.Conv2d(8, 8, 3, groups=8), nn.ReLU(), nn.Conv2d(8, 4, 1), nn.AvgPool2d(2)
    ).eval()
    x = torch.randn(1, 2, 12, 10)
    torch.export.save(torch.export.export(network, (x,)), tmp_path / "net.pt2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's older exporter
        torch.onnx.export(network, (x,), str(tmp_path / "net.onnx"), dynamo=False)
    np.savez(tmp_path / "samples.npz", np.random.default_rng(0).normal(0, 1, (40, 2, 12, 10)))
    made = []
    for name in ("net.pt2", "net.onnx"):
        out = tmp_path / "net.safetensors"
        options = ("--calibration", tmp_path / "samples.npz", "--bits", "mixed", "--budget", 500, "-o", out)
        done = peephole("quantize", tmp_path / name, *options)
        assert done.returncode == 0, done.stderr
        assert "of 3 convolutions in 8 bits" in done.stdout and "takes int" in done.stdout
        made.append(list(widths(IntegerProgram.load(out)).values()))
    assert made[0] == made[1] and set(made[0]) == {8, 16}
