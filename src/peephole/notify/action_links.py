"""Buttons of a message: where they lead, and what the one that needs no session may do, once."""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from peephole.notify.rules import Occasion

LIFETIME_SECONDS = 86400.0
MOST_LINKS = 256


@dataclass(frozen=True)
class Action:
    """A button: what stands on it, and the address that it opens."""

    label: str
    url: str


class ActionLinks:
    """Links that ignore the stranger of a visit, each good once and for a day; any thread.

    They are kept in memory alone, so a doorbell that is started anew knows none of the old ones. Of a link only a
    digest is kept.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with none."""
        self._clock = clock
        self._links: dict[bytes, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def issue(self, visit: str) -> str:
        """Return a new link's secret, 128 bits in letters; the oldest link goes where there are too many."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._drop_old()
            while len(self._links) >= MOST_LINKS:
                self._links.pop(next(iter(self._links)))
            self._links[_digest(token)] = (visit, self._clock() + LIFETIME_SECONDS)
        return token

    def visit(self, token: str) -> str | None:
        """Return the visit that a link is about; None for one that is no longer good."""
        with self._lock:
            self._drop_old()
            found = self._links.get(_digest(token))
        return None if found is None else found[0]

    def use(self, token: str) -> str | None:
        """Return the same, and the link is used up."""
        with self._lock:
            self._drop_old()
            found = self._links.pop(_digest(token), None)
        return None if found is None else found[0]

    def _drop_old(self) -> None:
        now = self._clock()
        self._links = {digest: link for digest, link in self._links.items() if now < link[1]}


def actions_of(occasion: Occasion, page: str, links: ActionLinks, kept: bool = True) -> tuple[Action, ...]:
    """Return the buttons of a message; none without a visit or the address of the page.

    The first two lead to pages that ask for a session. The second is there where a face was seen, or may be, and nobody
    knows whose; the last where there may be a stranger: a visit that is over and was nobody's leads to none.
    kept: faces that are not known get a number; else only those can be ignored who have one already.
    """
    if not page or occasion.visit is None:
        return ()
    page = page.rstrip("/")
    visit = Action("Open", f"{page}/?visit={occasion.visit}")
    unseen = occasion.ended and occasion.decision is None
    if occasion.person_id is not None or occasion.happening not in ("stranger", "unsure", "ring") or unseen:
        return (visit,)
    who = Action("Who is this?", f"{page}/who/{occasion.visit}")
    to_come = kept and (occasion.decision == "stranger" or not occasion.ended)
    if occasion.stranger is None and not to_come:
        return (visit, who)
    return (visit, who, Action("Ignore", f"{page}/act/{links.issue(occasion.visit)}"))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
