"""The doorbell's decisions in plain Python and floating point: what the C in csrc/app is compared with.

Owners are strings and galleries lists of pairs, as plainly as it can be said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from peephole.doorbell.policy import Bars, Calibration, Policy
from peephole.doorbell.visit import Look
from peephole.people.records import Descriptor

Gallery = Sequence[tuple[str, Descriptor]]


@dataclass(frozen=True)
class Nearest:
    person: str | None
    distance: int | None
    margin: int | None


def distance(a: Descriptor, b: Descriptor) -> int:
    return sum((one - other) ** 2 for one, other in zip(a.tolist(), b.tolist(), strict=True))


def median(distances: Sequence[int]) -> int:
    return sorted(distances)[len(distances) // 2]


def distances(descriptor: Descriptor, gallery: Gallery) -> dict[str, int]:
    nearest: dict[str, int] = {}
    for owner, reference in gallery:
        far = distance(descriptor, reference)
        nearest[owner] = min(far, nearest.get(owner, far))
    return nearest


def rank(distances: dict[str, int]) -> Nearest:
    order = sorted((distance, owner) for owner, distance in distances.items())
    if not order:
        return Nearest(None, None, None)
    return Nearest(order[0][1], order[0][0], order[1][0] - order[0][0] if len(order) > 1 else None)


def median_distances(descriptors: Sequence[Descriptor], gallery: Gallery) -> dict[str, int]:
    looks = [distances(descriptor, gallery) for descriptor in descriptors]
    return {owner: median([look[owner] for look in looks]) for owner in looks[0]} if looks else {}


def voters(sightings: Sequence[Look], policy: Policy) -> list[Look]:
    good = [sighting for sighting in sightings if sighting.quality.good]
    return sorted(good, key=lambda look: (-look.quality.value, look.time))[: policy.votes]


def decide(
    sightings: Sequence[Look], gallery: Gallery, bars: Bars, policy: Policy
) -> tuple[str, str | None, int | None, int | None, str, str | None]:
    """Kind, person, distance, margin, reason and nearest."""
    votes = voters(sightings, policy)
    nearest = rank(median_distances([look.descriptor for look in votes or sightings], gallery))
    kind, reason = _verdict(sightings, votes, nearest, gallery, bars, policy)
    person = nearest.person if kind == "known" else None
    return kind, person, nearest.distance, nearest.margin, reason, nearest.person


def _verdict(
    sightings: Sequence[Look],
    votes: Sequence[Look],
    nearest: Nearest,
    gallery: Gallery,
    bars: Bars,
    policy: Policy,
) -> tuple[str, str]:
    if not votes:
        return "unsure", "poor_looks" if sightings else "too_few_looks"
    agreeing = _agreeing(votes, gallery, bars)
    if nearest.distance is not None and nearest.distance <= bars.known:
        agree = agreeing.get(nearest.person or "", 0)
        if len(votes) < policy.known_sightings:
            return "unsure", "too_few_looks"
        if agree < policy.known_sightings or 2 * agree <= len(votes):
            return "unsure", "looks_disagree"
        if nearest.margin is not None and nearest.margin < bars.margin:
            return "unsure", "two_people_alike"
        return "known", "looks_agree"
    if nearest.distance is not None and nearest.distance <= bars.stranger:
        return "unsure", "between_bars"
    if len(votes) < policy.stranger_sightings:
        return "unsure", "too_few_looks"
    if max(agreeing.values(), default=0) >= policy.known_sightings:
        return "unsure", "looks_disagree"
    pairs = [distance(a.descriptor, b.descriptor) for a, b in combinations(votes, 2)]
    if pairs and median(pairs) > bars.stranger:
        return "unsure", "looks_disagree"
    return "stranger", "far_from_everybody" if nearest.person else "nobody_enrolled"


def _agreeing(votes: Sequence[Look], gallery: Gallery, bars: Bars) -> dict[str, int]:
    counts: dict[str, int] = {}
    for vote in votes:
        found = rank(distances(vote.descriptor, gallery))
        if found.person is not None and found.distance is not None and found.distance <= bars.known:
            counts[found.person] = counts.get(found.person, 0) + 1
    return counts


def same_stranger(
    sightings: Sequence[Look], gallery: Gallery, bars: Bars, policy: Policy
) -> tuple[str | None, int | None] | None:
    """Who it was and how far away; None for somebody new."""
    nearest = rank(median_distances([vote.descriptor for vote in voters(sightings, policy)], gallery))
    if nearest.distance is None or nearest.distance > bars.same_stranger:
        return None
    return nearest.person, nearest.distance


def bars(policy: Policy, calibration: Calibration, people: int) -> Bars:
    def distance_at(rate: float) -> int:
        return calibration.distance_at(min(max(rate, calibration.points[0][0]), calibration.points[-1][0]))

    known = distance_at(policy.known_rate / max(people, 1))
    return Bars(
        known=known,
        stranger=max(known, distance_at(policy.stranger_rate / max(people, 1))),
        same_stranger=min(known, distance_at(policy.same_stranger_rate)),
        margin=int(known * policy.margin_share),
    )
