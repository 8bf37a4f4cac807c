"""Made faces: two real ones blended or joined, or one bent, described by the teacher once and stored."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="needs the train extra")

from peephole.alignment import template_windows  # noqa: E402
from peephole.training import mixtures  # noqa: E402
from peephole.training.faces import PackedFaces  # noqa: E402
from peephole.training.mixtures import (  # noqa: E402
    Mixing,
    aligned,
    colour_shift,
    half_made,
    make_face,
    make_mixtures,
    make_views,
    with_mixtures,
)
from training_faces import SIDE, patterns, picture, template_points, write_pack  # noqa: E402

ALONE = Mixing(blended=0, joined=0, stretch=0, shear=0)
BLENDED = Mixing(blended=1, joined=0, stretch=0, shear=0)
JOINED = Mixing(blended=0, joined=1, stretch=0, shear=0)


class MeansOfQuarters(torch.nn.Module):
    """A teacher that tells the mean grey of the four quarters of a face."""

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.adaptive_avg_pool2d(faces.float(), 2).flatten(1) + 1


def faces_of(images: NDArray[np.uint8]) -> PackedFaces:
    count = len(images)
    told = np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))
    return PackedFaces(images, np.repeat(template_points()[None], count, 0), told, np.arange(count, dtype=np.int32))


def flat(*levels: int) -> PackedFaces:
    return faces_of(np.stack([np.full((SIDE, SIDE), level, np.uint8) for level in levels]))


@pytest.fixture
def faces() -> PackedFaces:
    return faces_of(np.stack([picture(pattern) for pattern in patterns(6)]))


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixtures, "CHUNK", 4)


def test_a_blend_lies_between_its_two_faces() -> None:
    made, _ = make_face(flat(0, 200), 0, 1, BLENDED, np.random.default_rng(1))
    assert 0.3 * 200 - 1 <= made.min() == made.max() <= 0.7 * 200 + 1


def test_joined_faces_are_one_on_one_side_and_the_other_beyond_an_edge() -> None:
    made, _ = make_face(flat(0, 200), 0, 1, JOINED, np.random.default_rng(1))
    assert (made < 5).mean() > 0.1 and (made > 195).mean() > 0.1
    assert ((made >= 5) & (made <= 195)).mean() < 0.4


def test_an_unbent_face_keeps_its_points_whether_mirrored_or_not(faces: PackedFaces) -> None:
    for seed in range(8):
        _, points = make_face(faces, 0, 1, ALONE, np.random.default_rng(seed))
        assert points[0, 0] < points[1, 0] and points[3, 0] < points[4, 0]  # image-left stays left
        side = template_windows(points[None])[0, 2]
        assert side == pytest.approx(mixtures.WINDOW_SHARE * SIDE, rel=1e-3)


def test_points_follow_the_pixels_when_a_face_is_bent() -> None:
    image = np.zeros((SIDE, SIDE), np.uint8)
    nose = template_points()[2]
    image[
        round(float(nose[1])) - 2 : round(float(nose[1])) + 3, round(float(nose[0])) - 2 : round(float(nose[0])) + 3
    ] = 255
    for seed in range(8):
        made, points = make_face(faces_of(image[None]), 0, 0, Mixing(blended=0, joined=0), np.random.default_rng(seed))
        y, x = np.argwhere(made > 127).mean(0)
        assert np.hypot(*(points[2] - (x, y))) < 1.5


def test_the_teacher_sees_the_template_window(faces: PackedFaces) -> None:
    cut = aligned(faces.crops[:1], faces.landmarks[:1])
    inner = (SIDE - 112) // 2
    assert cut.shape == (1, 1, 112, 112)
    assert np.abs(cut[0, 0].numpy().astype(int) - faces.crops[0, inner:-inner, inner:-inner]).max() <= 1


def test_made_faces_follow_the_real_ones_with_what_the_teacher_says_of_them(faces: PackedFaces, tmp_path: Path) -> None:
    make_mixtures(faces, np.arange(4), 10, MeansOfQuarters(), tmp_path)
    more = with_mixtures(faces, 10, tmp_path, np.zeros(4, np.float32))
    assert len(more) == 16 and (more.identity[6:] == -1).all()
    np.testing.assert_array_equal(more.crops[:6], faces.crops)
    said = MeansOfQuarters()(aligned(more.crops[6:], more.landmarks[6:]))
    expected = torch.nn.functional.normalize(said).numpy()
    np.testing.assert_allclose(more.teacher[6:], expected, atol=2e-3)


def test_an_interrupted_making_goes_on_to_the_same_faces(faces: PackedFaces, tmp_path: Path) -> None:
    make_mixtures(faces, np.arange(4), 10, MeansOfQuarters(), tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    (tmp_path / "cut" / "mixtures-0001.npz").unlink()
    make_mixtures(faces, np.arange(4), 10, MeansOfQuarters(), tmp_path / "cut")
    whole, cut = (with_mixtures(faces, 10, tmp_path / name, np.zeros(4, np.float32)) for name in ("whole", "cut"))
    np.testing.assert_array_equal(whole.crops, cut.crops)


def test_more_faces_are_made_after_fewer(faces: PackedFaces, tmp_path: Path) -> None:
    make_mixtures(faces, np.arange(4), 6, MeansOfQuarters(), tmp_path / "grown")
    make_mixtures(faces, np.arange(4), 11, MeansOfQuarters(), tmp_path / "grown")
    make_mixtures(faces, np.arange(4), 11, MeansOfQuarters(), tmp_path / "at-once")
    grown, at_once = (
        with_mixtures(faces, 11, tmp_path / name, np.zeros(4, np.float32)) for name in ("grown", "at-once")
    )
    assert len(grown) == len(faces) + 11
    np.testing.assert_array_equal(grown.crops, at_once.crops)


def test_what_grey_moves_in_all_faces_alike_is_taken_off(faces: PackedFaces, tmp_path: Path) -> None:
    rows = np.array([0, 2, 5])
    make_views(faces, MeansOfQuarters(), tmp_path)
    said = torch.nn.functional.normalize(MeansOfQuarters()(aligned(faces.crops, faces.landmarks))).numpy()
    shift = colour_shift(faces, rows, tmp_path)
    np.testing.assert_allclose(shift, (said - faces.teacher)[rows].mean(0), atol=1e-3)
    make_mixtures(faces, rows, 4, MeansOfQuarters(), tmp_path)
    plain, moved = (with_mixtures(faces, 4, tmp_path, s).teacher[6:] for s in (np.zeros(4, np.float32), shift))
    expected = plain - shift
    np.testing.assert_allclose(moved, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=2e-3)


def test_a_pass_is_half_made() -> None:
    rows = half_made(np.array([3, 4, 5]), 100, 6)
    assert rows.tolist() == [3, 4, 5, 3, 4, 5, 100, 101, 102, 103, 104, 105]


class SixteenMeans(torch.nn.Module):
    """A teacher of as many values as the made-up pack's."""

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.adaptive_avg_pool2d(faces.float(), 4).flatten(1) + 1


def test_a_configuration_with_mixtures_trains_on_them_and_holds_the_same_people_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("lightning")
    from peephole.training import data
    from peephole.training.config import MixturesConfig, Stage, TrainingConfig

    monkeypatch.setattr(data, "load_teacher", lambda path: SixteenMeans())
    write_pack(tmp_path / "pack")
    (tmp_path / "teacher.npz").write_bytes(b"weights")
    plain = TrainingConfig(
        data=tmp_path / "pack",
        run=tmp_path / "run",
        stages=(Stage(8, 64, (1e-2, 0.0)),),
        descriptor=16,
        held_out_identities=2,
    )
    before = data.read_data(plain, tmp_path / "cache")
    wanted = dataclasses.replace(plain, mixtures=MixturesConfig(tmp_path / "teacher.npz", 60))
    after = data.read_data(wanted, tmp_path / "cache")
    np.testing.assert_array_equal(after.held_out, before.held_out)
    assert sorted(after.rows) == sorted([*before.rows, *range(len(before.faces), len(before.faces) + 60)])
    assert len(after.faces) == len(before.faces) + 60
    np.testing.assert_array_equal(after.faces.teacher[before.held_out], before.faces.teacher[before.held_out])
