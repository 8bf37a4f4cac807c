"""The image in the emulator: the same bits as the host, in 512 KiB, for no more instructions than are promised."""

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.looks import judge
from peephole.doorbell.policy import Policy
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.tilt import Seen
from peephole.firmware.build import STACK_BYTES, Sources
from peephole.firmware.emulator import FirmwareError, run_image
from peephole.firmware.frames import GreyFrame, Mode
from peephole.firmware.image import Image
from peephole.firmware.report import report_on
from peephole.fixedpoint.program import IntegerProgram
from peephole.vision.landmarks import Doubt
from peephole.weights import default_program

Demo = Callable[[int], GreyFrame]

# The garden alone; Eileen Collins far off, and at the door; Grace Hopper at the door.
FRAMES = (0, 70, 92, 205)
FAULTS = ("", "too_small", "blurred", "flat", "glaring", "turned", "unaligned")
DOUBTS: tuple[Doubt, ...] = ("", "order", "leaning", "size", "outside", "shape")

STAGES = ("without a face", "the detector", "landmarks", "descriptor", "cutting and judging")


def _promised() -> dict[str, int]:
    """Instructions, at most, as docs/emulator.md promises them."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "emulator.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| ([\d,]+) \| [\d,]+ \|$", text, re.MULTILINE)
    return {stage: int(most.replace(",", "")) for stage in STAGES for what, most in rows if stage in what}


@pytest.fixture(scope="module")
def told(image: Image, demo: Demo) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run_image(image, map(demo, FRAMES), seconds=120, mode=Mode.LOOKS)]


@pytest.fixture(scope="module")
def host() -> Recogniser:
    return make_recogniser(IntegerProgram.load(default_program()))


def _look(host: Recogniser, frame: GreyFrame) -> list[dict[str, Any]]:
    """What the host sees in a frame, in the form in which the board tells it."""
    faces = []
    for face in host.detect(frame.pixels):
        cut = host.cut(frame.pixels, face.box, 0)
        assert cut.landmarks is not None
        quality = judge(cut, Seen(face.box, face.neighbours), Policy())
        descriptor = host.describe(cut.pixels)
        faces.append(
            {
                "box": [face.box.x, face.box.y, face.box.width, face.box.height],
                "neighbours": face.neighbours,
                "score": face.score,
                "points": cut.landmarks.points.reshape(-1).tolist(),
                "doubt": DOUBTS.index(cut.landmarks.doubt),
                "sharpness": quality.sharpness,
                "quality": quality.value,
                "fault": FAULTS.index(quality.fault),
                "descriptor": descriptor.astype(">i2").tobytes().hex(),
            }
        )
    return faces


def test_the_board_sees_bit_for_bit_what_the_host_sees(
    told: list[dict[str, Any]], host: Recogniser, demo: Demo
) -> None:
    for number, line in zip(FRAMES, told, strict=False):
        assert line["time"] == demo(number).time
        assert line["faces"] == _look(host, demo(number))
    assert [len(line["faces"]) for line in told[:-1]] == [0, 1, 1, 1]


def test_the_bits_are_compared(told: list[dict[str, Any]], host: Recogniser, demo: Demo) -> None:
    """A frame that differs by one grey level in the face has another descriptor."""
    frame = demo(92)
    pixels = frame.pixels.copy()
    x, y, width, height = told[2]["faces"][0]["box"]
    pixels[y : y + height, x : x + width] ^= 1
    other = _look(host, GreyFrame(pixels, frame.time))
    assert other[0]["descriptor"] != told[2]["faces"][0]["descriptor"]


def test_no_stage_takes_more_instructions_than_is_promised(told: list[dict[str, Any]]) -> None:
    counts, most = [line["instructions"] for line in told[:-1]], _promised()
    assert sum(counts[0].values()) <= most["without a face"]
    assert max(count["detect"] for count in counts) <= most["the detector"]
    for count in counts[1:]:
        assert count["landmarks"] <= most["landmarks"]
        assert count["describe"] <= most["descriptor"]
        assert count["rest"] <= most["cutting and judging"]


def test_two_runs_count_alike(image: Image, demo: Demo, told: list[dict[str, Any]]) -> None:
    again, _ = [json.loads(line) for line in run_image(image, [demo(0)], seconds=60, mode=Mode.LOOKS)]
    assert again["instructions"] == told[0]["instructions"]


def test_half_of_the_stack_is_never_touched(told: list[dict[str, Any]]) -> None:
    assert 1000 < told[-1]["stack"] < STACK_BYTES // 2


def test_everything_fits_even_where_code_lies_in_ram_too(image: Image, sources: Sources) -> None:
    report = report_on(image, sources.layout)
    assert report.ram_used == report.data + report.memory + report.stack
    assert report.memory == sources.layout.memory_bytes == max(b.offset + b.bytes for b in _placed(sources))
    assert report.all_in_ram <= 512 * 1024
    assert report.code > 20_000 and report.constants > 50_000 and report.weights > 1_500_000
    assert report.stack == STACK_BYTES


def _placed(sources: Sources) -> list[Any]:
    return [b for b in sources.layout.placement.buffers if b.offset is not None]


def test_an_image_that_hangs_is_stopped(image: Image) -> None:
    def never() -> Any:
        threading.Event().wait(2)
        yield from ()

    with pytest.raises(FirmwareError, match="was stopped after 1 seconds; the last line was: nothing"):
        list(run_image(image, never(), seconds=1))


def test_what_goes_wrong_with_the_frames_is_told(image: Image, demo: Demo) -> None:
    def torn() -> Any:
        yield GreyFrame(np.zeros((10, 10), np.uint8), 0)

    with pytest.raises(ValueError, match="not 240 rows of 320 bytes"):
        list(run_image(image, torn(), seconds=60))
