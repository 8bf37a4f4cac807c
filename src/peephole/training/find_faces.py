"""Where the face lies in each of many pictures: by landmarks that came with them, by our detector, or in the middle."""

import csv
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm  # type: ignore[import-untyped]

from peephole.alignment import template_windows
from peephole.array_files import open_arrays, write_array
from peephole.evaluation.embedding import SMALLEST_CENTRED_FACE, centre_box, most_central
from peephole.image_files import EncodedPicture, decode_grey
from peephole.training.checkpoints import START_AGAIN
from peephole.vision.crop import DEFAULT_RULE
from peephole.vision.detector import Box, Detector

# Pictures are looked at with a longer side of at most so many pixels, as those of LFW have; like them the pictures of
# all these sets are centred on the person they are of.
LARGEST_SIDE = 250
# Pictures between two savings.
CHUNK = 1024
NO_LANDMARKS = "not an .npz of names and landmarks, nor a table of five points a picture"

Window = tuple[float, float, float, float]


def window_of_box(box: Box) -> Window:
    """Return the template window of a detector's box: centre x and y, side, angle; the doorbell's own rule."""
    side = max(box.width, box.height)
    up = float(DEFAULT_RULE.up) * side
    return box.x + (box.width - 1) / 2, box.y + (box.height - 1) / 2 - up, float(DEFAULT_RULE.scale) * side, 0.0


def _middle(grey: NDArray[np.uint8]) -> Window:
    return window_of_box(centre_box(grey))


def _detected(grey: NDArray[np.uint8], detector: Detector) -> Window:
    """Return the window of the most central face; of the middle where the detector finds none."""
    height, width = grey.shape
    times = max(1.0, max(height, width) / LARGEST_SIDE)
    small = grey
    if times > 1:
        size = (max(1, round(width / times)), max(1, round(height / times)))
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    faces = detector.detect(small)
    x, y, side, angle = window_of_box(most_central(faces, small) if faces else centre_box(small))
    # Pixel centres lie at integers, so that the middle of the first pixel moves too.
    return (x + 0.5) * times - 0.5, (y + 0.5) * times - 0.5, side * times, angle


def windows_of(root: Path, files: Sequence[str], face: str, cache: Path) -> NDArray[np.float32]:
    """Return the template windows float32 [N,4] of pictures, by the detector (`detect`) or the middle (`center`).

    What was found is kept in `cache`, a file for each thousand of pictures; interrupted, the same call goes on.
    """
    digest = hashlib.sha256("\n".join((face, str(root.resolve()), *files)).encode()).hexdigest()[:12]
    folder = cache / f"{root.resolve().name}-{digest}-windows"
    folder.mkdir(parents=True, exist_ok=True)
    detector = Detector(min_size=SMALLEST_CENTRED_FACE)
    how: Callable[[NDArray[np.uint8]], Window] = _middle if face == "center" else lambda grey: _detected(grey, detector)

    def one(name: str) -> Window:
        return how(decode_grey(EncodedPicture(name, (root / name).read_bytes(), str(root))))

    parts = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for number, start in enumerate(tqdm(range(0, len(files), CHUNK), "finding faces", disable=None)):
            kept = folder / f"{number:06d}.npy"
            if not kept.exists():
                found = np.array(list(pool.map(one, files[start : start + CHUNK])), np.float32)
                write_array(kept, found, START_AGAIN)
            parts.append(np.load(kept))
    return np.concatenate(parts)


def _read_csv(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read VGGFace2's table: NAME_ID, P1X, P1Y .. P5X, P5Y."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))[1:]
        return {row[0].strip(): np.array(row[1:11], np.float32).reshape(5, 2) for row in rows if row}
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path}: {NO_LANDMARKS}") from error


def _read_npz(path: Path) -> dict[str, NDArray[np.float32]]:
    with open_arrays(path, "landmarks", NO_LANDMARKS) as arrays:
        landmarks = arrays["landmarks"].astype(np.float32).reshape(-1, 5, 2)
        return dict(zip(map(str, arrays["names"]), landmarks, strict=True))


def given_windows(path: Path, files: Sequence[str]) -> NDArray[np.float32]:
    """Return the template windows float32 [N,4] of pictures whose five points a file tells (`SourceConfig.landmarks`).

    Raises `FileNotFoundError`, or `ValueError` where it is of another kind or lacks a picture.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of landmarks")
    points = _read_csv(path) if path.suffix == ".csv" else _read_npz(path)
    try:
        landmarks = np.stack([points[name.rpartition(".")[0]] for name in files])
    except KeyError as error:
        raise ValueError(f"{path}: lacks {error}; leave landmarks out to have faces detected") from error
    if not np.isfinite(landmarks).all():
        raise ValueError(f"{path}: {NO_LANDMARKS}")
    return template_windows(landmarks).astype(np.float32)
