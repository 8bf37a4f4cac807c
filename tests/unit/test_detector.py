"""The table out of the wheel's XML, and the detector in front of the kernel."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from peephole.vision import cascade_table
from peephole.vision.detector import EVERYWHERE, Box, Detector, Face, in_core
from peephole.vision.glance import checked_early


def test_table_of_the_wheel() -> None:
    """The counts of the published cascade, and the first numbers of its XML (-0.0315 and 2.0870, -5.0426)."""
    table = cascade_table.load_cascade()
    assert table.stage_weak.tolist() == [
        *(9, 16, 27, 32, 52, 53, 62, 72, 83, 91, 99, 115, 127),
        *(135, 136, 137, 159, 155, 169, 196, 197, 181, 199, 211, 200),
    ]
    assert len(table.threshold) == 2913 and len(table.rectangle) == 6383
    assert int((table.rectangle_count == 3).sum()) == 557
    weighted = table.rectangle[:, 2].astype(int) * table.rectangle[:, 3] * table.rectangle[:, 4]
    assert weighted.sum() == 0  # a flat window gives nothing
    assert table.threshold[0] == round(-0.0315119996666908 * 2**15)
    assert table.leaf[0].tolist() == [round(2.0875380039215088 * 2**10), round(-2.2172100543975830 * 2**10)]
    assert table.stage_threshold[0] == round(-5.0425500869750977 * 2**10)
    assert table.rectangle[:2].tolist() == [[6, 4, 12, 9, -1], [6, 7, 12, 3, 3]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not XML", "not a cascade that can be used"),
        ("<opencv_storage/>", "<cascade> is missing"),
        ("<a><cascade><width>20</width><height>20</height></cascade></a>", "not 24x24"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "cascade.xml"
    path.write_text(text)
    with pytest.raises(ValueError, match=reason):
        cascade_table.load_cascade(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.xml: there is no such cascade file"):
        cascade_table.load_cascade(tmp_path / "nothing.xml")


def test_faces_come_largest_first_and_inside_the_frame() -> None:
    from skimage import color, data, transform

    face = (color.rgb2gray(data.astronaut()) * 255).astype(np.uint8)[20:240, 120:320]
    small = (transform.resize(face, (110, 100), anti_aliasing=True) * 255).astype(np.uint8)
    frame = np.full((240, 320), 90, np.uint8)
    frame[10:230, 0:200] = face
    frame[60:170, 210:310] = small
    faces = Detector().detect(frame)
    assert len(faces) == 2
    assert faces[0].box.width > 1.5 * faces[1].box.width
    assert faces[0].box.x < 100 < 200 < faces[1].box.x
    assert all(isinstance(one, Face) and isinstance(one.box, Box) for one in faces)
    assert all(one.neighbours >= 8 and one.score > 0 for one in faces)
    assert [one.box for one in Detector(max_size=70).detect(frame)] != [one.box for one in faces]
    assert all(one.box.width >= 70 for one in Detector(min_size=70).detect(frame))


def test_a_frame_is_searched_where_a_glance_finds_a_window() -> None:
    from skimage import color, data

    face = (color.rgb2gray(data.astronaut()) * 255).astype(np.uint8)[20:240, 120:320]
    for glance in (2, 4, 6):
        assert Detector(glance=glance).detect(face) == Detector().detect(face) != []
    assert Detector(glance=4).search.glance_scale == round(1.05**4 * 65536)
    assert Detector(glance=4).search.glance_size == 43
    assert Detector().search.glance_scale == 0
    assert Detector(glance=4).scratch_bytes(240, 320) == Detector().scratch_bytes(240, 320)


def test_a_frame_is_passed_over_where_a_glance_finds_no_window() -> None:
    from skimage import color, data

    face = (color.rgb2gray(data.astronaut()) * 255).astype(np.uint8)[20:240, 120:320]
    near = {"min_size": 90, "scale": 1.2, "min_neighbours": 1}
    assert Detector(**near).detect(face)
    assert Detector(**near, glance=7).detect(face) == []  # its first windows have 155 pixels, the face 98


def test_a_glance_goes_by_the_stumps_of_the_table_and_rejects_earlier() -> None:
    """The first stage in four parts; at its end the learnt sum is the higher one, at that of the fifth the stage's."""
    table = cascade_table.load_cascade()
    glance = checked_early(table)
    assert glance.stage_weak[:5].tolist() == [3, 2, 2, 2, 4]
    assert glance.stage_threshold[:4].tolist() == [-3090, -2695, -3213, -2099]
    assert glance.carried[:6].tolist() == [0, 1, 1, 1, 0, 1]
    assert glance.stage_weak.sum() == table.stage_weak.sum()
    assert glance.carried.size - glance.carried.sum() == len(table.stage_weak)
    assert (glance.stage_threshold[np.cumsum(glance.stage_weak.astype(int)) == 136] >= table.stage_threshold[4]).all()


def test_what_a_glance_lets_pass_the_cascade_lets_pass_too() -> None:
    from skimage import color, data

    face = (color.rgb2gray(data.astronaut()) * 255).astype(np.uint8)[20:240, 120:320].copy()
    table = cascade_table.load_cascade()
    seen = [
        {tuple(hit) for hit in in_core(one).hits(face, 43, 200, 79659, 10, EVERYWHERE)[:, :3].tolist()}
        for one in (table, checked_early(table))
    ]
    assert 0 < len(seen[1]) < len(seen[0]) and seen[1] < seen[0]


def test_a_small_table_has_no_sums_learnt_for_it() -> None:
    table = cascade_table.load_cascade()
    few = replace(table, stage_weak=table.stage_weak[:8], stage_threshold=table.stage_threshold[:8])
    assert checked_early(few) is few


@pytest.mark.parametrize("shape", [(10, 500), (1, 1), (30, 30)])
def test_a_frame_too_small_for_a_face_holds_none(shape: tuple[int, int]) -> None:
    assert Detector(min_size=40).detect(np.zeros(shape, np.uint8)) == []


def test_a_view_of_a_frame_will_do() -> None:
    frame = np.random.default_rng(4).integers(0, 256, (100, 200), np.uint8)
    assert Detector(min_size=24).hits(frame[:, ::2]).tolist() == (
        Detector(min_size=24).hits(np.ascontiguousarray(frame[:, ::2])).tolist()
    )


@pytest.mark.parametrize("frame", [np.zeros((50, 50, 3), np.uint8), np.zeros((50, 50), np.float32)])
def test_other_pictures_are_refused(frame: np.ndarray) -> None:
    with pytest.raises(ValueError, match="needs a grey picture of bytes"):
        Detector().detect(frame)


def test_a_frame_too_wide_for_small_faces_is_refused() -> None:
    with pytest.raises(ValueError, match="too wide for faces of 24 pixels"):
        Detector(min_size=24).detect(np.zeros((30, 4000), np.uint8))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"min_size": 23}, "smallest face"),
        ({"min_size": 60, "max_size": 59}, "smaller than the smallest"),
        ({"scale": 1.0}, "scale"),
        ({"min_neighbours": 0}, "at least one window"),
        ({"glance": 0}, "passes over faces"),
        ({"glance": 4, "max_size": 42}, "passes over faces of at most 42 pixels"),
        ({"glance": 5, "scale": 1.4}, "passes over faces"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Detector(**settings)
