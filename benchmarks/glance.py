"""Learns which partial sums let a window go on in the detector's first glance: src/peephole/vision/glance.py.

    python benchmarks/glance.py --data ../shared/data [--pictures N] [--sizes N] [--lose N]

Needs the research data pack, of which it takes the crops for training. Each becomes a picture of a face 46 to 165
pixels wide; the windows near it that pass the whole cascade, at the glance's sizes, are the face's. A check after some
stumps may reject all windows of a face but the best one (pruning of multiple instances, Zhang and Viola, 2007): its
threshold is the smallest of the faces' largest sums so far. At most --lose faces are given up, each where that raises a
threshold by 0.125 or more.
"""

import argparse
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from peephole.fixedpoint.reference.cascade import LARGEST_FRAME, THRESHOLD_BITS, WINDOW, Level, halve, levels, sample
from peephole.fixedpoint.reference.integral_u8 import integral_u8
from peephole.vision.cascade_table import load_cascade
from peephole.vision.detector import EVERYWHERE, MIN_DEVIATION, Box, Detector, Search, in_core
from peephole.vision.glance import CHECKED_STUMPS

Grey = NDArray[np.uint8]
CROP = 144
CROP_PER_FACE = 1.25
ZOOMS = (0.42, 0.5, 0.6, 0.8, 1.0, 1.3)
LEAST_OVERLAP = 0.4
NEAR = 0.3  # of a face's side: windows that belong to it
WORTH = 128  # Q10: by so much a threshold must rise for a face to be given up
BATCH = 20_000
TABLE = in_core(load_cascade())


