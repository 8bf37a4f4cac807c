"""A program for aligned faces, from the owner's photo to the decision at the door; and one for boxes beside it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from commands import assert_one_line, peephole, tar_of, tiny_program
from peephole.doorbell.assembly import landmark_finder, make_recogniser
from peephole.doorbell.photos import Photo, examine
from peephole.doorbell.policy import Policy
from peephole.doorbell.tilt import Seen, cut_upright
from peephole.fixedpoint.program import IntegerProgram
from peephole.image_files import read_picture
from peephole.vision.crop import crop_aligned, crop_face
from peephole.vision.landmarks import FaceCut
from peephole.vision.pose import pose_of

demo = pytest.importorskip("peephole.vision.sources.demo")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same network twice: for aligned faces, and for the detector's boxes."""
    folder = tmp_path_factory.mktemp("programs")
    upright = tiny_program(folder / "detect.safetensors")
    assert upright.calibration is not None
    calibration = dataclasses.replace(upright.calibration, crop="aligned")
    dataclasses.replace(upright, crop="aligned", calibration=calibration).save(folder / "aligned.safetensors")
    return {crop: folder / f"{crop}.safetensors" for crop in ("detect", "aligned")}


def grey_of(picture: Any) -> Any:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def leaning(degrees: float) -> Any:
    """The portrait, turned clockwise around the face."""
    picture = read_picture(demo.EILEEN.path())
    turn = cv2.getRotationMatrix2D((226.0, 125.0), -degrees, 1.0)
    return cv2.warpAffine(picture, turn, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


def test_an_aligned_program_sees_the_face_as_its_points_lie(programs: dict[str, Path]) -> None:
    grey = grey_of(read_picture(demo.EILEEN.path()))
    recogniser = make_recogniser(IntegerProgram.load(programs["aligned"]))
    box = max(recogniser.detect(grey), key=lambda face: face.neighbours).box
    cut = recogniser.cut(grey, box, 0)
    found = landmark_finder().find(grey, box)
    assert cut.doubt == "" and cut.landmarks is not None
    np.testing.assert_array_equal(cut.landmarks.points, found.points)
    np.testing.assert_array_equal(cut.pixels, crop_aligned(grey, found.points, 64))


def test_a_program_for_boxes_is_cut_as_before_and_told_the_points(programs: dict[str, Path]) -> None:
    grey = grey_of(read_picture(demo.EILEEN.path()))
    recogniser = make_recogniser(IntegerProgram.load(programs["detect"]))
    box = max(recogniser.detect(grey), key=lambda face: face.neighbours).box
    cut = recogniser.cut(grey, box, 0)
    np.testing.assert_array_equal(cut.pixels, crop_face(grey, box, 64))
    assert cut.doubt == "" and cut.landmarks is not None and cut.landmarks.doubt == ""
    assert abs(pose_of(cut.landmarks.points).yaw) < 25


def test_a_face_that_leans_is_turned_upright(programs: dict[str, Path]) -> None:
    """Its crop is that of the upright portrait, nearly; the box alone does not do that."""
    aligned, detect = (make_recogniser(IntegerProgram.load(programs[crop])) for crop in ("aligned", "detect"))
    grey, turned = grey_of(read_picture(demo.EILEEN.path())), grey_of(leaning(15))
    box = max(aligned.detect(grey), key=lambda face: face.neighbours).box
    upright = aligned.cut(grey, box, 0).pixels.astype(float)

    def likeness(cut: FaceCut) -> float:
        return float(np.corrcoef(upright.ravel(), cut.pixels.astype(float).ravel())[0, 1])

    assert likeness(aligned.cut(turned, box, 0)) > 0.9
    assert likeness(aligned.cut(turned, box, 0)) > likeness(detect.cut(turned, box, 0)) + 0.1
    # Also where the doorbell has turned the picture itself, because the detector does not see leaning faces.
    assert likeness(cut_upright(aligned, turned, Seen(box, 9, 15))) > 0.9


def test_what_is_no_face_does_not_vote_and_is_not_enrolled(programs: dict[str, Path]) -> None:
    recogniser = make_recogniser(IntegerProgram.load(programs["aligned"]))
    picture = read_picture(demo.EILEEN.path())
    doubted = dataclasses.replace(
        recogniser, cut=lambda *face: dataclasses.replace(recogniser.cut(*face), doubt="order")
    )
    report, reference = examine(Photo("a.png", picture), doubted, Policy())
    assert (report.outcome, reference) == ("unaligned", None)
    assert report.text == "eyes, nose and mouth do not lie where a face has them"
    report, reference = examine(Photo("a.png", picture), recogniser, Policy())
    assert report.outcome == "ok" and reference is not None


@pytest.mark.parametrize("crop", ["detect", "aligned"])
def test_from_the_photo_to_the_door(programs: dict[str, Path], tmp_path: Path, crop: str) -> None:
    with_model = ("--model", programs[crop], "--data", tmp_path / "data")
    photo = demo.EILEEN.path()
    assert peephole("people", "add", "Eileen", photo, *with_model).returncode == 0
    (told,) = json.loads(peephole("identify", photo, *with_model, "--json").stdout)
    assert ("known", "Eileen", 0) in [(face["decision"], face["person"], face["distance"]) for face in told["faces"]]
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(6):
        cv2.imwrite(str(frames / f"{number}.png"), read_picture(photo))
    done = peephole("run", "--source", frames, "--once", "--json", *with_model)
    ended = [event for line in done.stdout.splitlines() if (event := json.loads(line))["event"] == "visit"]
    assert done.returncode == 0 and "Eileen" in [event["person"] for event in ended]


def test_commands_cut_as_the_program_says(programs: dict[str, Path], tmp_path: Path) -> None:
    tar_of(tmp_path / "one.tar", {"one.png": Path(demo.EILEEN.path()).read_bytes()})

    def descriptor(*arguments: object) -> Any:
        out = tmp_path / "out.npz"
        done = peephole("embed", "--images", tmp_path / "one.tar", "-o", out, "--json", *arguments)
        assert done.returncode == 0, done.stderr
        with np.load(out) as arrays:
            return json.loads(done.stdout)["crop"], arrays["descriptor"].tolist()

    by_points = descriptor("--model", programs["aligned"])
    by_box = descriptor("--model", programs["detect"])
    assert (by_points[0], by_box[0]) == ("aligned", "detect") and by_points[1] != by_box[1]
    assert descriptor("--model", programs["detect"], "--crop", "aligned") == by_points
    assert descriptor("--model", programs["aligned"], "--crop", "detect") == by_box


def test_thresholds_for_boxes_are_refused_for_aligned_faces(programs: dict[str, Path], tmp_path: Path) -> None:
    wrong = dataclasses.replace(IntegerProgram.load(programs["detect"]), crop="aligned")
    wrong.save(tmp_path / "wrong.safetensors")
    done = peephole("identify", demo.EILEEN.path(), "--model", tmp_path / "wrong.safetensors", "--data", tmp_path / "d")
    assert_one_line(done, 1, "thresholds for crop detect, not for crop aligned")
