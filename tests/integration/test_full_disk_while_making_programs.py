"""A full disk under training and quantizing: a sentence with the place, what was there stays, nothing half-written."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from peephole.array_files import write_array
from peephole.fixedpoint import storage
from peephole.whole_files import write_text


@contextmanager
def files_of_at_most(limit: int) -> Iterator[None]:
    """Let the kernel refuse longer files, as it refuses to write on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_program(tmp_path: Path) -> None:
    path = tmp_path / "program.safetensors"
    path.write_bytes(b"the old one")
    with files_of_at_most(3000), pytest.raises(OSError) as told:
        storage.write(path, "program", {}, {"weight": np.zeros(5000, np.int16)})
    assert str(told.value) == f"{path}: cannot be written, the disk is full; make room or name another place"
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"the old one"]


def test_a_checkpoint(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from peephole.training.checkpoints import write_checkpoint

    path = tmp_path / "last.ckpt"
    write_checkpoint(path, {"weight": torch.zeros(2)})
    with files_of_at_most(3000), pytest.raises(OSError, match="the disk is full; make room and start again") as told:
        write_checkpoint(path, {"weight": torch.zeros(5000)})
    assert str(told.value).startswith(f"{path}: ")
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]
    assert torch.load(path, weights_only=True)["weight"].tolist() == [0.0, 0.0]


def test_the_decoded_faces(tmp_path: Path) -> None:
    from peephole.training.faces import load_packed_faces
    from training_faces import write_pack

    write_pack(tmp_path / "pack", people=2, images=2)
    with (
        files_of_at_most(3000),
        pytest.raises(OSError, match="make room for the decoded faces, 0 MB"),
    ):
        load_packed_faces(tmp_path / "pack", tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())
    assert len(load_packed_faces(tmp_path / "pack", tmp_path / "cache")) == 4


def test_where_faces_were_found(tmp_path: Path) -> None:
    from peephole.training.find_faces import windows_of

    pictures = tmp_path / "pictures"
    pictures.mkdir()
    names = [f"{number}.png" for number in range(300)]
    for name in names:
        cv2.imwrite(str(pictures / name), np.zeros((8, 8), np.uint8))
    with files_of_at_most(3000), pytest.raises(OSError, match="the disk is full; make room and start again"):
        windows_of(pictures, names, "center", tmp_path / "cache")
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert windows_of(pictures, names, "center", tmp_path / "cache").shape == (300, 4)


def test_made_faces(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from peephole.training.faces import load_packed_faces
    from peephole.training.mixtures import make_views
    from training_faces import write_pack

    class Flat(torch.nn.Module):
        def forward(self, faces):
            return torch.ones(len(faces), 512)

    write_pack(tmp_path / "pack", people=3, images=3)
    faces = load_packed_faces(tmp_path / "pack", tmp_path / "cache")
    made = tmp_path / "made"
    with files_of_at_most(3000), pytest.raises(OSError, match=r"views-0000\.npz: cannot be written, the disk is full"):
        make_views(faces, Flat(), made)
    assert not list(made.iterdir())


def test_a_text(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    with files_of_at_most(3000), pytest.raises(OSError, match="cannot be written, the disk is full; wait"):
        write_text(path, "x" * 5000, "wait")
    assert not list(tmp_path.iterdir())


def test_an_array_is_what_numpy_reads(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)[:, ::-1]
    write_array(tmp_path / "a.npy", array, "")
    read = np.load(tmp_path / "a.npy")
    assert read.dtype == np.int16
    np.testing.assert_array_equal(read, array)
