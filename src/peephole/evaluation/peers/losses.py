"""How much accuracy a quantizer costs: descriptors of the same faces, by the same protocol."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.evaluation.benchmark import measure
from peephole.evaluation.lfw import PairList
from peephole.evaluation.peers.faces import Faces

METRIC = "l2"


@dataclass(frozen=True)
class Loss:
    """A quantizer's figures; `lost` is the float network's accuracy minus its own.

    noise: signal to noise of descriptors, both scaled to length one, against the float network's, in dB; None for
    the float network itself.
    """

    quantizer: str
    choice: str
    accuracy: float
    standard_error: float
    lost: float
    true_accept_rate: float
    noise: float | None
    why_not: str = ""


def absent(quantizer: str, choice: str, why: str) -> Loss:
    """Return the row of a quantizer that cannot run here."""
    nothing = float("nan")
    return Loss(quantizer, choice, nothing, nothing, nothing, nothing, None, why)


def losses(
    pairs: PairList,
    faces: Faces,
    network: NDArray[np.floating],
    others: Mapping[tuple[str, str], NDArray[np.generic] | str],
) -> list[Loss]:
    """Compare descriptors [N,D] of faces, by (quantizer, choice), with the float network's; plain L2 for all.

    A text in the place of descriptors says why there are none.
    """
    whole = measure(pairs, faces.described(network), METRIC).result
    rate = min(whole.tar_at_far)
    rows = [Loss("none", "float", whole.accuracy, whole.standard_error, 0.0, whole.tar_at_far[rate], None)]
    for (quantizer, choice), found in others.items():
        if isinstance(found, str):
            rows.append(absent(quantizer, choice, found))
            continue
        result = measure(pairs, faces.described(found), METRIC).result
        lost = whole.accuracy - result.accuracy
        noise = signal_to_noise(network, found)
        rows.append(
            Loss(quantizer, choice, result.accuracy, result.standard_error, lost, result.tar_at_far[rate], noise)
        )
    return rows


def signal_to_noise(network: NDArray[np.floating], found: NDArray[np.generic]) -> float:
    """Return in dB how far descriptors [N,D], scaled to length one, are from the network's."""
    ours, theirs = (
        values / np.linalg.norm(values.astype(np.float64), axis=1, keepdims=True) for values in (network, found)
    )
    error = float(((ours - theirs) ** 2).sum(1).mean())
    return float("inf") if error == 0 else -10 * float(np.log10(error))
