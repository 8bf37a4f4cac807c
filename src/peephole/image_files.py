"""Pictures on disk: single files, folders of them, and tar files of them. Every error names the file or member."""

import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.picture_size import MOST_PIXELS, picture_size

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class EncodedPicture:
    """A picture file as it lies on disk. `name` is its path inside the folder or tar, `origin` says where that is."""

    name: str
    data: bytes
    origin: str


def _decode(data: bytes, flag: int, what: str) -> NDArray[np.uint8]:
    size = picture_size(data)
    if size is not None and size[0] * size[1] > MOST_PIXELS:
        raise ValueError(f"{what}: {size[0]} x {size[1]} is more than {MOST_PIXELS // 1_000_000} megapixels; shrink it")
    if size is not None and 0 in size:
        raise ValueError(f"{what}: the picture is damaged, it has no pixels; choose another one")
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
    if not path.is_file():
        raise ValueError(f"{path}: not a regular file; name a picture")
    return _decode(path.read_bytes(), cv2.IMREAD_COLOR, str(path))


# A picture not read yet: its name, and what reads it.
_Entry = tuple[str, Callable[[], bytes]]


def _from_folder(folder: Path) -> Iterator[_Entry]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes


@contextmanager
def _whole(tar: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise ValueError(
            f"{tar}: not a whole tar file, nor a folder of pictures; name another, or fetch it again"
        ) from error


def _read_member(tar: Path, stream: IO[bytes]) -> bytes:
    with _whole(tar):
        return stream.read()


def _from_tar(path: Path) -> Iterator[_Entry]:
    with _whole(path), tarfile.open(path) as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.isfile() else None
            if stream is not None and PurePosixPath(member.name).suffix.lower() in SUFFIXES:
                yield member.name, partial(_read_member, path, stream)


def _entries(source: Path) -> Iterator[_Entry]:
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such tar file or folder of pictures")
    return _from_folder(source) if source.is_dir() else _from_tar(source)


def list_pictures(source: Path) -> list[str]:
    """Return the names of the pictures in a tar file or folder, in the order of `read_pictures`."""
    return [name for name, _ in _entries(source)]


def read_pictures(source: Path, wanted: Callable[[str], bool] = lambda name: True) -> Iterator[EncodedPicture]:
    """Yield the pictures of a tar file (in its order) or of a folder and its sub-folders (by name), undecoded.

    `wanted` chooses by name, before a picture is read. Raises `FileNotFoundError` where `source` does not exist and
    `ValueError` where it is neither a folder nor a whole tar file, or holds no picture that is wanted.
    """
    found = False
    for name, read in _entries(source):
        if wanted(name):
            found = True
            yield EncodedPicture(name, read(), str(source))
    if not found:
        raise ValueError(f"{source}: holds no picture that is asked for")
