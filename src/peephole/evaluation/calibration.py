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
from peephole.evaluation.resampling import Interval, people_weights, percentiles
from peephole.fixedpoint.program import Calibration, Spread
from peephole.image_files import EncodedPicture, read_pictures
from peephole.packed_index import read_index, split_held_out

RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
# Two labels for one person would push the thresholds of rare errors towards zero. Where the teacher's cosine is this
# high, the two are one person (by eye, on a ladder of pairs; see the data pack's description).
ONE_PERSON = 0.5
FEWEST = 10
DRAWS = 1000


@dataclass(frozen=True)
class Impostors:
    """All pairs of different people, by rising squared distance.

    distance: int64 [P]. left, right: int32 [P], the two people as numbers below `people`.
    """

    distance: NDArray[np.int64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    people: int

    def __len__(self) -> int:
        return len(self.distance)


@dataclass(frozen=True)
class Point:
    """A threshold: `accepted` of `pairs` pairs of different people lie at `distance` (squared) or nearer.

    wilson: 95 % interval of the rate as if the pairs were independent; they share people, so it is too narrow.
    """

    rate: float
    distance: int
    accepted: int
    pairs: int
    wilson: Interval


@dataclass(frozen=True)
class HeldOut:
    """Faces of held-out people: keys of the packed pictures, who they are, the teacher's descriptors (unit length)."""

    keys: tuple[str, ...]
    identity: NDArray[np.int32]
    teacher: NDArray[np.float32]


def wilson(accepted: int, pairs: int, z: float = 1.96) -> Interval:
    """Return the score interval of a share (Wilson, 1927)."""
    share = accepted / pairs
    middle = (share + z * z / (2 * pairs)) / (1 + z * z / pairs)
    spread = z / (1 + z * z / pairs) * math.sqrt(share * (1 - share) / pairs + z * z / (4 * pairs * pairs))
    return max(0.0, middle - spread), min(1.0, middle + spread)


def squared_distances(descriptors: NDArray[np.int16]) -> NDArray[np.int64]:
    """Return the squared distances of all descriptors [N,D] from each other, [N,N]; exact."""
    values = descriptors.astype(np.float64)  # exact: sums stay far below 2**53
    squares = (values**2).sum(1)
    return np.asarray(squares[:, None] + squares[None] - 2 * (values @ values.T)).astype(np.int64)


def impostors(
    descriptors: NDArray[np.int16], identity: NDArray[np.int32], teacher: NDArray[np.float32] | None = None
) -> Impostors:
    """Return all pairs of different people; descriptors [N,D], identity [N].

    Pairs whose teacher's descriptors [N,T] say that they are one person are left out, as wrongly labelled.
    """
    people, number = np.unique(identity, return_inverse=True)
    chosen = np.triu(identity[:, None] != identity[None], 1)
    if teacher is not None:
        chosen &= teacher @ teacher.T < ONE_PERSON
    left, right = np.nonzero(chosen)
    distance = squared_distances(descriptors)[left, right]
    order = np.argsort(distance, kind="stable")
    who = number.astype(np.int32)
    return Impostors(distance[order], who[left[order]], who[right[order]], len(people))


def points(distance: NDArray[np.int64], rates: Sequence[float] = RATES) -> tuple[Point, ...]:
    """Return for each rate the greatest squared distance that accepts no larger share of the impostors, sorted.

    A rate for which fewer than ten pairs would be accepted is left out: there is too little to measure it by.
    """
    found = []
    for rate in rates:
        allowed = math.floor(rate * len(distance) + 1e-9)
        if not FEWEST <= allowed < len(distance):
            continue
        bar = max(0, int(distance[allowed]) - 1)
        accepted = int(np.searchsorted(distance, bar, side="right"))
        found.append(Point(rate, bar, accepted, len(distance), wilson(accepted, len(distance))))
    return tuple(found)


def moved(point: Point, distance: NDArray[np.int64], rising: NDArray[np.float64], total: float) -> tuple[float, int]:
    """Return the rate at the point's distance, and the distance that its rate gives, where pairs weigh differently.

    rising: float64 [P], the weights of the nearest pairs added up, by rising `distance` [P]. total: of all pairs.
    """
    over = int(np.searchsorted(rising, point.rate * total * (1 + 1e-12), side="right"))
    rate = float(rising[point.accepted - 1]) / total if point.accepted else 0.0
    return rate, max(0, int(distance[min(over, len(distance) - 1)]) - 1)


def spreads(found: Impostors, measured: Sequence[Point], seed: int, draws: int = DRAWS) -> tuple[Spread, ...]:
    """Return how far the points move where the people are drawn anew, with replacement.

    Each draw gives a pair the product of how often its two people were drawn; pairs of a person with their own copy
    are none of different people and count for nothing. This is the vertex bootstrap (Snijders and Borgatti, 1999),
    which Owen (2007) calls the pigeonhole bootstrap; Bolle, Ratha and Pankanti (2004) draw people for the same reason.
    """
    rate_of, distance_of = np.empty((2, draws, len(measured)))
    between = np.zeros((found.people, found.people))
    np.add.at(between, (found.left, found.right), 1)
    # The nearest pairs alone can be accepted; of millions, three times as many as the loosest point accepts will do.
    near = min(len(found), max(100_000, 3 * max(point.accepted for point in measured)))
    left, right = found.left[:near], found.right[:near]
    for number, weight in enumerate(people_weights(found.people, draws, seed)):
        total = max(float(weight @ between @ weight), 1.0)  # none, where a draw is one person all over
        rising = np.cumsum(weight[left] * weight[right])
        for column, point in enumerate(measured):
            rate_of[number, column], distance_of[number, column] = moved(point, found.distance[:near], rising, total)
    return tuple(
        Spread(
            point.accepted,
            point.wilson,
            percentiles(rate_of[:, column]),
            (round(percentiles(distance_of[:, column])[0]), round(percentiles(distance_of[:, column])[1])),
        )
        for column, point in enumerate(measured)
    )


def held_out(folder: Path, people: int, seed: int) -> HeldOut:
    """Return the people whom a training run with this seed holds out of the packed faces in `folder`.

    Raises `FileNotFoundError` where there is no pack, `ValueError` for a damaged one or one of fewer people.
    """
    index = read_index(folder)
    _, rows = split_held_out(index.identity, people, seed)
    return HeldOut(tuple(index.keys[row] for row in rows.tolist()), index.identity[rows], index.teacher[rows])


def packed_pictures(folder: Path, keys: Sequence[str]) -> Iterator[EncodedPicture]:
    """Yield these pictures of the pack's shards, in the shards' order."""
    wanted = frozenset(keys)
    for shard in sorted(folder.glob("train-*.tar")):
        yield from read_pictures(shard, lambda name: picture_name(name) in wanted)


def calibrate(
    folder: Path, faces: HeldOut, cut: Cutter, embedder: Embedder, threads: int, crop: str = "detect", seed: int = 1
) -> Calibration:
    """Measure the thresholds of a program on held-out faces; those in which no face is found count for nothing.

    `crop` names what `cut` does. Raises `ValueError` where the faces are too few.
    """
    row = {key: number for number, key in enumerate(faces.keys)}
    rows, descriptors = [], []
    for item in embed(packed_pictures(folder, faces.keys), cut, embedder, threads):
        if item.found:
            rows.append(row[picture_name(item.name)])
            descriptors.append(item.descriptor)
    chosen = np.array(rows, np.int64)
    described = np.stack(descriptors).astype(np.int16) if descriptors else np.zeros((0, 1), np.int16)
    found = impostors(described, faces.identity[chosen], faces.teacher[chosen])
    return as_calibration(found, f"{len(rows)} faces of {found.people} people held out of the run", crop, seed)


def as_calibration(
    found: Impostors, source: str, crop: str = "detect", seed: int = 1, draws: int = DRAWS
) -> Calibration:
    """Return the thresholds as they are stored in a program. Raises `ValueError` where there are none."""
    measured = points(found.distance)
    if not measured:
        raise ValueError(f"{source} are too few to calibrate thresholds by; give more, or leave the calibration out")
    return Calibration(
        tuple((point.rate, point.distance) for point in measured),
        f"{len(found)} pairs of different people among {source}",
        crop,
        len(found),
        spreads(found, measured, seed, draws),
    )
