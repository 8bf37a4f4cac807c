"""Walks: one person each, in view or out of view for a moment.

They are followed by csrc/app/tracking.c, which counts in whole milliseconds; looks with their pictures stay here, by
number. A walk becomes a visit after `opening_faces` faces.
"""

from collections.abc import Mapping

from peephole import _core
from peephole.doorbell.visit import Decision, Look, VisitState
from peephole.vision.detector import Box


class Walk:
    """What is known of one walk beside what the core knows.

    Attributes:
        kept: The best looks so far with their running numbers, at most `policy.keep_looks`.
        visit: Id of the visit, once there is one.
        decision: The newest decision.
        decided_after: Seconds from the first face until that decision: the kind, and the person if there is one.
        rang: Whether the bell was pressed.
    """

    def __init__(self, core: _core.Walk) -> None:
        """Look at a walk of the core."""
        self.core = core
        self.kept: dict[int, Look] = {}
        self.visit: str | None = None
        self.decision: Decision | None = None
        self.decided_after: float | None = None
        self.rang = False

    @property
    def first_seen(self) -> float:
        """Time of the first face in seconds, to the millisecond."""
        return self.core.first_seen / 1000

    @property
    def last_seen(self) -> float:
        """Time of the newest face in seconds, to the millisecond."""
        return self.core.last_seen / 1000

    @property
    def box(self) -> Box:
        """Where the face was seen last."""
        return Box(*self.core.box)

    def keep(self, looks: Mapping[int, Look]) -> None:
        """Take those of the looks that the core keeps, beside those kept before."""
        every = {**self.kept, **looks}
        self.kept = {number: every[number] for number in self.core.pictures}

    def decide(self, decision: Decision, time: float) -> None:
        """Take a decision of a moment; it counts from its first, while kind and person stay."""
        if self.decision is None or not same_word(self.decision, decision):
            self.decided_after = round(max(0.0, time - self.first_seen), 3)
        self.decision = decision

    def state(self, model: str, camera: str = "") -> VisitState:
        """Return the visit at a camera as it stands; `model` made its descriptors."""
        if self.visit is None or self.decision is None:
            raise RuntimeError("a walk without a visit has no state to store")
        return VisitState(
            id=self.visit,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            decision=self.decision,
            sightings=self.core.faces,
            looks=dict(self.kept),
            model=model,
            rang=self.rang,
            camera=camera,
            decided_after=self.decided_after,
        )


def same_word(one: Decision, other: Decision) -> bool:
    """Tell whether two decisions say the same of a visit: of a stranger the number is none of it."""
    return (one.kind, one.person) == (other.kind, other.person)
