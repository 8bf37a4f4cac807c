"""Made-up people to train on: each is a pattern of a few grey squares. No photographs, no downloads."""

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.alignment import TEMPLATE

SIDE = 144
DESCRIPTOR = 16


def patterns(people: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return a pattern for each person, uint8 [N,6,6]; its halves mirror each other, as those of a face do."""
    half = np.random.default_rng(seed).integers(0, 256, (people, 6, 3), np.uint8)
    return np.concatenate((half, half[:, :, ::-1]), 2)


def picture(pattern: NDArray[np.uint8], side: int = SIDE) -> NDArray[np.uint8]:
    """Return a picture of a person."""
    return np.asarray(cv2.resize(pattern, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def template_points(side: int = SIDE) -> NDArray[np.float32]:
    """Return the five points of a face whose template window is the middle of its picture, 112 pixels wide."""
    return (TEMPLATE + (side - 112) / 2).astype(np.float32)


def write_pack(folder: Path, people: int = 12, images: int = 6, seed: int = 0) -> None:
    """Write a packed set: every person has one descriptor, which the teacher sees in all their pictures."""
    rng = np.random.default_rng(seed)
    made = patterns(people, seed)
    teacher = rng.normal(size=(people, DESCRIPTOR))
    teacher /= np.linalg.norm(teacher, axis=1, keepdims=True)
    keys, identity = [], np.repeat(np.arange(people), images)
    folder.mkdir()
    with tarfile.open(folder / "train-000.tar", "w") as tar:
        for i, person in enumerate(identity):
            data = cv2.imencode(".webp", picture(made[person]))[1].tobytes()
            member = tarfile.TarInfo(f"face-{i}.webp")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
            keys.append(f"face-{i}")
    np.savez(
        folder / "index.npz",
        key=np.array(keys),
        identity=identity.astype(np.int32),
        landmarks=np.repeat(template_points()[None], len(keys), 0),
        teacher=teacher[identity].astype(np.float16),
    )


def write_picture(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a picture and the folders it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
