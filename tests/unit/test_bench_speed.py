"""`peephole bench network` and `kernels`: what is timed is the same work, and the figures fit together."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from commands import peephole
from peephole.engine import kernel_paths
from peephole.evaluation.peers.dequantized import dequantized
from peephole.evaluation.peers.timing import in_turns
from peephole.fixedpoint import interpreter
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from programs import residual_network, smooth_images, tiny_network


@pytest.mark.parametrize("network", [tiny_network(side=33, unit_length=True), residual_network()], ids=lambda n: n.name)
def test_the_float_network_of_a_program_computes_what_its_integers_stand_for(network: FloatNetwork) -> None:
    images = smooth_images(4, network.input.height)
    program, _ = quantize(network, images, QuantizationOptions.of(16))
    floats = dequantized(program).activations(images[:1])
    for name, values in interpreter.run(program, images[0]).items():
        layer = next(layer for layer in program.layers if layer.name == name)
        step = 2.0 ** -program.tensor(layer.output).frac_bits
        expected = floats[layer.output][0, ..., layer.channel : layer.channel + values.shape[2]]
        np.testing.assert_allclose(values * step, expected, rtol=0.02, atol=40 * step)


def test_works_are_timed_in_turns_and_compared_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    now = 0.0

    def work(name: str, seconds: float) -> None:
        nonlocal now
        order.append(name)
        now += seconds

    monkeypatch.setattr("peephole.evaluation.peers.timing.time", SimpleNamespace(perf_counter=lambda: now))

    timings = in_turns({"one": lambda: work("one", 0.001), "three": lambda: work("three", 0.003)}, 0.0, calls=2)
    assert order == ["one"] * 3 + ["three"] * 3 + order[6:]
    assert len(order) == 5 * 6
    assert (timings["one"].median, timings["three"].median) == pytest.approx((0.001, 0.003))
    assert (timings["one"].ratio, timings["three"].ratio) == pytest.approx((1, 3))


def test_a_machine_that_slows_down_changes_times_and_no_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    now, calls = 0.0, 0

    def work(seconds: float) -> None:
        nonlocal now, calls
        calls += 1
        now += seconds * (5 if calls > 12 else 1)  # from the third of five turns on

    monkeypatch.setattr("peephole.evaluation.peers.timing.time", SimpleNamespace(perf_counter=lambda: now))
    timings = in_turns({"one": lambda: work(0.001), "two": lambda: work(0.002)}, 0.0, calls=2)
    assert timings["two"].ratio == pytest.approx(2)
    assert (timings["two"].lower, timings["two"].median) == pytest.approx((0.002, 0.01))
    assert timings["two"].spread == pytest.approx(0.008)


def test_the_network_is_timed_beside_its_peers_and_the_last_line_is_json() -> None:
    done = peephole("bench", "network", "--seconds", "0.1", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout.splitlines()[-1])["rows"]}
    assert list(rows)[:2] == ["onnxruntime float32", "onnxruntime int8"]
    for name in ("peephole int16", "peephole int8"):
        assert rows[name]["median_ms"] > 0 <= rows[name]["iqr_ms"]
    for row in rows.values():  # a peer that is not installed is a row that says so
        assert (row["median_ms"] is None) == ("why_not" in row)
    several = [name for name in rows if name.endswith(", 2 threads")]
    assert list(rows)[-len(several) :] == several
    assert [name for name in several if name.startswith("peephole")] == [
        "peephole int16, 2 threads",
        "peephole int8, 2 threads",
    ]


def test_with_one_thread_there_are_no_rows_of_several() -> None:
    done = peephole("bench", "network", "--seconds", "0.1", "--threads", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert not [row for row in json.loads(done.stdout.splitlines()[-1])["rows"] if "threads" in row["name"]]


def test_every_path_of_every_kernel_is_timed_and_compared() -> None:
    done = peephole("bench", "kernels", "--seconds", "0.1", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert all(row["same_bits"] for row in rows)
    layers = [row for row in rows if not row["name"].startswith("squared_l2_many")]
    assert [row["path"] for row in layers[: len(kernel_paths())]] == kernel_paths()
    assert {row["name"].split()[0] for row in layers} == {"conv2d", "max_pool", "depthwise_conv2d"}
