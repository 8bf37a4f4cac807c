"""The description of a program: counted by hand for a small one."""

import dataclasses
import json
from pathlib import Path

from commands import peephole
from peephole.fixedpoint.describe import describe, table
from peephole.fixedpoint.layers import MaxPool, Tensor
from peephole.fixedpoint.program import Calibration, IntegerProgram
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from programs import smooth_images, tiny_network


def test_counts_by_hand() -> None:
    program, _ = quantize(tiny_network(), smooth_images(8, 17), QuantizationOptions(wide_share=0))
    described = describe(program.with_calibration(Calibration(((0.01, 5),), "waves")))
    by_name = {layer.name: layer for layer in described.layers}
    # 17x17 -> conv 3x3/2 -> 8x8 -> pool 3x3/2 -> 3x3
    assert by_name["conv1"].output_shape == (8, 8, 6)
    assert by_name["conv1"].macs == 8 * 8 * 6 * 9
    assert by_name["expand3"].output_shape == (3, 3, 7)
    assert by_name["expand3"].output_bytes == 2 * 3 * 3 * 7
    assert described.weights == 6 * 9 + 4 * 6 + 5 * 4 + 7 * 9 * 4 + 5 * 12
    assert described.weight_bytes == 2 * described.weights + 5 * (6 + 4 + 5 + 7 + 5)
    assert (described.descriptor, described.input_shape, described.input_offset) == (5, (17, 17), 128)
    assert all("proved" in layer.proof for layer in described.layers if layer.kind == "conv2d")
    assert described.calibration is not None
    assert (described.calibration["points"], described.calibration["source"]) == (((0.01, 5),), "waves")
    assert json.loads(json.dumps(described.as_json()))["layers"][0]["name"] == "conv1"
    text = table(described)
    assert all(layer.name in text for layer in described.layers)


def test_a_network_on_tensors_says_the_format_that_it_takes_and_speaks_of_no_faces(tmp_path: Path) -> None:
    taken, given = Tensor("x", 49, 10, 3, 9, 8), Tensor("y", 24, 5, 3, 9, 8)
    pool = MaxPool("pool", "x", "y", 0, 2, 2)
    program = IntegerProgram("sounds", taken, 0, (given,), (pool,), "y", task="network", input_kind="tensor")
    program.save(tmp_path / "sounds.safetensors")
    said = peephole("describe", tmp_path / "sounds.safetensors").stdout
    first, second = said.splitlines()[:2]
    assert first == f"sounds, model {program.model_id}"
    assert second == "takes int8 [49,10,3] of 9 fraction bits, gives int8 [24,5,3] of 9 fraction bits"
    assert not any(word in said for word in ("grey", "crop", "threshold", "face"))


def test_long_names_stay_in_their_column() -> None:
    program, _ = quantize(tiny_network(), smooth_images(8, 17))
    name = "stages.0.blocks.1.branch.pointwise"
    first, *others = program.layers
    titles, row, *_ = table(
        describe(dataclasses.replace(program, layers=(dataclasses.replace(first, name=name), *others)))
    ).splitlines()
    assert row.startswith(f"{name} ")
    assert titles.index("accumulator") == row.index("32 bits")
