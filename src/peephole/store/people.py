"""People and their references."""

import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from peephole.people.names import clean_name, name_key
from peephole.people.records import Descriptor, Kept, NewReference, Person, PersonSummary, Reference, Rules
from peephole.store.database import Database
from peephole.store.erasure import door_rows, erase_person, kept_of
from peephole.store.joins import THEIRS, settle_joins
from peephole.store.journal import recorded
from peephole.store.references import add_references
from peephole.store.rows import new_id, to_descriptor, to_person, to_picture, to_reference, to_rules

_FIND = (
    "SELECT id, name, created FROM people WHERE id = (SELECT coalesce(joined_into, id) FROM people"
    " WHERE id = ? OR name_key = ? ORDER BY id = ? DESC LIMIT 1)"
)
_SET_RULES = (
    "UPDATE people SET tell = :tell, may_open = :may_open, hours = :hours, minor = :minor,"
    " consent = :consent, consent_at = :consent_at WHERE id = :id"
)


def find_person(connection: sqlite3.Connection, key: str) -> Person | None:
    """Return the person of that id or name."""
    row = connection.execute(_FIND, (key, name_key(key), key)).fetchone()
    return to_person(row) if row is not None else None


def find_or_add(connection: sqlite3.Connection, name: str) -> Person:
    """Return the person of that id or name, made if there is none."""
    found = find_person(connection, name)
    if found is not None:
        return found
    person = Person(new_id("p"), clean_name(name), time.time())
    connection.execute(
        "INSERT INTO people (id, name, name_key, created) VALUES (?, ?, ?, ?)",
        (person.id, person.name, name_key(person.name), person.created),
    )
    return person


# The looks in use at a row of `people`, and at whoever was joined into it.
_LOOKS = (
    "person_references WHERE aside = '' AND person IN"
    " (SELECT people.id UNION ALL SELECT id FROM people AS joined WHERE joined.joined_into = people.id)"
)


