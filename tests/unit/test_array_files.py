"""Broken .npz files, whoever reads them: one sentence that names the file, never a traceback."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from peephole.evaluation.album import read_album
from peephole.evaluation.calibration import held_out
from peephole.evaluation.embedding import read_landmarks
from peephole.packed_index import read_index


def _zipped(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


def _empty_zip() -> bytes:
    stream = io.BytesIO()
    zipfile.ZipFile(stream, "w").close()
    return stream.getvalue()


NAMES = np.array(["a", "b", "c"])
# What any of the readers looks for, all of it of a wrong kind.
WRONG = dict.fromkeys(("name", "names", "key", "missed", "model_id", "fc.bias"), np.float32(1))
NOISE = np.random.default_rng(0).integers(0, 256, 5000)
WHOLE = _zipped(name=NAMES, names=NAMES, key=NAMES, descriptor=NOISE, landmarks=NOISE, identity=NOISE, noise=NOISE)
BROKEN = {
    "empty": b"",
    "text": b"hello",
    "cut": WHOLE[: len(WHOLE) // 2],
    "damaged": WHOLE[:200] + bytes(len(WHOLE) // 2) + WHOLE[200 + len(WHOLE) // 2 :],
    "array": _array(),
    "no arrays": _empty_zip(),
    "objects": _zipped(**dict.fromkeys(WRONG, np.array([None, {}], object))),
    "scalars": _zipped(**WRONG),
}


def _teacher(path: Path) -> object:
    pytest.importorskip("torch")
    from peephole.training.teacher import load_teacher

    return load_teacher(path)


def _start(path: Path) -> object:
    pytest.importorskip("lightning")
    from peephole.training.module import read_weights

    return read_weights(str(path))


def _windows(path: Path) -> object:
    from peephole.training.find_faces import given_windows

    return given_windows(path, ["a.png"])


READERS: dict[str, Callable[[Path], object]] = {
    "album": lambda path: read_album(path, "m", "detect"),
    "landmarks": read_landmarks,
    "landmarks of a folder": _windows,
    "index": lambda path: read_index(path.parent),
    "held-out people": lambda path: held_out(path.parent, 2, 1),
    "teacher": _teacher,
    "warm start": _start,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named(tmp_path: Path, reader: str, kind: str) -> None:
    if reader == "warm start" and kind in ("no arrays", "scalars"):
        pytest.skip("named weights they are; whether they fit is told by the network")
    path = tmp_path / "index.npz"
    path.write_bytes(BROKEN[kind])
    what = "truncated or damaged; fetch or make it again" if kind in ("empty", "cut") else "not |truncated or damaged"
    with pytest.raises(ValueError, match=rf"index\.npz: ({what})") as told:
        READERS[reader](path)
    assert str(told.value).startswith(str(path)) and "\n" not in str(told.value)


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_is_not_there_is_named(tmp_path: Path, reader: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"index\.npz: no such"):
        READERS[reader](tmp_path / "index.npz")


def test_a_packed_face_whose_stored_descriptor_has_no_direction_is_named(tmp_path: Path) -> None:
    rows = {"key": NAMES, "identity": np.arange(3), "landmarks": np.ones((3, 5, 2))}
    np.savez(tmp_path / "index.npz", teacher=[[1, 0], [0, 0], [3, 4]], **rows)
    with pytest.raises(ValueError, match=r"index\.npz: stores no direction as the teacher's descriptor of b"):
        read_index(tmp_path)
    np.savez(tmp_path / "index.npz", teacher=[[1, 0], [0, 2], [3, 4]], **rows)
    np.testing.assert_allclose(read_index(tmp_path).teacher, [[1, 0], [0, 1], [0.6, 0.8]])
    np.savez(tmp_path / "index.npz", teacher=np.zeros((3, 0)), **rows)
    assert read_index(tmp_path).teacher.shape == (3, 0)
