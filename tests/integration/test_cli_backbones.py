"""`peephole describe --backbones`: a row for every network that can be trained."""

import json

import pytest

from commands import assert_one_line, peephole

pytest.importorskip("torch", reason="needs the train extra")

from peephole.models import ARCHITECTURES


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
    assert_one_line(peephole("describe", "x.safetensors", "--backbones"), 2, "x.safetensors", "--backbones")
    assert_one_line(peephole("describe", "--backbones", "--size", 8), 2, "--size")
