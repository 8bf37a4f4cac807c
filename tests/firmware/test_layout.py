"""The plan of an image's RAM, for networks other than those that ship."""

import pytest

from peephole.compiler.device import Device
from peephole.firmware.layout import INTRODUCED_LOOKS, LOOK_OF_WALK_BYTES, plan_layout
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.quantize import quantize
from peephole.weights import landmark_program
from programs import smooth_images, tiny_network

FEW = Device(users=2, strangers=2, looks=2)


@pytest.mark.parametrize("values", [5, 128, 512, 1024])
def test_looks_over_the_line_fit_where_they_are_put_however_long_descriptors_are(values: int) -> None:
    """csrc/ports puts those of a person into `serial`, and those at the door or introduced into `recogniser`."""
    recogniser, _ = quantize(tiny_network(descriptor=values), smooth_images(4, 17))
    landmarks = IntegerProgram.load(landmark_program())
    layout = plan_layout(recogniser, landmarks, {"recogniser": 1000, "landmarks": 1000}, 4096, FEW)
    room = {buffer.name: buffer.bytes for buffer in layout.placement.buffers}
    look = LOOK_OF_WALK_BYTES + 2 * values
    assert room["serial"] >= layout.device.references * look
    assert room["recogniser"] >= max(layout.room.looks, INTRODUCED_LOOKS) * look
