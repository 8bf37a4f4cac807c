"""Faces to train on, whatever they are read from; and the reader of the packed ones.

The pack is tar shards of grey WebP crops beside an `index.npz`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from peephole.alignment import template_windows
from peephole.array_files import write_array
from peephole.image_files import decode_grey, read_pictures
from peephole.packed_index import read_index


class Faces(Protocol):
    """Faces, row by row alike, however they are stored.

    crops: N grey faces uint8 [H,W] with something around them. windows: float32 [N,4], the template window of each in
    crop pixels: centre x and y, side, angle in radians. teacher: float32 [N,D], descriptors of unit length; D is 0
    where none are stored. identity: int32 [N], -1 unknown. names: of people by identity, empty where it is unknown
    what they are called. digest: which set this is, wherever it lies.
    """

    @property
    def crops(self) -> "Sequence[NDArray[np.uint8]] | NDArray[np.uint8]": ...  # noqa: D102 - told above
    @property
    def windows(self) -> NDArray[np.float32]: ...  # noqa: D102
    @property
    def teacher(self) -> NDArray[np.float32]: ...  # noqa: D102
    @property
    def identity(self) -> NDArray[np.int32]: ...  # noqa: D102
    @property
    def names(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def digest(self) -> str: ...  # noqa: D102

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class PackedFaces:
    """Faces in memory, row by row alike. The pack numbers people and does not name them.

    crops: uint8 [N,S,S], grey. landmarks: float32 [N,5,2], x and y in crop pixels: image-left eye,
    image-right eye, nose, image-left and image-right mouth corner. teacher: float32 [N,D], unit
    length. identity: int32 [N], -1 unknown. digest: of the index.
    """

    crops: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    teacher: NDArray[np.float32]
    identity: NDArray[np.int32]
    digest: str = ""

    def __len__(self) -> int:
        return len(self.crops)

    @cached_property
    def windows(self) -> NDArray[np.float32]:
        """Template windows [N,4] in crop pixels."""
        return template_windows(self.landmarks).astype(np.float32)

    @property
    def names(self) -> Sequence[str]:
        """Nobody is named."""
        return ()

    def take(self, rows: NDArray[np.int64]) -> "PackedFaces":
        """Return the faces of these rows (copies the crops)."""
        return PackedFaces(self.crops[rows], self.landmarks[rows], self.teacher[rows], self.identity[rows], self.digest)


def _decode(folder: Path, keys: Sequence[str]) -> NDArray[np.uint8]:
    row = {key: i for i, key in enumerate(keys)}
    crops: NDArray[np.uint8] | None = None
    seen = 0
    for shard in sorted(folder.glob("train-*.tar")):
        for picture in read_pictures(shard, lambda name: Path(name).stem in row):
            image = decode_grey(picture)
            if crops is not None and image.shape != crops.shape[1:]:
                raise ValueError(f"{shard}: {picture.name}: not of the size of the others; fetch the pack again")
            if crops is None:
                crops = np.zeros((len(keys), *image.shape), np.uint8)
            crops[row[Path(picture.name).stem]] = image
            seen += 1
    if crops is None or seen != len(keys):
        raise ValueError(f"{folder}: index.npz names {len(keys)} crops, the shards hold {seen}; fetch the pack again")
    return crops


def load_packed_faces(folder: Path, cache: Path) -> PackedFaces:
    """Read the pack in `folder`; decoded crops are kept in `cache` as one memory-mapped file.

    Raises `FileNotFoundError` without an index, `ValueError` for a damaged one or a damaged shard, `OSError` where
    `cache` has no room.
    """
    index = read_index(folder)
    decoded = cache / f"{folder.resolve().name}-{index.digest}-crops.npy"
    if not decoded.exists():
        cache.mkdir(parents=True, exist_ok=True)
        crops = _decode(folder, index.keys)
        write_array(decoded, crops, f"make room for the decoded faces, {crops.nbytes / 1e6:,.0f} MB")
    crops = np.load(decoded, mmap_mode="r")
    return PackedFaces(crops, index.landmarks, index.teacher, index.identity, index.digest)