def crops(folder: Path) -> Iterator[Grey]:
    """Yield the crops of all shards, in their order."""
    for path in sorted((folder / "train").glob("train-*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                stream = tar.extractfile(member)
                encoded = np.frombuffer(stream.read() if stream else b"", np.uint8)
                yield np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)


def pictures(folder: Path, count: int) -> Iterator[tuple[Grey, Box]]:
    """Yield faces of several sizes, with a little more border than their crops have, and where they are."""
    rng = np.random.default_rng(0)
    for crop in track(islice(crops(folder), count), "faces", count):
        side = round(CROP * float(rng.choice(ZOOMS)) * float(rng.uniform(0.95, 1.1)))
        way = cv2.INTER_AREA if side < CROP else cv2.INTER_CUBIC
        scaled = cv2.resize(crop, (side, side), interpolation=way)
        top, bottom, left, right = (int(edge) for edge in rng.integers(0, side // 3, 4))
        grey = cv2.copyMakeBorder(scaled, top, bottom, left, right, cv2.BORDER_REPLICATE)
        face = round(side / CROP_PER_FACE)
        inset = (side - face) // 2
        yield np.ascontiguousarray(grey, np.uint8), Box(left + inset, top + inset, face, face)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(across, 0) * max(down, 0)
    return shared / (a.width * a.height + b.width * b.height - shared)


def integrals_of(grey: Grey, level: Level) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the integral images of a level, of its pixels and of their squares."""
    source = grey
    for _ in range(level.halvings):
        source = halve(source)
    sums, squares = (np.empty((level.height + 1, level.width + 1), np.uint32) for _ in range(2))
    integral_u8(sample(source, (grey.shape[0], grey.shape[1]), level), sums, squares)
    return sums, squares


def windows_of(grey: Grey, box: Box, search: Search) -> NDArray[np.uint32]:
    """Return both integral images [N,2,25,25] of the windows by which a glance finds the face."""
    hits = TABLE.hits(grey, search.glance_size, search.max_size, search.glance_scale, MIN_DEVIATION, EVERYWHERE)
    edge = np.abs(2 * hits[:, :2] + hits[:, 2:3] - 2 * np.array([box.x, box.y]) - box.width)
    hits = hits[(edge < 2 * NEAR * box.width).all(1)]
    by_side = {
        level.side: level
        for level in levels(grey.shape[0], grey.shape[1], search.glance_size, LARGEST_FRAME, search.glance_scale)
    }
    found = []
    for side in np.unique(hits[:, 2]).tolist():
        level = by_side[side]
        both = np.stack(integrals_of(grey, level))
        for x, y in hits[hits[:, 2] == side, :2].tolist():
            column = min(round(x * level.width / grey.shape[1]), level.width - WINDOW)
            row = min(round(y * level.height / grey.shape[0]), level.height - WINDOW)
            found.append(both[:, row : row + WINDOW + 1, column : column + WINDOW + 1])
    return np.array(found, np.uint32).reshape(-1, 2, WINDOW + 1, WINDOW + 1)


def sums_of(windows: NDArray[np.uint32]) -> NDArray[np.int32]:
    """Return the sums of windows [N,2,25,25] at each of CHECKED_STUMPS, since the stage's begin: [N,checks] Q10."""
    table = load_cascade()

    def part(which: int, x: int, y: int, width: int, height: int) -> NDArray[np.int64]:
        at = windows[:, which]
        inside = at[:, y + height, x + width] - at[:, y, x + width] - at[:, y + height, x] + at[:, y, x]
        return inside.astype(np.int64)

    inner = WINDOW - 2
    spread = inner * inner * part(1, 1, 1, inner, inner) - part(0, 1, 1, inner, inner) ** 2
    deviation = np.floor(np.sqrt(spread)).astype(np.int64)
    ends = np.cumsum(table.stage_weak.astype(int)).tolist()
    result, so_far = [], np.zeros(len(windows), np.int32)
    rectangle = 0
    for k in range(CHECKED_STUMPS[-1]):
        feature = np.zeros(len(windows), np.int64)
        for _ in range(int(table.rectangle_count[k])):
            x, y, width, height, weight = table.rectangle[rectangle].tolist()
            feature += weight * part(0, x, y, width, height)
            rectangle += 1
        below = feature << THRESHOLD_BITS < int(table.threshold[k]) * deviation
        leaves = np.where(below, *table.leaf[k].astype(np.int32))
        so_far = leaves if k in ends else so_far + leaves
        if k + 1 in CHECKED_STUMPS:
            result.append(so_far)
    return np.stack(result, 1)


def gather(folder: Path, count: int, search: Search) -> tuple[NDArray[np.int32], NDArray[np.int64], int]:
    """Return the sums of all faces' windows, whose face each is, and how many faces a glance misses as it is."""
    parts, face, batch, missed = [], [], [], 0
    faces, detector = 0, Detector()
    for grey, box in pictures(folder, count):
        if not any(overlap(found.box, box) >= LEAST_OVERLAP for found in detector.detect(grey)):
            continue
        windows = windows_of(grey, box, search)
        missed += not len(windows)
        face += [faces] * len(windows)
        faces += len(windows) > 0
        batch.append(windows)
        if sum(map(len, batch)) > BATCH:
            parts.append(sums_of(np.concatenate(batch)))
            batch = []
    parts.append(sums_of(np.concatenate(batch)))
    return np.concatenate(parts), np.array(face), missed


def learn(sums: NDArray[np.int32], face: NDArray[np.int64], lose: int) -> tuple[list[int], int]:
    """Return a threshold for each of CHECKED_STUMPS and how many faces are given up."""
    alive, given_up = np.ones(len(sums), bool), np.zeros(face.max() + 1, bool)
    thresholds = []
    for reached in sums.T:
        best = np.full(len(given_up), -(1 << 30))
        np.maximum.at(best, face[alive], reached[alive])
        while True:
            order = np.argsort(best[~given_up])[:2]
            worst, next_worst = np.flatnonzero(~given_up)[order]
            if given_up.sum() == lose or best[next_worst] - best[worst] < WORTH:
                break
            given_up[worst] = True
        thresholds.append(int(best[worst]))
        alive &= reached >= best[worst]
    return thresholds, int(given_up.sum())


def main() -> None:
    """Learn and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the research data pack")
    parser.add_argument("--pictures", type=int, default=40_000, help="crops to learn from")
    parser.add_argument("--sizes", type=int, default=4, help="of so many sizes the glance looks for one")
    parser.add_argument("--lose", type=int, default=40, help="faces that may be given up")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    sums, face, missed = gather(options.data, options.pictures, Detector(glance=options.sizes).search)
    thresholds, given_up = learn(sums, face, options.lose)
    print(f"{face.max() + 1} faces, {len(face)} windows; a glance misses {missed}, {given_up} are given up")
    print("CHECKED_SUMS =", tuple(thresholds))


if __name__ == "__main__":
    main()
