"""The challenge of one visit, to turn the head: when it is given, again or not, and for how long it counts."""

from collections.abc import Callable

from peephole.liveness.evidence import Finding, finding
from peephole.liveness.turning import MOST_TRIES, Baseline, Side, Turns, nose_offset
from peephole.vision.landmarks import Landmarks

LEAST_WIDTH = 60
"""Pixels of a face whose turn can be told."""
VALID_SECONDS = 20.0
SIDES = 2

_WORDS = {
    "left": "turn your head to your left",
    "right": "turn your head to your right",
    "straight": "look straight ahead again",
    "done": "thank you",
    "wrong": "that was the other side",
    "late": "that took too long",
}


class TurnChallenge:
    """Asks whoever is known, and near, to turn the head; forgets what was done when the face may be another one."""

    def __init__(self, choose: Callable[[], Side]) -> None:
        """Ask nothing yet; `choose` throws the coin."""
        self._choose = choose
        self._baseline = Baseline()
        self._turns: Turns | None = None
        self._who: str | None = None
        self._breaks = 0
        self._tries = 0
        self._newest = 0.0

    @property
    def state(self) -> str:
        """Return asked, done, wrong or late."""
        return self._turns.state if self._turns is not None else "late"

    @property
    def wanted(self) -> str | None:
        """Return where to look now: left and right are the visitor's own, else straight; None: it is over."""
        if self._turns is None or self._turns.state != "asked":
            return None
        return self._turns.side or "straight"

    @property
    def text(self) -> str:
        """Return what to tell the visitor."""
        return _WORDS[self.wanted or self.state]

    @property
    def finding(self) -> Finding:
        """Return how the challenge stands."""
        if self._turns is None:
            return finding("not_done", "not_asked")
        if self._turns.state == "done" and self._newest - self._turns.begin > VALID_SECONDS:
            return finding("not_done", "not_asked")
        result = {
            "asked": finding("not_done", "asked"),
            "done": finding("passed", "turned_as_asked"),
            "wrong": finding("failed", "turned_otherwise"),
            "late": finding("not_done", "not_turned"),
        }
        return result[self._turns.state]

    def see(self, found: Landmarks, width: int, time: float, breaks: int, who: str | None) -> bool:
        """Take the points of a face so wide, in pixels; return whether there is something to tell.

        breaks: counts how often the face was lost. who: the person it is known to be. Another person, or a face that
        was lost, begins anew.
        """
        self._newest = time
        if (breaks != self._breaks or who != self._who) and self.withdraw():
            return True
        offset = None if found.doubt else nose_offset(found.points)
        if offset is None or who is None or width < LEAST_WIDTH:
            return False
        if self._turns is None or self._over():
            return self._begin(offset, time, breaks, who)
        return self._turns.see(time, offset)

    def withdraw(self) -> bool:
        """Ask no more, and forget what was done but for a turn to the wrong side; return as `see` does."""
        if self._turns is None or self._turns.state == "wrong":
            return False
        told = self._turns.state == "asked"
        self._turns, self._baseline = None, Baseline()
        return told

    def _over(self) -> bool:
        return self._turns is not None and (
            self._turns.state == "late" or (self._turns.state == "done" and self.finding.result != "passed")
        )

    def _begin(self, offset: float, time: float, breaks: int, who: str) -> bool:
        straight = self._baseline.see(offset)
        if straight is None or self._tries == MOST_TRIES:
            return False
        self._tries += 1
        self._who, self._breaks = who, breaks
        self._turns = Turns([self._choose() for _ in range(SIDES)], time, straight)
        self._baseline = Baseline()
        return True
