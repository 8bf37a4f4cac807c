"""Why a visit was decided as it was, and what another policy would have decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from peephole.doorbell.gallery import Gallery
from peephole.doorbell.policy import Policy
from peephole.doorbell.visit import Decision, Sighting, Trace, TracedLook, VisitRecord
from peephole.doorbell.voting import decide, voters
from peephole.people.matching import match

OWNERS_WORD = frozenset({"assigned", "discarded", "person_removed", "forgotten", "nobody_seen"})
"""Reasons of decisions that no policy made."""


@dataclass(frozen=True)
class Rejudged:
    """A visit with the decision that the same looks lead to now."""

    visit: VisitRecord
    now: Decision

    @property
    def differs(self) -> bool:
        """Tell whether it would be another kind of visit, or another person's."""
        before = self.visit.decision
        return (before.kind, before.person) != (self.now.kind, self.now.person)


def trace_of(looks: Mapping[int, Sighting], gallery: Gallery, policy: Policy) -> Trace:
    """Return what a decision about these looks, by their numbers, is made of."""
    voting = {id(look) for look in voters(list(looks.values()), policy)}
    traced = []
    for number, look in sorted(looks.items()):
        found = match(look.descriptor, gallery.people)
        traced.append(
            TracedLook(number, look.time, look.box, look.quality, id(look) in voting, found.person, found.distance)
        )
    return Trace(tuple(traced), gallery.bars, len(gallery.people.names))


def rejudge(
    visits: Iterable[tuple[VisitRecord, Mapping[int, Sighting]]], gallery: Gallery, policy: Policy
) -> list[Rejudged]:
    """Decide anew about closed visits from the looks that were kept of them, against the people as they are now.

    Visits that the owner has decided about, or of which no look is left, are passed over.
    """
    return [
        Rejudged(visit, decide(list(looks.values()), gallery.people, gallery.bars, policy))
        for visit, looks in visits
        if looks and visit.closed and visit.decision.reason not in OWNERS_WORD
    ]