class PeopleTable:
    """The owner's people (see `doorbell.archive.PeopleShelf`)."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def add(self, name: str, looks: Sequence[NewReference]) -> Person:
        """Add looks to the person of that name or id; a new name makes a new person."""
        with self._database.change(gallery=True) as connection:
            person = find_or_add(connection, name)
            add_references(connection, self._database.seal, person.id, looks)
        return person

    def add_new(self, name: str, looks: Sequence[NewReference], rules: Rules | None = None) -> Person:
        """Make a new person with looks and rules; raise ValueError when the name is taken."""
        with self._database.change(gallery=True) as connection:
            if find_person(connection, name) is not None:
                raise ValueError(f"{name}: somebody has this name already; choose another one")
            person = find_or_add(connection, name)
            add_references(connection, self._database.seal, person.id, looks)
            connection.execute(_SET_RULES, {**vars(rules or Rules()), "id": person.id})
        return person

    def find(self, key: str) -> Person | None:
        """Return the person of that id or name."""
        row = self._database.row(_FIND, (key, name_key(key), key))
        return to_person(row) if row is not None else None

    def get(self, key: str) -> Person:
        """Return the person of that id or name, or raise ValueError."""
        return _known(self.find(key), key)

    def all(self, model: str) -> list[PersonSummary]:
        """Return everybody, by name, with the looks in use that `model` made and those of other models."""
        rows = self._database.rows(
            "SELECT id, name, created,"  # noqa: S608 - words of ours
            f" (SELECT count(*) FROM {_LOOKS} AND model = ?) AS own,"
            f" (SELECT count(*) FROM {_LOOKS} AND model <> ?) AS other,"
            " (SELECT max(last_seen) FROM visits WHERE person = people.id) AS last_seen"
            " FROM people WHERE joined_into IS NULL ORDER BY name_key",
            (model, model),
        )
        return [PersonSummary(to_person(row), row["own"], row["other"], row["last_seen"]) for row in rows]

    def rename(self, key: str, name: str) -> Person:
        """Give a person another name; one that somebody else has is refused."""
        name = clean_name(name)
        with recorded(self._database, "rename") as record:
            connection = record.connection
            person = _known(find_person(connection, key), key)
            record.about(people=[person.id])
            record.text = f"{person.name} renamed to {name}"
            row = connection.execute("SELECT id FROM people WHERE name_key = ?", (name_key(name),)).fetchone()
            if row is not None and row["id"] != person.id:
                raise ValueError(f"{name}: somebody else has this name already; choose another one")
            connection.execute(
                "UPDATE people SET name = ?, name_key = ? WHERE id = ?", (name, name_key(name), person.id)
            )
        return Person(person.id, name, person.created)

    def rules(self, key: str) -> Rules:
        """Return what the owner has decided about a person."""
        row = self._database.row("SELECT * FROM people WHERE id = ?", (self.get(key).id,))
        return to_rules(row) if row is not None else Rules()

    def set_rules(self, key: str, rules: Rules) -> Person:
        """Decide about a person anew."""
        with recorded(self._database, "rules") as record:
            connection = record.connection
            person = _known(find_person(connection, key), key)
            record.about(people=[person.id])
            record.text = f"rules of {person.name} changed"
            connection.execute(_SET_RULES, {**vars(rules), "id": person.id})
        return person

    def join(self, key: str, other_key: str) -> Person:
        """Make two people one, who keeps name and rules of the first; looks and visits of the other follow."""
        with recorded(self._database, "join") as record:
            connection = record.connection
            kept = _known(find_person(connection, key), key)
            other = _known(find_person(connection, other_key), other_key)
            if kept.id == other.id:
                raise ValueError(f"{kept.name}: choose two people who are one")
            before = connection.execute("SELECT id FROM people WHERE joined_into = ?", (other.id,))
            record.about(people=[kept.id, other.id, *(row["id"] for row in before)], came_as=[other.id])
            connection.execute("UPDATE people SET same_as = ? WHERE id = ?", (kept.id, other.id))
            connection.execute("UPDATE people SET same_as = '' WHERE id = ?", (kept.id,))
            settle_joins(connection)
            record.text = f"{other.name} joined with {kept.name}"
        return kept

    def remove(self, key: str, keep_unsure: bool = False) -> Person:
        """Forget a person, every reference and every picture; visits stay, as unsure ones (`erasure.erase_person`)."""
        with self._database.change(gallery=True, erase=True) as connection:
            person = _known(find_person(connection, key), key)
            erase_person(connection, person.id, keep_unsure)
        return person

    def joined(self, person_id: str) -> list[tuple[Person, Rules]]:
        """Return who was joined into a person, with the rules that they had."""
        rows = self._database.rows("SELECT * FROM people WHERE joined_into = ? ORDER BY id", (person_id,))
        return [(to_person(row), to_rules(row)) for row in rows]

    def kept(self, person_id: str) -> Kept:
        """Return how much is kept about a person."""
        return kept_of(self._database, person_id)

    def door_rows(self, person_id: str) -> list[dict[str, Any]]:
        """Return what the door's log says of a person, the oldest first."""
        return door_rows(self._database, person_id)

    def looks(self, model: str) -> list[tuple[str, Descriptor]]:
        """Return (person id, descriptor) of every reference in use made by `model`."""
        rows = self._database.rows(
            "SELECT coalesce(joined_into, people.id) AS person, descriptor FROM person_references"
            " JOIN people ON people.id = person WHERE model = ? AND aside = '' ORDER BY person_references.id",
            (model,),
        )
        return [(row["person"], to_descriptor(row["descriptor"], self._database.seal)) for row in rows]

    def references(self, person_id: str) -> list[Reference]:
        """Return every reference of one person in use, best first."""
        rows = self._database.rows(
            f"SELECT * FROM person_references WHERE person {THEIRS} AND aside = '' ORDER BY quality DESC, id",  # noqa: S608
            {"person": person_id},
        )
        return [to_reference(row, self._database.seal) for row in rows]

    def picture(self, person_id: str) -> bytes | None:
        """Return the best picture of a person; one that was set aside only where there is no other."""
        row = self._database.row(
            f"SELECT picture FROM person_references WHERE person {THEIRS}"  # noqa: S608 - words of ours
            " ORDER BY aside <> '', quality DESC, id LIMIT 1",
            {"person": person_id},
        )
        return to_picture(row, self._database.seal)

    def count(self) -> tuple[int, int]:
        """Return how many people and references there are."""
        row = self._database.row(
            "SELECT (SELECT count(*) FROM people WHERE joined_into IS NULL), (SELECT count(*) FROM person_references)"
        )
        return (row[0], row[1]) if row is not None else (0, 0)


def _known(person: Person | None, key: str) -> Person:
    if person is None:
        raise ValueError(f"{key}: nobody has this name or id; 'peephole people list' shows everybody")
    return person
