"""What image quality does to errors: measures of every look, and the errors of its worst, middle and best third."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import Exposure, assess, exposure, fault
from peephole.evaluation.album import Album
from peephole.evaluation.embedding import BATCH, Cut, Embedder, Grey, most_central
from peephole.evaluation.lfw import PairList, picture_name
from peephole.evaluation.openset import Estimate, Household, Nearest, bar_at, draw_trials, nearest, rates_at
from peephole.evaluation.verification import Verification, fold_numbers
from peephole.image_files import EncodedPicture, decode_grey
from peephole.vision.detector import Detector
from peephole.vision.landmarks import LandmarkFinder
from peephole.vision.pose import Pose, pose_of

# Measures of a look, and whether the higher figure is that of the worse look: of a pair the worse one counts.
MEASURES: Mapping[str, bool] = {
    "width": False,
    "neighbours": False,
    "sharpness": False,
    "brightness": False,
    "contrast": False,
    "clipped": True,
    "yaw": True,
    "roll": True,
    "value": False,
}
# Degrees, for a face whose points cannot be found or are not to be believed.
NO_POSE = 90
THIRDS = ("lowest", "middle", "highest")


@dataclass(frozen=True)
class Part:
    """One third of the looks (or pairs) by one measure, from `low` to `high`, and what went wrong in it.

    of: how many genuine comparisons it holds. false_reject, false_accept: shares, at one threshold for all.
    accuracy: of pairs; None for looks.
    """

    measure: str
    third: str
    low: int
    high: int
    of: int
    false_reject: Estimate
    false_accept: Estimate
    accuracy: Estimate | None = None


Cutting = Callable[[str, Grey], Cut]


def measure_look(
    grey: Grey, crop: Grey, detector: Detector, finder: LandmarkFinder | None, policy: Policy
) -> dict[str, int]:
    """Measure the most central face of a picture [H,W] and its crop [S,S]; zeros where the detector finds none."""
    faces = detector.detect(grey)
    if not faces:
        return dict.fromkeys(MEASURES, 0)
    box = most_central(faces, grey)
    face = next(face for face in faces if face.box == box)
    landmarks = finder.find(grey, box) if finder is not None else None
    pose = pose_of(landmarks.points) if landmarks is not None and not landmarks.doubt else None
    quality = assess(box.width, face.neighbours, crop, policy, pose)
    light = exposure(crop)
    return {
        "width": box.width,
        "neighbours": face.neighbours,
        "sharpness": quality.sharpness,
        "brightness": light.brightness,
        "contrast": light.contrast,
        "clipped": light.clipped,
        "yaw": NO_POSE if pose is None else round(abs(pose.yaw)),
        "roll": NO_POSE if pose is None else round(abs(pose.roll)),
        "value": quality.value,
    }


@dataclass(frozen=True)
class LookedAt:
    """One picture: descriptor [D], whether a face was found, and its measures."""

    name: str
    descriptor: NDArray[np.generic]
    found: bool
    measures: Mapping[str, int]


def look_at(
    pictures: Iterable[EncodedPicture],
    cut: Cutting,
    embedder: Embedder,
    detector: Detector,
    finder: LandmarkFinder | None,
    policy: Policy,
    threads: int,
) -> Iterator[LookedAt]:
    """Describe and measure the pictures in their order, a batch at a time."""

    def one(picture: EncodedPicture) -> tuple[Cut, dict[str, int]]:
        grey = decode_grey(picture)
        face, found = cut(picture.name, grey)
        return (face, found), measure_look(grey, face, detector, finder, policy)

    stream = iter(pictures)
    with ThreadPoolExecutor(threads) as pool:
        while batch := list(itertools.islice(stream, BATCH)):
            done = list(pool.map(one, batch))
            described = embedder.describe(np.stack([face for (face, _), _ in done]))
            for picture, ((_, found), measures), descriptor in zip(batch, done, described, strict=True):
                yield LookedAt(picture_name(picture.name), descriptor, found, measures)


def gather(looks: Iterable[LookedAt], model_id: str, crop: str) -> Album:
    """Put looks into an album. Raises `ValueError` where no face was found in any."""
    every = list(looks)
    found, missed = [one for one in every if one.found], [one for one in every if not one.found]
    if not found:
        raise ValueError(f"no face was found in any of {len(every)} pictures")
    middles = [one.descriptor for one in missed]
    return Album(
        tuple(one.name for one in found),
        np.stack([one.descriptor for one in found]),
        tuple(one.name for one in missed),
        np.stack(middles) if middles else np.zeros((0, *found[0].descriptor.shape), found[0].descriptor.dtype),
        {key: np.array([one.measures[key] for one in found], np.int32) for key in MEASURES},
        model_id,
        crop,
    )


def good_looks(qualities: Mapping[str, NDArray[np.int32]], policy: Policy, aligned: bool = False) -> NDArray[np.bool_]:
    """Return which looks the quality gate lets through, bool [N], by `doorbell.quality.fault`.

    aligned: faces are cut by their points, so those whose points are in doubt are refused, as `doorbell.looks` does.
    """
    columns = ("width", "sharpness", "brightness", "contrast", "clipped", "yaw")
    return np.array(
        [
            not (aligned and yaw == NO_POSE)
            and not fault(
                width, sharp, Exposure(light, contrast, clipped), None if yaw == NO_POSE else Pose(yaw, 0), policy
            )
            for width, sharp, light, contrast, clipped, yaw in zip(
                *(qualities[column].tolist() for column in columns), strict=True
            )
        ]
    )


def thirds(values: NDArray[np.int32]) -> tuple[NDArray[np.int64], dict[int, tuple[int, int]]]:
    """Number values by third, int64 [N] of 0, 1 and 2, and return each third's lowest and highest value.

    Equal values are in one third, so a measure with few values makes uneven ones, or fewer than three.
    """
    edges = np.quantile(values, (1 / 3, 2 / 3), method="inverted_cdf")
    number = np.digitize(values, edges, right=True).astype(np.int64)
    return number, {
        at: (int(values[number == at].min()), int(values[number == at].max())) for at in np.unique(number).tolist()
    }


def _share(wrong: NDArray[np.bool_]) -> Estimate:
    """Return the share of errors among independent answers, and its binomial standard error."""
    share = float(wrong.mean()) if len(wrong) else 0.0
    spread = float(np.sqrt(share * (1 - share)))
    return Estimate(share, spread / float(np.sqrt(max(1, len(wrong)))), spread)


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
                    _pooled(rates[:, 1], mated),
                    _pooled(rates[:, 0], strangers),
                )
            )
    return parts


def _pooled(rates: NDArray[np.float64], weights: NDArray[np.int64]) -> Estimate:
    """Return the rate of all probes together, and its standard error as of a ratio over trials (Cochran, 1977)."""
    total = float(weights.sum())
    if not total:
        return Estimate(0.0, 0.0, 0.0)
    mean = float((rates * weights).sum() / total)
    count = len(rates)
    if count < 2:
        return Estimate(mean, 0.0, 0.0)
    residual = (rates - mean) * weights / (total / count)
    deviation = float(np.sqrt((residual**2).sum() / (count - 1)))
    return Estimate(mean, deviation / float(np.sqrt(count)), deviation)


@dataclass(frozen=True)
class Gate:
    """Open-set errors at one known bar without the quality gate and with it.

    refused: share of looks that the gate refuses. Rates are of the looks that are decided: all without the gate, the
    good ones with it, where references are good ones too. unanswered: household looks refused, so without an answer.
    """

    refused: float
    unanswered: Estimate
    false_reject: Estimate
    false_accept: Estimate


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

    spoilt: the same faces, spoilt, which then come to the door; those enrolled, and the bar, are the album's. Raises
    `ValueError` where there are no measures.
    """
    asked = album if spoilt is None else spoilt
    for one in (album, asked):
        need_measures(one)
    album.check_alike(asked)
    people, values, probes = album.people(), album.descriptors.astype(float), asked.descriptors.astype(float)
    drawn, margin = draw_trials(people, household), policy.margin_share
    aligned = album.crop == "aligned"
    bar = bar_at([nearest(values, people, trial) for trial in drawn], margin, false_accepts)
    found = [nearest(values, people, trial, probes) for trial in drawn]
    good = good_looks(asked.qualities, policy, aligned)
    gated = draw_trials(people, household, good_looks(album.qualities, policy, aligned))
    shown = [nearest(values, people, trial, probes) for trial in gated]
    lost = Estimate.of([float(1 - good[one.row[one.mated]].mean()) for one in shown])
    kept = [one.only(good[one.row]) for one in shown]
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
    return Gate(refused, unanswered, _pooled(rates[:, 1], mated), _pooled(rates[:, 0], strangers))
