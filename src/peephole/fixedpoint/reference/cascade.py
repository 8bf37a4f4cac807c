"""The Haar cascade in NumPy: one level at a time, one stage at a time, over all windows that are left.

The kernel's header, csrc/include/peephole/cascade.h, says what the numbers mean.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.integral_u8 import integral_u8

WINDOW = 24
INNER = WINDOW - 2
THRESHOLD_BITS = 15
LEAF_BITS = 10
LARGEST_FRAME = 16384


@dataclass(frozen=True)
class Cascade:
    """The table: `weak` stumps in `stages`, each over two or three rectangles."""

    stage_weak: NDArray[np.uint16]  # [stages] stumps of each stage
    stage_threshold: NDArray[np.int32]  # [stages] Q10
    threshold: NDArray[np.int16]  # [weak] Q15
    leaf: NDArray[np.int16]  # [weak,2] Q10
    rectangle_count: NDArray[np.uint8]  # [weak]
    rectangle: NDArray[np.int8]  # [rectangles,5] x, y, width, height, weight
    carried: NDArray[np.uint8]  # [stages] 1: goes on with the sum of the stage before


@dataclass(frozen=True)
class Region:
    """Windows with a middle in [left, right) x [top, bottom), twice frame pixels, and a side within both ends."""

    left: int
    right: int
    top: int
    bottom: int
    min_side: int
    max_side: int

    def meets(self, other: "Region") -> bool:
        """Tell whether a window could lie in both."""
        return (
            max(self.left, other.left) < min(self.right, other.right)
            and max(self.top, other.top) < min(self.bottom, other.bottom)
            and max(self.min_side, other.min_side) <= min(self.max_side, other.max_side)
        )

    def joined(self, other: "Region") -> "Region":
        """Return the smallest region that holds both."""
        low, high = zip(
            *((min(pair), max(pair)) for pair in zip(astuple(self), astuple(other), strict=True)), strict=True
        )
        return Region(low[0], high[1], low[2], high[3], low[4], high[5])


@dataclass(frozen=True)
class Level:
    """One level of the pyramid, on which windows of `side` frame pixels have 24."""

    factor: int  # Q16
    side: int
    height: int
    width: int
    halvings: int
    step: int


def levels(height: int, width: int, min_size: int, max_size: int, scale: int) -> Iterator[Level]:
    """Yield the levels for windows from min_size on, each `scale` (Q16) times the one before."""
    factor = (min_size << 16) // WINDOW
    while factor <= (LARGEST_FRAME << 16) // WINDOW:
        rows, columns = (((size << 16) + factor // 2) // factor for size in (height, width))
        side = (factor * WINDOW + 0x8000) >> 16
        if min(rows, columns) < WINDOW or side > min(max_size, height, width):
            return
        halvings = 0
        while 4 << halvings << 16 <= factor:
            halvings += 1
        yield Level(factor, side, rows, columns, halvings, 2 if factor < 2 << 16 else 1)
        factor = max((factor * scale + 0x8000) >> 16, factor + 1)


def halve(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the mean of 2x2 pixels, halves up; an odd last row or column is left out."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    blocks = image[: 2 * height, : 2 * width].reshape(height, 2, width, 2).astype(np.int32)
    sums: NDArray[np.int32] = blocks.sum((1, 3), dtype=np.int32)
    return ((sums + 2) >> 2).astype(np.uint8)


def _ratio(frame: int, level: int) -> int:
    return ((frame << 16) + level // 2) // level


def _taps(frame: int, level: int, halvings: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first source pixel and the Q7 share of the second, for each pixel along one axis."""
    size = frame >> halvings
    middle: NDArray[np.int64] = 2 * np.arange(level, dtype=np.int64) + 1
    edge = (middle * _ratio(frame, level) >> 1) >> halvings
    at = np.clip((edge - 0x8000 + 0x100) >> 9, 0, (size - 1) * 128)
    first = np.minimum(at >> 7, size - 2)
    return first, at - first * 128


