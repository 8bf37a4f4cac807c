"""Rows of the door's log for people and programs."""

from dataclasses import asdict
from typing import Any

from peephole.door.conditions import TEXTS
from peephole.store.door import DoorEntry


def reason_text(entry: DoorEntry) -> str:
    """Say in words why the door was opened or stayed shut."""
    if entry.verdict == "open":
        return "everything that must hold did" if entry.by == "face" else "wished by hand"
    text = TEXTS.get(entry.reason, entry.reason)
    return f"{text}: {entry.changed}" if entry.changed else text


def who_text(entry: DoorEntry) -> str:
    """Say who the row is about, or who did it by hand: a person, the name of an account, or what else asked."""
    if entry.by == "face":
        return entry.person_name or "somebody"
    if entry.account:
        return entry.account
    return {"mqtt": "by MQTT", "owner": "the owner"}.get(entry.by, f"by the {entry.by}")


def entry_json(entry: DoorEntry) -> dict[str, Any]:
    """Return a row as a flat JSON object, with the reason in words too."""
    row = asdict(entry)
    return {**row, "person": row.pop("person_name"), "person_id": entry.person, "text": reason_text(entry)}
