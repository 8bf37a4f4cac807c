"""What the doorbell had said of a visit before its owner put it right."""

from dataclasses import dataclass

from peephole.doorbell.policy import Bars, share_of
from peephole.doorbell.visit import Kind
from peephole.doorbell.voting import REASONS


@dataclass(frozen=True)
class Said:
    """The doorbell's own decision.

    Attributes:
        kind: known, stranger or unsure.
        person_name: As that person is called today; None where it was nobody known, or the person was erased since.
        erased: It was a person who was erased since.
        stranger_number: Of whom the stranger was merged with, where that happened.
        reason: One of `voting.REASONS`; None where that is not kept.
        distance: Squared, to the nearest person.
    """

    kind: Kind
    person_name: str | None
    erased: bool
    stranger_number: int | None
    reason: str | None
    distance: int | None


def said_words(said: Said, bars: Bars | None) -> str:
    """Put it into a line: who, how far from the nearest person (1.00 is the bar for known), and why."""
    who = said.person_name or ("somebody who was erased since" if said.erased else "")
    if not who and said.kind == "stranger":
        who = "a stranger" if said.stranger_number is None else f"Stranger {said.stranger_number}"
    far = "" if said.distance is None or bars is None or not bars.known else f", {share_of(said.distance, bars.known)}"
    why = f" ({REASONS[said.reason]})" if said.reason in REASONS else ""
    return f"the doorbell had said: {who or 'not sure'}{far}{why}"
