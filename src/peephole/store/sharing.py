"""People as other doors are told of them, and what those tell; each call is one transaction."""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

from peephole.people.names import name_key
from peephole.people.records import Rules
from peephole.people.shared import (
    FIELDS,
    Field,
    HeldPeople,
    HeldPerson,
    Merge,
    PersonChange,
    SharedPeople,
    SharedPerson,
    SharedReference,
    Stamped,
    TrustedDoor,
    Value,
)
from peephole.store.database import Database
from peephole.store.erasure import erase_person
from peephole.store.joins import settle_joins, unnamed
from peephole.store.journal import erase_deeds_about
from peephole.store.references import set_redundant_aside
from peephole.store.seal import Seal

_MARK = (
    "SELECT (SELECT count(*) FROM people), (SELECT total(created) FROM people),"
    " (SELECT count(*) FROM person_references WHERE aside = ''), (SELECT max(id) FROM person_references),"
    " (SELECT total(id) FROM person_references WHERE aside = ''), (SELECT total(time) FROM person_changes),"
    " (SELECT total(time) FROM person_joins),"
    " (SELECT count(*) FROM erased_people), (SELECT count(*) FROM erased_references),"
    " (SELECT group_concat(id) FROM (SELECT id FROM doors WHERE trusted = 1 ORDER BY id))"
)
_ADD_REFERENCE = (
    "INSERT INTO person_references (person, descriptor, model, picture, quality, source, created, digest)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_DOOR = "SELECT id, name, public, sequence, heard, since FROM doors WHERE trusted = 1"
_COLUMNS: dict[Field, str] = {
    "tell": "tell = :tell",
    "may_open": "may_open = :may_open",
    "hours": "hours = :hours",
    "minor": "minor = :minor",
    "consent": "consent = :consent, consent_at = :consent_at",
    "same_as": "same_as = :same_as",
}


class SharingTable:
    """What doors tell each other."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def mark(self) -> tuple[object, ...]:
        """Return a value that changes when there is something new to tell, or somebody new to tell it."""
        row = self._database.row(_MARK)
        return tuple(row) if row is not None else ()

    def people(self) -> SharedPeople:
        """Return everybody, with the references in use, whichever model made them."""
        with self._database.change() as connection:
            self._note_digests(connection)
            held = _held(connection)
            people = []
            for person in held.values():
                rows = connection.execute(
                    "SELECT * FROM person_references WHERE person = ? AND aside = '' ORDER BY id", (person.id,)
                )
                references = tuple(_reference(row, self._database.seal) for row in rows)
                people.append(SharedPerson(person.id, person.created, person.fields, references, person.erased))
            return SharedPeople(tuple(people), _erased(connection))

    def merge(
        self,
        decide: Callable[[HeldPeople], Merge],
        door: TrustedDoor | None,
        sizes: dict[str, int],
    ) -> Merge:
        """Have `decide` say what is to be done about the people as they are, and do it; return what was done.

        Args:
            decide: Takes everybody at this door; what it raises leaves all as it was.
            door: Whose newest export this is, with its sequence and time; None: only say what would be done.
            sizes: How many bytes the descriptors of the model in use have, by its id.

        Raises ValueError where that export, or a newer one, was read meanwhile.
        """
        with self._database.change(gallery=door is not None, erase=door is not None) as connection:
            self._note_digests(connection)
            mine = HeldPeople(_held(connection), _erased(connection), self._sizes(connection) | sizes)
            merge = decide(mine)
            if door is not None:
                self._take(connection, merge, mine, door)
            return merge

    def doors(self) -> list[TrustedDoor]:
        """Return the doors that are trusted, by name."""
        return [TrustedDoor(**dict(row)) for row in self._database.rows(f"{_DOOR} ORDER BY name")]

    def trust(self, name: str, id: str, public: bytes) -> TrustedDoor:
        """Trust a door from now on; what was read of it before is remembered. ValueError for a name that is taken.

        One that is trusted already gets the name, if that is another one.
        """
        with self._database.change() as connection:
            for row in connection.execute("SELECT id, name FROM doors WHERE trusted = 1"):
                if row["id"] != id and name_key(row["name"]) == name_key(name):
                    raise ValueError(f"{name}: another door has this name already; choose another one")
            connection.execute(
                "INSERT INTO doors (id, name, public, trusted, since) VALUES (?, ?, ?, 1, ?)"
                " ON CONFLICT (id) DO UPDATE SET name = excluded.name, public = excluded.public,"
                " since = iif(trusted, since, excluded.since), trusted = 1",
                (id, name, public, time.time()),
            )
            return TrustedDoor(**dict(connection.execute(f"{_DOOR} AND id = ?", (id,)).fetchone()))

    def forget(self, key: str) -> TrustedDoor:
        """Trust the door of that id or name no more."""
        with self._database.change() as connection:
            for row in connection.execute(_DOOR).fetchall():
                if key == row["id"] or name_key(key) == name_key(row["name"]):
                    connection.execute("UPDATE doors SET trusted = 0 WHERE id = ?", (row["id"],))
                    return TrustedDoor(**dict(row))
        raise ValueError(f"{key}: no door of this name or id is trusted; 'peephole doors list' shows them")

    def next_sequence(self, id: str, public: bytes, now: float) -> int:
        """Return a number for an export of this door, greater than every one before; by the clock, if that goes.

        So a door whose data folder was restored from a backup is still heard.
        """
        with self._database.change() as connection:
            connection.execute(
                "INSERT INTO doors (id, name, public, trusted, sequence) VALUES (?, '', ?, 0, ?)"
                " ON CONFLICT (id) DO UPDATE SET sequence = max(sequence + 1, excluded.sequence)",
                (id, public, int(1000 * now)),
            )
            return int(connection.execute("SELECT sequence FROM doors WHERE id = ?", (id,)).fetchone()[0])

    def _sizes(self, connection: sqlite3.Connection) -> dict[str, int]:
        rows = connection.execute("SELECT model, descriptor FROM person_references GROUP BY model")
        return {row["model"]: len(self._database.seal.open("descriptor", row["descriptor"])) for row in rows}

    def _note_digests(self, connection: sqlite3.Connection) -> None:
        """Note what the references are known by elsewhere, of those that are told of for the first time.

        One that was removed and came back, by an undo, is a new one, or the other doors would remove it again.
        """
        connection.execute(
            "UPDATE person_references SET digest = NULL, created = max(created + 0.001, ?)"
            " WHERE (person, digest) IN (SELECT person, digest FROM erased_references)",
            (time.time(),),
        )
        rows = connection.execute("SELECT * FROM person_references WHERE digest IS NULL").fetchall()
        connection.executemany(
            "UPDATE person_references SET digest = ? WHERE id = ?",
            [(_reference(row, self._database.seal).digest(), row["id"]) for row in rows],
        )

    def _take(self, connection: sqlite3.Connection, merge: Merge, mine: HeldPeople, door: TrustedDoor) -> None:
        newer = connection.execute(
            "UPDATE doors SET sequence = ?, heard = ? WHERE id = ? AND trusted = 1 AND sequence < ?",
            (door.sequence, door.heard, door.id, door.sequence),
        )
        if not newer.rowcount:
            raise ValueError(f"this export of {door.name}, or a newer one, was read already; nothing was changed")
        for person in merge.erased:
            if person in mine.people:
                erase_person(connection, person)
        connection.executemany(
            "INSERT OR REPLACE INTO erased_people (id, time) VALUES (?, ?)", list(merge.erased.items())
        )
        for change in merge.changes:
            _take_person(connection, change)
            self._take_references(connection, change)
        settle_joins(connection)

    def _take_references(self, connection: sqlite3.Connection, change: PersonChange) -> None:
        seal = self._database.seal
        for digest, at in change.erased.items():
            connection.execute("DELETE FROM person_references WHERE person = ? AND digest = ?", (change.id, digest))
            connection.execute(
                "INSERT OR REPLACE INTO erased_references (person, digest, time) VALUES (?, ?, ?)",
                (change.id, digest, at),
            )
        for one in change.references:
            sealed = seal.close("descriptor", one.descriptor), one.model, seal.close("picture", one.picture)
            values = (change.id, *sealed, one.quality, one.source, one.created, one.digest())
            connection.execute(_ADD_REFERENCE, values)
        if change.erased:
            erase_deeds_about(connection, change.id)
        if change.references:
            set_redundant_aside(connection, seal, change.id)


def _take_person(connection: sqlite3.Connection, change: PersonChange) -> None:
    """Add a person or change what is decided about one; the times are those of the decisions, not of today.

    Names are compared once all are there: `settle_joins`.
    """
    fields = change.fields
    if change.new:
        name = str(fields["name"].value)
        connection.execute(
            "INSERT INTO people (id, name, name_key, created) VALUES (?, ?, ?, ?)",
            (change.id, name, unnamed(change.id), change.created),
        )
    elif "name" in fields:
        connection.execute("UPDATE people SET name = ? WHERE id = ?", (fields["name"].value, change.id))
    for field, stamped in fields.items():
        if field != "name":
            connection.execute(
                f"UPDATE people SET {_COLUMNS[field]} WHERE id = :id",  # noqa: S608 - words of ours
                {**_values(field, stamped.value), "id": change.id},
            )
    # The door opens for no child, whoever said that it is one.
    connection.execute("UPDATE people SET may_open = 0 WHERE id = ? AND minor = 1 AND may_open = 1", (change.id,))
    connection.executemany(
        "INSERT OR REPLACE INTO person_changes (person, field, time) VALUES (?, ?, ?)",
        [(change.id, field, stamped.time) for field, stamped in fields.items() if field != "same_as"],
    )
    if "same_as" in fields:
        connection.execute(
            "INSERT OR REPLACE INTO person_joins (person, time) VALUES (?, ?)", (change.id, fields["same_as"].time)
        )


def _values(field: Field, value: Value) -> dict[str, Any]:
    return {"consent": value[0], "consent_at": value[1]} if isinstance(value, tuple) else {field: value}


def _held(connection: sqlite3.Connection) -> dict[str, HeldPerson]:
    times: dict[str, dict[str, float]] = {}
    for row in connection.execute("SELECT person, field, time FROM person_changes"):
        times.setdefault(row["person"], {})[row["field"]] = row["time"]
    for row in connection.execute("SELECT person, time FROM person_joins"):
        times.setdefault(row["person"], {})["same_as"] = row["time"]
    digests: dict[str, set[bytes]] = {}
    for row in connection.execute("SELECT person, digest FROM person_references"):
        digests.setdefault(row["person"], set()).add(row["digest"])
    erased: dict[str, dict[bytes, float]] = {}
    for row in connection.execute("SELECT person, digest, time FROM erased_references"):
        erased.setdefault(row["person"], {})[row["digest"]] = row["time"]
    people = connection.execute("SELECT * FROM people ORDER BY id").fetchall()
    return {
        row["id"]: HeldPerson(
            row["id"],
            row["created"],
            {
                field: Stamped(_value(field, row), times.get(row["id"], {}).get(field, row["created"]))
                for field in FIELDS
            },
            frozenset(digests.get(row["id"], ())),
            erased.get(row["id"], {}),
        )
        for row in people
    }


def _value(field: Field, row: sqlite3.Row) -> Value:
    if field == "consent":
        return row["consent"], row["consent_at"]
    return bool(row[field]) if isinstance(getattr(Rules(), field, ""), bool) else str(row[field])


def _erased(connection: sqlite3.Connection) -> dict[str, float]:
    return {row["id"]: row["time"] for row in connection.execute("SELECT id, time FROM erased_people")}


def _reference(row: sqlite3.Row, seal: Seal) -> SharedReference:
    return SharedReference(
        seal.open("descriptor", row["descriptor"]),
        row["model"],
        seal.open("picture", row["picture"]),
        row["quality"],
        row["source"],
        row["created"],
    )
