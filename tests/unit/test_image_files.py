"""Reading pictures from files, folders and tar files; each fault names the file or the member."""

import gzip
import io
import lzma
import os
import struct
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from peephole.image_files import decode_grey, read_picture, read_pictures


def _png(value: int) -> bytes:
    return bytes(cv2.imencode(".png", np.full((6, 8), value, np.uint8))[1])


def _tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_a_folder_and_a_tar_hold_the_same_pictures(tmp_path: Path) -> None:
    members = {"a/1.png": _png(1), "b c/2.PNG": _png(2), "note.txt": b"no picture"}
    for name, data in members.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    for source in (tmp_path / "folder", _tar(tmp_path / "some.tar", members)):
        found = {picture.name: decode_grey(picture) for picture in read_pictures(source)}
        assert list(found) == ["a/1.png", "b c/2.PNG"]
        assert found["b c/2.PNG"].shape == (6, 8) and (found["b c/2.PNG"] == 2).all()


def test_only_wanted_pictures_are_read(tmp_path: Path) -> None:
    source = _tar(tmp_path / "some.tar", {"1.png": _png(1), "2.png": _png(2)})
    assert [p.name for p in read_pictures(source, lambda name: name == "2.png")] == ["2.png"]
    with pytest.raises(ValueError, match=r"some\.tar: holds no picture"):
        list(read_pictures(source, lambda name: False))


@pytest.mark.parametrize("data", [b"", b"hello", _png(1)[:30]], ids=["empty", "text", "cut"])
def test_a_broken_member_is_named(tmp_path: Path, data: bytes) -> None:
    source = _tar(tmp_path / "some.tar", {"good.png": _png(1), "bad.png": data})
    with pytest.raises(ValueError, match=r"some\.tar: bad\.png: not an image"):
        [decode_grey(picture) for picture in read_pictures(source)]


def test_a_damaged_compressed_tar_is_named(tmp_path: Path) -> None:
    texts = np.random.default_rng(0).integers(0, 5, (9, 20_000), np.uint8)  # worth compressing
    plain = _tar(tmp_path / "plain.tar", {f"{n}.png": text.tobytes() for n, text in enumerate(texts)}).read_bytes()
    for name, pack in (("a.tar.gz", gzip.compress), ("b.tar.xz", lzma.compress)):
        whole = bytearray(pack(plain))
        whole[len(whole) // 2 : len(whole) // 2 + 60] = bytes([255] * 60)
        (tmp_path / name).write_bytes(whole)
        with pytest.raises(ValueError, match=f"{name}: not a whole tar file"):
            list(read_pictures(tmp_path / name))


def test_what_is_no_tar_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_text("hello")
    whole = _tar(tmp_path / "whole.tar", {"1.png": _png(1), "2.png": bytes(5000)}).read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[:2200])
    for name in ("text.tar", "cut.tar"):
        with pytest.raises(ValueError, match=f"{name}: not a whole tar file"):
            list(read_pictures(tmp_path / name))
    with pytest.raises(FileNotFoundError, match="none: no such"):
        list(read_pictures(tmp_path / "none"))


def test_one_picture(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(_png(7))
    assert read_picture(tmp_path / "1.png").shape == (6, 8, 3)
    (tmp_path / "not.jpg").write_text("hello")
    with pytest.raises(ValueError, match=r"not\.jpg: not an image"):
        read_picture(tmp_path / "not.jpg")
    with pytest.raises(ValueError, match="a folder"):
        read_picture(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ValueError, match=r"pipe\.jpg: not a regular file"):
        read_picture(tmp_path / "pipe.jpg")
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_picture(tmp_path / "none.jpg")


@pytest.mark.parametrize(("width", "height", "words"), [(20000, 20000, "more than 50 megapixels"), (0, 5, "no pixels")])
def test_a_size_that_cannot_be_right_is_refused_before_decoding(
    tmp_path: Path, width: int, height: int, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(_png(7))
    data[16:24] = struct.pack(">II", width, height)
    (tmp_path / "bomb.png").write_bytes(data)
    with pytest.raises(ValueError, match=f"bomb.png: .*{words}"):
        read_picture(tmp_path / "bomb.png")
    assert capfd.readouterr().err == ""
