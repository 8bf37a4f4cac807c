"""Who is told that the door refused something suspicious, and until when faces or codes wait after too much of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from peephole.door.book import DoorBook
from peephole.door.conditions import SUSPICIOUS, TEXTS, WRONG_CODE, locked_until
from peephole.door.settings import DoorSettings
from peephole.doorbell.events import LockedOut, Refused
from peephole.live import Announcer

Waiting = Literal["faces", "codes"]
PICTURE = "liveness_failed"
_COUNTED: dict[Waiting, tuple[str, ...]] = {"faces": SUSPICIOUS, "codes": (WRONG_CODE,)}
_WHY = {"faces": "suspicious refusals", "codes": "wrong codes"}


class Refusals:
    """Tells of refusals, and of a lock-out when it begins; which there is, is in the log. Any thread."""

    def __init__(self, book: DoorBook, announcer: Announcer, clock: Callable[[], float], camera: str) -> None:
        """Know of no lock-out until `look`."""
        self._book = book
        self._announcer = announcer
        self._clock = clock
        self._camera = camera
        self._until: dict[Waiting, float] = {}
        self._dry = False

    def look(self, settings: DoorSettings, tell: bool = True) -> None:
        """See who waits now; `tell`: that they do is news. Raises OSError where the log cannot be read."""
        before, now = self._until, self._clock()
        until: dict[Waiting, float] = {}
        if settings.mode != "off":
            for who, reasons in _COUNTED.items():
                if (end := locked_until(self._book.refusals(settings, reasons, now), settings, now)) is not None:
                    until[who] = end
        self._until, self._dry = until, settings.mode != "on"
        for who, end in until.items():
            if tell and before.get(who, now) <= now:
                self._announcer.announce(LockedOut(now, end, who, _sentence(who, end), settings.mode, self._camera))

    def locked_out(self) -> bool:
        """Tell whether faces or codes wait, at once, as of the last look."""
        return any(self._clock() < end for end in self._until.values())

    def words(self) -> str | None:
        """Return who waits until when, and why, in a sentence; None where nobody does."""
        now = self._clock()
        said = [_sentence(who, end) for who, end in self._until.items() if now < end]
        return f"{'; '.join(said)}{' (a dry run)' if self._dry else ''}" if said else None

    def tell(self, visit: str, person: str | None, name: str | None, reason: str, mode: str) -> None:
        """Announce that the door stays shut for a visit, for a suspicious reason."""
        self._announcer.announce(
            Refused(visit, self._clock(), name, person, reason, TEXTS[reason], mode, self._camera),
        )


def _sentence(who: Waiting, until: float) -> str:
    return f"{who} do not open the door until {datetime.fromtimestamp(until):%H:%M}, after too many {_WHY[who]}"
