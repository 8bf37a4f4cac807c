"""Portable kernels on RV32IMC: instructions a multiply-accumulate of a 16-bit network, and a frame of the detector."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from peephole.firmware.emulator import run_image
from peephole.firmware.frames import GreyFrame, Mode, for_camera
from peephole.firmware.image import Image
from peephole.fixedpoint.describe import describe
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program, landmark_program

MOST_A_MAC = 3.2
# The flipped crop's descriptor is added; landmarks are looked for in a rough crop, and again in a better one.
PASSES = 2
GARDEN, FACE = 0, 92  # the demo's frames without anybody, and with a face at the door
MOST_WITHOUT_A_FACE = 25_000_000  # instructions of a frame
GARDEN_TAKES = 13_000_000


@pytest.fixture(scope="module")
def counts(image: Image, demo: Callable[[int], GreyFrame]) -> tuple[dict[str, int], dict[str, int]]:
    garden, face, _ = run_image(image, [demo(GARDEN), demo(FACE)], seconds=60, mode=Mode.LOOKS)
    return json.loads(garden)["instructions"], json.loads(face)["instructions"]


@pytest.mark.parametrize(("stage", "program"), [("describe", default_program()), ("landmarks", landmark_program())])
def test_a_16_bit_network_takes_at_most_3_2_instructions_a_mac(
    stage: str, program: Path, counts: tuple[dict[str, int], dict[str, int]]
) -> None:
    macs = PASSES * sum(layer.macs for layer in describe(IntegerProgram.load(program)).layers)
    assert 2 < counts[1][stage] / macs <= MOST_A_MAC


def test_the_detector_takes_no_more_than_it_did(counts: tuple[dict[str, int], dict[str, int]]) -> None:
    assert 0 < counts[0]["detect"] <= GARDEN_TAKES


def test_a_table_with_a_cup_takes_longer_than_a_garden_but_no_more_than_is_wanted(
    image: Image, counts: tuple[dict[str, int], dict[str, int]]
) -> None:
    from skimage import data

    cup, _ = run_image(image, [GreyFrame(for_camera(data.coffee()), 0)], seconds=60, mode=Mode.LOOKS)
    assert json.loads(cup)["faces"] == []
    assert counts[0]["detect"] < json.loads(cup)["instructions"]["detect"] <= MOST_WITHOUT_A_FACE
