"""`peephole describe --backbones`: a row for every network that can be trained."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from commands import assert_one_line, peephole

pytest.importorskip("torch", reason="needs the train extra")

from peephole.models import ARCHITECTURES, build
from peephole.training.grid import read_grid


def test_every_network_has_a_row() -> None:
    done = peephole("describe", "--backbones", "--size", 64, "--width", 0.5)
    assert done.returncode == 0 and done.stderr == ""
    title, _, _, *rows = done.stdout.splitlines()
    assert "64x64" in title and "width 0.5" in title
    assert [row.split()[0] for row in rows] == list(ARCHITECTURES)


def test_the_json_has_the_same_figures_as_numbers() -> None:
    described = json.loads(peephole("describe", "--backbones", "--json").stdout)
    assert described["size"] == 128
    assert list(described["backbones"]) == list(ARCHITECTURES)
    assert described["backbones"]["squeezenet1_1"] == {
        "height": 128,
        "width": 128,
        "parameters": 789_952,
        "macs": 75_585_088,
        "peak_bytes": 2 * 64 * (63 * 63 + 31 * 31),
        "activation_bytes": 1_758_080,
        "peak_at": "pool: max_pool2d",
    }


def test_a_program_and_backbones_are_not_asked_for_at_once() -> None:
    assert_one_line(peephole("describe", "x.safetensors", "--backbones"), 2, "program M", "--backbones")
    assert_one_line(peephole("describe", "--backbones", "--size", 8), 2, "--size")


GRID = """
run = "{folder}"
[base]
data = "nothing"
descriptor = 16
stages = [{{ images = 64, size = 64, learning_rate = [0.01, 0.0] }}]
[base.evaluation]
pairs = "pairs.txt"
images = "pictures.tar"
[axes.network.small]
network = {{ width = 0.25 }}
[axes.network.large]
architecture = "mobilenet_v1"
"""


def test_a_grid_s_networks_have_their_widths_and_what_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "grid.toml"
    path.write_text(GRID.format(folder=tmp_path / "runs"))
    small, large = json.loads(peephole("describe", "--grid", path, "--json").stdout)["networks"]
    assert small["levels"] == {"network": "small"}
    assert small["parameters"] == sum(p.numel() for p in build("squeezenet1_1", 16, width=0.25).parameters())
    assert large["parameters"] == sum(p.numel() for p in build("mobilenet_v1", 16).parameters())
    assert small["measured"] == {}

    run = read_grid(path).runs(str(path))[0]
    run.config.run.mkdir(parents=True)
    record = {"crop": "detect", "metric": "l2", "accuracy": 0.71236, "stderr": 0.0051}
    other = record | {"metric": "l1", "accuracy": 0.5}
    told = {"levels": run.levels, "config": json.loads(json.dumps(asdict(run.config), default=str))}
    (run.config.run / "result.json").write_text(json.dumps(told | {"measured": [other, record]}))
    titles, *rows = peephole("describe", "--grid", path).stdout.splitlines()[2:]
    assert titles.split()[-1] == "detect"
    assert rows[0].endswith("0.7124 ± 0.0051") and rows[1].endswith("-")


def test_a_grid_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert_one_line(peephole("describe", "--grid", tmp_path / "none.toml"), 1, "none.toml", "no such")
