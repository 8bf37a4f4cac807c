"""Strangers and their looks."""

import sqlite3
from collections.abc import Sequence

from peephole.doorbell.visit import Look
from peephole.people.records import Descriptor, Stranger, StrangerState
from peephole.store.database import Database
from peephole.store.rows import new_id, to_blob, to_descriptor, to_picture, to_stranger
from peephole.store.seal import Seal

_KEPT_ANEW = 8  # looks, where all that were remembered were from a visit that was somebody else's
_TAKE_LOOKS = (
    "INSERT INTO stranger_looks (stranger, descriptor, model, picture, quality, seen, visit)"
    " SELECT :stranger, shown_looks.descriptor, shown_looks.model, shown_looks.picture, shown_looks.quality, time,"
    " shown_looks.visit FROM shown_looks"
)
_LEAVE = (
    "DELETE FROM stranger_looks WHERE stranger = :stranger AND visit = :visit",
    f"{_TAKE_LOOKS} JOIN visits ON visits.id = shown_looks.visit"  # noqa: S608 - words of ours
    " WHERE visits.stranger = :stranger AND closed = 1 AND kind = 'stranger' AND good = 1"
    " AND NOT EXISTS (SELECT 1 FROM stranger_looks WHERE stranger = :stranger)"
    f" ORDER BY shown_looks.quality DESC LIMIT {_KEPT_ANEW}",
    "UPDATE strangers SET visits = max(0, visits - 1),"
    " first_seen = iif(first_seen < :first, first_seen, coalesce((SELECT min(seen) FROM (SELECT seen FROM"
    " stranger_looks WHERE stranger = :stranger UNION ALL SELECT first_seen FROM visits WHERE stranger = :stranger"
    ")), first_seen)),"
    " last_seen = iif(last_seen > :last, last_seen, coalesce((SELECT max(seen) FROM (SELECT seen FROM"
    " stranger_looks WHERE stranger = :stranger UNION ALL SELECT last_seen FROM visits WHERE stranger = :stranger"
    ")), last_seen)) WHERE id = :stranger",
    "UPDATE strangers SET state = 'discarded' WHERE id = :stranger AND state IN ('open', 'ignored')"
    " AND NOT EXISTS (SELECT 1 FROM stranger_looks WHERE stranger = :stranger)"
    " AND NOT EXISTS (SELECT 1 FROM visits WHERE stranger = :stranger)",
)


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
    looks: Sequence[Look],
    model: str,
    last_seen: float,
    keep: int,
    visit: str,
) -> None:
    """Count one more visit of a stranger and keep the best of the looks, old and new."""
    connection.execute(
        "UPDATE strangers SET visits = visits + 1, last_seen = max(last_seen, ?) WHERE id = ?", (last_seen, stranger)
    )
    connection.executemany(
        "INSERT INTO stranger_looks (stranger, descriptor, model, picture, quality, seen, visit)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                stranger,
                to_blob(look.descriptor, seal),
                model,
                seal.close("picture", look.picture),
                look.quality.value,
                look.time,
                visit,
            )
            for look in looks
            if look.quality.good
        ],
    )
    _keep_best(connection, stranger, model, keep)


def join_visit(connection: sqlite3.Connection, stranger: str, visit: str, model: str, keep: int) -> None:
    """Count a closed visit as one more of a stranger, as `remember` does with one that has just ended."""
    connection.execute(
        "UPDATE strangers SET (visits, first_seen, last_seen) = (SELECT strangers.visits + 1,"
        " min(strangers.first_seen, one.first_seen), max(strangers.last_seen, one.last_seen)"
        " FROM visits AS one WHERE one.id = ?) WHERE id = ?",
        (visit, stranger),
    )
    values = {"stranger": stranger, "visit": visit}
    connection.execute(f"{_TAKE_LOOKS} WHERE shown_looks.visit = :visit AND good = 1", values)
    _keep_best(connection, stranger, model, keep)


def leave_visit(connection: sqlite3.Connection, stranger: str, visit: str, first_seen: float, last_seen: float) -> None:
    """Count a visit no more as one of a stranger, whose it is no more, and forget the looks that are from it.

    Where all looks were, those of the other visits take their place; a stranger of whom nothing is left is discarded.
    """
    values = {"stranger": stranger, "visit": visit, "first": first_seen, "last": last_seen}
    for statement in _LEAVE:
        connection.execute(statement, values)


def _keep_best(connection: sqlite3.Connection, stranger: str, model: str, keep: int) -> None:
    """Forget all but the best looks; those of another model are of no use any more, so they go first."""
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


def find_stranger(connection: sqlite3.Connection, key: str) -> Stranger:
    """Return the stranger of that id or number, or raise ValueError."""
    return _only(
        connection.execute("SELECT * FROM strangers WHERE id = ? OR number = ?", (key, _number(key))).fetchall(), key
    )


def workable(connection: sqlite3.Connection, key: str) -> Stranger:
    """Return the stranger of that id or number, or raise ValueError where the owner is done with it."""
    stranger = find_stranger(connection, key)
    if stranger.into is not None:
        kept = find_stranger(connection, stranger.into)
        raise ValueError(f"stranger {stranger.number}: is stranger {kept.number} now")
    if stranger.state in ("assigned", "discarded"):
        raise ValueError(f"stranger {stranger.number}: has been {stranger.state} already")
    return stranger
