"""Rows of SQLite to typed values and back."""

import json
import secrets
import sqlite3
from collections.abc import Sequence

import numpy as np

from peephole.doorbell.policy import Bars
from peephole.doorbell.visit import Decision, DoorAnswer, Look, Notified, Quality, Trace, TracedLook, VisitRecord
from peephole.people.records import Descriptor, Person, Reference, Rules, Stranger
from peephole.store.seal import Seal
from peephole.vision.detector import Box


def new_id(kind: str) -> str:
    """Return an opaque id; the letter in front only helps whoever reads a log."""
    return f"{kind}{secrets.token_hex(8)}"


def to_blob(descriptor: Descriptor, seal: Seal) -> bytes:
    """Return a descriptor as it is stored: little-endian int16, sealed."""
    return seal.close("descriptor", descriptor.astype("<i2").tobytes())


def to_descriptor(blob: bytes, seal: Seal) -> Descriptor:
    """Return int16 [D]."""
    return np.frombuffer(seal.open("descriptor", blob), "<i2").astype(np.int16)


def to_picture(row: sqlite3.Row | None, seal: Seal) -> bytes | None:
    """Read the column `picture` of a row, if there is one."""
    return seal.open("picture", row["picture"]) if row is not None and row["picture"] is not None else None


def to_person(row: sqlite3.Row) -> Person:
    """Read a row of `people`."""
    return Person(row["id"], row["name"], row["created"])


def to_rules(row: sqlite3.Row) -> Rules:
    """Read the rules of a row of `people`."""
    return Rules(
        tell=row["tell"],
        may_open=bool(row["may_open"]),
        hours=row["hours"],
        minor=bool(row["minor"]),
        consent=row["consent"],
        consent_at=row["consent_at"],
    )


def to_reference(row: sqlite3.Row, seal: Seal) -> Reference:
    """Read a row of `person_references`."""
    return Reference(
        id=row["id"],
        person=row["person"],
        descriptor=to_descriptor(row["descriptor"], seal),
        model=row["model"],
        picture=seal.open("picture", row["picture"]),
        quality=row["quality"],
        source=row["source"],
        created=row["created"],
        aside=row["aside"],
        aside_at=row["aside_at"],
    )


def to_stranger(row: sqlite3.Row) -> Stranger:
    """Read a row of `strangers`."""
    return Stranger(
        id=row["id"],
        number=row["number"],
        state=row["state"],
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        visits=row["visits"],
        person=row["person"],
        into=row["merged_into"],
        no_face=bool(row["no_face"]),
    )


def to_decision(row: sqlite3.Row) -> Decision:
    """Read the decision of a row of `visits`."""
    return Decision(
        kind=row["kind"],
        person=row["person"],
        distance=row["distance"],
        margin=row["margin"],
        reason=row["reason"],
        text=row["text"],
        nearest=row["nearest"],
        stranger=row["stranger"],
    )


def to_visit(row: sqlite3.Row) -> VisitRecord:
    """Read a row of `visits` with the person's name, the stranger's number and visits, the door's log, who was told."""
    return VisitRecord(
        id=row["id"],
        closed=bool(row["closed"]),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        decision=to_decision(row),
        sightings=row["sightings"],
        repeat=bool(row["repeat"]),
        silent=bool(row["silent"]),
        person_name=row["person_name"],
        stranger_number=row["stranger_number"],
        rang=bool(row["rang"]),
        camera=row["camera"],
        stranger_visits=row["stranger_visits"],
        decided_after=row["decided_after"],
        door=_door(row),
        notified=tuple(sorted((Notified(*one) for one in json.loads(row["notified"])), key=lambda one: one.time)),
    )


def to_look(row: sqlite3.Row, seal: Seal) -> Look:
    """Read a row of `visit_looks`."""
    return Look(
        time=row["time"],
        box=_box(row),
        descriptor=to_descriptor(row["descriptor"], seal),
        quality=_quality(row),
        picture=seal.open("picture", row["picture"]),
    )


def to_trace(visit: sqlite3.Row, looks: Sequence[sqlite3.Row]) -> Trace:
    """Read what a row of `visits` was decided by, with its rows of `visit_looks`."""
    bars = Bars(visit["bar_known"], visit["bar_stranger"], visit["bar_same_stranger"], visit["bar_margin"])
    return Trace(
        looks=tuple(
            TracedLook(
                row["number"],
                row["time"],
                _box(row),
                _quality(row),
                bool(row["voted"]),
                row["nearest_now"],
                row["distance"],
            )
            for row in looks
        ),
        bars=bars if visit["bar_known"] is not None else None,
        compared=visit["compared"] or 0,
        runner_up=visit["runner_up_now"],
    )


def _door(row: sqlite3.Row) -> DoorAnswer | None:
    if row["door_verdict"] is None:
        return None
    columns = ("verdict", "reason", "mode", "done", "by", "account")
    return DoorAnswer(*(row[f"door_{name}"] for name in columns))


def _box(row: sqlite3.Row) -> Box:
    return Box(row["x"], row["y"], row["width"], row["height"])


def _quality(row: sqlite3.Row) -> Quality:
    return Quality(row["width"], row["sharpness"], row["neighbours"], row["quality"], bool(row["good"]), row["fault"])
