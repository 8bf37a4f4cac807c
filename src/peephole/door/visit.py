"""What the door asks of the doorbell, and what it remembers of a visit."""

from dataclasses import dataclass
from typing import Protocol

from peephole.door.conditions import Verdict, rank
from peephole.doorbell.candidates import Candidate
from peephole.people.records import Rules


class Household(Protocol):
    """The part of `doorbell.Doorbell` that the door needs."""

    def candidates(self, rate: float) -> tuple[Candidate, ...]:
        """Return who is recognised as of the newest frame."""
        ...

    def rules(self, key: str) -> Rules:
        """Return what the owner has decided about a person."""
        ...


@dataclass
class DoorVisit:
    """What the door remembers of a visit. open_to: whether it may still open for whoever is seen in it now."""

    person: str | None = None
    name: str | None = None
    opened: bool = False
    open_to: bool = False
    failed: bool = False
    told: bool = False
    refusal: Verdict | None = None

    def refuse(self, verdict: Verdict) -> None:
        """Remember why the door stays shut: of all reasons the one before which most else held."""
        if self.refusal is None or rank(verdict.reason) >= rank(self.refusal.reason):
            self.refusal = verdict
