"""Thresholds from pairs of different people, against examples worked by hand."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import tiny_program
from peephole.evaluation.calibration import Point, as_calibration, impostors, moved, points, spreads, wilson
from peephole.fixedpoint.program import Calibration, IntegerProgram, Spread


def test_only_pairs_of_different_people_count() -> None:
    descriptors = np.array([[0, 0], [3, 4], [0, 1], [6, 8]], np.int16)
    identity = np.array([1, 1, 2, 3], np.int32)
    # (0,2) 1, (0,3) 100, (1,2) 18, (1,3) 25, (2,3) 85; (0,1) is one person.
    assert impostors(descriptors, identity).distance.tolist() == [1, 18, 25, 85, 100]


def test_pairs_that_the_teacher_holds_for_one_person_are_left_out() -> None:
    descriptors = np.array([[0, 0], [0, 1], [6, 8]], np.int16)
    teacher = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert impostors(descriptors, np.array([1, 2, 3], np.int32), teacher).distance.tolist() == [85, 100]


def test_the_largest_distances_are_exact() -> None:
    descriptors = np.array([[-32768] * 512, [32767] * 512], np.int16)
    assert impostors(descriptors, np.array([1, 2], np.int32)).distance.tolist() == [512 * 65535**2]


def test_points_by_hand() -> None:
    impostors = np.arange(1000, dtype=np.int64) * 10
    (low, high) = points(impostors, (0.001, 0.01, 0.1))
    # One in a thousand of a thousand pairs is a single pair: too little to say.
    assert (low.rate, low.distance, low.accepted, low.pairs) == (0.01, 99, 10, 1000)
    assert (high.rate, high.distance, high.accepted) == (0.1, 999, 100)
    assert low.wilson[0] < 0.01 < low.wilson[1]


def test_ties_are_never_accepted_in_part() -> None:
    impostors = np.sort(np.array([5] * 50 + [9] * 50, np.int64))
    (point,) = points(impostors, (0.6,))
    assert (point.distance, point.accepted) == (8, 50)


def test_wilson_by_hand() -> None:
    # 10 of 100 at z = 1.96: the textbook interval.
    assert wilson(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(0, 10)[0] == 0.0


def crowd(people: int, faces: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Descriptors scattered around one point a person, and who they are."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(0, 1000, (people, 8))
    descriptors = middle.repeat(faces, 0) + rng.normal(0, 200, (people * faces, 8))
    return descriptors.astype(np.int16), np.arange(people).repeat(faces).astype(np.int32)


def test_a_calibration_says_what_it_rests_on() -> None:
    found = impostors(*crowd(20, 3))
    assert len(found) == 60 * 57 // 2
    calibration = as_calibration(found, "60 faces of 20 people", "aligned", draws=50)
    assert [rate for rate, _ in calibration.points] == [0.01, 0.03, 0.1]
    assert (calibration.crop, calibration.pairs) == ("aligned", 1710)
    assert calibration.source == "1710 pairs of different people among 60 faces of 20 people"
    for (rate, distance), spread in zip(calibration.points, calibration.spreads, strict=True):
        assert spread.rate[0] <= rate <= spread.rate[1]
        assert spread.distance[0] <= distance <= spread.distance[1]


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        as_calibration(impostors(*crowd(3, 1)), "3 faces of 3 people")


def test_pairs_that_share_people_say_less_than_as_many_that_do_not() -> None:
    # Copies of the same 30 faces make pairs without end, and teach nothing new of how near people are.
    descriptors, identity = crowd(30, 1)
    once = as_calibration(impostors(descriptors, identity), "30 people", draws=200)
    copies = as_calibration(impostors(descriptors.repeat(8, 0), identity.repeat(8)), "30 people", draws=200)
    at = [rate for rate, _ in copies.points].index(0.1)
    wide, narrow = copies.spreads[at].rate, copies.spreads[at].wilson
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 5
    first = once.spreads[[rate for rate, _ in once.points].index(0.1)].rate
    assert wide[1] - wide[0] == pytest.approx(first[1] - first[0], rel=0.1)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    truth = points(impostors(*crowd(800, 1, seed=99)).distance, (0.1,))[0].distance
    held = 0
    for seed in range(60):
        found = impostors(*crowd(40, 2, seed))
        (spread,) = spreads(found, points(found.distance, (0.1,)), seed, draws=200)
        held += spread.distance[0] <= truth <= spread.distance[1]
    assert 50 <= held <= 60


def test_where_all_pairs_are_accepted_they_are_in_every_draw() -> None:
    found = impostors(*crowd(12, 3))
    everything = Point(0.5, int(found.distance[-1]), len(found), len(found), (0.0, 1.0))
    assert spreads(found, [everything], 1, 50)[0].rate == (1.0, 1.0)


def test_the_same_seed_draws_the_same_people() -> None:
    found = impostors(*crowd(20, 3))
    measured = points(found.distance, (0.1,))
    assert spreads(found, measured, 3, 50) == spreads(found, measured, 3, 50)
    assert spreads(found, measured, 3, 50) != spreads(found, measured, 4, 50)


def test_one_draw_by_hand() -> None:
    # Of four pairs at 5, 7, 9 and 11 the draw counts the first twice, the second never and the others once: 40 %
    # of the weight is 1.6, less than the first pair's; within 8 lies half of it.
    rising = np.cumsum([2.0, 0, 1, 1])
    distance = np.array([5, 7, 9, 11])
    assert moved(Point(0.4, 8, 2, 4, (0, 1)), distance, rising, 4) == (0.5, 4)
    assert moved(Point(0.5, 8, 2, 4, (0, 1)), distance, rising, 4) == (0.5, 8)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=300), st.sampled_from([0.05, 0.1, 0.3, 0.9]))
def test_no_rate_is_exceeded_and_none_wasted(distances: list[int], rate: float) -> None:
    impostors = np.sort(np.array(distances, np.int64))
    for point in points(impostors, (rate,)):
        share = (impostors <= point.distance).mean()
        assert share <= rate or point.distance == 0
        assert (impostors <= point.distance + 1).mean() > rate


SPREAD = Spread(accepted=40, wilson=(0.009, 0.011), rate=(0.005, 0.02), distance=(900, 1200))


def test_intervals_are_stored_and_change_no_identity(tmp_path: Path) -> None:
    program = tiny_program(tmp_path / "old.safetensors")
    measured = Calibration(((0.01, 1000),), "waves", "aligned", 4000, (SPREAD,))
    program.with_calibration(measured).save(tmp_path / "new.safetensors")
    assert IntegerProgram.load(tmp_path / "new.safetensors").calibration == measured
    assert IntegerProgram.load(tmp_path / "new.safetensors").identity == program.identity


def test_files_of_before_there_were_intervals_are_read(tmp_path: Path) -> None:
    program = tiny_program(tmp_path / "p.safetensors")
    data = (tmp_path / "p.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    key = next(key for key, value in header["__metadata__"].items() if "calibration" in value)
    structure = json.loads(header["__metadata__"][key])
    structure["calibration"] = {"points": structure["calibration"]["points"], "source": "tests"}
    header["__metadata__"][key] = json.dumps(structure)
    text = json.dumps(header).encode()
    (tmp_path / "p.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    old = IntegerProgram.load(tmp_path / "p.safetensors").calibration
    assert old is not None and program.calibration is not None
    assert (old.points, old.crop, old.pairs, old.spreads) == (program.calibration.points, "detect", 0, ())


def test_each_point_has_an_interval_or_none_has() -> None:
    with pytest.raises(ValueError, match="one interval a point"):
        Calibration(((0.01, 1000), (0.1, 2000)), "waves", spreads=(SPREAD,))


def test_thresholds_are_for_the_crop_they_were_measured_with(tmp_path: Path) -> None:
    program = tiny_program(tmp_path / "p.safetensors")
    assert program.thresholds("detect") is program.calibration
    with pytest.raises(ValueError, match="thresholds for crop detect, not for crop aligned"):
        program.thresholds("aligned")
    with pytest.raises(ValueError, match="has no thresholds"):
        tiny_program(tmp_path / "q.safetensors", calibrated=False).thresholds("detect")
