"""The door's log as its decisions need it: what has happened of late, and rows about what happens now."""

from collections.abc import Sequence
from typing import Literal

from peephole.door.conditions import HOUR, LOCK_OUT_RESET, SUSPICIOUS, DoorState
from peephole.door.liveness import Liveness
from peephole.door.settings import DoorSettings
from peephole.doorbell.candidates import Candidate
from peephole.store.door import DoorEntry, DoorTable

LEFT_OPEN = 60.0
"""Seconds without a word about a visit that is open; one that goes on is written every few."""


class DoorBook:
    """Looks up what decisions go by; raises OSError where the log cannot be read."""

    def __init__(self, log: DoorTable) -> None:
        """Read one log."""
        self._log = log

    def state(
        self, settings: DoorSettings, now: float, opened: bool = False, liveness: Liveness = "not_done"
    ) -> DoorState:
        """Return what has happened at the door; opened, liveness: of the visit that is decided about."""
        return DoorState(
            openings=self._log.openings(settings.mode, now - HOUR),
            refusals=self.refusals(settings, SUSPICIOUS, now),
            opened=opened,
            liveness=liveness,
        )

    def refusals(self, settings: DoorSettings, reasons: Sequence[str], now: float) -> tuple[float, ...]:
        """Return the times of refusals that may still lock out, the oldest first: since a lock-out was ended by hand.

        Twice the time of a lock-out is looked at: they count within one, and the last of them locks out for another.
        """
        begin = now - 120.0 * settings.lock_out_minutes
        reset = max(self._log.refusals(settings.mode, (LOCK_OUT_RESET,), begin), default=begin)
        return self._log.refusals(settings.mode, reasons, reset)

    def visit_at(self, camera: str, now: float) -> str | None:
        """Return the visit that goes on at a camera; None where nobody is there, or several: it is not known for whom.

        What a killed doorbell left open a minute ago or more does not go on.
        """
        visits = self._log.visits_at(camera, now - LEFT_OPEN)
        return visits[0] if len(visits) == 1 else None


def entry_of(
    settings: DoorSettings,
    now: float,
    by: str,
    verdict: Literal["open", "shut"],
    reason: str,
    candidate: Candidate | None = None,
    account: str | None = None,
    live: bool | None = None,
    visit: str | None = None,
) -> DoorEntry:
    """Return a row about this moment; what became of an opening is not known yet where something is to move.

    account: name of whoever does it by hand. live: whether a live camera saw the face; None: none is the reason.
    visit: that goes on meanwhile, where no face is the reason.
    """
    moves = verdict == "open" and settings.mode == "on"
    return DoorEntry(
        time=now,
        visit=candidate.visit if candidate else visit,
        person=candidate.person if candidate else None,
        verdict=verdict,
        reason=reason,
        by=by,
        mode="on" if settings.mode == "on" else "dry-run",
        done="not_known" if moves else "not_tried",
        account=account,
        live=live,
        liveness=settings.liveness if live is not None else None,
    )