def sample(image: NDArray[np.uint8], frame: tuple[int, int], level: Level) -> NDArray[np.uint8]:
    """Return the pixels of a level out of the halved frame: bilinear, pixel centres aligned, rounded once."""
    row, down = _taps(frame[0], level.height, level.halvings)
    column, right = _taps(frame[1], level.width, level.halvings)
    pixels = image.astype(np.int64)
    blend = pixels[row] * (128 - down)[:, None] + pixels[row + 1] * down[:, None]
    both = blend[:, column] * (128 - right) + blend[:, column + 1] * right
    rounded: NDArray[np.int64] = np.right_shift(both + 0x2000, 14)
    return rounded.astype(np.uint8)


def _rectangle_sums(
    integral: NDArray[np.uint32], y: NDArray[np.int64], x: NDArray[np.int64], rectangle: tuple[int, int, int, int]
) -> NDArray[np.int64]:
    """Sums of one rectangle of the windows at (y, x): true sums below 2**32, so differences modulo 2**32 are exact."""
    left, top, width, height = rectangle
    upper, lower = y + top, y + top + height
    difference = (
        integral[lower, x + left + width].astype(np.int64)
        - integral[lower, x + left]
        - integral[upper, x + left + width]
        + integral[upper, x + left]
    )
    return difference & 0xFFFFFFFF


def _square_roots(values: NDArray[np.int64]) -> NDArray[np.int64]:
    roots = np.sqrt(values.astype(np.float64)).astype(np.int64)  # off by one at most, below 2**53
    roots -= roots * roots > values
    return roots + ((roots + 1) * (roots + 1) <= values)


