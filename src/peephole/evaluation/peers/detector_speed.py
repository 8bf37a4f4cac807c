"""Our detector beside OpenCV's on the same cascade, the same frames and one core: times, and whose hits are whose."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.doorbell.tilt import overlap
from peephole.evaluation.peers.rows import Job, Row, one_core, timed
from peephole.vision.cascade_table import default_path
from peephole.vision.detector import GLANCE, Box, Detector
from peephole.vision.image import Image

Detect = Callable[[Image], list[Box]]
SAME = 0.4  # overlap of two hits that are one
OPENCV = "OpenCV, 1.1, 4 neighbours"


def detectors(min_size: int, yunet: Path | None = None) -> Mapping[str, Detect]:
    """Return those to compare, OpenCV at its usual settings first; smallest face in pixels.

    yunet: OpenCV's own network that finds faces, where it is to be compared, too. Raises `ValueError` for another file.
    """
    looks = {
        OPENCV: _opencv(min_size, 1.1, 4),
        "peephole, first glance": _ours(Detector(min_size, glance=GLANCE)),
        "peephole, full search": _ours(Detector(min_size)),
        "peephole, full search, 1.1, 4 neighbours": _ours(Detector(min_size, scale=1.1, min_neighbours=4)),
        "OpenCV, 1.05, 8 neighbours": _opencv(min_size, 1.05, 8),
    }
    return looks if yunet is None else looks | {"OpenCV, YuNet": _yunet(min_size, yunet)}


def detector_speed(
    frames: Mapping[str, Sequence[Image]], min_size: int, seconds: float, yunet: Path | None = None
) -> dict[str, list[Row]]:
    """Time all of them on groups of grey frames [240,320], for about `seconds` in all; seconds of a row are a frame's.

    Found are the hits of each: `agreed` with OpenCV's, `missed` of those, and its own `alone`.
    """
    looks = detectors(min_size, yunet)
    with one_core():
        return {group: _group(looks, chosen, seconds / len(frames)) for group, chosen in frames.items()}


def _group(looks: Mapping[str, Detect], frames: Sequence[Image], seconds: float) -> list[Row]:
    rows = timed({name: partial(_job, detect, frames) for name, detect in looks.items()}, seconds)
    theirs = [looks[OPENCV](frame) for frame in frames]
    return [dataclasses.replace(row, found=_hits(looks[row.name], frames, theirs)) for row in rows]


def _job(detect: Detect, frames: Sequence[Image]) -> Job:
    def work() -> None:
        for frame in frames:
            detect(frame)

    return Job(work, len(frames))


def _hits(detect: Detect, frames: Sequence[Image], theirs: Sequence[list[Box]]) -> dict[str, int]:
    agreed = missed = alone = 0
    for frame, expected in zip(frames, theirs, strict=True):
        found = detect(frame)
        met = sum(any(overlap(one, other) >= SAME for other in found) for one in expected)
        agreed, missed = agreed + met, missed + len(expected) - met
        alone += sum(not any(overlap(one, other) >= SAME for other in expected) for one in found)
    return {"agreed": agreed, "missed": missed, "alone": alone}


def _ours(detector: Detector) -> Detect:
    return lambda grey: [face.box for face in detector.detect(grey)]


def _opencv(min_size: int, scale: float, neighbours: int) -> Detect:
    cascade = cv2.CascadeClassifier(str(default_path()))

    def detect(grey: NDArray[np.uint8]) -> list[Box]:
        found = cascade.detectMultiScale(grey, scaleFactor=scale, minNeighbors=neighbours, minSize=(min_size, min_size))
        return [Box(*map(int, box)) for box in found]

    return detect


def _yunet(min_size: int, model: Path) -> Detect:
    try:
        finder = cv2.FaceDetectorYN.create(str(model), "", (320, 240))
        finder.detect(np.zeros((240, 320, 3), np.uint8))  # another network is read, and fails here
    except cv2.error as error:
        raise ValueError(f"{model}: OpenCV cannot read it as its network YuNet") from error

    def detect(grey: NDArray[np.uint8]) -> list[Box]:
        finder.setInputSize((grey.shape[1], grey.shape[0]))
        found = finder.detect(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))[1]
        boxes = [] if found is None else [Box(*map(int, face[:4])) for face in found]
        return [box for box in boxes if min(box.width, box.height) >= min_size]

    return detect
