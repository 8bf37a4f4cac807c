"""What the owner did and may take back: the rows of an action as they were before and after.

An action runs inside `recorded`, which compares the rows about its strangers and people before and after, and writes
the difference in the same transaction: a killed process leaves both or neither. What an action deleted lies in the
journal, sealed as it was, until the time to take it back is over; then it is erased. Looks of discarded visits, of
which there may be thousands, stay where they are until then and are shown to nobody (table `withheld`).

Visits that go on are left out: they are decided anew from the people as they are when they end.
"""

import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

from peephole.doorbell.voting import REASONS
from peephole.people.deeds import Deed, EasierError
from peephole.people.rules import opens_more
from peephole.store.database import Database
from peephole.store.door_keys import door_keys
from peephole.store.journal_rows import Row, difference, row_of, text_of

ERASED_AFTER = 600.0
"""Seconds for which looks and pictures that the owner discarded can be brought back, and new ones taken back."""
FINAL_AFTER = 24 * 3600.0
"""Seconds for which everything else can be taken back."""

_ERASED_AT_ONCE = 20  # visits, of which the looks are erased in one transaction

RowKey = tuple[str, tuple[Any, ...]]

_KEYS: dict[str, tuple[str, ...]] = {  # in the order in which rows come back: those that others point to come first
    "people": ("id",),
    "strangers": ("id",),
    "visits": ("id",),
    "visit_looks": ("visit", "number"),
    "withheld": ("visit",),
    "stranger_looks": ("id",),
    "person_references": ("id",),
    "strangers_apart": ("one", "other"),
}
_ORDER = tuple(_KEYS)
_STRANGERS_VISITS = "(SELECT id FROM visits WHERE closed = 1 AND stranger IN (SELECT value FROM json_each(:strangers)))"
_ABOUT = {
    "people": "id IN (SELECT value FROM json_each(:people))",
    "strangers": "id IN (SELECT value FROM json_each(:strangers)) OR person IN (SELECT value FROM json_each(:came_as))",
    "visits": f"id IN {_STRANGERS_VISITS} OR closed = 1"  # noqa: S608 - words of ours
    " AND EXISTS (SELECT 1 FROM json_each(:came_as) WHERE value IN (person, nearest))",
    "visit_looks": f"visit IN {_STRANGERS_VISITS}",
    "withheld": f"visit IN {_STRANGERS_VISITS}",
    "stranger_looks": "stranger IN (SELECT value FROM json_each(:strangers))",
    "person_references": "person IN (SELECT value FROM json_each(:people))",
    "strangers_apart": "one IN (SELECT value FROM json_each(:strangers))"
    " OR other IN (SELECT value FROM json_each(:strangers))",
}
_WITNESSED = ("state", "person", "merged_into")  # of a stranger: must be as the action left them
_STRANGERS_OWN = ("stranger_looks WHERE stranger", "visits WHERE closed AND stranger", "strangers WHERE merged_into")
_RENUMBERED = ("stranger_looks", "person_references")  # whose numbers may have been given to others meanwhile


