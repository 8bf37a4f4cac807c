"""Whoever is recognised at this moment, with all that a door wants to know before it opens."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from peephole.doorbell.gallery import Gallery
from peephole.doorbell.policy import Calibration, Policy, bars
from peephole.doorbell.tracking import Walk
from peephole.doorbell.visit import Kind

NEAR_SECONDS = 2.0
"""A face that was in view so short a time ago is still near."""


@dataclass(frozen=True)
class Neighbour:
    """Another face that is in view, or was a moment ago; `person` is an id."""

    kind: Kind
    person: str | None


@dataclass(frozen=True)
class Candidate:
    """One visit that goes on, as of the newest frame. Times are seconds since 1970, distances squared.

    Attributes:
        visit: Its id.
        time: When the newest frame was taken.
        kind: What it is decided to be.
        person: Id of the person, when known.
        name: Name of the person, when known.
        distance: To that person, the median over the looks that vote.
        margin: How much further away the second nearest person is; None where there is no other person.
        bar: Distance for as many people at the rate that was asked for.
        margin_bar: How far away the second person must be for a greeting.
        looks: Times of the good looks, each of which is nearest to that person and within `bar`, the oldest first.
        first_seen: When the face was seen first.
        last_seen: When it was seen last.
        others: Every other face near.
        rang: Whether the bell was pressed in this visit, or in that of another face near: a press shows no face.
    """

    visit: str
    time: float
    kind: Kind
    person: str | None
    name: str | None
    distance: int | None
    margin: int | None
    bar: int
    margin_bar: int
    looks: tuple[float, ...]
    first_seen: float
    last_seen: float
    others: tuple[Neighbour, ...]
    rang: bool = False


def candidates_of(
    walks: Sequence[Walk], time: float, gallery: Gallery, policy: Policy, calibration: Calibration, rate: float
) -> tuple[Candidate, ...]:
    """Return the visits among the walks; `rate` is the false-accept rate of the door, all people together."""
    people = len(gallery.people.names)
    bar = bars(dataclasses.replace(policy, known_rate=rate), calibration, people).known
    near = [walk for walk in walks if time - walk.last_seen <= NEAR_SECONDS]
    return tuple(
        Candidate(
            visit=walk.visit,
            time=time,
            kind=walk.decision.kind,
            person=walk.decision.person,
            name=gallery.names.get(walk.decision.person or ""),
            distance=walk.decision.distance,
            margin=walk.decision.margin,
            bar=bar,
            margin_bar=gallery.bars.margin,
            looks=_agreeing(walk, gallery, walk.decision.person, bar),
            first_seen=walk.first_seen,
            last_seen=walk.last_seen,
            others=tuple(_neighbour(other) for other in near if other is not walk),
            rang=any(one.rang for one in near),
        )
        for walk in near
        if walk.visit is not None and walk.decision is not None
    )


def _neighbour(walk: Walk) -> Neighbour:
    if walk.decision is None:
        return Neighbour("unsure", None)
    return Neighbour(walk.decision.kind, walk.decision.person)


def _agreeing(walk: Walk, gallery: Gallery, person: str | None, bar: int) -> tuple[float, ...]:
    """Return the times of the good looks that show this person."""
    good = [look for look in walk.kept.values() if look.quality.good]
    if person is None or not good:
        return ()
    distances = gallery.people.nearest([look.descriptor for look in good])
    if person not in distances:
        return ()  # removed meanwhile
    nearest = [min(column) for column in zip(*distances.values(), strict=True)]
    return tuple(
        sorted(
            look.time
            for look, own, least in zip(good, distances[person], nearest, strict=True)
            if own == least and own <= bar
        )
    )
