"""The decision over a visit: several looks vote, and the reason is always given.

A single look errs at the calibrated rate, and a visit gives it many chances. So a person's distance is the median
over the best looks: a stranger is taken for somebody only if more than half of the looks err the same way.
"""

from collections.abc import Sequence
from itertools import combinations

from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.visit import Decision, Kind, Sighting
from peephole.people.matching import Match, References, distance, match, median, median_distances, rank

REASONS = {
    "looks_agree": "enough looks agree on one person",
    "far_from_everybody": "every enrolled person is clearly somebody else",
    "nobody_enrolled": "nobody is enrolled yet",
    "too_few_looks": "not enough good looks at the face",
    "poor_looks": "the face was too small, too blurred or badly lit",
    "between_bars": "too far from the nearest person to be sure, too near to be a stranger",
    "looks_disagree": "the looks do not show the same person",
    "two_people_alike": "two enrolled people are about equally near",
    "assigned": "named by the owner",
    "discarded": "discarded by the owner",
    "person_removed": "the person was removed",
}


def voters(sightings: Sequence[Sighting], policy: Policy) -> list[Sighting]:
    """Return the looks that vote: good ones, the best by quality (never by likeness), at most `policy.votes`."""
    good = [sighting for sighting in sightings if sighting.quality.good]
    return sorted(good, key=lambda look: (-look.quality.value, look.time))[: policy.votes]


def decide(sightings: Sequence[Sighting], people: References, bars: Bars, policy: Policy) -> Decision:
    """Decide who a visit was, from every look kept of it; the order of the looks never matters."""
    votes = voters(sightings, policy)
    # Poor looks decide nothing, but whom they are nearest to is still worth telling.
    nearest = rank(median_distances([look.descriptor for look in votes or sightings], people))
    if not votes:
        return _decision("unsure", "poor_looks" if sightings else "too_few_looks", nearest)
    if nearest.distance is not None and nearest.distance <= bars.known:
        return _decide_near(votes, nearest, people, bars, policy)
    if nearest.distance is not None and nearest.distance <= bars.stranger:
        return _decision("unsure", "between_bars", nearest)
    return _decide_far(votes, nearest, people, bars, policy)


def _decide_near(votes: Sequence[Sighting], nearest: Match, people: References, bars: Bars, policy: Policy) -> Decision:
    agreeing = _agreeing(votes, people, bars).get(nearest.person or "", 0)
    if len(votes) < policy.known_sightings:
        return _decision("unsure", "too_few_looks", nearest)
    if agreeing < policy.known_sightings or 2 * agreeing <= len(votes):
        return _decision("unsure", "looks_disagree", nearest)
    if nearest.margin is not None and nearest.margin < bars.margin:
        return _decision("unsure", "two_people_alike", nearest)
    return _decision("known", "looks_agree", nearest)


def _decide_far(votes: Sequence[Sighting], nearest: Match, people: References, bars: Bars, policy: Policy) -> Decision:
    if len(votes) < policy.stranger_sightings:
        return _decision("unsure", "too_few_looks", nearest)
    # Looks enough to name somebody, outvoted by others: two people in one visit.
    if max(_agreeing(votes, people, bars).values(), default=0) >= policy.known_sightings:
        return _decision("unsure", "looks_disagree", nearest)
    if _spread(votes) > bars.stranger:
        return _decision("unsure", "looks_disagree", nearest)
    return _decision("stranger", "far_from_everybody" if nearest.person else "nobody_enrolled", nearest)


def same_stranger(sightings: Sequence[Sighting], strangers: References, bars: Bars, policy: Policy) -> Match | None:
    """Return the stranger seen before whose looks these are, by the stricter bar; None for somebody new."""
    votes = voters(sightings, policy)
    nearest = rank(median_distances([vote.descriptor for vote in votes], strangers))
    return nearest if nearest.distance is not None and nearest.distance <= bars.same_stranger else None


def _agreeing(votes: Sequence[Sighting], people: References, bars: Bars) -> dict[str, int]:
    counts: dict[str, int] = {}
    for vote in votes:
        found = match(vote.descriptor, people)
        if found.person is not None and found.distance is not None and found.distance <= bars.known:
            counts[found.person] = counts.get(found.person, 0) + 1
    return counts


def _spread(votes: Sequence[Sighting]) -> int:
    """Return the median squared distance of all pairs of votes."""
    pairs = [distance(a.descriptor, b.descriptor) for a, b in combinations(votes, 2)]
    return median(pairs) if pairs else 0


def _decision(kind: Kind, reason: str, nearest: Match) -> Decision:
    return Decision(
        kind=kind,
        person=nearest.person if kind == "known" else None,
        distance=nearest.distance,
        margin=nearest.margin,
        reason=reason,
        text=REASONS[reason],
        nearest=nearest.person,
    )
