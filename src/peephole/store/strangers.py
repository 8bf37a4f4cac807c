"""Strangers and their looks."""

import sqlite3
from collections.abc import Sequence

from peephole.doorbell.visit import Sighting
from peephole.doorbell.voting import REASONS
from peephole.people.records import Descriptor, Person, Stranger, StrangerState
from peephole.store.database import Database
from peephole.store.people import find_or_add
from peephole.store.rows import new_id, to_blob, to_descriptor, to_picture, to_stranger
from peephole.store.seal import Seal


def add_stranger(connection: sqlite3.Connection, first_seen: float) -> str:
    """Open a new stranger with the next number and return the id."""
    stranger = new_id("s")
    connection.execute(
        "INSERT INTO strangers (id, number, state, first_seen, last_seen, visits)"
        " SELECT ?, coalesce(max(number), 0) + 1, 'open', ?, ?, 0 FROM strangers",
        (stranger, first_seen, first_seen),
    )
    return stranger


def remember(
    connection: sqlite3.Connection,
    seal: Seal,
    stranger: str,
    looks: Sequence[Sighting],
    model: str,
    last_seen: float,
    keep: int,
) -> None:
    """Count one more visit of a stranger and keep the best of the looks, old and new."""
    connection.execute(
        "UPDATE strangers SET visits = visits + 1, last_seen = max(last_seen, ?) WHERE id = ?", (last_seen, stranger)
    )
    connection.executemany(
        "INSERT INTO stranger_looks (stranger, descriptor, model, picture, quality, seen) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                stranger,
                to_blob(look.descriptor, seal),
                model,
                seal.close("picture", look.picture),
                look.quality.value,
                look.time,
            )
            for look in looks
            if look.quality.good
        ],
    )
    # Looks of another model are of no use any more, so they go first.
    connection.execute(
        "DELETE FROM stranger_looks WHERE stranger = ? AND id NOT IN (SELECT id FROM stranger_looks"
        " WHERE stranger = ? ORDER BY model = ? DESC, quality DESC, id DESC LIMIT ?)",
        (stranger, stranger, model, keep),
    )


class StrangersTable:
    """The strangers (see `doorbell.archive.StrangersShelf`)."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def get(self, key: str) -> Stranger:
        """Return the stranger of that id or number, or raise ValueError."""
        rows = self._database.rows("SELECT * FROM strangers WHERE id = ? OR number = ?", (key, _number(key)))
        return _only(rows, key)

    def all(self, states: Sequence[StrangerState]) -> list[Stranger]:
        """Return strangers in those states, the last seen first."""
        marks = ", ".join("?" * len(states))
        rows = self._database.rows(
            f"SELECT * FROM strangers WHERE state IN ({marks}) ORDER BY last_seen DESC, number DESC",  # noqa: S608
            tuple(states),
        )
        return [to_stranger(row) for row in rows]

    def looks(self, model: str) -> list[tuple[str, Descriptor]]:
        """Return (stranger id, descriptor) of every look at an open or ignored stranger made by `model`."""
        rows = self._database.rows(
            "SELECT stranger, descriptor FROM stranger_looks JOIN strangers ON strangers.id = stranger"
            " WHERE model = ? AND state IN ('open', 'ignored') ORDER BY stranger_looks.id",
            (model,),
        )
        return [(row["stranger"], to_descriptor(row["descriptor"], self._database.seal)) for row in rows]

    def assign(self, key: str, name: str) -> Person:
        """Make a stranger a person, or more looks of the person of that name or id; past visits follow."""
        with self._database.change(gallery=True) as connection:
            stranger = _workable(connection, key)
            person = find_or_add(connection, name)
            connection.execute(
                "INSERT INTO person_references (person, descriptor, model, picture, quality, source, created)"
                " SELECT ?, descriptor, model, picture, quality, 'visit', seen FROM stranger_looks WHERE stranger = ?",
                (person.id, stranger.id),
            )
            connection.execute("DELETE FROM stranger_looks WHERE stranger = ?", (stranger.id,))
            connection.execute(
                "UPDATE strangers SET state = 'assigned', person = ? WHERE id = ?", (person.id, stranger.id)
            )
            connection.execute(
                "UPDATE visits SET kind = 'known', person = ?, reason = 'assigned', text = ?, silent = 0"
                " WHERE stranger = ?",
                (person.id, REASONS["assigned"], stranger.id),
            )
        return person

    def ignore(self, key: str) -> Stranger:
        """Keep recognising this stranger, silently."""
        with self._database.change(gallery=True) as connection:
            stranger = _workable(connection, key)
            connection.execute("UPDATE strangers SET state = 'ignored' WHERE id = ?", (stranger.id,))
        return self.get(stranger.id)

    def discard(self, key: str) -> Stranger:
        """Erase looks and pictures; the number stays taken, the visits stay as unsure ones without a picture."""
        with self._database.change(gallery=True, erase=True) as connection:
            stranger = _workable(connection, key)
            connection.execute("DELETE FROM stranger_looks WHERE stranger = ?", (stranger.id,))
            connection.execute(
                "DELETE FROM visit_looks WHERE visit IN (SELECT id FROM visits WHERE stranger = ?)", (stranger.id,)
            )
            connection.execute("UPDATE strangers SET state = 'discarded' WHERE id = ?", (stranger.id,))
            connection.execute(
                "UPDATE visits SET kind = 'unsure', reason = 'discarded', text = ?, picture = NULL, stranger = NULL"
                " WHERE stranger = ?",
                (REASONS["discarded"], stranger.id),
            )
        return self.get(stranger.id)

    def picture(self, stranger_id: str) -> bytes | None:
        """Return the best picture of a stranger."""
        row = self._database.row(
            "SELECT picture FROM stranger_looks WHERE stranger = ? ORDER BY quality DESC, id LIMIT 1", (stranger_id,)
        )
        return to_picture(row, self._database.seal)

    def count(self, state: StrangerState) -> int:
        """Return how many strangers are in a state."""
        row = self._database.row("SELECT count(*) FROM strangers WHERE state = ?", (state,))
        return int(row[0]) if row is not None else 0


def _number(key: str) -> int:
    # SQLite's integers end at 64 bits; no stranger has a number of more than 18 digits.
    return int(key) if key.isascii() and key.isdigit() and len(key) <= 18 else -1


def _only(rows: Sequence[sqlite3.Row], key: str) -> Stranger:
    if not rows:
        raise ValueError(f"{key}: there is no stranger of this number or id; 'peephole strangers list' shows them")
    return to_stranger(rows[0])


def _workable(connection: sqlite3.Connection, key: str) -> Stranger:
    rows = connection.execute("SELECT * FROM strangers WHERE id = ? OR number = ?", (key, _number(key))).fetchall()
    stranger = _only(rows, key)
    if stranger.state in ("assigned", "discarded"):
        raise ValueError(f"stranger {stranger.number}: has been {stranger.state} already")
    return stranger
