"""What a device sees of the demo's people is what the host sees: points, crop, quality and descriptor, bit for bit."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest

import looking_in_python as before
from peephole import _core
from peephole.alignment import LANDMARK_WINDOW_DOWN, LANDMARK_WINDOW_SIDE
from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.looks import judge
from peephole.doorbell.pictures import to_grey
from peephole.doorbell.policy import Policy, whole_numbers
from peephole.doorbell.quality import FAULTS
from peephole.doorbell.tilt import Seen, cut_upright, distinct, look_for
from peephole.engine import Engine
from peephole.fixedpoint.program import IntegerProgram
from peephole.vision.crop import template_q8
from peephole.vision.landmarks import DOUBTS
from peephole.weights import default_program, landmark_program

demo = pytest.importorskip("peephole.vision.sources.demo")

POLICY = Policy()


@pytest.fixture(scope="module")
def landmarks() -> Engine:
    return Engine(IntegerProgram.load(landmark_program()), threads=1)


@pytest.fixture(scope="module")
def network() -> Engine:
    return Engine(IntegerProgram.load(default_program()), threads=1)


@pytest.fixture(scope="module")
def seen(network: Engine) -> list[tuple[Any, Seen]]:
    """Every sixth frame of both walks in which there is a face; and the same faces, taken for leaning ones."""
    recogniser = make_recogniser(network.program)

    def upright() -> Iterator[tuple[Any, Seen]]:
        for frame in islice(demo.DemoSource(once=True), 0, None, 6):
            grey = to_grey(frame.image)
            for face in distinct(recogniser.detect(grey)):
                yield grey, face

    found = list(upright())
    assert len(found) > 15
    leaning = [look_for(recogniser, grey, face.box, 20, []) for grey, face in found]
    return found + [(grey, face) for (grey, _), face in zip(found, leaning, strict=True) if face is not None]


def device_look(grey: Any, face: Seen, landmarks: Engine, network: Engine, aligned: bool) -> tuple[Any, ...]:
    """Points, doubt, crop, sharpness, value, fault and descriptor, by one call of what the firmware runs."""
    size, small = network.program.input.height, landmarks.program.input.height
    points, crop = np.empty((5, 2), np.int32), np.empty((size, size), np.uint8)
    descriptor = np.empty(network.program.descriptor_size, np.int16)
    doubt, sharpness, value, fault = _core.look_at(
        grey,
        face.box.values(),
        face.neighbours,
        face.tilt,
        whole_numbers(POLICY),
        aligned,
        small,
        landmarks.program.tensor(landmarks.program.output).frac_bits,
        template_q8(small, LANDMARK_WINDOW_SIDE, LANDMARK_WINDOW_DOWN),
        2,
        template_q8(size),
        landmarks.descriptor,
        network.descriptor,
        points,
        crop,
        descriptor,
    )
    return points, DOUBTS[doubt], crop, sharpness, value, FAULTS[fault], descriptor


def test_a_device_sees_what_the_host_sees(seen: list[tuple[Any, Seen]], landmarks: Engine, network: Engine) -> None:
    recogniser = make_recogniser(network.program)
    aligned = network.program.crop == "aligned"
    for grey, face in seen:
        cut = cut_upright(recogniser, grey, face)
        assert cut.landmarks is not None
        quality = judge(cut, face, POLICY)
        points, doubt, crop, sharpness, value, fault, descriptor = device_look(grey, face, landmarks, network, aligned)
        np.testing.assert_array_equal(points, cut.landmarks.points)
        np.testing.assert_array_equal(crop, cut.pixels)
        assert (doubt, sharpness, value, fault) == (
            cut.landmarks.doubt,
            quality.sharpness,
            quality.value,
            quality.fault,
        )
        np.testing.assert_array_equal(descriptor, recogniser.describe(cut.pixels))


@pytest.mark.parametrize("aligned", [False, True])
def test_upright_faces_are_seen_as_they_were_before(
    seen: list[tuple[Any, Seen]], landmarks: Engine, network: Engine, aligned: bool
) -> None:
    bits = landmarks.program.tensor(landmarks.program.output).frac_bits
    upright = [(grey, face) for grey, face in seen if face.tilt == 0]
    doubts = 0
    for grey, face in upright:
        points, doubt = before.find(landmarks.descriptor, landmarks.program.input.height, bits, 2, grey, face.box)
        told = device_look(grey, face, landmarks, network, aligned)
        np.testing.assert_array_equal(told[0], points)
        assert told[1] == doubt
        by_points = points if aligned and not doubt else None
        np.testing.assert_array_equal(told[2], before.cut(grey, face.box, network.program.input.height, by_points))
        doubts += doubt != ""
    assert doubts < len(upright) / 2, "most of what was looked at is a face"


def test_some_faces_were_seen_leaning(seen: list[tuple[Any, Seen]]) -> None:
    assert sum(face.tilt != 0 for _, face in seen) > 5
