"""Enrolment from a whole photograph, by the shipped parts."""

import pytest

from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.photos import Photo, examine
from peephole.doorbell.policy import Policy
from peephole.fixedpoint.program import IntegerProgram
from peephole.image_files import read_picture
from peephole.weights import default_program

demo = pytest.importorskip("peephole.vision.sources.demo")


def test_the_face_is_enrolled_not_a_larger_false_hit_beside_it() -> None:
    """In this portrait the detector's largest hit is folds of the space suit, which few windows agree on."""
    path = demo.EILEEN.path()
    recogniser = make_recogniser(IntegerProgram.load(default_program()))
    report, reference = examine(Photo(path.name, read_picture(path)), recogniser, Policy())
    assert report.outcome == "ok"
    assert reference is not None
    assert report.box is not None
    # Her eyes are at (204, 107) and (246, 104), her mouth at (226, 148) of the 512x512 portrait.
    assert report.box.x < 204 < 246 < report.box.x + report.box.width
    assert report.box.y < 104 < 148 < report.box.y + report.box.height
