"""Reads the images that a network is calibrated on: a tar, a folder of images, or the packed training faces."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.training.augmentation import crop, template_windows

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".pgm", ".bmp"})


def read_calibration_images(source: Path | str, size: tuple[int, int], count: int = 256) -> NDArray[np.uint8]:
    """Return up to `count` grey images of the network's input size, uint8 [N,H,W], spread over the source.

    Packed training faces (a folder with `index.npz` and `train-*.tar`) are cut by their landmarks;
    any other image is cut to its middle square and resized. Raises `FileNotFoundError` or
    `ValueError` with one sentence.
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file or folder; name a tar or a folder of face images")
    if (source / "index.npz").is_file():
        faces = list(_packed(source, size, count))
    else:
        found = _tar_members(source, count) if source.is_file() else _folder_files(source, count)
        faces = [_middle(_decode(data, name), size) for name, data in found]
    if not faces:
        raise ValueError(f"{source}: holds no images; name a tar or a folder of face images")
    return np.stack(faces)


def _spread(items: list[Path] | list[tarfile.TarInfo], count: int) -> list[int]:
    return [int(i) for i in np.unique(np.linspace(0, len(items) - 1, min(count, len(items))).round())] if items else []


def _folder_files(folder: Path, count: int) -> Iterator[tuple[str, bytes]]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    for i in _spread(paths, count):
        yield str(paths[i]), paths[i].read_bytes()


def _tar_members(path: Path, count: int) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path) as tar:
            members = [m for m in tar if m.isfile() and Path(m.name).suffix.lower() in SUFFIXES]
            for i in _spread(members, count):
                stream = tar.extractfile(members[i])
                yield f"{path}: {members[i].name}", stream.read() if stream else b""
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"{path}: not a tar file or cut off; fetch it again") from error


def _packed(folder: Path, size: tuple[int, int], count: int) -> Iterator[NDArray[np.uint8]]:
    if size[0] != size[1]:
        raise ValueError(f"{folder}: packed faces are square, the network takes {size[0]}x{size[1]}")
    with np.load(folder / "index.npz") as index:
        windows = template_windows(index["landmarks"].astype(np.float32))
        row = {str(key): i for i, key in enumerate(index["key"])}
    shards = sorted(folder.glob("train-*.tar"))
    for shard in shards:
        for name, data in _tar_members(shard, -(-count // len(shards))):
            key = Path(name.rpartition(": ")[2]).stem
            if key not in row:
                raise ValueError(f"{name}: is not in index.npz; fetch the pack again")
            yield crop(_decode(data, name), windows[row[key]], size[0])


def _decode(data: bytes, name: str) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
    if image is None:
        raise ValueError(f"{name}: not an image; remove it from the calibration images")
    return image  # type: ignore[return-value]


def _middle(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = image.shape
    scale = min(height / size[0], width / size[1])
    h, w = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    top, left = (height - h) // 2, (width - w) // 2
    cut = image[top : top + h, left : left + w]
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    return cv2.resize(cut, (size[1], size[0]), interpolation=how)  # type: ignore[return-value]