def windows_that_pass(
    cascade: Cascade, pixels: NDArray[np.uint8], step: int, min_deviation: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return y, x and score of each window of a level that passes all stages, rows first."""
    height, width = pixels.shape
    sums, squares = (np.empty((height + 1, width + 1), np.uint32) for _ in range(2))
    integral_u8(pixels, sums, squares)
    y, x = (a.ravel() for a in np.mgrid[0 : height - WINDOW + 1 : step, 0 : width - WINDOW + 1 : step].astype(np.int64))
    inner = (1, 1, INNER, INNER)
    spread = INNER * INNER * _rectangle_sums(squares, y, x, inner) - _rectangle_sums(sums, y, x, inner) ** 2
    deviation = _square_roots(spread)
    alive = deviation > INNER * INNER * min_deviation
    y, x, deviation = y[alive], x[alive], deviation[alive]
    score = margin = np.zeros(len(y), np.int64)
    stump = rectangle = before = 0
    for stage, count in enumerate(cascade.stage_weak):
        if not len(y):
            break
        margin = margin + before if cascade.carried[stage] else np.zeros(len(y), np.int64)
        before = int(cascade.stage_threshold[stage])
        margin -= before
        for k in range(stump, stump + int(count)):
            feature = np.zeros(len(y), np.int64)
            for _ in range(int(cascade.rectangle_count[k])):
                left, top, across, down, weight = (int(v) for v in cascade.rectangle[rectangle])
                feature += weight * _rectangle_sums(sums, y, x, (left, top, across, down))
                rectangle += 1
            below = feature << THRESHOLD_BITS < int(cascade.threshold[k]) * deviation
            margin += np.where(below, int(cascade.leaf[k, 0]), int(cascade.leaf[k, 1]))
        stump += int(count)
        score = score + margin
        alive = margin >= 0
        y, x, deviation, score, margin = y[alive], x[alive], deviation[alive], score[alive], margin[alive]
    return y, x, score


def near_hits(hits: NDArray[np.int32], away: int, times: int, capacity: int) -> list[Region] | None:
    """Return the regions near hits, as ph_cascade_regions has them; None where there are more than capacity."""
    regions: list[Region] = []
    for x, y, side in hits[:, :3].tolist():
        reach = 2 * side * away >> 8
        across, down = 2 * x + side, 2 * y + side
        sides = (side * 256 // times, side * times // 256)
        one = Region(across - reach, across + reach + 1, down - reach, down + reach + 1, *sides)
        while touched := [other for other in regions if one.meets(other)]:
            for other in touched:
                one = one.joined(other)
                regions.remove(other)
        if len(regions) == capacity:
            return None
        regions.append(one)
    return regions


def _within(low: int, high: int, side: int, at: NDArray[np.int64], ratio: int) -> NDArray[np.bool_]:
    """Tell which windows at these level pixels have their doubled middle in [low, high), unrounded."""
    edge: NDArray[np.int64] = 2 * at * ratio
    inside: NDArray[np.bool_] = (edge >= (low - side) << 16) & (edge < (high - side) << 16)
    return inside


def cascade_hits(
    cascade: Cascade,
    image: NDArray[np.uint8],
    min_size: int,
    max_size: int,
    scale: int,
    min_deviation: int,
    regions: Sequence[Region] = (),
) -> NDArray[np.int32]:
    """Return every window that passes: [N,5] (x, y, side, 1, score), smallest first, then by regions."""
    height, width = image.shape
    found = [np.empty((0, 5), np.int64)]
    source, halved = image, 0
    for level in levels(height, width, min_size, max_size, scale):
        for _ in range(level.halvings - halved):
            source, halved = halve(source), halved + 1
        pixels = sample(source, (height, width), level)
        y, x, score = windows_that_pass(cascade, pixels, level.step, min_deviation)
        across, down = _ratio(width, level.width), _ratio(height, level.height)
        left = np.minimum((x * across + 0x8000) >> 16, width - level.side)
        top = np.minimum((y * down + 0x8000) >> 16, height - level.side)
        hits = np.stack([left, top, np.full_like(x, level.side), np.ones_like(x), score], 1)
        for one in regions:
            inside = _within(one.left, one.right, level.side, x, across) & (
                _within(one.top, one.bottom, level.side, y, down)
            )
            found.append(hits[inside & (one.min_side <= level.side <= one.max_side)])
        if not regions:
            found.append(hits)
    return np.concatenate(found).astype(np.int32)


def _alike(a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
    edges = (a[0] - b[0], a[1] - b[1], a[0] + a[2] - b[0] - b[2], a[1] + a[2] - b[1] - b[2])
    return all(5 * abs(edge) <= min(a[2], b[2]) for edge in edges)


def _components(hits: NDArray[np.int64]) -> list[list[int]]:
    """Connected components of likeness, in the order of their first hit."""
    left = list(range(len(hits)))
    components = []
    while left:
        component = [left.pop(0)]
        for i in component:  # grows while it is walked
            near = [j for j in left if _alike(hits[i], hits[j])]
            component += near
            left = [j for j in left if j not in near]
        components.append(component)
    return components


def _mean(values: NDArray[np.int64]) -> int:
    return int(2 * values.sum() + len(values)) // (2 * len(values))


def group_hits(hits: NDArray[np.int32], min_neighbours: int) -> NDArray[np.int32]:
    """Return the groups of hits: [M,5] (x, y, side, neighbours, score), largest first."""
    wide = hits.astype(np.int64)
    groups = [
        [*(_mean(wide[members, k]) for k in range(3)), len(members), int(wide[members, 4].sum())]
        for members in _components(wide)
        if len(members) >= min_neighbours
    ]
    kept: list[list[int]] = []
    for x, y, side, count, score in sorted(groups, key=lambda group: -group[4]):
        middle = (2 * x + side, 2 * y + side)
        if not any(2 * a < middle[0] < 2 * (a + s) and 2 * b < middle[1] < 2 * (b + s) for a, b, s, _, _ in kept):
            kept.append([x, y, side, count, score])
    kept.sort(key=lambda group: -group[2])
    result = np.array(kept, np.int64).reshape(-1, 5)
    result[:, 3] = np.minimum(result[:, 3], np.iinfo(np.int16).max)
    result[:, 4] = np.minimum(result[:, 4], np.iinfo(np.int32).max)
    return result.astype(np.int32)
