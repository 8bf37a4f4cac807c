"""People and their references."""

import sqlite3
import time
from collections.abc import Sequence

from peephole.doorbell.voting import REASONS
from peephole.people.names import clean_name, name_key
from peephole.people.records import Descriptor, NewReference, Person, PersonSummary, Reference, Rules
from peephole.store.database import Database
from peephole.store.rows import new_id, to_blob, to_descriptor, to_person, to_picture, to_reference, to_rules
from peephole.store.seal import Seal

_FIND = "SELECT id, name, created FROM people WHERE id = ? OR name_key = ? ORDER BY id = ? DESC LIMIT 1"
_INSERT_REFERENCE = (
    "INSERT INTO person_references (person, descriptor, model, picture, quality, source, created)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
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


class PeopleTable:
    """The owner's people (see `doorbell.archive.PeopleShelf`)."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def add(self, name: str, looks: Sequence[NewReference]) -> Person:
        """Add looks to the person of that name or id; a new name makes a new person."""
        with self._database.change(gallery=True) as connection:
            person = find_or_add(connection, name)
            _add_looks(connection, self._database.seal, person, looks)
        return person

    def add_new(self, name: str, looks: Sequence[NewReference]) -> Person:
        """Make a new person with looks; raise ValueError when the name is taken."""
        with self._database.change(gallery=True) as connection:
            if find_person(connection, name) is not None:
                raise ValueError(f"{name}: somebody has this name already; choose another one")
            person = find_or_add(connection, name)
            _add_looks(connection, self._database.seal, person, looks)
        return person

    def find(self, key: str) -> Person | None:
        """Return the person of that id or name."""
        row = self._database.row(_FIND, (key, name_key(key), key))
        return to_person(row) if row is not None else None

    def get(self, key: str) -> Person:
        """Return the person of that id or name, or raise ValueError."""
        return _known(self.find(key), key)

    def all(self, model: str) -> list[PersonSummary]:
        """Return everybody, by name, with the looks that `model` made and those of other models."""
        rows = self._database.rows(
            "SELECT id, name, created,"
            " (SELECT count(*) FROM person_references WHERE person = people.id AND model = ?) AS own,"
            " (SELECT count(*) FROM person_references WHERE person = people.id AND model <> ?) AS other,"
            " (SELECT max(last_seen) FROM visits WHERE person = people.id) AS last_seen"
            " FROM people ORDER BY name_key",
            (model, model),
        )
        return [PersonSummary(to_person(row), row["own"], row["other"], row["last_seen"]) for row in rows]

    def rename(self, key: str, name: str) -> Person:
        """Give a person another name; one that somebody else has is refused."""
        name = clean_name(name)
        with self._database.change(gallery=True) as connection:
            person = _known(find_person(connection, key), key)
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
        with self._database.change() as connection:
            person = _known(find_person(connection, key), key)
            connection.execute(
                "UPDATE people SET tell = :tell, may_open = :may_open, hours = :hours, minor = :minor,"
                " consent = :consent, consent_at = :consent_at WHERE id = :id",
                {**vars(rules), "id": person.id},
            )
        return person

    def remove(self, key: str) -> Person:
        """Forget a person, every reference and every picture; visits stay, as unsure ones."""
        with self._database.change(gallery=True, erase=True) as connection:
            person = _known(find_person(connection, key), key)
            connection.execute(
                "DELETE FROM visit_looks WHERE visit IN (SELECT id FROM visits WHERE person = ?)", (person.id,)
            )
            connection.execute(
                "UPDATE visits SET kind = 'unsure', person = NULL, reason = 'person_removed', text = ?, picture = NULL"
                " WHERE person = ?",
                (REASONS["person_removed"], person.id),
            )
            connection.execute("DELETE FROM people WHERE id = ?", (person.id,))
        return person

    def looks(self, model: str) -> list[tuple[str, Descriptor]]:
        """Return (person id, descriptor) of every reference made by `model`."""
        rows = self._database.rows(
            "SELECT person, descriptor FROM person_references WHERE model = ? ORDER BY id", (model,)
        )
        return [(row["person"], to_descriptor(row["descriptor"], self._database.seal)) for row in rows]

    def references(self, person_id: str) -> list[Reference]:
        """Return everything stored of one person, best first."""
        rows = self._database.rows(
            "SELECT * FROM person_references WHERE person = ? ORDER BY quality DESC, id", (person_id,)
        )
        return [to_reference(row, self._database.seal) for row in rows]

    def picture(self, person_id: str) -> bytes | None:
        """Return the best picture of a person."""
        row = self._database.row(
            "SELECT picture FROM person_references WHERE person = ? ORDER BY quality DESC, id LIMIT 1", (person_id,)
        )
        return to_picture(row, self._database.seal)

    def count(self) -> tuple[int, int]:
        """Return how many people and references there are."""
        row = self._database.row("SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM person_references)")
        return (row[0], row[1]) if row is not None else (0, 0)


def _add_looks(connection: sqlite3.Connection, seal: Seal, person: Person, looks: Sequence[NewReference]) -> None:
    now = time.time()
    connection.executemany(
        _INSERT_REFERENCE,
        [
            (
                person.id,
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


def _known(person: Person | None, key: str) -> Person:
    if person is None:
        raise ValueError(f"{key}: nobody has this name or id; 'peephole people list' shows everybody")
    return person
