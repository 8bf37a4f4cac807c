"""Visits that the doorbell has decided wrongly, put right by the owner; each can be taken back for a while (`journal`).

What the doorbell had said stays with the visit, once, however often the owner thinks again (columns `said_..`).
"""

import sqlite3
import time

from peephole.doorbell.said import Said
from peephole.doorbell.trace import OWNERS_WORD
from peephole.doorbell.voting import REASONS
from peephole.people.records import Person
from peephole.store.database import Database
from peephole.store.inbox import noted_person
from peephole.store.joins import THEIRS
from peephole.store.journal import Recording, recorded
from peephole.store.references import set_redundant_aside
from peephole.store.seal import Seal
from peephole.store.strangers import add_stranger, join_visit, leave_visit

_UNREAD = frozenset({"visits", "visit_looks"})  # of the people and strangers: the visit itself is noted alone
_SAID = (
    "SELECT said_kind AS kind, said_person AS person, people.name AS person_name, strangers.number AS stranger_number,"
    " said_reason AS reason, distance FROM visits"
    " LEFT JOIN people ON people.id = (SELECT coalesce(joined_into, id) FROM people WHERE id = said_person)"
    " LEFT JOIN strangers ON strangers.id = (SELECT coalesce(merged_into, id) FROM strangers WHERE id = said_stranger)"
    " WHERE visits.id = ? AND said_kind IS NOT NULL"
)
_DECIDE = (
    "UPDATE visits SET kind = :kind, person = :person, stranger = :stranger, reason = :reason, text = :text,"
    " silent = coalesce((SELECT state = 'ignored' FROM strangers WHERE id = :stranger), 0), repeat = EXISTS"
    " (SELECT 1 FROM visits AS one WHERE one.closed = 1 AND one.id <> :id AND (one.person = :person OR"
    " one.stranger = :stranger) AND one.first_seen <= visits.last_seen AND one.last_seen > visits.first_seen - :cool),"
    " said_kind = :said_kind, said_person = :said_person, said_stranger = :said_stranger, said_reason = :said_reason"
    " WHERE id = :id"
)
_LEARN = (
    "INSERT INTO person_references (person, descriptor, model, picture, quality, source, created)"
    " SELECT ?, descriptor, model, picture, quality, 'visit', time FROM shown_looks WHERE visit = ? AND number = ?"
)


class CorrectionsTable:
    """The owner's word about single visits (see `doorbell.archive.CorrectionsShelf`)."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def name(self, visit: str, who: str, learn: bool, consent: str, cool_down: float) -> Person:
        """Say whose visit it was: that of the person of that name or id, made if there is none.

        learn: the good looks of the visit become references of that person. An empty consent leaves what is noted.
        """
        seal = self._database.seal
        with recorded(self._database, "correct", _UNREAD) as record:
            connection, row = record.connection, _begin(record, visit)
            person = noted_person(record, who)
            if row["person"] == person.id and not learn:
                raise ValueError(f"this visit is {person.name}'s already")
            if row["person"] != person.id:
                _unlearn(record, seal, row)
            _decide(record, row, cool_down, "known", person=person.id)
            if learn:
                _learn(connection, seal, visit, person)
            if consent:
                connection.execute(
                    "UPDATE people SET consent = ?, consent_at = ? WHERE id = ?", (consent, time.time(), person.id)
                )
            record.text = f"a visit named {person.name}"
        return person

    def strange(self, visit: str, stranger: str | None, model: str, keep: int, cool_down: float) -> int | None:
        """Say that it was nobody known: that stranger's visit, if that one waits or is ignored, else a new one's.

        The best `keep` good looks, of that model first, are remembered of the stranger, whose number is returned; None
        where no good look is left of the visit, by which nobody can be recognised: then it is nobody's in particular.
        """
        with recorded(self._database, "correct", _UNREAD) as record:
            connection, row = record.connection, _begin(record, visit)
            if row["kind"] == "stranger":
                raise ValueError("this visit is a stranger's already; that stranger's page can split it off")
            _unlearn(record, self._database.seal, row)
            theirs = None
            if _good_looks(connection, visit):
                theirs = _stranger(record, stranger, row)
            _decide(record, row, cool_down, "stranger", stranger=theirs)
            number = None
            if theirs is not None:
                join_visit(connection, theirs, visit, model, keep)
                found = connection.execute("SELECT number FROM strangers WHERE id = ?", (theirs,)).fetchone()
                number = int(found["number"])
            whose = "somebody who is not known" if number is None else f"Stranger {number}"
            record.text = f"a visit is that of {whose}"
        return number

    def forget(self, visit: str, cool_down: float) -> None:
        """Take looks and picture of a visit away, and what was learnt from them, to be erased once that is final."""
        with recorded(self._database, "forget", _UNREAD) as record:
            row = _begin(record, visit)
            if row["reason"] == "discarded":
                raise ValueError("this visit has been discarded already")
            _unlearn(record, self._database.seal, row)
            _decide(record, row, cool_down, "unsure", reason="discarded")
            record.withhold([visit])
            record.erases = True
            record.text = "a visit forgotten"

    def said(self, visit: str) -> Said | None:
        """Return what the doorbell had said of a visit that the owner has put right."""
        row = self._database.row(_SAID, (visit,))
        if row is None:
            return None
        removed = row["kind"] == "known" and row["person"] is None
        return Said(row["kind"], row["person_name"], removed, row["stranger_number"], row["reason"], row["distance"])


def _begin(record: Recording, visit: str) -> sqlite3.Row:
    """Return a visit that is over, having noted how it is, and how its stranger is."""
    row: sqlite3.Row | None = record.connection.execute("SELECT * FROM visits WHERE id = ?", (visit,)).fetchone()
    if row is None:
        raise ValueError(f"{visit}: there is no visit of this id")
    if not row["closed"]:
        raise ValueError("this visit goes on; wait until it is over")
    record.about(strangers=[row["stranger"]] if row["stranger"] is not None else [], visits=[visit])
    return row


def _decide(
    record: Recording,
    row: sqlite3.Row,
    cool_down: float,
    kind: str,
    person: str | None = None,
    stranger: str | None = None,
    reason: str = "corrected",
) -> None:
    """Write the owner's word, and take the visit from the stranger whose it was."""
    values = {"kind": kind, "person": person, "stranger": stranger, "reason": reason, "text": REASONS[reason]}
    record.connection.execute(_DECIDE, {**values, **_said(row), "id": row["id"], "cool": cool_down})
    if row["stranger"] is not None:
        leave_visit(record.connection, row["stranger"], row["id"], row["first_seen"], row["last_seen"])


