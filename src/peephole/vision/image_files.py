"""Pictures on disk: single files, folders of them, and tar files of them. Every error names the file or member."""

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class EncodedPicture:
    """A picture file as it lies on disk. `name` is its path inside the folder or tar, `origin` says where that is."""

    name: str
    data: bytes
    origin: str


def _decode(data: bytes, flag: int, what: str) -> NDArray[np.uint8]:
    # OpenCV raises on an empty buffer and on pictures of more than 2**30 pixels, and returns None on all else.
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        image = None
    if image is None:
        raise ValueError(f"{what}: not an image that can be read; use a JPEG, PNG, WebP, BMP or TIFF file")
    return np.asarray(image, np.uint8)


def decode_grey(picture: EncodedPicture) -> NDArray[np.uint8]:
    """Decode to uint8 [H,W], turned upright by its EXIF data. Raises `ValueError` naming the member."""
    return _decode(picture.data, cv2.IMREAD_GRAYSCALE, f"{picture.origin}: {picture.name}")


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read one picture file as uint8 [H,W,3] in OpenCV's order (blue, green, red), turned upright by its EXIF data.

    Raises `FileNotFoundError` or another `OSError` where it cannot be opened, `ValueError` where it is no image.
    """
    if path.is_dir():
        raise ValueError(f"{path}: a folder, not an image")
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    return _decode(path.read_bytes(), cv2.IMREAD_COLOR, str(path))


def _from_folder(folder: Path, wanted: Callable[[str], bool]) -> Iterator[EncodedPicture]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() in SUFFIXES and path.is_file() and wanted(name):
            yield EncodedPicture(name, path.read_bytes(), str(folder))


def _from_tar(path: Path, wanted: Callable[[str], bool]) -> Iterator[EncodedPicture]:
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                if not member.isfile() or PurePosixPath(member.name).suffix.lower() not in SUFFIXES:
                    continue
                stream = tar.extractfile(member)
                if stream is not None and wanted(member.name):
                    yield EncodedPicture(member.name, stream.read(), str(path))
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"{path}: not a whole tar file ({error}); fetch it again") from error


def read_pictures(source: Path, wanted: Callable[[str], bool] = lambda name: True) -> Iterator[EncodedPicture]:
    """Yield the pictures of a tar file (in its order) or of a folder and its sub-folders (by name), undecoded.

    `wanted` chooses by name, before the file is read. Raises `FileNotFoundError` where `source` does not exist and
    `ValueError` where it is neither a folder nor a whole tar file, or holds no picture that is wanted.
    """
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such tar file or folder of pictures")
    found = False
    for picture in _from_folder(source, wanted) if source.is_dir() else _from_tar(source, wanted):
        found = True
        yield picture
    if not found:
        raise ValueError(f"{source}: holds no picture that is asked for")
