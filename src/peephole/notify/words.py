"""What a message says: one line for people, one JSON object for programs."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime

from peephole.doorbell.visit_words import stranger_visit
from peephole.notify.action_links import Action
from peephole.notify.rules import Occasion
from peephole.notify.settings import Happening
from peephole.time_words import moment, utc

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
        actions: Buttons.
    """

    id: str
    happening: Happening | None
    line: str
    time: float
    link: str = ""
    person_id: str | None = None
    details: tuple[tuple[str, str | int | bool | None], ...] = ()
    picture: bytes | None = None
    actions: tuple[Action, ...] = ()


def notification(
    occasion: Occasion,
    named: bool,
    link: str,
    picture: bytes | None = None,
    actions: tuple[Action, ...] = (),
) -> Notification:
    """Return the message about an occasion.

    Args:
        occasion: what it is about.
        named: whether it may say who it is.
        link: address of the page; empty: none.
        picture: small JPEG, left out of a message that may not say who it is.
        actions: buttons, left out there too.
    """
    details = {
        "visit": occasion.visit,
        "person": occasion.person if named else None,
        "person_id": occasion.person_id if named else None,
        "stranger": occasion.stranger if named else None,
        "visits": occasion.visits if named else None,
        "decision": occasion.decision if named else None,
        "camera": occasion.camera or None,
        "reason": occasion.reason,
        "text": occasion.text,
        "ended": occasion.ended,
    }
    about = occasion.visit or f"{occasion.reason}-{occasion.time:.3f}"
    return Notification(
        f"{about}-{occasion.happening}",
        occasion.happening,
        line(occasion, named),
        occasion.time,
        f"{link.rstrip('/')}/?visit={occasion.visit}" if link and occasion.visit else link,
        occasion.person_id if named else None,
        tuple(details.items()),
        picture if named else None,
        actions if named else (),
    )


def trial(now: float, link: str) -> Notification:
    """Return the message that tries a target out."""
    return Notification(f"test-{now:.0f}", None, "This is a test message of the doorbell", now, link)


def line(occasion: Occasion, named: bool) -> str:
    """Return the message in one line, which begins with the camera's name where it has one.

    named: whether it may say who it is.
    """
    said = _line(occasion, named)
    return f"{occasion.camera}: {said}" if occasion.camera else said


def _line(occasion: Occasion, named: bool) -> str:
    if occasion.happening == "problem":
        return occasion.text
    if occasion.happening == "opened":
        whom = f" for {occasion.person}" if named and occasion.person is not None else ""
        by = "" if occasion.person_id is not None else f" by {_BY.get(occasion.reason, occasion.reason)}"
        what, comma, rest = occasion.text.partition(",")
        return f"{what[:1].upper()}{what[1:]}{whom}{by}{comma}{rest}"
    if occasion.happening == "suspicious":
        if occasion.visit is None:
            return f"{occasion.text[:1].upper()}{occasion.text[1:]}"
        whom = f" for {occasion.person}" if named and occasion.person is not None else ""
        return f"The door stays shut{whom}: {occasion.text}"
    who = (_who(occasion) if named else None) or "Somebody"
    count = _count(occasion) if named else ""
    if occasion.happening == "ring":
        return f"{who} rang{count}"
    at_the_door = "was at the door" if occasion.ended else "is at the door"
    unsure = ", and could not be made out" if occasion.happening == "unsure" else ""
    return f"{who} {at_the_door}{unsure}{count}"


_BY = {"owner": "the owner", "mqtt": "a message (MQTT)"}


def body(message: Notification, now: datetime) -> str:
    """Return what stands under the line: when it was, the link, and the buttons that lead elsewhere."""
    elsewhere = [f"{action.label}: {action.url}" for action in message.actions if action.url != message.link]
    return "\n".join([moment(message.time, now), *([message.link] if message.link else []), *elsewhere])


def webhook_json(message: Notification, now: float) -> bytes:
    """Return the message as one JSON object; `now`: seconds since 1970."""
    whole = {
        "v": VERSION,
        "id": message.id,
        "event": message.happening or "test",
        "line": message.line,
        **dict(message.details),
        "time": utc(message.time),
        "sent": utc(now),
        "link": message.link or None,
        "actions": [vars(action) for action in message.actions],
        "picture": base64.b64encode(message.picture).decode() if message.picture is not None else None,
    }
    return json.dumps(whole, ensure_ascii=False).encode()


def _who(occasion: Occasion) -> str | None:
    if occasion.person is not None:
        return occasion.person
    return "Somebody you do not know" if occasion.decision == "stranger" else None


def _count(occasion: Occasion) -> str:
    """Return what is known of a stranger who was here before."""
    return "" if occasion.stranger is None else f" ({stranger_visit(occasion.stranger, occasion.visits)})"
