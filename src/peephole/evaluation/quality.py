"""What the quality gate is worth: open-set errors without it and with it, and by thirds of the looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import Exposure, fault
from peephole.evaluation.album import Album
from peephole.evaluation.looks import NO_POSE
from peephole.evaluation.openset import Estimate, Household, Nearest, bar_at, draw_trials, nearest, rates_at
from peephole.evaluation.thirds import Part, openset_parts, pooled


def good_looks(qualities: Mapping[str, NDArray[np.int32]], policy: Policy, aligned: bool = False) -> NDArray[np.bool_]:
    """Return which looks the quality gate lets through, bool [N], by `doorbell.quality.fault`.

    aligned: faces are cut by their points, so those whose points are in doubt are refused, as `doorbell.looks` does.
    """
    columns = ("width", "sharpness", "brightness", "contrast", "clipped", "yaw")
    return np.array(
        [
            not (aligned and yaw == NO_POSE)
            and not fault(
                width,
                sharp,
                Exposure(light, contrast, clipped),
                yaw != NO_POSE and yaw > policy.most_turned,
                policy,
            )
            for width, sharp, light, contrast, clipped, yaw in zip(
                *(qualities[column].tolist() for column in columns), strict=True
            )
        ]
    )


@dataclass(frozen=True)
class Gate:
    """Open-set errors at one known bar without the quality gate and with it.

    refused: share of looks that the gate refuses. Rates are of the looks that are decided, all without the gate and the
    good ones with it, and None where none is; households, good references and looks are the same in both. unanswered:
    household looks refused, so without an answer.
    """

    refused: float
    unanswered: Estimate
    false_reject: Estimate | None
    false_accept: Estimate | None


@dataclass(frozen=True)
class ByQuality:
    """What the protocol says: errors by quality at one known bar, and without and with the gate."""

    household: Household
    false_accepts: float
    bar: int
    off: Gate
    on: Gate
    parts: tuple[Part, ...]


def measure(
    album: Album, household: Household, policy: Policy, false_accepts: float, spoilt: Album | None = None
) -> ByQuality:
    """Run the protocol on an album with measures, at the bar that gives this share of false accepts over all its looks.

    Those enrolled have good pictures, by the gate, whatever comes to the door.
    spoilt: the same faces, spoilt, which then come to the door; those enrolled, and the bar, are the album's. Raises
    `ValueError` where there are no measures.
    """
    asked = album if spoilt is None else spoilt
    for one in (album, asked):
        need_measures(one)
    album.check_alike(asked)
    people, values, probes = album.people(), album.descriptors.astype(float), asked.descriptors.astype(float)
    aligned, margin = album.crop == "aligned", policy.margin_share
    good = good_looks(asked.qualities, policy, aligned)
    drawn = draw_trials(people, household, good_looks(album.qualities, policy, aligned))
    bar = bar_at([nearest(values, people, trial) for trial in drawn], margin, false_accepts)
    found = [nearest(values, people, trial, probes) for trial in drawn]
    lost = Estimate.of([float(1 - good[one.row[one.mated]].mean()) for one in found])
    kept = [one.only(good[one.row]) for one in found]
    return ByQuality(
        household,
        false_accepts,
        bar,
        _gate(found, bar, margin, 0.0, Estimate(0.0, 0.0, 0.0)),
        _gate(kept, bar, margin, float(1 - good.mean()), lost),
        tuple(openset_parts(found, asked.qualities, bar, margin)),
    )


def need_measures(album: Album) -> None:
    """Raise `ValueError` for an album without measures of quality."""
    if not album.qualities:
        raise ValueError("the file of descriptors holds no measures of quality; let peephole evaluate write it")


def _gate(found: Sequence[Nearest], bar: int, margin_share: float, refused: float, unanswered: Estimate) -> Gate:
    rates = np.array([rates_at(one, [bar], margin_share)[0] for one in found])
    mated = np.array([int(one.mated.sum()) for one in found])
    strangers = np.array([int((~one.mated).sum()) for one in found])
    return Gate(refused, unanswered, pooled(rates[:, 1], mated), pooled(rates[:, 0], strangers))