class Recording:
    """One action while it is done; `connection` is its transaction, `text` says in a sentence what was done."""

    def __init__(self, connection: sqlite3.Connection, what: str, untouched: Collection[str] = ()) -> None:
        """Begin with nothing to compare. untouched: tables that the action leaves alone, which need not be read."""
        self.connection = connection
        self.what = what
        self.text = ""
        self.erases = False
        self.brings = False  # faces that are nowhere else: an undo erases them
        self._strangers: set[str] = set()
        self._people: set[str] = set()
        self._tables = _ABOUT.keys() - set(untouched)
        self._before: dict[RowKey, Row] = {}
        self._withheld: set[RowKey] = set()

    def about(
        self,
        strangers: Iterable[str] = (),
        people: Iterable[str] = (),
        came_as: Iterable[str] = (),
        visits: Iterable[str] = (),
    ) -> None:
        """Note the rows about these strangers and people, by id, before anything is done to them.

        came_as: people whose visits are noted, too, and the strangers who were given their names.
        visits: of which the row itself is noted.
        """
        strangers, people = set(strangers), set(people)
        for key, row in self._rows_about(strangers, people, came_as).items():
            self._before.setdefault(key, row)
        for key, row in _rows_again(self.connection, [("visits", (visit,)) for visit in visits]).items():
            self._before.setdefault(key, row)
        self.made(strangers, people)

    def made(self, strangers: Iterable[str] = (), people: Iterable[str] = ()) -> None:
        """Note strangers and people whom the action itself has made."""
        self._strangers |= set(strangers)
        self._people |= set(people)

    def withhold(self, visits: Iterable[str]) -> None:
        """Show nobody the looks and the picture of these visits; they are erased once that is final."""
        keys = {("withheld", (visit,)) for visit in visits}
        self.connection.executemany("INSERT OR IGNORE INTO withheld (visit) VALUES (?)", [key for _, key in keys])
        self._withheld |= keys

    def write(self, now: float) -> int | None:
        """Write what differs now and return the number of the entry; None where nothing does."""
        after = self._rows_about(self._strangers, self._people)
        after |= _rows_again(self.connection, (self._before.keys() | self._withheld) - after.keys())
        changes = [
            (key, self._before.get(key), after.get(key))
            for key in sorted(self._before.keys() | after.keys(), key=_place)
            if self._before.get(key) != after.get(key)
        ]
        if not changes:
            return None
        until = now + (ERASED_AFTER if self.erases or self.brings else FINAL_AFTER)
        entry = self.connection.execute(
            "INSERT INTO undo (time, until, what, text, erases) VALUES (?, ?, ?, ?, ?)",
            (now, until, self.what, self.text, self.erases),
        ).lastrowid
        seen = {key for key, _, _ in changes}
        rows = chain(  # one after the other: they may hold many pictures
            ((key, *difference(old, new, _WITNESSED if key[0] == "strangers" else ())) for key, old, new in changes),
            (
                (key, "{}", text_of({name: row[name] for name in _WITNESSED}, digests=True))
                for key, row in after.items()
                if key[0] == "strangers" and key not in seen
            ),
        )
        self.connection.executemany(
            "INSERT INTO undo_rows (undo, place, tab, key, before, after) VALUES (?, ?, ?, ?, ?, ?)",
            ((entry, place, key[0], json.dumps(key[1]), *images) for place, (key, *images) in enumerate(rows)),
        )
        return entry

    def _rows_about(
        self, strangers: Iterable[str], people: Iterable[str], came_as: Iterable[str] = ()
    ) -> dict[RowKey, Row]:
        ids = {"strangers": strangers, "people": people, "came_as": came_as}
        values = {name: json.dumps(sorted(found)) for name, found in ids.items()}
        found: dict[RowKey, Row] = {}
        for table in self._tables:
            for row in self.connection.execute(f"SELECT * FROM {table} WHERE {_ABOUT[table]}", values):  # noqa: S608
                found[_key(table, row)] = dict(row)
        return found


@contextmanager
def recorded(database: Database, what: str, untouched: Collection[str] = ()) -> Iterator[Recording]:
    """Run a change that the owner may take back, in one transaction with its entry in the journal.

    untouched: tables that the change leaves alone. Somebody who came every day has some hundred visits with ten
    pictures each; to read them all would take a second, in which no camera can write, and a hundred megabytes.
    """
    now = time.time()
    with database.change(gallery=True) as connection:
        recording = Recording(connection, what, untouched)
        yield recording
        recording.write(now)


