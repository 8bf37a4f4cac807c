"""How a doorbell decides: rates and counts; the distances they mean come from the program's calibration."""

from dataclasses import dataclass
from typing import Protocol


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


@dataclass(frozen=True)
class Bars:
    """Squared distances for one gallery: within `known` may be known, beyond `stranger` is nobody of the people."""

    known: int
    stranger: int
    same_stranger: int
    margin: int


def bars(policy: Policy, calibration: Calibration, people: int) -> Bars:
    """Return the bars for so many people: each comparison adds a chance of an error, so each gets its share."""

    def distance_at(rate: float) -> int:
        # A rate rarer than was ever measured has no distance; the rarest measured is the strictest bar there is.
        return calibration.distance_at(min(max(rate, calibration.points[0][0]), calibration.points[-1][0]))

    known = distance_at(policy.known_rate / max(people, 1))
    return Bars(
        known=known,
        stranger=max(known, distance_at(policy.stranger_rate / max(people, 1))),
        same_stranger=min(known, distance_at(policy.same_stranger_rate)),
        margin=int(known * policy.margin_share),
    )
