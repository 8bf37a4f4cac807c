"""Recordings: videos, GIFs, folders, single pictures, and what is none of them."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from peephole.vision.sources import Notice, open_source


def no_notice(notice: Notice) -> None:
    raise AssertionError(notice)


def frame(value: int) -> np.ndarray:
    """A picture that survives compression: its mean is its number."""
    return np.full((96, 128, 3), value, np.uint8)


def video(path: Path, frames: int = 30, rate: float = 10.0, code: str = "mp4v") -> Path:
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*code), rate, (128, 96))
    noise = np.random.default_rng(1)
    for number in range(frames):
        writer.write(np.clip(frame(4 * number).astype(int) + noise.integers(-9, 9, (96, 128, 3)), 0, 255).astype("u1"))
    writer.release()
    return path


def test_video_gives_every_frame_with_the_times_it_was_recorded_at(tmp_path: Path) -> None:
    source = open_source(str(video(tmp_path / "walk.mp4")), report=no_notice)
    frames = list(source)
    assert [one.number for one in frames] == list(range(30))
    assert np.diff([one.time for one in frames]) == pytest.approx(np.full(29, 0.1), abs=1e-4)
    assert [one.image.mean() for one in frames] == pytest.approx([4 * n for n in range(30)], abs=6)
    assert frames[0].image.dtype == np.uint8 and frames[0].image.shape == (96, 128, 3)
    assert not source.live


def test_gif(tmp_path: Path) -> None:
    video(tmp_path / "walk.avi", frames=12, code="MJPG")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", tmp_path / "walk.avi", tmp_path / "walk.gif"], check=True, timeout=60
    ) if _has_ffmpeg() else pytest.skip("no ffmpeg to make a GIF with")
    frames = list(open_source(str(tmp_path / "walk.gif"), report=no_notice))
    assert len(frames) == 12 and frames[-1].time - frames[0].time == pytest.approx(1.1, abs=0.05)


def test_cut_gif_gives_what_it_has_and_then_says_so(tmp_path: Path) -> None:
    pictures = [np.random.default_rng(n).integers(0, 256, (96, 128, 3), np.uint8) for n in range(20)]
    assert cv2.imwriteanimation(str(tmp_path / "walk.gif"), _animation(pictures))
    data = (tmp_path / "walk.gif").read_bytes()
    assert len(list(open_source(str(tmp_path / "walk.gif"), report=no_notice))) == 20
    (tmp_path / "cut.gif").write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=r"cut\.gif: the video is cut off after \d+ pictures"):
        list(open_source(str(tmp_path / "cut.gif"), report=no_notice))


def _animation(pictures: list[np.ndarray]) -> "cv2.Animation":
    animation = cv2.Animation()
    animation.frames = pictures
    animation.durations = np.full(len(pictures), 100, np.int32)
    return animation


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe: not a regular file"):
        open_source(str(tmp_path / "pipe"), report=no_notice)
    with pytest.raises(ValueError, match="the source has no name"):
        open_source("", report=no_notice)


def _has_ffmpeg() -> bool:
    return any((Path(folder) / "ffmpeg").exists() for folder in ("/usr/bin", "/usr/local/bin"))


def test_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name, value in (("b.png", 20), ("a.png", 10), ("c.jpg", 30)):
        cv2.imwrite(str(tmp_path / name), frame(value))
    (tmp_path / "notes.txt").write_text("not a picture")
    frames = list(open_source(str(tmp_path), report=no_notice))
    assert [round(one.image.mean()) for one in frames] == [10, 20, 30]
    assert frames[1].time - frames[0].time == pytest.approx(0.2)


def test_single_picture(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), frame(77))
    assert [one.image.mean() for one in open_source(str(tmp_path / "one.png"), report=no_notice)] == [77]


def test_cut_video_gives_what_it_has_and_then_says_so(tmp_path: Path) -> None:
    whole = video(tmp_path / "walk.avi", frames=60, code="MJPG")
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    seen = 0
    with pytest.raises(ValueError, match=r"cut\.avi: the video is cut off: \d+ of 60 pictures") as caught:
        for _ in open_source(str(cut), report=no_notice):
            seen += 1
    assert 10 < seen < 50 and str(seen) in str(caught.value) and "\n" not in str(caught.value)


def test_closing_early_is_no_cut_video(tmp_path: Path) -> None:
    source = open_source(str(video(tmp_path / "walk.mp4")), report=no_notice)
    for one in source:
        if one.number == 2:
            source.close()
    assert one.number == 2


@pytest.mark.parametrize(("size", "words"), [(0, "not a video"), (300, "not a video")])
def test_video_without_a_beginning(tmp_path: Path, size: int, words: str) -> None:
    broken = tmp_path / "walk.mp4"
    broken.write_bytes(video(tmp_path / "whole.mp4").read_bytes()[:size])
    with pytest.raises(ValueError, match=f"walk.mp4: {words}"):
        open_source(str(broken), report=no_notice)


@pytest.mark.parametrize("name", ["notes.txt", "picture.png"])
def test_text_is_neither_video_nor_picture(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("just words, and more of them " * 20)
    with pytest.raises(ValueError, match=f"{name}: not"):
        list(open_source(str(tmp_path / name), report=no_notice))


def test_a_file_that_is_no_picture_is_refused_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / "words.jpg").write_text("words " * 99)
    for path in (tmp_path / "words.jpg", tmp_path):
        with pytest.raises(ValueError, match=r"words\.jpg: not an image"):
            open_source(str(path), report=no_notice)


def test_bad_names(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.mp4: no such file"):
        open_source(str(tmp_path / "gone.mp4"), report=no_notice)
    with pytest.raises(ValueError, match="holds no picture"):
        open_source(str(tmp_path), report=no_notice)
    with pytest.raises(ValueError, match="camera:front: a camera is named by its number"):
        open_source("camera:front", report=no_notice)


def test_opencv_and_ffmpeg_say_nothing_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(video(tmp_path / "whole.mp4").read_bytes()[:2000])
    program = f"""
from peephole.vision.sources import camera_works, open_source
assert not camera_works(77, patience=2)
try: open_source({str(tmp_path / "broken.mp4")!r}, report=print)
except ValueError: pass
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")
