"""Reads the images that a network is calibrated on: a tar, a folder of images, or the packed training faces."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.alignment import template_windows
from peephole.image_files import decode_grey, list_pictures, read_pictures
from peephole.packed_index import read_index
from peephole.training.augmentation import crop
from peephole.training.landmark_windows import Windows, scattered_window

Item = TypeVar("Item")


def read_calibration_images(
    source: Path | str, size: tuple[int, int], count: int = 256, windows: Windows | None = None
) -> NDArray[np.uint8]:
    """Return up to `count` grey images of the network's input size, uint8 [N,H,W], spread over the source.

    Packed training faces (a folder with `index.npz` and `train-*.tar`) are cut by their landmarks, or
    as `windows` lie on them for a landmark network; any other image is cut to its middle square and
    resized. Raises `FileNotFoundError` or `ValueError` with one sentence.
    """
    source = Path(source)
    if (source / "index.npz").is_file():
        return np.stack(list(_packed(source, size, count, windows)))
    wanted = set(_spread(list_pictures(source), count))
    return np.stack([_middle(decode_grey(found), size) for found in read_pictures(source, wanted.__contains__)])


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    places = np.linspace(0, len(items) - 1, min(count, len(items))).round() if items else ()
    return [items[int(place)] for place in np.unique(places)]


def _packed(folder: Path, size: tuple[int, int], count: int, scatter: Windows | None) -> Iterator[NDArray[np.uint8]]:
    if size[0] != size[1]:
        raise ValueError(f"{folder}: packed faces are square, the network takes {size[0]}x{size[1]}")
    index = read_index(folder)
    windows = template_windows(index.landmarks).astype(np.float32)
    if scatter is not None:
        rng = np.random.default_rng(0)
        windows = np.stack([scattered_window(window, scatter, rng) for window in windows])
    row = {key: i for i, key in enumerate(index.keys)}
    shards = sorted(folder.glob("train-*.tar"))
    chosen = _spread([(shard, name) for shard in shards for name in list_pictures(shard)], count)
    if not chosen:
        raise ValueError(f"{folder}: its shards hold no faces; fetch the pack again")
    for shard in shards:
        names = {name for where, name in chosen if where == shard}
        for found in read_pictures(shard, names.__contains__) if names else ():
            key = Path(found.name).stem
            if key not in row:
                raise ValueError(f"{shard}: {found.name}: is not in index.npz; fetch the pack again")
            yield crop(decode_grey(found), windows[row[key]], size[0])


def _middle(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = image.shape
    scale = min(height / size[0], width / size[1])
    h, w = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    top, left = (height - h) // 2, (width - w) // 2
    cut = image[top : top + h, left : left + w]
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    return cv2.resize(cut, (size[1], size[0]), interpolation=how)  # type: ignore[return-value]
