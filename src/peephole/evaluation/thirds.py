"""What image quality does to errors: those of the worst, the middle and the best third of looks, or of pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.evaluation.album import Album
from peephole.evaluation.lfw import PairList
from peephole.evaluation.looks import MEASURES
from peephole.evaluation.openset import Estimate, Nearest, rates_at
from peephole.evaluation.verification import Verification, fold_numbers

THIRDS = ("lowest", "middle", "highest")


@dataclass(frozen=True)
class Part:
    """One third of the looks (or pairs) by one measure, from `low` to `high`, and what went wrong in it.

    of: how many genuine comparisons it holds. false_reject, false_accept: shares, at one threshold for all; None where
    there is nothing that they would be shares of. accuracy: of pairs; None for looks.
    """

    measure: str
    third: str
    low: int
    high: int
    of: int
    false_reject: Estimate | None
    false_accept: Estimate | None
    accuracy: Estimate | None = None


def thirds(values: NDArray[np.int32]) -> tuple[NDArray[np.int64], dict[int, tuple[int, int]]]:
    """Number values by third, int64 [N] of 0, 1 and 2, and return each third's lowest and highest value.

    Equal values are in one third, so a measure with few values makes uneven ones, or fewer than three.
    """
    edges = np.quantile(values, (1 / 3, 2 / 3), method="inverted_cdf")
    number = np.digitize(values, edges, right=True).astype(np.int64)
    return number, {
        at: (int(values[number == at].min()), int(values[number == at].max())) for at in np.unique(number).tolist()
    }


def _share(wrong: NDArray[np.bool_]) -> Estimate | None:
    """Return the share of errors among independent answers, and its binomial standard error; None where none are."""
    if not len(wrong):
        return None
    share = float(wrong.mean())
    spread = float(np.sqrt(share * (1 - share)))
    return Estimate(share, spread / float(np.sqrt(len(wrong))), spread)


def pair_measures(pairs: PairList, album: Album) -> dict[str, NDArray[np.int32]]:
    """Return the measures of each pair, those of its worse picture; a picture without a face counts as the worst."""
    row = {name: number for number, name in enumerate(album.names)}
    found = {}
    for measure, higher_is_worse in MEASURES.items():
        values = album.qualities[measure]
        worst = int(values.max() if higher_is_worse else values.min())
        of = {name: int(values[at]) for name, at in row.items()}
        both = [(of.get(pair.left, worst), of.get(pair.right, worst)) for pair in pairs.pairs]
        found[measure] = np.array([max(two) if higher_is_worse else min(two) for two in both], np.int32)
    return found


def verification_parts(
    distance: NDArray[np.float64],
    same: NDArray[np.bool_],
    result: Verification,
    measures: Mapping[str, NDArray[np.int32]],
) -> list[Part]:
    """Split the pairs of the verification protocol by quality; each is judged by its own fold's threshold."""
    fold = fold_numbers(len(distance), len(result.fold_threshold))
    accepted = distance <= np.array(result.fold_threshold)[fold]
    parts = []
    for measure, values in measures.items():
        number, spans = thirds(values)
        for at, (low, high) in spans.items():
            rows = number == at
            parts.append(
                Part(
                    measure,
                    THIRDS[at],
                    low,
                    high,
                    int((rows & same).sum()),
                    _share(~accepted[rows & same]),
                    _share(accepted[rows & ~same]),
                    _share((accepted == same)[rows]),
                )
            )
    return parts


def openset_parts(
    found: Sequence[Nearest], qualities: Mapping[str, NDArray[np.int32]], bar: int, margin_share: float
) -> list[Part]:
    """Split the probes of open-set trials by their quality, at one known bar for all."""
    parts = []
    for measure in MEASURES:
        number, spans = thirds(qualities[measure])
        for at, (low, high) in spans.items():
            some = [one.only(number[one.row] == at) for one in found]
            rates = np.array([rates_at(one, [bar], margin_share)[0] for one in some])
            mated = np.array([int(one.mated.sum()) for one in some])
            strangers = np.array([int((~one.mated).sum()) for one in some])
            parts.append(
                Part(
                    measure,
                    THIRDS[at],
                    low,
                    high,
                    int(mated.sum()),
                    pooled(rates[:, 1], mated),
                    pooled(rates[:, 0], strangers),
                )
            )
    return parts


def pooled(rates: NDArray[np.float64], weights: NDArray[np.int64]) -> Estimate | None:
    """Return the rate of all probes together, and its standard error as of a ratio over trials (Cochran, 1977).

    None where there is no probe.
    """
    total = float(weights.sum())
    if not total:
        return None
    mean = float((rates * weights).sum() / total)
    count = len(rates)
    if count < 2:
        return Estimate(mean, 0.0, 0.0)
    residual = (rates - mean) * weights / (total / count)
    deviation = float(np.sqrt((residual**2).sum() / (count - 1)))
    return Estimate(mean, deviation / float(np.sqrt(count)), deviation)
