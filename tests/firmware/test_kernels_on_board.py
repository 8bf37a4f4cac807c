"""Portable kernels on RV32IMC: how many instructions a multiply-accumulate of the 16-bit networks takes, all in all."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from peephole.firmware.emulator import run_image
from peephole.firmware.frames import GreyFrame, Mode
from peephole.firmware.image import Image
from peephole.fixedpoint.describe import describe
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program, landmark_program

MOST_A_MAC = 3.2
# The flipped crop's descriptor is added; landmarks are looked for in a rough crop, and again in a better one.
PASSES = 2
FACE = 92  # at the door


@pytest.fixture(scope="module")
def instructions(image: Image, demo: Callable[[int], GreyFrame]) -> dict[str, int]:
    line = next(run_image(image, [demo(FACE)], seconds=60, mode=Mode.LOOKS))
    counts: dict[str, int] = json.loads(line)["instructions"]
    return counts


@pytest.mark.parametrize(("stage", "program"), [("describe", default_program()), ("landmarks", landmark_program())])
def test_a_16_bit_network_takes_at_most_3_2_instructions_a_mac(
    stage: str, program: Path, instructions: dict[str, int]
) -> None:
    macs = PASSES * sum(layer.macs for layer in describe(IntegerProgram.load(program)).layers)
    assert 2 < instructions[stage] / macs <= MOST_A_MAC
