"""The detector beside OpenCV's on the same cascade, by the benchmark's own script; and on the doorbell clips."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from peephole.vision.detector import Detector, Face

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_finds_what_opencv_finds_with_no_more_false_hits(research_data: Path) -> None:
    """An eighth of the pictures, on which chance may favour either by two; without --every it is exact, in minutes."""
    command = [sys.executable, str(CHECKOUT / "benchmarks" / "detector.py"), "--data", str(research_data)]
    run = subprocess.run([*command, "--every", "8", "--json"], capture_output=True, text=True, check=True)
    report = json.loads(run.stdout)
    recall = report["recall"]
    assert recall["pictures"] == 963
    assert recall["peephole_found"] >= recall["opencv_found"] - 2 > 950
    assert recall["peephole_false_an_image"] <= recall["opencv_false_an_image"]
    assert all(row["ratio"] <= 1.5 for row in report["time_320x240"])


def largest_faces(path: Path) -> list[Face]:
    """The largest face of each frame in which there is one."""
    capture = cv2.VideoCapture(str(path))
    detector = Detector()
    found = []
    while (read := capture.read())[0]:
        faces = detector.detect(np.asarray(cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY), np.uint8))
        found += faces[:1]
    return found


@pytest.mark.parametrize(
    ("clip", "frames"), [("head-pose-face-detection-female", 15), ("face-demographics-walking-and-pause", 10)]
)
def test_people_before_the_door_are_seen(research_data: Path, clip: str, frames: int) -> None:
    assert len(largest_faces(research_data / "doorbell" / f"{clip}.gif")) >= frames
