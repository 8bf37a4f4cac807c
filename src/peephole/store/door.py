"""The log of the door: rows are added, and what became of an opening is noted once."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from peephole.store.database import Database

Outcome = Literal["not_known", "done", "failed", "not_tried"]
"""What became of an opening; not_known: written before the door moved, and nothing was heard since."""

_COLUMNS = (
    "time",
    "visit",
    "person",
    "verdict",
    "reason",
    "by",
    "mode",
    "done",
    "account",
    "changed",
    "live",
    "liveness",
)
_ADD = f"INSERT INTO door_log ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"  # noqa: S608
_SELECT = (
    "SELECT door_log.*, people.name AS person_name FROM door_log LEFT JOIN people"
    " ON people.id = (SELECT coalesce(joined_into, id) FROM people WHERE id = door_log.person)"
)


@dataclass(frozen=True)
class DoorEntry:
    """One opening, or one refusal.

    Attributes:
        time: Seconds since 1970.
        visit: Id of the visit whose face was the reason, or which went on when it was done by hand; None: of no visit.
        person: Id of the person.
        verdict: Whether the door was to be opened.
        reason: Slug, one of `door.conditions`.
        by: Who wished it: face, owner, mqtt.
        mode: How the door was set.
        done: What became of it.
        account: Name of the account that did it by hand; None where it was none.
        changed: What was changed of the door's settings, in words.
        live: Whether a face was seen by a live camera; None where no face was the reason, or it is not known.
        liveness: How that setting was when a face was decided about.
        id: Running number, 0 before it is stored.
        person_name: Looked up when the row is read.
    """

    time: float
    visit: str | None
    person: str | None
    verdict: Literal["open", "shut"]
    reason: str
    by: str
    mode: Literal["dry-run", "on"]
    done: Outcome
    account: str | None = None
    changed: str | None = None
    live: bool | None = None
    liveness: str | None = None
    id: int = 0
    person_name: str | None = None


class DoorTable:
    """The log. Every method is one transaction, on the disk when it returns, or raises OSError."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def note(self, entry: DoorEntry) -> int:
        """Add a row; return its number."""
        with self._database.change() as connection:
            return _add(connection, entry)

    def note_opening(self, entry: DoorEntry, most: int, since: float) -> int | None:
        """Add a row, unless there were `most` openings in that mode since a time; one question, also among processes.

        Returns None where there were.
        """
        with self._database.change() as connection:
            row = connection.execute(
                "SELECT count(*) FROM door_log WHERE verdict = 'open' AND mode = ? AND time > ?", (entry.mode, since)
            ).fetchone()
            return None if row[0] >= most else _add(connection, entry)

    def settle(self, number: int, done: Outcome) -> None:
        """Note what became of an opening."""
        with self._database.change() as connection:
            connection.execute("UPDATE door_log SET done = ? WHERE id = ?", (done, number))

    def recent(self, limit: int = 50) -> list[DoorEntry]:
        """Return the newest rows, newest first."""
        return [_entry(row) for row in self._database.rows(f"{_SELECT} ORDER BY door_log.id DESC LIMIT ?", (limit,))]

    def openings(self, mode: str, since: float) -> tuple[float, ...]:
        """Return the times of the openings in a mode since a time, the oldest first."""
        rows = self._database.rows(
            "SELECT time FROM door_log WHERE verdict = 'open' AND mode = ? AND time > ? ORDER BY time", (mode, since)
        )
        return tuple(row["time"] for row in rows)

    def refusals(self, mode: str, reasons: Sequence[str], since: float) -> tuple[float, ...]:
        """Return the times of the refusals for one of these reasons in a mode since a time, the oldest first."""
        marks = ", ".join("?" for _ in reasons)
        rows = self._database.rows(
            f"SELECT time FROM door_log WHERE verdict = 'shut' AND mode = ? AND time > ? AND reason IN ({marks})"  # noqa: S608
            " ORDER BY time",
            (mode, since, *reasons),
        )
        return tuple(row["time"] for row in rows)

    def visits_at(self, camera: str, since: float) -> tuple[str, ...]:
        """Return the visits that go on at a camera; those of which nothing was written since a time were left open."""
        rows = self._database.rows(
            "SELECT id FROM visits WHERE closed = 0 AND camera = ? AND last_seen > ?", (camera, since)
        )
        return tuple(row["id"] for row in rows)

    def dry_run_seen(self, liveness: str) -> bool:
        """Tell whether the door would have opened for a face with `liveness` as given, or has opened for one.

        In a dry run only what a live camera saw counts.
        """
        query = (
            "SELECT 1 FROM door_log WHERE verdict = 'open' AND by = 'face'"
            " AND (mode = 'on' OR (live AND liveness = ?)) LIMIT 1"
        )
        return self._database.row(query, (liveness,)) is not None


def _add(connection: sqlite3.Connection, entry: DoorEntry) -> int:
    return int(connection.execute(_ADD, [getattr(entry, name) for name in _COLUMNS]).lastrowid or 0)


def _entry(row: sqlite3.Row) -> DoorEntry:
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values
    return DoorEntry(**{**values, "live": None if row["live"] is None else bool(row["live"])})
