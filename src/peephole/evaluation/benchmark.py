"""The verification benchmark put together: pairs, descriptors and protocol to one report."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.evaluation.embedding import Embedded
from peephole.evaluation.lfw import PairList
from peephole.evaluation.verification import Verification, distances, verify


@dataclass(frozen=True)
class Report:
    """The protocol's result and what became of the pictures in which no face was found.

    Attributes:
        result: With those pictures described by their middle, as the protocol does for every recogniser.
        missed_wrong: The same, where every pair with such a picture counts as an error.
        missed: Pictures without a face found.
        missed_pairs: Pairs with at least one of them.
        threshold_squared: The threshold on the squared distance of int16 descriptors, where that makes sense.
    """

    result: Verification
    missed_wrong: Verification
    missed: int
    missed_pairs: int
    threshold_squared: int | None

    def as_json(self) -> dict[str, float | int | None]:
        """Return the figures as a flat JSON object."""
        found = {
            "accuracy": self.result.accuracy,
            "stderr": self.result.standard_error,
            "auc": self.result.auc,
            **{f"tar_at_far_{_rate(rate)}": tar for rate, tar in self.result.tar_at_far.items()},
            "threshold": self.result.threshold,
            "threshold_squared": self.threshold_squared,
            "pairs": self.result.pairs,
            "missed": self.missed,
            "missed_pairs": self.missed_pairs,
            "accuracy_missed_wrong": self.missed_wrong.accuracy,
        }
        return {key: value for key, value in found.items() if value is not None}


def _rate(rate: float) -> str:
    mantissa, exponent = f"{rate:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def pair_distances(
    pairs: PairList, embedded: Mapping[str, Embedded], metric: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the distance of each pair, float64 [P], and whether it shows one person, bool [P]."""
    left = np.stack([embedded[pair.left].descriptor for pair in pairs.pairs])
    right = np.stack([embedded[pair.right].descriptor for pair in pairs.pairs])
    return distances(left, right, metric), np.array([pair.same for pair in pairs.pairs])


def _are_int16(embedded: Mapping[str, Embedded]) -> bool:
    return all(one.descriptor.dtype == np.int16 for one in embedded.values())


def measure(pairs: PairList, embedded: Mapping[str, Embedded], metric: str) -> Report:
    """Run the protocol on descriptors by picture name.

    Raises `ValueError` where a picture that the pairs name is not among them.
    """
    absent = sorted(pairs.names - embedded.keys())
    if absent:
        others = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise ValueError(f"the images lack {absent[0]}{others}, which the pairs file names")
    distance, same = pair_distances(pairs, embedded, metric)
    missed = np.array([not (embedded[p.left].found and embedded[p.right].found) for p in pairs.pairs])
    result = verify(distance, same, pairs.folds)
    squared = int(np.floor(result.threshold**2)) if metric == "l2" and _are_int16(embedded) else None
    return Report(
        result=result,
        missed_wrong=verify(distance, same, pairs.folds, wrong=missed),
        missed=sum(not embedded[name].found for name in pairs.names),
        missed_pairs=int(missed.sum()),
        threshold_squared=squared,
    )
