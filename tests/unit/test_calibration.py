"""Thresholds from pairs of different people, against examples worked by hand."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import tiny_program
from peephole.evaluation.calibration import as_calibration, impostor_distances, points, wilson
from peephole.fixedpoint.program import Calibration, IntegerProgram, Spread


def test_only_pairs_of_different_people_count() -> None:
    descriptors = np.array([[0, 0], [3, 4], [0, 1], [6, 8]], np.int16)
    identity = np.array([1, 1, 2, 3], np.int32)
    # (0,2) 1, (0,3) 100, (1,2) 18, (1,3) 25, (2,3) 85; (0,1) is one person.
    assert impostor_distances(descriptors, identity).tolist() == [1, 18, 25, 85, 100]


def test_pairs_that_the_teacher_holds_for_one_person_are_left_out() -> None:
    descriptors = np.array([[0, 0], [0, 1], [6, 8]], np.int16)
    teacher = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert impostor_distances(descriptors, np.array([1, 2, 3], np.int32), teacher).tolist() == [85, 100]


def test_the_largest_distances_are_exact() -> None:
    descriptors = np.array([[-32768] * 512, [32767] * 512], np.int16)
    assert impostor_distances(descriptors, np.array([1, 2], np.int32)).tolist() == [512 * 65535**2]


def test_points_by_hand() -> None:
    impostors = np.arange(1000, dtype=np.int64) * 10
    (low, high) = points(impostors, (0.001, 0.01, 0.1))
    # One in a thousand of a thousand pairs is a single pair: too little to say.
    assert (low.rate, low.distance, low.accepted, low.pairs) == (0.01, 99, 10, 1000)
    assert (high.rate, high.distance, high.accepted) == (0.1, 999, 100)
    assert low.low < 0.01 < low.high


def test_ties_are_never_accepted_in_part() -> None:
    impostors = np.sort(np.array([5] * 50 + [9] * 50, np.int64))
    (point,) = points(impostors, (0.6,))
    assert (point.distance, point.accepted) == (8, 50)


def test_wilson_by_hand() -> None:
    # 10 of 100 at z = 1.96: the textbook interval.
    assert wilson(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(0, 10)[0] == 0.0


def test_a_calibration_says_what_it_rests_on() -> None:
    calibration = as_calibration(points(np.arange(1000, dtype=np.int64), (0.01, 0.1)), "60 faces of 20 people")
    assert calibration.points == ((0.01, 9), (0.1, 99))
    assert "1000 pairs of different people among 60 faces of 20 people" in calibration.source


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        as_calibration(points(np.arange(9, dtype=np.int64)), "3 faces of 3 people")


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
