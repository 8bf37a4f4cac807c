"""Leaning faces: turned copies of the picture show them upright, and places lead back to the frame exactly."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from doorbell_parts import Calibration, describe
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.tilt import (
    MOST_DEGREES,
    STEP_DEGREES,
    Seen,
    cut_upright,
    distinct,
    look_for,
    overlap,
    straighten,
)
from peephole.vision.crop import crop_face, cut_face
from peephole.vision.detector import Box, Face
from peephole.vision.image import Image
from peephole.vision.landmarks import FaceCut

LAST = Box(100, 80, 60, 60)


def spot(image: Image) -> tuple[float, float]:
    rows, columns = np.nonzero(image > 128)
    return float(columns.mean()) + 0.5, float(rows.mean()) + 0.5


def finder(width: int = 80, neighbours: int = 9, only: int | None = None) -> Recogniser:
    """A recogniser whose detector sees a face around the bright spot; one of 60 pixels keeps its size in the crop."""
    calls: list[int] = []

    def detect(grey: Image) -> list[Face]:
        calls.append(1)
        if only is not None and len(calls) - 1 != only:
            return []
        if not (grey > 128).any():
            return []
        x, y = spot(grey)
        return [Face(Box(round(x - width / 2), round(y - width / 2), width, width), 1, neighbours)]

    return Recogniser(
        detect, lambda grey, box, tilt: FaceCut(cut_face(grey, box, 66, tilt)), describe, "m", Calibration()
    )


def picture(x: int, y: int) -> Image:
    grey = np.zeros((240, 320), np.uint8)
    grey[y - 2 : y + 2, x - 2 : x + 2] = 255
    return grey


@pytest.mark.parametrize("tilt", range(-MOST_DEGREES, MOST_DEGREES + 1, STEP_DEGREES))
@pytest.mark.parametrize(("x", "y"), [(130, 110), (150, 95), (110, 130)])
def test_the_place_in_a_turned_copy_leads_back_to_the_frame(x, y, tilt):
    seen = look_for(finder(), picture(x, y), LAST, tilt, [])
    assert seen is not None
    assert math.hypot(seen.box.x + seen.box.width / 2 - x, seen.box.y + seen.box.height / 2 - y) < 1.5
    assert seen.box.width == round(80 * 2.4 * 60 / 192)
    assert abs(seen.tilt - tilt) <= STEP_DEGREES and abs(seen.tilt) <= MOST_DEGREES


@pytest.mark.parametrize("degrees", [-40, -20, 20, 40])
def test_a_leaning_line_is_upright_in_the_crop(degrees):
    """Clockwise, on a screen: the line's top lies to the right of its middle for positive degrees."""
    grey = np.zeros((240, 320), np.uint8)
    for step in np.arange(-30, 30, 0.25):
        x = 160 + step * math.sin(math.radians(degrees))
        y = 120 - step * math.cos(math.radians(degrees))
        grey[round(y), round(x)] = 255
    upright = cut_upright(finder(), grey, Seen(Box(130, 90, 60, 60), 9, degrees)).pixels
    _, columns = np.nonzero(upright > 60)
    assert len(columns) > 30 and np.ptp(columns) <= 3
    assert abs(columns.mean() - 32.5) < 1


def test_an_upright_face_is_cut_from_the_frame_itself():
    grey = picture(130, 110)
    np.testing.assert_array_equal(cut_upright(finder(), grey, Seen(LAST, 9)).pixels, crop_face(grey, LAST, 66))


def test_a_face_already_found_is_not_found_again():
    assert look_for(finder(), picture(130, 110), LAST, 20, [Box(100, 80, 60, 60)]) is None


@pytest.mark.parametrize("width", [40, 150])
def test_a_face_of_another_size_is_not_the_same(width):
    assert look_for(finder(width), picture(130, 110), LAST, 20, []) is None


def test_a_face_too_far_away_is_not_the_same():
    assert look_for(finder(), picture(180, 110), LAST, 20, []) is None


def test_nothing_there():
    assert look_for(finder(), np.zeros((240, 320), np.uint8), LAST, 0, []) is None


def test_the_search_goes_on_from_the_last_tilt():
    found = [look_for(finder(only=call), picture(130, 110), LAST, 20, []) for call in range(2)]
    assert [seen.tilt for seen in found if seen] == [20, 40], "0 is upright, and looked for already"


@pytest.mark.parametrize(("upright", "tilt"), [(4, 20), (9, 0), (12, 0)])
def test_a_face_that_is_surer_when_turned_leans(upright, tilt):
    seen = straighten(finder(neighbours=8, only=1), picture(130, 110), Seen(LAST, upright))
    assert abs(seen.tilt) == tilt


def test_of_overlapping_faces_the_surest_is_kept():
    face, chin, other = (Box(100, 40, 92, 92), Box(101, 74, 90, 90), Box(10, 40, 60, 60))
    found = distinct([Face(chin, 1, 6), Face(face, 1, 50), Face(other, 1, 5)])
    assert [seen.box for seen in found] == [face, other]


def test_overlap():
    assert overlap(Box(0, 0, 10, 10), Box(0, 0, 10, 10)) == 1
    assert overlap(Box(0, 0, 10, 10), Box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert overlap(Box(0, 0, 10, 10), Box(10, 0, 10, 10)) == 0


def test_every_sine_of_the_kernels_table_is_the_nearest_one() -> None:
    """Read from the source: a last digit that is wrong moves a corner by less than any picture would show."""
    source = (Path(__file__).resolve().parents[2] / "csrc" / "app" / "tilt.c").read_text()
    table = re.search(r"sine_q30\[.*?\] = \{(.*?)\}", source, re.DOTALL)
    assert table is not None
    assert [int(one) for one in table[1].split(",")] == [round(2**30 * math.sin(math.radians(d))) for d in range(91)]
