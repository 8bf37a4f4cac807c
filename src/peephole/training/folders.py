"""Faces from folders of pictures, one folder a person: VGGFace2, CASIA-WebFace and LFW as they are published.

    VGGFace2/train/n000001/0001_01.jpg      names in VGGFace2/identity_meta.csv, if it is there
    CASIA-WebFace/0000045/001.jpg           names in CASIA-WebFace/names.txt, if it is there
    lfw/Aaron_Peirsol/Aaron_Peirsol_0001.jpg

Pictures are read when a batch needs them. Where a face lies in a picture is told by landmarks, found by our detector,
or taken for the middle (`SourceConfig`); what the detector found is kept, so that it looks at a picture once.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.digests import digest_of
from peephole.image_files import SUFFIXES, EncodedPicture, decode_grey
from peephole.training.augmentation import cut, window_matrix
from peephole.training.config import SourceConfig
from peephole.training.faces import Faces, load_packed_faces
from peephole.training.find_faces import given_windows, windows_of

# A crop's side in pixels, and in sides of the template window: room for boxes that scatter, as in the packed crops.
CROP_SIDE, CROP_ROOM = 144, 1.3
# Folders that number people.
NUMBERED = re.compile(r"n?\d+")


class PictureCrops(Sequence[NDArray[np.uint8]]):
    """Grey crops uint8 [144,144] of pictures on disk, cut when they are asked for."""

    def __init__(self, root: Path, files: Sequence[str], windows: NDArray[np.float32]) -> None:
        """Name the files in `root`, and the template window float32 [N,4] in each picture's pixels."""
        self.root, self.files, self.windows = root, files, windows

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, row: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[NDArray[np.uint8]]: ...
    def __getitem__(self, row: int | slice) -> NDArray[np.uint8] | Sequence[NDArray[np.uint8]]:
        """Read one picture and cut it. Raises `ValueError` naming a file that is no picture."""
        if isinstance(row, slice):
            return PictureCrops(self.root, self.files[row], self.windows[row])
        name = self.files[row]
        picture = decode_grey(EncodedPicture(name, (self.root / name).read_bytes(), str(self.root)))
        x, y, side, _ = self.windows[row]
        square = np.array([x, y, side * CROP_ROOM, 0], np.float32)
        # A large face is cut large and shrunk by areas: to skip pixels would alias.
        times = max(1, int(np.ceil(square[2] / CROP_SIDE)))
        face = cut(picture, window_matrix(square, CROP_SIDE * times, False), CROP_SIDE * times)
        return cv2.resize(face, (CROP_SIDE, CROP_SIDE), interpolation=cv2.INTER_AREA) if times > 1 else face  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class FolderFaces:
    """`Faces` of a folder of people; no teacher's descriptors are stored."""

    crops: PictureCrops
    windows: NDArray[np.float32]
    identity: NDArray[np.int32]
    names: tuple[str, ...]
    teacher: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.crops)

    @property
    def digest(self) -> str:
        """Of the pictures' names."""
        return digest_of((name + "\n").encode() for name in self.crops.files)


def _pictures(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _names(folder: Path) -> dict[str, str]:
    """Read what the numbered people are called, by the folder's name.

    Raises `ValueError` where there is a list of names that is none.
    """
    meta, listed = folder / "identity_meta.csv", folder / "names.txt"
    try:
        if meta.is_file():  # Class_ID, Name, Sample_Num, Flag, Gender
            with meta.open(encoding="utf-8", newline="") as stream:
                rows = [row for row in csv.reader(stream, skipinitialspace=True) if len(row) > 1]
            return {row[0].strip(): row[1].strip() for row in rows[1:]}
        if listed.is_file():
            lines = (line.split(maxsplit=1) for line in listed.read_text(encoding="utf-8").splitlines())
            return {fields[0]: fields[1].strip() for fields in lines if len(fields) == 2}
    except (UnicodeDecodeError, csv.Error) as error:
        told = meta if meta.is_file() else listed
        raise ValueError(f"{told}: not a list of people's names in UTF-8; mend it, or move it away") from error
    return {}


def load_folder_faces(folder: Path, source: SourceConfig, cache: Path) -> FolderFaces:
    """Read a folder of people; it may hold them in a folder `train`, as VGGFace2 does.

    Raises `FileNotFoundError`, or `ValueError` where it holds no such thing.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder of training faces")
    root = folder / "train" if (folder / "train").is_dir() else folder
    people = [(path.name, found) for path in sorted(root.iterdir()) if path.is_dir() and (found := _pictures(path))]
    if not people:
        raise ValueError(
            f"{folder}: holds neither packed faces (index.npz) nor a folder of pictures for each person; name another"
        )
    files = [f"{person}/{name}" for person, found in people for name in found]
    identity = np.repeat(np.arange(len(people), dtype=np.int32), [len(found) for _, found in people])
    told = _names(folder)
    names = tuple(told.get(p, "" if NUMBERED.fullmatch(p) else p.replace("_", " ")) for p, _ in people)
    if source.landmarks is not None:
        windows = given_windows(source.landmarks, files)
    else:
        windows = windows_of(root, files, source.face, cache)
    in_crop = np.full((len(files), 4), (CROP_SIDE - 1) / 2, np.float32)
    in_crop[:, 2], in_crop[:, 3] = CROP_SIDE / CROP_ROOM, windows[:, 3]
    none = np.zeros((len(files), 0), np.float32)
    return FolderFaces(PictureCrops(root, files, windows), in_crop, identity, names, none)


def load_faces(folder: Path, source: SourceConfig, cache: Path) -> Faces:
    """Read packed shards or a folder of people, whichever `folder` is. Raises as their readers do."""
    if (folder / "index.npz").is_file():
        return load_packed_faces(folder, cache)
    return load_folder_faces(folder, source, cache)
