"""What `peephole firmware build --measure` tells beside the bytes: counted while the image runs."""

import pytest

from peephole.firmware.build import STACK_BYTES, Sources
from peephole.firmware.image import Image
from peephole.firmware.measure import Measured, measure
from peephole.firmware.report import report_on


@pytest.fixture(scope="module")
def measured(image: Image) -> Measured:
    return measure(image)


def test_the_stack_was_painted_and_at_most_half_of_it_used(measured: Measured) -> None:
    assert 2000 < measured.stack < STACK_BYTES // 2


def test_watching_is_cheap_and_a_recognition_is_both_networks(measured: Measured) -> None:
    assert list(measured.recognition) == ["detect", "landmarks", "describe", "rest"]
    assert measured.recognition["describe"] > 88_948_112  # an instruction for each multiplication is the least
    assert 1_000_000 < measured.watching < measured.recognition["describe"]


def test_the_report_holds_what_was_measured(image: Image, sources: Sources, measured: Measured) -> None:
    report = report_on(image, sources.layout, measured)
    told = report.as_json()
    assert told["stack_used_bytes"] == measured.stack
    assert told["instructions"] == {
        "frame_without_face": measured.watching,
        "recognition": measured.recognition | {"all": sum(measured.recognition.values())},
    }
    assert ("  of it used, at most", f"{measured.stack:,}") in report.rows()
    assert "instructions" not in report_on(image, sources.layout).as_json()
