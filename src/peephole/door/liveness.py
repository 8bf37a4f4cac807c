"""Whether a face is one of flesh: what the door asks, of however many checks there are."""

from collections.abc import Iterable
from typing import Literal, Protocol

Liveness = Literal["passed", "failed", "not_done"]


class LivenessCheck(Protocol):
    """One check of the faces of a visit."""

    def result(self, visit: str) -> Liveness:
        """Return what is known of a visit by now, at once; called from the door's thread.

        `not_done` where there is nothing to judge by yet. What is raised counts as `not_done`.
        """
        ...


def joined(results: Iterable[Liveness]) -> Liveness:
    """Return what several checks say together: one that failed outweighs all, and without any nothing is known."""
    said = set(results)
    if "failed" in said:
        return "failed"
    return "passed" if said == {"passed"} else "not_done"


def ask(checks: Iterable[LivenessCheck], visit: str) -> Liveness:
    """Ask every check about a visit; one that breaks has not been done."""
    return joined([_result(check, visit) for check in checks])


def _result(check: LivenessCheck, visit: str) -> Liveness:
    try:
        found = check.result(visit)
    except Exception:
        return "not_done"
    return found if found in ("passed", "failed") else "not_done"
