"""Verification: are two faces of one person? Pure functions over distances.

Two faces are taken for one person when their distance is at most the threshold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

METRICS = ("l2", "l2norm", "cosine", "l1")


def distances(left: NDArray[np.generic], right: NDArray[np.generic], metric: str) -> FloatArray:
    """Return the distance of each row of `left` [P,D] from the same row of `right`, as float64 [P].

    l2: Euclidean, on the descriptors as they are. l2norm: Euclidean after scaling both to length one.
    cosine: 1 - cosine. l1: sum of absolute differences. For int16 descriptors the sums are exact.
    """
    a, b = left.astype(np.float64), right.astype(np.float64)
    if metric == "l2":
        return np.asarray(np.sqrt(((a - b) ** 2).sum(1)))
    if metric == "l1":
        return np.asarray(np.abs(a - b).sum(1))
    if metric not in METRICS:
        raise ValueError(f"no metric is named {metric!r}; there are: {', '.join(METRICS)}")
    # A descriptor of zeros has no direction; it stays zero and so is far from everything.
    a /= np.maximum(np.linalg.norm(a, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    b /= np.maximum(np.linalg.norm(b, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    if metric == "cosine":
        return np.asarray(1.0 - (a * b).sum(1))
    return np.asarray(np.sqrt(((a - b) ** 2).sum(1)))


def fold_numbers(pairs: int, folds: int) -> NDArray[np.int64]:
    """Number the pairs by fold: `folds` contiguous runs of equal length. Raises `ValueError` if they do not divide."""
    if folds < 2 or pairs % folds:
        raise ValueError(f"{pairs} pairs cannot be dealt into {folds} equal folds")
    return np.repeat(np.arange(folds), pairs // folds)


def best_threshold(distance: FloatArray, same: BoolArray) -> float:
    """Return the threshold with the highest accuracy, half-way between the two distances that it parts.

    Of several equally good ones the smallest: a doubt is settled against "the same person".
    """
    order = np.argsort(distance, kind="stable")
    ranked, is_same = distance[order], same[order]
    # Right answers with the k nearest pairs accepted, k = 0..P.
    right = np.concatenate(([0], np.cumsum(is_same))) + np.concatenate((np.cumsum(~is_same[::-1])[::-1], [0]))
    # No threshold can part pairs of equal distance.
    possible = np.concatenate(([True], ranked[1:] != ranked[:-1], [True]))
    accepted = int(np.argmax(np.where(possible, right, -1)))
    if accepted == 0:
        return float(np.nextafter(ranked[0], -np.inf))
    if accepted == len(ranked):
        return float(ranked[-1])
    return float((ranked[accepted - 1] + ranked[accepted]) / 2)


def area_under_curve(distance: FloatArray, same: BoolArray) -> float:
    """Return the exact AUC: the chance that a same pair is nearer than a different one; a tie counts half."""
    genuine, impostor = np.sort(distance[same]), distance[~same]
    nearer = np.searchsorted(genuine, impostor, side="left")
    nearer_or_tied = np.searchsorted(genuine, impostor, side="right")
    return float((nearer + nearer_or_tied).sum() / (2 * len(genuine) * len(impostor)))


def accept_rate_at(distance: FloatArray, same: BoolArray, false_accept_rate: float) -> float:
    """Return the share of same pairs accepted where at most this share of different pairs is (TAR at FAR).

    Over all pairs at once, without folds and without interpolation: floor(rate x number of different pairs) of them
    may be accepted, and the threshold lies just below the next of them.
    """
    genuine, impostor = distance[same], np.sort(distance[~same])
    # The tiny term keeps 0.001 x 3000 from counting as 2.999...
    allowed = int(np.floor(false_accept_rate * len(impostor) + 1e-9))
    if allowed >= len(impostor):
        return 1.0
    return float((genuine < impostor[allowed]).mean())


@dataclass(frozen=True)
class Verification:
    """What the protocol says of one recogniser."""

    accuracy: float
    standard_error: float
    fold_accuracy: tuple[float, ...]
    fold_threshold: tuple[float, ...]
    auc: float
    tar_at_far: dict[float, float]
    pairs: int

    @property
    def threshold(self) -> float:
        """Mean of the folds' thresholds, in the metric's units."""
        return float(np.mean(self.fold_threshold))


def verify(
    distance: FloatArray,
    same: BoolArray,
    folds: int,
    rates: Sequence[float] = (1e-2, 1e-3),
    wrong: BoolArray | None = None,
) -> Verification:
    """Run the protocol: the threshold chosen on all folds but one, accuracy on that one, each fold in turn.

    `wrong` marks pairs that count as errors whatever their distance. The standard error is that of the mean of the
    folds' accuracies, std(ddof=1) / sqrt(folds). Raises `ValueError` for pairs of one kind only, or for a distance
    that is not a number.
    """
    if not (same.any() and (~same).any()):
        raise ValueError("verification needs pairs of one person and pairs of two")
    if not np.isfinite(distance).all():
        raise ValueError("a distance is not a finite number, so the descriptors are broken")
    fold = fold_numbers(len(distance), folds)
    accuracies, thresholds = [], []
    for number in range(folds):
        train = fold != number
        threshold = best_threshold(distance[train], same[train])
        right = (distance <= threshold) == same
        if wrong is not None:
            right = right & ~wrong
        accuracies.append(float(right[~train].mean()))
        thresholds.append(threshold)
    return Verification(
        accuracy=float(np.mean(accuracies)),
        standard_error=float(np.std(accuracies, ddof=1) / np.sqrt(folds)),
        fold_accuracy=tuple(accuracies),
        fold_threshold=tuple(thresholds),
        auc=area_under_curve(distance, same),
        tar_at_far={rate: accept_rate_at(distance, same, rate) for rate in rates},
        pairs=len(distance),
    )
