"""Why a visit was decided as it was, and what another policy would have decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from peephole.doorbell.gallery import Gallery
from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.visit import Decision, Kind, Look, Trace, TracedLook, VisitRecord
from peephole.doorbell.voting import decide, voters
from peephole.people.matching import References, match, median_distances, rank

OWNERS_WORD = frozenset({"assigned", "discarded", "person_removed", "forgotten", "nobody_seen", "unnamed", "corrected"})
"""Reasons of decisions that no policy made."""


@dataclass(frozen=True)
class Judge:
    """Who decides: a policy, and the bars that it has for the people of today."""

    policy: Policy
    bars: Bars


@dataclass(frozen=True)
class Rejudged:
    """A visit with what its looks lead to against the people of today: by the policy in force, and by another one."""

    visit: VisitRecord
    in_force: Decision
    now: Decision

    @property
    def differs(self) -> bool:
        """Tell whether the other policy makes it another kind of visit, or another person's."""
        return _who(self.in_force) != _who(self.now)

    @property
    def differs_from_then(self) -> bool:
        """Tell the same against what was decided then: people who were added or removed since count, too."""
        return _who(self.visit.decision) != _who(self.now)


def trace_of(looks: Mapping[int, Look], gallery: Gallery, policy: Policy) -> Trace:
    """Return what a decision about these looks, by their numbers, is made of."""
    votes = voters(list(looks.values()), policy)
    voting = {id(look) for look in votes}
    traced = []
    for number, look in sorted(looks.items()):
        found = match(look.descriptor, gallery.people)
        traced.append(
            TracedLook(number, look.time, look.box, look.quality, id(look) in voting, found.person, found.distance)
        )
    return Trace(tuple(traced), gallery.bars, len(gallery.people.names), runner_up=_runner_up(votes, gallery.people))


def rejudge(
    visits: Iterable[tuple[VisitRecord, Mapping[int, Look]]], people: References, in_force: Judge, other: Judge
) -> list[Rejudged]:
    """Decide anew about closed visits from the looks that were kept of them, twice against the same people.

    Visits that the owner has decided about, or of which no look is left, are passed over.
    """

    def by(judge: Judge, looks: Mapping[int, Look]) -> Decision:
        return decide(list(looks.values()), people, judge.bars, judge.policy)

    return [
        Rejudged(visit, by(in_force, looks), by(other, looks))
        for visit, looks in visits
        if looks and visit.closed and visit.decision.reason not in OWNERS_WORD
    ]


def _runner_up(votes: Sequence[Look], people: References) -> str | None:
    """Return who is nearest but one to the looks that vote, as the margin of a decision has it."""
    distances = median_distances([look.descriptor for look in votes], people)
    distances.pop(rank(distances).person or "", None)
    return rank(distances).person


def _who(decision: Decision) -> tuple[Kind, str | None]:
    return decision.kind, decision.person
