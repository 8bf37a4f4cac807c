"""What a visit was decided by, in figures: whom it was near, how near, how clearly, and how soon."""

from collections.abc import Mapping

from peephole.doorbell.policy import share_of
from peephole.doorbell.trace import OWNERS_WORD
from peephole.doorbell.visit import Trace, VisitRecord

_WORDS = {"known": "known", "stranger": "a stranger", "unsure": "not sure"}


def measures(visit: VisitRecord, trace: Trace, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return terms and values, distances as shares of the bar for known; names: of people, by id.

    The margin's bar is that of a greeting; whom the door opens for must be clearer.
    """
    decision, bars = visit.decision, trace.bars
    rows: list[tuple[str, str]] = []
    if bars is not None and decision.distance is not None:
        whom = names.get(decision.nearest or "")
        rows.append(("Median distance", share_of(decision.distance, bars.known) + (f" to {whom}" if whom else "")))
        if decision.margin is not None:
            rows.append(("Second nearest", _second(trace, decision.distance + decision.margin, names)))
            if decision.kind != "stranger":  # who is far from everybody is asked for none
                least = share_of(bars.margin, bars.known)
                rows.append(("Margin", f"{share_of(decision.margin, bars.known)}, at least {least} is asked for"))
    if visit.decided_after is not None and decision.kind != "unsure" and decision.reason not in OWNERS_WORD:
        rows.append(("Decided", f"{_WORDS[decision.kind]} after {visit.decided_after:.1f} s"))
    return tuple(rows)


def _second(trace: Trace, distance: int, names: Mapping[str, str]) -> str:
    """Return who was nearest but one, and how near; with a name that is not known any more the distance alone."""
    whom = names.get(trace.runner_up or "")
    share = share_of(distance, trace.bars.known) if trace.bars is not None else ""
    return f"{share} to {whom}" if whom else share
