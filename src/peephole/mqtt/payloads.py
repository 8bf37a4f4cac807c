"""What is published, as text: flat JSON objects that carry `"v": 1`, with times as ISO 8601 in UTC."""

import json
from dataclasses import dataclass
from typing import Literal

from peephole.doorbell.events import Challenge, Decided, Opened, Rang, Refused, VisitEnded
from peephole.doorbell.visit import VisitRecord
from peephole.time_words import utc

VERSION = 1
LONGEST_STATE = 255
"""Characters that a state of Home Assistant may have."""


@dataclass(frozen=True)
class Publication:
    """One message to the broker, with QoS 1.

    Attributes:
        topic: where it goes.
        payload: text, or a JPEG.
        kind: a `state` is retained, by the broker; a `picture` is not, and is sent again as states are; an `event` is
            sent once or, when it has become old meanwhile, never.
    """

    topic: str
    payload: str | bytes
    kind: Literal["state", "picture", "event"]

    @property
    def retain(self) -> bool:
        """Whether the broker keeps it."""
        return self.kind == "state"


def bell(ring: Rang) -> str:
    """Return the event of a bell that was pressed."""
    return _json(
        event_type="ring",
        visit_id=ring.visit,
        source=ring.source,
        camera=ring.camera or None,
        time=utc(ring.time),
    )


def door(opened: Opened, named: bool) -> str:
    """Return the event of a door that was opened, or would have been; `named`: whether it may say for whom."""
    return _json(
        event_type="opened" if opened.mode == "on" else "dry_run",
        visit_id=opened.visit,
        name=opened.person if named else None,
        person_id=opened.person_id if named else None,
        by=opened.by,
        camera=opened.camera or None,
        time=utc(opened.time),
    )


def challenge(asked: Challenge) -> str:
    """Return the event of a visitor who is to turn the head, or of what became of it; says not who it is."""
    return _json(
        event_type=asked.state,
        visit_id=asked.visit,
        turn=asked.turn,
        text=asked.text,
        camera=asked.camera or None,
        time=utc(asked.time),
    )


def visitor(news: Decided | VisitEnded) -> str:
    """Return the event of a visit that was decided, while it goes on or at its end."""
    over = isinstance(news, VisitEnded)
    return _json(
        event_type=news.decision,
        visit_id=news.visit,
        name=news.person,
        person_id=news.person_id,
        stranger=news.stranger,
        distance=news.distance,
        margin=news.margin,
        reason=news.reason,
        text=news.text,
        camera=news.camera or None,
        ended=over,
        repeat=news.repeat if isinstance(news, VisitEnded) else None,
        time=utc(news.last_seen if isinstance(news, VisitEnded) else news.time),
    )


def suspicion(refused: Refused) -> str:
    """Return the event of a visitor for whom the door stays shut for a suspicious reason, with a visitor's keys."""
    return _json(
        event_type="spoof_suspected" if refused.reason == "liveness_failed" else "refused",
        visit_id=refused.visit,
        name=refused.person,
        person_id=refused.person_id,
        stranger=None,
        distance=None,
        margin=None,
        reason=refused.reason,
        text=refused.text,
        camera=refused.camera or None,
        ended=None,
        repeat=None,
        time=utc(refused.time),
    )


def last_person(visit: VisitRecord | None) -> str:
    """Return who it was, in a word or two; `None` is Home Assistant's word for not known."""
    if visit is None:
        return "None"
    if visit.decision.kind == "stranger":
        return "Stranger" if visit.stranger_number is None else f"Stranger {visit.stranger_number}"
    return (visit.person_name or visit.decision.kind)[:LONGEST_STATE]


def last_visit(visit: VisitRecord | None) -> str:
    """Return what else is known of the visit."""
    if visit is None:
        return _json()
    return _json(
        visit_id=visit.id,
        kind=visit.decision.kind,
        person_id=visit.decision.person,
        stranger=visit.stranger_number,
        rang=visit.rang,
        camera=visit.camera or None,
        ended=visit.closed,
        reason=visit.decision.reason,
        text=visit.decision.text,
        first_seen=utc(visit.first_seen),
        last_seen=utc(visit.last_seen),
    )


def lock_answer(opened: bool, text: str, time: float) -> str:
    """Return what became of a command to the lock."""
    return _json(opened=opened, text=text, time=utc(time))


def switch(on: bool) -> str:
    """Return the state of a binary sensor."""
    return "ON" if on else "OFF"


def _json(**fields: str | int | bool | None) -> str:
    return json.dumps({"v": VERSION, **fields}, ensure_ascii=False)
