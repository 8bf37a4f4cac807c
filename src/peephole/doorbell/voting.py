"""The decision over a visit: several looks vote, and the reason is always given.

A single look errs at the calibrated rate, and a visit gives it many chances. So a person's distance is the median
over the best looks: a stranger is taken for somebody only if more than half of the looks err the same way.

The voting itself is csrc/app/voting.c, which the firmware has too.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.doorbell.policy import Bars, Policy, milliseconds, whole_numbers
from peephole.doorbell.visit import Decision, Kind, Look
from peephole.people.matching import Match, References

# In the order of ph_reason, and the kinds in that of ph_kind.
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
    "forgotten": "the stranger was forgotten, after the time that the settings name",
    "nobody_seen": "somebody rang, and no face was seen",
    "unnamed": "the owner took the name back",
    "corrected": "corrected by the owner",
}
# Numbers of kind, reason, person and nearest person, and the two distances.
Verdict = tuple[int, int, int | None, int | None, int | None, int | None]

_SLUGS = tuple(REASONS)
_KINDS: tuple[Kind, ...] = ("unsure", "known", "stranger")


def voters(looks: Sequence[Look], policy: Policy) -> list[Look]:
    """Return the looks that vote: good ones, the best by quality (never by likeness), at most `policy.votes`."""
    return [looks[row] for row in _core.voters(*_qualities(looks), policy.votes)]


def decide(looks: Sequence[Look], people: References, bars: Bars, policy: Policy) -> Decision:
    """Decide who a visit was, from every look kept of it; the order of the looks never matters."""
    return to_decision(
        _core.decide(
            *_qualities(looks),
            _descriptors(looks),
            people.columns,
            dataclasses.astuple(bars),
            whole_numbers(policy),
        ),
        people,
    )


def to_decision(verdict: Verdict, people: References) -> Decision:
    """Return what the core has decided, in names and words."""
    kind, reason, person, nearest, distance, margin = verdict
    slug = _SLUGS[reason]
    return Decision(
        kind=_KINDS[kind],
        person=None if person is None else people.names[person],
        distance=distance,
        margin=margin,
        reason=slug,
        text=REASONS[slug],
        nearest=None if nearest is None else people.names[nearest],
    )


def same_stranger(looks: Sequence[Look], strangers: References, bars: Bars, policy: Policy) -> Match | None:
    """Return the stranger seen before whose looks these are, by the stricter bar; None for somebody new."""
    owner, distance, runner_up = _core.same_stranger(
        *_qualities(looks),
        _descriptors(looks),
        strangers.columns,
        dataclasses.astuple(bars),
        whole_numbers(policy),
    )
    return None if owner is None else Match(strangers.names[owner], distance, runner_up)


def _qualities(looks: Sequence[Look]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8]]:
    """Return times [L] in milliseconds, quality values [L], and which looks are good [L]."""
    return (
        np.array([milliseconds(look.time) for look in looks], np.int64),
        np.array([look.quality.value for look in looks], np.int32),
        np.array([look.quality.good for look in looks], np.uint8),
    )


def _descriptors(looks: Sequence[Look]) -> NDArray[np.int16]:
    """Return the descriptors [L,D]."""
    return np.array([look.descriptor for look in looks], np.int16) if looks else np.empty((0, 0), np.int16)
