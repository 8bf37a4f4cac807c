"""Calibration images from a folder, a tar and the packed training faces."""

import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from peephole.alignment import TEMPLATE
from peephole.training.calibration_images import read_calibration_images
from programs import smooth_images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "faces"
    folder.mkdir()
    for i, image in enumerate(smooth_images(10, 40)):
        cv2.imwrite(str(folder / f"{i}.png"), image[:, : 40 - i])
    (folder / "notes.txt").write_text("not an image")
    return folder


def packed(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, path.name)


def test_a_folder(folder: Path) -> None:
    images = read_calibration_images(folder, (24, 24))
    assert (images.shape, images.dtype) == ((10, 24, 24), np.uint8)
    assert read_calibration_images(folder, (24, 24), 3).shape == (3, 24, 24)
    same_size = read_calibration_images(folder, (40, 40), 1)
    np.testing.assert_array_equal(same_size[0], smooth_images(10, 40)[0])


@pytest.mark.parametrize("turned", [False, True])
def test_the_middle_square_is_cut(tmp_path: Path, turned: bool) -> None:
    image = smooth_images(1, 40)[0][:, 4:34]
    cv2.imwrite(str(tmp_path / "tall.png"), image.T if turned else image)
    middle = image[5:35]
    made = read_calibration_images(tmp_path, (30, 30))
    np.testing.assert_array_equal(made[0], middle.T if turned else middle)


def test_a_tar_gives_the_same(folder: Path, tmp_path: Path) -> None:
    packed(folder, tmp_path / "faces.tar")
    np.testing.assert_array_equal(
        read_calibration_images(tmp_path / "faces.tar", (24, 24)), read_calibration_images(folder, (24, 24))
    )


def test_packed_faces_are_cut_by_their_landmarks(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    images = smooth_images(4, 112)
    with tarfile.open(pack / "train-000.tar", "w") as tar:
        for i, image in enumerate(images):
            cv2.imwrite(str(tmp_path / f"k{i}.png"), image)
            tar.add(tmp_path / f"k{i}.png", f"k{i}.png")
    keys = np.array([f"k{i}" for i in range(4)])
    rows = {"identity": np.arange(4), "teacher": np.zeros((4, 0)), "landmarks": np.repeat(TEMPLATE[None], 4, 0)}
    np.savez(pack / "index.npz", key=keys, **rows)
    made = read_calibration_images(pack, (112, 112), 4)
    # Landmarks on the template itself: the window is the whole image.
    np.testing.assert_array_equal(made, images)
    np.savez(pack / "index.npz", key=keys[:2], **{name: values[:2] for name, values in rows.items()})
    with pytest.raises(ValueError, match=r"k2\.png: is not in index\.npz"):
        read_calibration_images(pack, (112, 112), 4)
    (pack / "index.npz").write_bytes((pack / "index.npz").read_bytes()[:300])
    with pytest.raises(ValueError, match=r"index\.npz: truncated or damaged"):
        read_calibration_images(pack, (112, 112), 4)


def test_refusals(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone: no such tar file or folder"):
        read_calibration_images(tmp_path / "gone", (24, 24))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty: holds no picture"):
        read_calibration_images(tmp_path / "empty", (24, 24))
    (folder / "broken.png").write_bytes(b"\x89PNG nothing")
    with pytest.raises(ValueError, match=r"broken\.png: not an image that can be read"):
        read_calibration_images(folder, (24, 24))
    with pytest.raises(ValueError, match=r"notes\.txt: not a whole tar file"):
        read_calibration_images(folder / "notes.txt", (24, 24))
    packed(folder, tmp_path / "faces.tar")
    data = (tmp_path / "faces.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(data[: len(data) // 2 + 100])
    with pytest.raises(ValueError, match=r"cut\.tar"):
        read_calibration_images(tmp_path / "cut.tar", (24, 24))
