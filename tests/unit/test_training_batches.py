"""Which faces a batch takes, that several processes share it exactly, and that a teacher sees the student's faces."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from peephole.alignment import TEMPLATE_SIDE  # noqa: E402
from peephole.training.augmentation import Augmentation, augment, crop, draw_change, spoil  # noqa: E402
from peephole.training.batches import FaceBatches, TaughtBatches  # noqa: E402
from peephole.training.change import Change, apply  # noqa: E402
from peephole.training.config import TeacherConfig  # noqa: E402
from peephole.training.faces import PackedFaces  # noqa: E402
from peephole.training.order import Balanced  # noqa: E402
from peephole.training.view import Mix, draw_mix, draw_view  # noqa: E402
from training_faces import patterns, picture, template_points  # noqa: E402

NOTHING = Augmentation(aligned=1.0, light=0, blur=0, small=0, noise=0, cover=0)
EVERYTHING = replace(NOTHING, **dict.fromkeys(("light", "blur", "noise", "cover", "jpeg"), 1.0))


def _faces(count: int = 12) -> PackedFaces:
    return PackedFaces(
        np.stack([picture(pattern) for pattern in patterns(count)]),
        np.repeat(template_points()[None], count, 0),
        np.eye(count, dtype=np.float32),
        np.arange(count, dtype=np.int32) // 3,
    )


@given(
    counts=st.lists(st.integers(0, 7), min_size=3, max_size=9),
    people=st.integers(1, 3),
    images=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_balanced_batches_take_everybody_alike(counts: list[int], people: int, images: int, seed: int) -> None:
    """Person p has counts[p] faces; those with fewer than two take no part."""
    identity = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    able = [person for person, count in enumerate(counts) if count > 1]
    rows = np.arange(len(identity))
    if len(able) < people:
        with pytest.raises(ValueError, match="a batch takes"):
            Balanced(rows, identity, people, images, seed)
        return
    order = Balanced(rows, identity, people, images, seed)
    per_pass = len(able) // people
    for step in range(per_pass):
        batch = identity[order(step)].reshape(people, images)
        assert (batch == batch[:, :1]).all() and len(set(batch[:, 0])) == people
        for person, taken in zip(batch[:, 0], order(step).reshape(people, images), strict=True):
            times = [np.sum(taken == row) for row in np.flatnonzero(identity == person)]
            assert max(times) - min(times) <= 1  # so that nothing comes twice that need not
    assert np.array_equal(order(1), Balanced(rows, identity, people, images, seed)(1))


def test_balanced_batches_take_all_faces_in_turn() -> None:
    identity = np.repeat(np.arange(4), 6).astype(np.int32)
    order = Balanced(np.arange(24), identity, people=2, images=3, seed=0)
    for start in (0, 4, 8):  # two passes of two batches
        assert sorted(np.concatenate([order(step) for step in range(start, start + 4)])) == list(range(24))
    assert not np.array_equal(order(0), order(4))


def test_balanced_batches_leave_out_unknown_people_and_other_rows() -> None:
    identity = np.array([-1, -1, -1, 5, 5, 6, 6, 7, 7], np.int32)
    order = Balanced(np.arange(7), identity, people=2, images=2, seed=0)
    assert sorted(order(0)) == [3, 4, 5, 6]


@pytest.mark.parametrize("taught", [None, TeacherConfig(Path("t"), mixup=0.4, cutmix=0.4)])
def test_processes_share_a_batch_exactly(taught: TeacherConfig | None) -> None:
    def batches(part: tuple[int, int]) -> list[tuple["torch.Tensor", ...]]:
        chosen = (_faces(), np.arange(12), 64, 6, Augmentation(), 3, 0, 2)
        found = FaceBatches(*chosen, part=part) if taught is None else TaughtBatches(*chosen, part=part, taught=taught)
        return [tuple(batch) for batch in found]

    whole = batches((0, 1))
    for number in range(3):
        for mine, everybodys in zip(batches((number, 3)), whole, strict=True):
            for some, everything in zip(mine, everybodys, strict=True):
                assert torch.equal(some, everything[number::3])


def test_the_teacher_looks_at_its_share_of_the_batches() -> None:
    taught = TeacherConfig(Path("t"), share=0.25)
    looks = [
        len(batch.seen) for batch in TaughtBatches(_faces(), np.arange(12), 16, 2, NOTHING, 0, 0, 400, taught=taught)
    ]
    assert set(looks) == {0, 2}
    assert 70 <= looks.count(2) <= 130
    again = TaughtBatches(_faces(), np.arange(12), 16, 2, NOTHING, 0, 390, 400, taught=taught)
    assert [len(batch.seen) for batch in again] == looks[390:]


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b).mean())


def test_the_teacher_sees_an_unchanged_face_in_its_template_window() -> None:
    face = _faces().crops[0] // 2 + np.arange(144, dtype=np.uint8) // 2  # lit from one side
    window = np.array([71.5, 71.5, 112, 0], np.float32)
    view = draw_view(face, window, 64, NOTHING, np.random.default_rng(0))
    seen = view.seen_from(view.frame(TEMPLATE_SIDE), TEMPLATE_SIDE)
    # Not scattered as the student's window is, but mirrored as it is.
    assert _difference(seen, crop(face, window, TEMPLATE_SIDE, view.mirror)) < 0.6
    assert _difference(seen, crop(face, window, TEMPLATE_SIDE, not view.mirror)) > 10


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", ["light", "dark", "small", "blur", "motion", "noise", "cover", "jpeg"])
def test_the_teacher_sees_the_change_that_the_student_sees(name: str, seed: int) -> None:
    """Where both look through the same window, the two views are the same picture in two sizes."""
    how = replace(NOTHING, **{name: 1.0})
    face, window = _faces().crops[seed], np.array([71.5, 71.5, 112, 0], np.float32)
    view = draw_view(face, window, 96, how, np.random.default_rng(seed))
    frame = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]])  # pixel centres lie at integers
    seen = view.seen_from(frame, 192)
    shrunk = cv2.resize(seen, (96, 96), interpolation=cv2.INTER_AREA)
    student = view.student()
    unchanged = crop(face, window, 96, view.mirror)
    assert _difference(shrunk, student) < max(2.5, 0.35 * _difference(unchanged, student))


def test_augment_is_the_students_view() -> None:
    face, window = _faces().crops[0], np.array([71.5, 71.5, 112, 0], np.float32)
    a = augment(face, window, 64, Augmentation(), np.random.default_rng(7))
    b = draw_view(face, window, 64, Augmentation(), np.random.default_rng(7)).student()
    assert np.array_equal(a, b)


@pytest.mark.parametrize("name", ["light", "dark", "small", "blur", "motion", "noise", "cover", "jpeg"])
def test_each_change_changes_the_face_and_leaves_the_original(name: str) -> None:
    face = crop(_faces().crops[0], np.array([71.5, 71.5, 112, 0], np.float32), 64)
    kept = face.copy()
    changed = spoil(face, replace(NOTHING, **{name: 1.0}), np.random.default_rng(1))
    assert changed.dtype == np.uint8 and changed.shape == face.shape
    assert not np.array_equal(changed, face)
    assert np.array_equal(face, kept)


def test_the_dark_is_dark() -> None:
    white = np.full((64, 64), 255, np.uint8)
    for seed in range(20):
        dark = spoil(white, replace(NOTHING, dark=1.0), np.random.default_rng(seed))
        assert 20 < dark.mean() < 150 and dark.std() > 1


def test_nothing_is_drawn_by_default_that_was_not_before_it_was_thought_of() -> None:
    """Runs configured before low light, motion and stream artefacts were there mean the same still."""
    drawn = [draw_change(64, Augmentation(), np.random.default_rng(seed)) for seed in range(200)]
    assert not any(change.quality or change.motion[0] for change in drawn)
    assert 0.6 < np.mean([change.lookup is not None for change in drawn]) < 0.8


def test_a_covered_part_is_where_it_is_told() -> None:
    corners = np.array([[2, 1], [4, 1], [4, 3], [2, 3]], np.float64)
    covered = apply(np.zeros((6, 6), np.uint8), Change(6, cover=corners, cover_level=9))
    expected = np.zeros((6, 6), np.uint8)
    expected[1:4, 2:5] = 9
    assert np.array_equal(covered, expected)


def test_mixing_blends_or_pastes() -> None:
    face, other = np.full((4, 4), 100, np.uint8), np.full((4, 4), 200, np.uint8)
    assert (Mix(0.25, None)(face, other) == 125).all()
    pasted = Mix(0.5, np.array([[0, 0], [3, 0], [3, 1], [0, 1]], np.float64))(face, other)
    assert (pasted[:2] == 200).all() and (pasted[2:] == 100).all()


def test_mixed_faces_come_as_often_as_told() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_mix(64, 0.2, 0.3, rng) for _ in range(2000)]
    assert 0.17 < np.mean([mix is not None and mix.patch is None for mix in drawn]) < 0.23
    assert 0.27 < np.mean([mix is not None and mix.patch is not None for mix in drawn]) < 0.33


def test_the_teacher_sees_the_mixed_face() -> None:
    """Blended or pasted, the teacher's view is the student's, but larger."""
    taught = TeacherConfig(Path("t"), mixup=0.5, cutmix=0.5)
    how = replace(NOTHING, aligned=0.0, box_scale=0.0, box_dx=0.0, box_dy=0.0)  # the student's window is the template's
    batch = next(iter(TaughtBatches(_faces(), np.arange(12), 56, 12, how, 0, 0, 1, taught=taught)))
    assert batch.mixed.all()
    for student, seen in zip(batch.images.numpy()[:, 0], batch.seen.numpy()[:, 0], strict=True):
        shrunk = cv2.resize(seen, (56, 56), interpolation=cv2.INTER_AREA)
        assert _difference(shrunk, student) < 6


@pytest.mark.parametrize(("least", "left"), [(1, [0, 1, 2, 3, 4, 6]), (2, [0, 2, 3, 4]), (3, [0, 2, 3, 4]), (4, [0])])
def test_people_with_few_faces_can_be_left_out(least: int, left: list[int]) -> None:
    pytest.importorskip("lightning")
    from peephole.training.data import _with_faces_enough

    faces = replace(_faces(7), identity=np.array([-1, 4, 5, 5, 5, 6, 6], np.int32))
    rows = np.array([0, 1, 2, 3, 4, 6])  # of person 6 one face is held out, and does not count
    assert _with_faces_enough(faces, rows, least).tolist() == left