class Journal:
    """What can be taken back (see `doorbell.archive.JournalShelf`)."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def deeds(self, now: float | None = None) -> list[Deed]:
        """Return what can be taken back, the newest first."""
        rows = self._database.rows(
            "SELECT id, time, until, what, text, erases FROM undo WHERE until > ? ORDER BY id DESC",
            (time.time() if now is None else now,),
        )
        return [
            Deed(row["id"], row["time"], row["until"], row["what"], row["text"], bool(row["erases"])) for row in rows
        ]

    def undo(self, number: int | None = None, may_ease: bool = False) -> Deed:
        """Take back one action, or the newest; all of it, or nothing.

        may_ease: whether the door may open more easily afterwards. What a deed did to the door is not asked, but what
        its undoing does now: rules may have been given since to whom a look comes back.

        Raises ValueError where there is none, its time is over, or something newer changed the same rows; EasierError
        where the door would open more easily and may not.
        """
        deeds = self.deeds()
        found = [deed for deed in deeds if number is None or deed.number == number]
        if not found:
            raise ValueError(
                "nothing can be undone" if number is None else f"{number}: cannot be undone any more, or was already"
            )
        deed = found[0]
        # An introduction brought faces that are nowhere else: no copy of them is left behind.
        with self._database.change(gallery=True, erase=deed.what == "introduce") as connection:
            if connection.execute("SELECT 1 FROM undo WHERE id = ?", (deed.number,)).fetchone() is None:
                raise ValueError(f"{deed.text}: was undone already")
            keys = {} if may_ease else door_keys(connection)
            try:
                _take_back(connection, deed)
            except sqlite3.IntegrityError as error:
                raise _too_late(deed) from error
            if not may_ease and opens_more(keys, door_keys(connection)):
                raise EasierError(deed)
            connection.execute("DELETE FROM undo WHERE id = ?", (deed.number,))
        return deed

    def erase(self, number: int | None = None) -> int:
        """Make one action final, or every one: what it took away is erased at once. Return how many were."""
        return self._make_final("? IS NULL OR id = ?", (number, number))

    def expire(self, now: float) -> int:
        """Make final what is over; also what is dated later than now, as the clock was wrong then."""
        over = "until <= ? OR time > ?"
        if self._database.row(f"SELECT 1 FROM undo WHERE {over}", (now, now + 60.0)) is None:  # noqa: S608
            return 0
        return self._make_final(over, (now, now + 60.0))

    def _make_final(self, which: str, values: tuple[object, ...]) -> int:
        """Erase entries with what they hold; looks visit by visit before, so that no camera waits for thousands."""
        keys = f"SELECT key FROM undo_rows JOIN undo ON id = undo WHERE tab = 'withheld' AND ({which})"  # noqa: S608
        visits = self._database.rows(f"SELECT visit FROM withheld WHERE json_array(visit) IN ({keys})", values)  # noqa: S608
        for start in range(0, len(visits), _ERASED_AT_ONCE):
            some = map(tuple, visits[start : start + _ERASED_AT_ONCE])
            with self._database.change() as connection:
                connection.executemany("DELETE FROM visit_looks WHERE visit = ?", some)
        with self._database.change(erase=True) as connection:
            return connection.execute(f"DELETE FROM undo WHERE {which}", values).rowcount  # noqa: S608


def erase_deeds_about(connection: sqlite3.Connection, person_id: str) -> None:
    """Make final, within a transaction that erases, what was done about a person.

    A look that is erased may lie in there, too: a stranger's, before that was this person.
    """
    connection.execute(
        "DELETE FROM undo WHERE id IN (SELECT undo FROM undo_rows WHERE instr(key, :person)"
        " OR instr(before, :person) OR instr(after, :person))",
        {"person": person_id},
    )


def _rows_again(connection: sqlite3.Connection, keys: Iterable[RowKey]) -> dict[RowKey, Row]:
    """Return those of these rows that are still there."""
    found = {key: _row(connection, key) for key in keys}
    return {key: row for key, row in found.items() if row is not None}


def _row(connection: sqlite3.Connection, key: RowKey) -> Row | None:
    table, values = key
    row = connection.execute(f"SELECT * FROM {table} WHERE {_where(table)}", values).fetchone()  # noqa: S608
    return None if row is None else dict(row)


def _where(table: str) -> str:
    return " AND ".join(f"{name} = ?" for name in _KEYS[table])


def _key(table: str, row: sqlite3.Row) -> RowKey:
    return table, tuple(row[name] for name in _KEYS[table])


def _place(key: RowKey) -> tuple[int, tuple[str, ...]]:
    return _ORDER.index(key[0]), tuple(f"{value:>20}" for value in key[1])


def _too_late(deed: Deed) -> ValueError:
    return ValueError(f"{deed.text}: cannot be undone any more, something newer changed the same looks or visits")


@dataclass(frozen=True)
class _Change:
    """One row of an entry, and the row as it is now."""

    key: RowKey
    before: Row | None
    after: dict[str, Any] | None
    now: Row | None


def _take_back(connection: sqlite3.Connection, deed: Deed) -> None:
    changes = []
    for row in connection.execute("SELECT * FROM undo_rows WHERE undo = ? ORDER BY place", (deed.number,)).fetchall():
        key = (row["tab"], tuple(json.loads(row["key"])))
        before = None if row["before"] is None else row_of(row["before"])
        after = None if row["after"] is None else json.loads(row["after"])
        changes.append(_Change(key, before, after, _row(connection, key)))
    if not all(_as_left(change) for change in changes):
        raise _too_late(deed)
    for change in changes:
        if change.before is not None:
            _put_back(connection, change)
    for change in reversed(changes):
        if change.before is None:
            _check_unused(connection, deed, change, changes)
            connection.execute(f"DELETE FROM {change.key[0]} WHERE {_where(change.key[0])}", change.key[1])  # noqa: S608


def _as_left(change: _Change) -> bool:
    """Tell whether a row is as the action left it, but for what changes by itself."""
    if change.after is None:
        return True
    if change.now is None:
        return False
    now = json.loads(text_of(change.now, digests=True))
    new_stranger = change.key[0] == "strangers" and change.before is None  # may not have come again since
    names = change.after.keys() - (frozenset() if new_stranger else _BY_ITSELF.get(change.key[0], frozenset()))
    return all(name in now and now[name] == change.after[name] for name in names)


_BY_ITSELF = {
    "strangers": frozenset({"visits", "first_seen", "last_seen"}),  # somebody came again
    "person_references": frozenset({"digest", "created"}),  # it was shared with other doors
}


def _put_back(connection: sqlite3.Connection, change: _Change) -> None:
    table, values = change.key
    row = dict(change.before or {})
    if table == "visits":
        row |= _leading(connection, row)
    if change.after is not None:  # it was changed
        if table == "strangers" and change.now is not None:
            row |= _counted(row, change.after, change.now)
        if row:
            setters = ", ".join(f"{name} = ?" for name in row)
            connection.execute(
                f"UPDATE {table} SET {setters} WHERE {_where(table)}",  # noqa: S608
                (*row.values(), *values),
            )
        return
    if change.now is not None:
        if table not in _RENUMBERED:
            return  # the same look of a visit that was written again meanwhile
        del row["id"]
    connection.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
        tuple(row.values()),
    )


def _leading(connection: sqlite3.Connection, row: Row) -> Row:
    """Return whom people lead to by whom a visit is called again; they may have been joined meanwhile."""
    lead = "SELECT coalesce(joined_into, id) FROM people WHERE id = ?"
    people = {name: row[name] for name in ("person", "nearest") if row.get(name) is not None}
    found = {name: connection.execute(lead, (person,)).fetchone() for name, person in people.items()}
    return {name: root[0] for name, root in found.items() if root is not None}


def _counted(before: Row, after: Row, now: Row) -> Row:
    """Return how often and when a stranger came, of whom some visits may be newer than the action."""
    row: Row = {}
    if "visits" in after:
        row["visits"] = now["visits"] - after["visits"] + before["visits"]
    if "last_seen" in after:
        row["last_seen"] = before["last_seen"] if now["last_seen"] == after["last_seen"] else now["last_seen"]
    if "first_seen" in after:
        row["first_seen"] = before["first_seen"]
    return row


def _check_unused(connection: sqlite3.Connection, deed: Deed, change: _Change, changes: Sequence[_Change]) -> None:
    """Refuse to take away a person or a stranger who has got more since; a new person's visits go to the stranger."""
    table, (key, *_) = change.key
    if table == "people":
        if _some(connection, "SELECT 1 FROM person_references WHERE person = ?", key):
            raise _too_late(deed)
        named = (one for one in changes if one.key[0] == "strangers" and one.after and one.after.get("person") == key)
        stranger = next((one.key[1][0] for one in named), None)
        came = connection.execute(
            "UPDATE visits SET kind = ?, person = NULL, stranger = ?, reason = 'unnamed', text = ?"
            " WHERE person = ? AND closed = 1",
            ("stranger" if stranger is not None else "unsure", stranger, REASONS["unnamed"], key),
        ).rowcount
        connection.execute(
            "UPDATE strangers SET visits = visits + ?, last_seen = (SELECT max(last_seen) FROM"
            " (SELECT last_seen UNION ALL SELECT last_seen FROM visits WHERE stranger = strangers.id)) WHERE id = ?",
            (came, stranger),
        )
    elif table == "strangers" and any(_some(connection, f"SELECT 1 FROM {whose} = ?", key) for whose in _STRANGERS_OWN):  # noqa: S608
        raise _too_late(deed)


def _some(connection: sqlite3.Connection, query: str, *values: object) -> bool:
    return connection.execute(query, values).fetchone() is not None
