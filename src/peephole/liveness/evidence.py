"""What a visit's observations come to, and the rule by which they pass, fail, or say nothing yet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peephole.door.liveness import Liveness
from peephole.liveness.following import Observation

WINDOW_SECONDS = 6.0
"""What is older says nothing about the face that is in view now."""


@dataclass(frozen=True)
class Evidence:
    """A visit of the last seconds, since the face was last lost.

    Attributes:
        frames: Observations.
        seconds: From the first to the last of them.
        parallax: What four fifths of them stay below, about the sine of how far a head has turned; 0 without any.
        certainty: The same of parallax over its standard error.
        still: Share of the corners beside the head that stayed where they were; None where there are too few.
        attached: Share of them that moved with the face while it moved; None where there are too few.
        regularity: Median of `texture.regularity`; None where no face was large enough.
    """

    frames: int
    seconds: float
    parallax: float
    certainty: float
    still: float | None
    attached: float | None
    regularity: float | None


@dataclass(frozen=True)
class Bounds:
    """The thresholds of the rule.

    certainty, regularity, attached and still are what `benchmarks/liveness.py --choose --visits 16` chooses; the others
    were set by hand (docs/liveness.md says with what in view).

    Attributes:
        frames: Observations before anything is said.
        seconds: Time before a picture can be told.
        long_enough: Time before a face can pass, in which there is more than one key frame.
        parallax: Least of a face that passes.
        certainty: The same of its certainty.
        still: Least share beside the head that keeps still.
        attached: Share that moves along with a picture.
        regularity: Of a screen or a print.
        corners: So many must have been followed, all frames together, before their shares say anything.
    """

    frames: int = 12
    seconds: float = 1.0
    long_enough: float = 2.0
    parallax: float = 0.05
    certainty: float = 7.81
    still: float = 0.71
    attached: float = 0.39
    regularity: float = 2.46
    corners: int = 60


BOUNDS = Bounds()


@dataclass(frozen=True)
class Finding:
    """What the evidence says, a slug for programs and a sentence for people."""

    result: Liveness
    reason: str
    text: str


TEXTS = {
    "pattern": "a fine regular pattern lies over the face, as on a screen or a print",
    "moves_along": "what is beside the head moves with it, as in a photo or on a screen held in a hand",
    "too_short": "too few pictures of the face yet",
    "restless": "what is beside the head does not keep still, so it may be on a screen",
    "flat": "the face has not moved as a head does and no picture can",
    "head": "the face has moved as a head does and no flat picture can",
    "not_seen": "the face has not been looked at yet",
    "behind": "the check has not come to the newest pictures yet",
    "not_asked": "nobody has been asked to turn the head yet",
    "asked": "the head has not been turned as asked yet",
    "turned_as_asked": "the head was turned as asked",
    "turned_otherwise": "the head was turned to another side than asked",
    "not_turned": "the head was not turned in time",
}


def sum_up(observations: Sequence[Observation], regularities: Sequence[float], bounds: Bounds = BOUNDS) -> Evidence:
    """Sum up what was observed of one face."""
    if not observations:
        return Evidence(0, 0.0, 0.0, 0.0, None, None, _median(regularities))
    parallax = np.array([one.motion.parallax for one in observations])
    errors = np.array([one.motion.error for one in observations])
    counts = np.array([(one.beside, one.still, one.telling, one.attached) for one in observations]).sum(axis=0)
    beside, still, telling, attached = (int(count) for count in counts)
    return Evidence(
        frames=len(observations),
        seconds=observations[-1].time - observations[0].time,
        parallax=float(np.quantile(parallax, 0.8)),
        certainty=float(np.quantile(parallax / np.maximum(errors, 1e-6), 0.8)),
        still=still / beside if beside >= bounds.corners else None,
        attached=attached / telling if telling >= bounds.corners else None,
        regularity=_median(regularities),
    )


def judge(evidence: Evidence, bounds: Bounds = BOUNDS) -> Finding:
    """Decide: a sign of a picture fails; no sign of it, and a head's parallax over long enough, passes."""
    if evidence.frames < bounds.frames or evidence.seconds < bounds.seconds:
        return finding("not_done", "too_short")
    if evidence.regularity is not None and evidence.regularity >= bounds.regularity:
        return finding("failed", "pattern")
    if evidence.attached is not None and evidence.attached >= bounds.attached:
        return finding("failed", "moves_along")
    if evidence.still is not None and evidence.still < bounds.still:
        return finding("not_done", "restless")
    if evidence.seconds < bounds.long_enough:
        return finding("not_done", "too_short")
    if evidence.parallax < bounds.parallax or evidence.certainty < bounds.certainty:
        return finding("not_done", "flat")
    return finding("passed", "head")


def finding(result: Liveness, reason: str) -> Finding:
    """Return a finding with the words of its reason."""
    return Finding(result, reason, TEXTS[reason])


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if len(values) else None
