"""The single looks at a person: those in use, and those that were set aside and are compared with nobody."""

import sqlite3
import time
from collections.abc import Sequence

import numpy as np

from peephole.people.records import Aside, NewReference, Reference
from peephole.people.redundancy import redundant
from peephole.store.database import Database
from peephole.store.joins import THEIRS
from peephole.store.journal import erase_deeds_about, recorded
from peephole.store.rows import to_blob, to_picture, to_reference
from peephole.store.seal import Seal

_INSERT = (
    "INSERT INTO person_references (person, descriptor, model, picture, quality, source, created)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def add_references(connection: sqlite3.Connection, seal: Seal, person_id: str, looks: Sequence[NewReference]) -> None:
    """Add looks at a person, within a transaction."""
    now = time.time()
    connection.executemany(
        _INSERT,
        [
            (
                person_id,
                to_blob(look.descriptor, seal),
                look.model,
                seal.close("picture", look.picture),
                look.quality,
                look.source,
                now,
            )
            for look in looks
        ],
    )
    set_redundant_aside(connection, seal, person_id)


def set_redundant_aside(connection: sqlite3.Connection, seal: Seal, person_id: str) -> None:
    """Set aside what is more than a person needs, of each model (`people.redundancy`), within a transaction.

    In an order that is the same at every door which has these looks, so that all leave out the same ones.
    """
    by_model: dict[str, list[tuple[float, bytes, int]]] = {}
    for row in connection.execute(
        "SELECT id, model, descriptor, created FROM person_references WHERE person = ? AND aside = ''", (person_id,)
    ):
        look = row["created"], seal.open("descriptor", row["descriptor"]), row["id"]
        by_model.setdefault(row["model"], []).append(look)
    for looks in by_model.values():
        looks.sort()
        left_out = redundant([np.frombuffer(descriptor, "<i2") for _, descriptor, _ in looks])
        connection.executemany(
            "UPDATE person_references SET aside = 'redundant', aside_at = ? WHERE id = ?",
            [(time.time(), looks[place][2]) for place in left_out],
        )


class ReferencesTable:
    """Looks at people, one by one (see `doorbell.archive.ReferencesShelf`)."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self, person_id: str) -> list[Reference]:
        """Return every look at a person, those set aside too, the oldest first."""
        rows = self._database.rows(
            f"SELECT * FROM person_references WHERE person {THEIRS} ORDER BY id",  # noqa: S608 - words of ours
            {"person": person_id},
        )
        return [to_reference(row, self._database.seal) for row in rows]

    def picture(self, person_id: str, number: int) -> bytes | None:
        """Return the picture of one look."""
        row = self._database.row(
            f"SELECT picture FROM person_references WHERE id = :number AND person {THEIRS}",  # noqa: S608
            {"number": _fitting(number), "person": person_id},
        )
        return to_picture(row, self._database.seal)

    def set_aside(self, person_id: str, number: int, why: Aside) -> None:
        """Compare a look with nobody from now on; an empty `why` takes it into use again."""
        with recorded(self._database, "aside" if why else "restore") as record:
            joined = record.connection.execute("SELECT id FROM people WHERE joined_into = ?", (person_id,))
            record.about(people=[person_id, *(row["id"] for row in joined)])
            changed = record.connection.execute(
                "UPDATE person_references SET aside = :why, aside_at = :at"  # noqa: S608 - words of ours
                f" WHERE id = :number AND person {THEIRS}",
                {"why": why, "at": time.time() if why else None, "number": _fitting(number), "person": person_id},
            ).rowcount
            if not changed:
                raise ValueError(f"{number}: there is no reference of this number; it may have been erased")
            name = record.connection.execute("SELECT name FROM people WHERE id = ?", (person_id,)).fetchone()["name"]
            record.text = f"a reference of {name} {'set aside' if why else 'put back'}"

    def erase_aside(self, person_id: str, number: int | None = None) -> int:
        """Erase one look that was set aside, or all of a person; return how many."""
        which = "AND id = :number" if number is not None else ""
        values = {"person": person_id, "number": None if number is None else _fitting(number)}
        with self._database.change(erase=True) as connection:
            erased = connection.execute(
                f"DELETE FROM person_references WHERE person {THEIRS} AND aside <> '' {which}",  # noqa: S608 - words of ours
                values,
            ).rowcount
            if number is not None and not erased:
                raise ValueError(f"{number}: no reference of this number is set aside; set it aside first")
            for row in connection.execute(
                "SELECT id FROM people WHERE :person IN (id, joined_into)", values
            ).fetchall():
                erase_deeds_about(connection, row["id"])
        return erased


def _fitting(number: int) -> int:
    return number if abs(number) < 1 << 63 else -1  # SQLite's integers end at 64 bits
