"""The demo's frames: two walks, the same at every start, with faces where the walk says."""

import itertools

import numpy as np
import pytest

from peephole.vision.detector import Detector
from peephole.vision.sources import Frame, demo, open_source
from peephole.vision.sources.demo import PAUSE, RATE, DemoSource, portraits
from peephole.vision.sources.demo.walk import WALK, mood_of, pose_at

LEAD = round(PAUSE * RATE)
ROUND = LEAD + round(WALK * RATE)


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    """A round, and a little of the next."""
    source = DemoSource()
    got = list(itertools.islice(source, 2 * ROUND + LEAD + 41))
    source.close()
    return got


def test_one_round_is_two_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "compose", lambda scene, cutouts, pose: scene.garden)  # quicker
    frames = list(open_source("demo", report=lambda notice: None, once=True))
    assert [frame.number for frame in frames] == list(range(2 * ROUND))
    assert np.diff([frame.time for frame in frames]) == pytest.approx(np.full(len(frames) - 1, 1 / RATE), abs=1e-5)


def test_same_at_every_start(frames: list[Frame]) -> None:
    again = itertools.islice(DemoSource(), LEAD + 6)
    assert all((one.image == other.image).all() for one, other in zip(again, frames, strict=False))


def test_no_two_rounds_are_alike(frames: list[Frame]) -> None:
    first, second = frames[LEAD + 40], frames[2 * ROUND + LEAD + 40]
    assert np.abs(first.image.astype(int) - second.image).mean() > 2


def test_detector_sees_the_walker_and_nobody_in_the_empty_garden(frames: list[Frame]) -> None:
    detect = Detector().detect
    for walk in (0, 1):
        begin = walk * ROUND
        assert not detect(frames[begin + LEAD // 2].image[..., 1].copy())
        for seconds in (2.5, 3.5, 4.5, 5.0):
            pose = pose_at(seconds, mood_of(walk))
            faces = detect(frames[begin + LEAD + round(seconds * RATE)].image[..., 1].copy())
            assert len(faces) == 1
            box = faces[0].box
            assert box.x + box.width / 2 == pytest.approx(pose.x, abs=0.3 * pose.width)
            assert box.y + box.height / 2 == pytest.approx(pose.y, abs=0.3 * pose.width)


def test_missing_package_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portraits.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"pip install 'peephole\[demo\]'"):
        DemoSource()
