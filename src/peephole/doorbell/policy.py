"""How a doorbell decides: rates and counts; the distances they mean come from the program's calibration.

The decisions are computed in integers by csrc/app; `whole_numbers` is the one place where a policy becomes such.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from peephole import _core

_RATE_ONE = 1_000_000_000  # rates are counted in 1e-9
_LATEST = 1 << 60  # milliseconds; later than anything


class Calibration(Protocol):
    """False-accept rate -> squared distance, measured on the integer program (`fixedpoint.program.Calibration`)."""

    @property
    def points(self) -> tuple[tuple[float, int], ...]:
        """(rate, squared distance), rates rising."""

    def distance_at(self, rate: float) -> int:
        """Return the squared distance below which a share `rate` of pairs of different people falls."""


@dataclass(frozen=True)
class Policy:
    """Everything about deciding that an owner may want to change.

    A rate outside of what the program's calibration measured counts as the nearest rate that it did measure. So with
    many people the bars stop getting stricter, and errors become a little more frequent than the rates say.

    Attributes:
        known_rate: How often one look at a stranger may be within the known bar of anybody, all people together; a
            whole visit errs less often, as most of its looks have to.
        stranger_rate: The same for the outer bar, all people together as well: nobody within it means a stranger;
            between the bars is unsure.
        same_stranger_rate: How often two strangers may be taken for one; stricter, for a merge cannot be taken apart.
        known_sightings: Good looks that must agree before a name is given.
        stranger_sightings: Good looks before somebody counts as a stranger.
        votes: At most so many looks vote, the best ones by quality.
        margin_share: The second nearest person must be further away by this share of the known bar.
        opening_faces: Faces in a row before there is a visit; one more than a detector's flicker.
        hold_seconds: A face that is gone for less is followed by its place.
        blink_seconds: A face that is gone for longer is followed by its place only if it does not look different.
        gap_seconds: A face that is gone for less is recognised as the same visit; after that the visit ends.
        longest_seconds: A visit is ended after this time even if the face stays.
        cool_down_seconds: Somebody who comes back sooner makes a visit marked `repeat`.
        ring_seconds: A face that comes so soon after the bell was pressed is that of the visitor who rang.
        look_seconds: Time between two described looks at a face.
        later_look_seconds: The same once a visit has all the looks it keeps.
        save_seconds: Time between two writes of "last seen" of a visit that shows nothing new.
        retry_seconds: Time between two attempts to write to a disk that is full.
        keep_looks: Looks that a visit keeps, the best ones.
        keep_stranger_looks: Looks that are kept of a stranger.
        min_width: Narrower faces (pixels of the frame) neither vote nor are remembered.
        good_width: From this width on a face counts as large.
        min_sharpness: More blurred faces neither vote nor are remembered (thousandths, see `quality`).
        good_sharpness: From here on a face counts as sharp.
        min_contrast: The same for faces that stand out less, in the dark or in fog (grey levels, see `quality`).
        most_clipped: The same for faces more of which is black or white (thousandths of the pixels).
        most_turned: The same for faces turned further aside, where five points of them are known (degrees).
        good_neighbours: From so many overlapping hits on the detector counts as certain.
    """

    known_rate: float = 2e-3
    stranger_rate: float = 1e-2
    same_stranger_rate: float = 5e-4
    known_sightings: int = 3
    stranger_sightings: int = 4
    votes: int = 9
    margin_share: float = 0.05
    opening_faces: int = 2
    hold_seconds: float = 1.0
    blink_seconds: float = 0.4
    gap_seconds: float = 3.0
    longest_seconds: float = 300.0
    cool_down_seconds: float = 60.0
    ring_seconds: float = 15.0
    look_seconds: float = 0.1
    later_look_seconds: float = 0.5
    save_seconds: float = 1.0
    retry_seconds: float = 5.0
    keep_looks: int = 12
    keep_stranger_looks: int = 8
    min_width: int = 40
    good_width: int = 96
    min_sharpness: int = 20
    good_sharpness: int = 150
    min_contrast: int = 8
    most_clipped: int = 600
    most_turned: int = 60
    good_neighbours: int = 120

    def replaced(self, changes: Mapping[str, float]) -> "Policy":
        """Return a policy of which some numbers are others."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Bars:
    """Squared distances for one gallery: within `known` may be known, beyond `stranger` is nobody of the people."""

    known: int
    stranger: int
    same_stranger: int
    margin: int


def share_of(distance: int, bar: int) -> str:
    """Return a squared distance for people to read: as a share of a bar, so that 1.00 is the bar itself."""
    return f"{distance / max(1, bar):.2f}"


def bars(policy: Policy, calibration: Calibration, people: int) -> Bars:
    """Return the bars for so many people: each comparison adds a chance of an error, so each gets its share.

    Computed by csrc/app/bars.c, along the logarithm of the rate between two of the calibration's points.
    """
    rates, distances = whole_points(calibration)
    return Bars(*_core.find_bars(whole_numbers(policy), rates, distances, people))


@lru_cache(maxsize=16)
def whole_numbers(policy: Policy) -> _core.Policy:
    """Return a policy as csrc/app/policy.h has it: rates in 1e-9, times in milliseconds, shares in thousandths.

    Raises ValueError, naming the setting, for a number that does not fit.
    """
    return _core.Policy(
        known_rate=_rate(policy.known_rate),
        stranger_rate=_rate(policy.stranger_rate),
        same_stranger_rate=_rate(policy.same_stranger_rate),
        known_sightings=policy.known_sightings,
        stranger_sightings=policy.stranger_sightings,
        votes=policy.votes,
        margin_share=round(policy.margin_share * 1000),
        opening_faces=policy.opening_faces,
        hold=milliseconds(policy.hold_seconds),
        blink=milliseconds(policy.blink_seconds),
        gap=milliseconds(policy.gap_seconds),
        longest=milliseconds(policy.longest_seconds),
        cool_down=milliseconds(policy.cool_down_seconds),
        look=milliseconds(policy.look_seconds),
        later_look=milliseconds(policy.later_look_seconds),
        save=milliseconds(policy.save_seconds),
        retry=milliseconds(policy.retry_seconds),
        keep_looks=policy.keep_looks,
        keep_stranger_looks=policy.keep_stranger_looks,
        min_width=policy.min_width,
        good_width=policy.good_width,
        min_sharpness=policy.min_sharpness,
        good_sharpness=policy.good_sharpness,
        min_contrast=policy.min_contrast,
        most_clipped=policy.most_clipped,
        most_turned=policy.most_turned,
        good_neighbours=policy.good_neighbours,
    )


def milliseconds(seconds: float) -> int:
    """Return a time in whole milliseconds, as the decisions count it."""
    return round(min(max(seconds * 1000, -_LATEST), _LATEST))


def _rate(rate: float) -> int:
    return max(1, round(rate * _RATE_ONE))


def whole_points(calibration: Calibration) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
    """Return the rates [N] in 1e-9 and the distances [N]; of rates that are then alike the strictest distance."""
    points: dict[int, int] = {}
    for rate, distance in calibration.points:
        points.setdefault(_rate(rate), distance)
    return np.array(list(points), np.uint32), np.array(list(points.values()), np.uint64)
