"""Thresholds from faces of people whom the run held out: how near are two different people?

A warm start may have seen them all the same; only the run itself is known here.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peephole.evaluation.embedding import Cutter, Embedder, embed
from peephole.evaluation.lfw import picture_name
from peephole.fixedpoint.program import Calibration
from peephole.image_files import EncodedPicture, read_pictures
from peephole.training.faces import PackedFaces, split_held_out

RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
# Two labels for one person would push the thresholds of rare errors towards zero. Where the teacher's cosine is this
# high, the two are one person (by eye, on a ladder of pairs; see the data pack's description).
ONE_PERSON = 0.5


@dataclass(frozen=True)
class Point:
    """A threshold: `accepted` of `pairs` pairs of different people lie at `distance` (squared) or nearer.

    low and high: 95 % Wilson interval of the rate, as if the pairs were independent. They share people, so that the
    true interval is wider.
    """

    rate: float
    distance: int
    accepted: int
    pairs: int
    low: float
    high: float


@dataclass(frozen=True)
class HeldOut:
    """Faces of held-out people: keys of the packed pictures, who they are, the teacher's descriptors (unit length)."""

    keys: tuple[str, ...]
    identity: NDArray[np.int32]
    teacher: NDArray[np.float32]


def wilson(accepted: int, pairs: int, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson score interval of a share."""
    share = accepted / pairs
    middle = (share + z * z / (2 * pairs)) / (1 + z * z / pairs)
    spread = z / (1 + z * z / pairs) * math.sqrt(share * (1 - share) / pairs + z * z / (4 * pairs * pairs))
    return max(0.0, middle - spread), min(1.0, middle + spread)


def impostor_distances(
    descriptors: NDArray[np.int16], identity: NDArray[np.int32], teacher: NDArray[np.float32] | None = None
) -> NDArray[np.int64]:
    """Return the squared distances of all pairs of different people, rising.

    Pairs whose teacher's descriptors say that they are one person are left out, as wrongly labelled.
    """
    values = descriptors.astype(np.float64)  # exact: sums stay far below 2**53
    squares = (values**2).sum(1)
    squared = squares[:, None] + squares[None] - 2 * (values @ values.T)
    chosen = np.triu(identity[:, None] != identity[None], 1)
    if teacher is not None:
        chosen &= teacher @ teacher.T < ONE_PERSON
    return np.sort(squared[chosen].astype(np.int64))


def points(impostors: NDArray[np.int64], rates: Sequence[float] = RATES) -> tuple[Point, ...]:
    """Return for each rate the greatest squared distance that accepts no larger share of the sorted impostors.

    A rate for which fewer than ten pairs would be accepted is left out: there is too little to measure it by.
    """
    found = []
    for rate in rates:
        allowed = math.floor(rate * len(impostors) + 1e-9)
        if not 10 <= allowed < len(impostors):
            continue
        distance = max(0, int(impostors[allowed]) - 1)
        accepted = int(np.searchsorted(impostors, distance, side="right"))
        found.append(Point(rate, distance, accepted, len(impostors), *wilson(accepted, len(impostors))))
    return tuple(found)


def held_out(folder: Path, people: int, seed: int) -> HeldOut:
    """Return the people whom a training run with this seed holds out of the packed faces in `folder`.

    Raises `FileNotFoundError` where there is no pack.
    """
    path = folder / "index.npz"
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such index; name a folder of packed training faces")
    with np.load(path) as index:
        keys, identity, teacher = index["key"], index["identity"], index["teacher"].astype(np.float32)
    teacher /= np.linalg.norm(teacher, axis=1, keepdims=True)
    no_crops = np.zeros((len(keys), 0, 0), np.uint8)
    _, rows = split_held_out(PackedFaces(no_crops, np.zeros((0, 5, 2), np.float32), teacher, identity), people, seed)
    return HeldOut(tuple(keys[rows].tolist()), identity[rows], teacher[rows])


def packed_pictures(folder: Path, keys: Sequence[str]) -> Iterator[EncodedPicture]:
    """Yield these pictures of the pack's shards, in the shards' order."""
    wanted = frozenset(keys)
    for shard in sorted(folder.glob("train-*.tar")):
        yield from read_pictures(shard, lambda name: picture_name(name) in wanted)


def calibrate(folder: Path, faces: HeldOut, cut: Cutter, embedder: Embedder, threads: int) -> Calibration:
    """Measure the thresholds of a program on held-out faces; those in which no face is found count for nothing.

    Raises `ValueError` where they are too few.
    """
    row = {key: number for number, key in enumerate(faces.keys)}
    rows, descriptors = [], []
    for item in embed(packed_pictures(folder, faces.keys), cut, embedder, threads):
        if item.found:
            rows.append(row[picture_name(item.name)])
            descriptors.append(item.descriptor)
    chosen = np.array(rows, np.int64)
    identity = faces.identity[chosen]
    described = np.stack(descriptors) if descriptors else np.zeros((0, 1), np.int16)
    measured = points(impostor_distances(described, identity, faces.teacher[chosen]))
    return as_calibration(measured, f"{len(rows)} faces of {len(np.unique(identity))} people held out of the run")


def as_calibration(measured: Sequence[Point], source: str) -> Calibration:
    """Return the thresholds as they are stored in a program. Raises `ValueError` where there are none."""
    if not measured:
        raise ValueError(f"{source} are too few to calibrate thresholds by; give more, or leave the calibration out")
    intervals = "; ".join(f"{p.rate:g}: {p.low:.2g} to {p.high:.2g}" for p in measured)
    text = (
        f"{measured[0].pairs} pairs of different people among {source}; "
        f"95 % intervals as if pairs were independent: {intervals}"
    )
    return Calibration(tuple((p.rate, p.distance) for p in measured), text)
