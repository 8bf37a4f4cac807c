"""What follows from it that people are one: whom each leads to, whose visits are whose, and who has which name.

The looks stay with the person that they were given to, and are read with those of whom it is joined into; so a join can
be undone, here and at other doors.
"""

import sqlite3

from peephole.people.joins import roots
from peephole.people.names import name_key

THEIRS = "IN (SELECT :person UNION ALL SELECT id FROM people WHERE joined_into = :person)"
"""Whose looks are those of a person: its own, and those of whoever was joined into it."""
_FOLLOW = (
    "UPDATE visits SET person = :root WHERE person = :id",
    "UPDATE visits SET nearest = :root WHERE nearest = :id",
    "UPDATE strangers SET person = :root WHERE person = :id",
)


def settle_joins(connection: sqlite3.Connection) -> None:
    """Bring everything in line with `same_as` and with the names, within a transaction.

    Raises sqlite3.IntegrityError where two who are not one have one name.
    """
    people = connection.execute("SELECT id, name, name_key, same_as, joined_into FROM people").fetchall()
    root_of = roots({row["id"]: row["same_as"] for row in people})
    keys = {
        row["id"]: name_key(row["name"]) if root_of[row["id"]] == row["id"] else unnamed(row["id"]) for row in people
    }
    renamed = [row["id"] for row in people if row["name_key"] != keys[row["id"]]]
    for person in renamed:  # two may change names
        connection.execute("UPDATE people SET name_key = ? WHERE id = ?", (unnamed(person), person))
    for person in renamed:
        connection.execute("UPDATE people SET name_key = ? WHERE id = ?", (keys[person], person))
    for row in people:
        root = root_of[row["id"]]
        if root != (row["joined_into"] or row["id"]):
            values = {"id": row["id"], "root": root}
            connection.execute("UPDATE people SET joined_into = nullif(:root, :id) WHERE id = :id", values)
            for statement in _FOLLOW if root != row["id"] else ():
                connection.execute(statement, values)


def unnamed(person: str) -> str:
    """Return what stands in place of a name that is compared, of whoever takes none."""
    return f"\0{person}"
