"""The description of a program: counted by hand for a small one."""

import json

from peephole.fixedpoint.describe import describe, table
from peephole.fixedpoint.program import Calibration
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
