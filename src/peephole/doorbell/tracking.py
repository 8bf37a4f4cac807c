"""Walks: one person each, in view or out of view for a moment.

They are followed by csrc/app/tracking.c, which counts in whole milliseconds; looks with their pictures stay here, by
number. A walk becomes a visit after `opening_faces` faces.
"""

from collections.abc import Mapping

from peephole import _core
from peephole.doorbell.visit import Decision, Sighting, VisitState
from peephole.vision.detector import Box


class Walk:
    """What is known of one walk beside what the core knows.

    Attributes:
        kept: The best looks so far with their running numbers, at most `policy.keep_looks`.
        visit: Id of the visit, once there is one.
        decision: The newest decision.
        rang: Whether the bell was pressed.
    """

    def __init__(self, core: _core.Walk) -> None:
        """Look at a walk of the core."""
        self.core = core
        self.kept: dict[int, Sighting] = {}
        self.visit: str | None = None
        self.decision: Decision | None = None
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

    def keep(self, looks: Mapping[int, Sighting]) -> None:
        """Take those of the looks that the core keeps, beside those kept before."""
        every = {**self.kept, **looks}
        self.kept = {number: every[number] for number in self.core.pictures}

    def state(self, model: str) -> VisitState:
        """Return the visit as it stands; `model` made its descriptors."""
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
        )