def _said(row: sqlite3.Row) -> dict[str, str | None]:
    """Return what the doorbell itself has said of a visit; nothing where that is not known any more."""
    if row["said_kind"] is not None:
        said = {name: row[f"said_{name}"] for name in ("kind", "person", "stranger", "reason")}
    elif row["reason"] == "assigned" and row["stranger"] is not None:
        said = {"kind": "stranger", "person": None, "stranger": row["stranger"], "reason": None}
    elif row["reason"] in OWNERS_WORD - {"nobody_seen"}:
        said = dict.fromkeys(("kind", "person", "stranger", "reason"))
    else:
        said = {name: row[name] for name in ("kind", "person", "stranger", "reason")}
    return {f"said_{name}": value for name, value in said.items()}


def _good_looks(connection: sqlite3.Connection, visit: str) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT number, time, descriptor FROM shown_looks WHERE visit = ? AND good = 1 ORDER BY number", (visit,)
    ).fetchall()


def _learn(connection: sqlite3.Connection, seal: Seal, visit: str, person: Person) -> None:
    looks = _good_looks(connection, visit)
    if not looks:
        raise ValueError("no good look is left of this visit; nothing can be learnt from it")
    had = {look for look, _ in _learnt(connection, seal, visit, person.id)}
    connection.executemany(_LEARN, [(person.id, visit, look["number"]) for look in looks if look["number"] not in had])
    set_redundant_aside(connection, seal, person.id)


def _unlearn(record: Recording, seal: Seal, row: sqlite3.Row) -> None:
    """Take from the person whose visit it was the looks that were learnt from it, by a name or by a correction."""
    if row["person"] is None:
        return
    learnt = _learnt(record.connection, seal, row["id"], row["person"])
    if not learnt:
        return
    theirs = record.connection.execute(f"SELECT id FROM people WHERE id {THEIRS}", {"person": row["person"]}).fetchall()  # noqa: S608
    record.about(people=[one["id"] for one in theirs])
    record.connection.executemany("DELETE FROM person_references WHERE id = ?", [(one,) for _, one in learnt])


def _learnt(connection: sqlite3.Connection, seal: Seal, visit: str, person: str) -> list[tuple[int, int]]:
    """Return (number of the look, id of the reference) of what a person is recognised by and is from a visit.

    Several faces may be in one frame, so the time alone does not say whose look it is.
    """
    looks = {
        (look["time"], seal.open("descriptor", look["descriptor"])): look["number"]
        for look in connection.execute("SELECT number, time, descriptor FROM visit_looks WHERE visit = ?", (visit,))
    }
    references = connection.execute(
        "SELECT id, created, descriptor FROM person_references WHERE source = 'visit'"  # noqa: S608 - words of ours
        f" AND created IN (SELECT time FROM visit_looks WHERE visit = :visit) AND person {THEIRS}",
        {"visit": visit, "person": person},
    ).fetchall()
    found = (((one["created"], seal.open("descriptor", one["descriptor"])), one["id"]) for one in references)
    return [(looks[look], reference) for look, reference in found if look in looks]


def _stranger(record: Recording, key: str | None, row: sqlite3.Row) -> str:
    """Return the id of a stranger who can be recognised, else of a new one, having noted how everything is."""
    found = record.connection.execute(
        "SELECT id FROM strangers WHERE id = ? AND state IN ('open', 'ignored')", (key,)
    ).fetchone()
    if found is not None:
        record.about(strangers=[found["id"]])
        return str(found["id"])
    new = add_stranger(record.connection, row["first_seen"])
    record.made(strangers=[new])
    return new
