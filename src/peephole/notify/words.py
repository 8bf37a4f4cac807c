"""What a message says: one line for people, one JSON object for programs."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from peephole.notify.rules import Occasion
from peephole.notify.settings import Happening
from peephole.time_words import moment

VERSION = 1


@dataclass(frozen=True)
class Notification:
    """One message, ready to be sent.

    Attributes:
        id: The same for each attempt; another one for each visit and happening.
        happening: What it tells.
        line: The same in one line for people.
        time: When it happened, seconds since 1970.
        link: Address of the visit on the page; empty: none.
        person_id: Whom it is about; a message about somebody who is removed meanwhile is not sent.
        details: What else a webhook is told.
        picture: Small JPEG of the face.
    """

    id: str
    happening: Happening | None
    line: str
    time: float
    link: str = ""
    person_id: str | None = None
    details: tuple[tuple[str, str | int | bool | None], ...] = ()
    picture: bytes | None = None


def notification(
    occasion: Occasion, visits: int | None, named: bool, link: str, picture: bytes | None = None
) -> Notification:
    """Return the message about an occasion.

    Args:
        occasion: what it is about.
        visits: how many visits of the stranger there were, this one too; None: not known.
        named: whether it may say who it is.
        link: address of the page; empty: none.
        picture: small JPEG, left out of a message that may not say who it is.
    """
    details = {
        "visit": occasion.visit,
        "person": occasion.person if named else None,
        "person_id": occasion.person_id if named else None,
        "stranger": occasion.stranger if named else None,
        "visits": visits if named else None,
        "decision": occasion.decision if named else None,
        "reason": occasion.reason,
        "text": occasion.text,
        "ended": occasion.ended,
    }
    about = occasion.visit or f"{occasion.reason}-{occasion.time:.0f}"
    return Notification(
        f"{about}-{occasion.happening}",
        occasion.happening,
        line(occasion, visits, named),
        occasion.time,
        f"{link.rstrip('/')}/?visit={occasion.visit}" if link and occasion.visit else link,
        occasion.person_id if named else None,
        tuple(details.items()),
        picture if named else None,
    )


def trial(now: float, link: str) -> Notification:
    """Return the message that tries a target out."""
    return Notification(f"test-{now:.0f}", None, "This is a test message of the doorbell", now, link)


def line(occasion: Occasion, visits: int | None, named: bool) -> str:
    """Return the message in one line; `visits` and `named` as above."""
    if occasion.happening == "problem":
        return occasion.text
    who = (_who(occasion) if named else None) or "Somebody"
    count = _count(occasion, visits) if named else ""
    if occasion.happening == "ring":
        return f"{who} rang{count}"
    at_the_door = "was at the door" if occasion.ended else "is at the door"
    unsure = ", and could not be made out" if occasion.happening == "unsure" else ""
    return f"{who} {at_the_door}{unsure}{count}"


def body(message: Notification, now: datetime) -> str:
    """Return what stands under the line: when it was, and the link."""
    when = moment(message.time, now)
    return f"{when}\n{message.link}" if message.link else when


def webhook_json(message: Notification, now: float) -> bytes:
    """Return the message as one JSON object; `now`: seconds since 1970."""
    whole = {
        "v": VERSION,
        "id": message.id,
        "event": message.happening or "test",
        "line": message.line,
        **dict(message.details),
        "time": _utc(message.time),
        "sent": _utc(now),
        "link": message.link or None,
        "picture": base64.b64encode(message.picture).decode() if message.picture is not None else None,
    }
    return json.dumps(whole, ensure_ascii=False).encode()


def _who(occasion: Occasion) -> str | None:
    if occasion.person is not None:
        return occasion.person
    return "Somebody you do not know" if occasion.decision == "stranger" else None


def _count(occasion: Occasion, visits: int | None) -> str:
    """Return what is known of a stranger who was here before."""
    if occasion.stranger is None:
        return ""
    more = f", {_ordinal(visits)} visit" if visits is not None and visits > 1 else ""
    return f" (Stranger {occasion.stranger}{more})"


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if number % 100 in (11, 12, 13) else endings.get(number % 10, "th")
    return f"{number}{ending}"


def _utc(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
