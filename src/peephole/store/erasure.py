"""Everything about one person: how much there is, and how it is erased."""

import sqlite3
from typing import Any

from peephole.doorbell.voting import REASONS
from peephole.people.records import Kept
from peephole.store.database import Database
from peephole.store.joins import THEIRS

# Visits of nobody for sure, to which the person was the nearest, and that show a face.
_UNSURE = (
    "closed = 1 AND kind = 'unsure' AND nearest = :person"
    " AND (picture IS NOT NULL OR EXISTS (SELECT 1 FROM visit_looks WHERE visit = visits.id))"
)
_KEPT = f"""SELECT
    (SELECT count(*) FROM person_references WHERE person {THEIRS} AND aside = '') AS 'references',
    (SELECT count(*) FROM person_references WHERE person {THEIRS} AND aside <> '') AS aside,
    (SELECT count(*) FROM visits WHERE person = :person) AS visits,
    (SELECT count(*) FROM visit_looks JOIN visits ON visits.id = visit WHERE person = :person) AS looks,
    (SELECT count(*) FROM visits WHERE {_UNSURE}) AS unsure,
    (SELECT count(*) FROM strangers WHERE person = :person) AS strangers,
    (SELECT count(*) FROM door_log WHERE person {THEIRS}) AS door
"""  # noqa: S608 - words of ours
_ERASE = (
    f"DELETE FROM visit_looks WHERE NOT :keep_unsure AND visit IN (SELECT id FROM visits WHERE {_UNSURE})",  # noqa: S608
    f"UPDATE visits SET picture = NULL WHERE NOT :keep_unsure AND {_UNSURE}",  # noqa: S608
    "DELETE FROM visit_looks WHERE visit IN (SELECT id FROM visits WHERE person = :person)",
    "DELETE FROM notifications WHERE visit IN (SELECT id FROM visits WHERE person = :person)",
    "UPDATE visits SET kind = 'unsure', person = NULL, stranger = NULL, reason = 'person_removed', text = :text,"
    " distance = NULL, margin = NULL, runner_up = NULL, picture = NULL, said_kind = NULL, said_person = NULL,"
    " said_stranger = NULL, said_reason = NULL WHERE person = :person",
    "DELETE FROM stranger_looks WHERE stranger IN (SELECT id FROM strangers WHERE person = :person)",
    "UPDATE strangers SET state = 'discarded', person = NULL WHERE person = :person",
    # The rest of what names the person goes by foreign keys: references with it, the others are emptied.
    "DELETE FROM people WHERE joined_into = :person",
    "DELETE FROM people WHERE id = :person",
    # What could be taken back holds pictures of whoever it was about, and nobody can tell whose: all of it is final.
    "DELETE FROM undo",
)


def kept_of(database: Database, person_id: str) -> Kept:
    """Count what is kept about a person."""
    row = database.row(_KEPT, {"person": person_id})
    return Kept(**{name: row[name] for name in row.keys()}) if row is not None else Kept()  # noqa: SIM118


def erase_person(connection: sqlite3.Connection, person_id: str, keep_unsure: bool = False) -> None:
    """Erase a person, and whoever was joined into it, within a transaction that erases.

    References, name and rules go, and the faces of visits. Visits, strangers' numbers and rows of the door's log stay,
    and name nobody; nothing that was done before can be taken back. Pictures go, too, of visits of which the doorbell
    was not sure and to which this person was the nearest, but for keep_unsure.
    """
    values = {"person": person_id, "keep_unsure": keep_unsure, "text": REASONS["person_removed"]}
    for statement in _ERASE:
        connection.execute(statement, values)


def door_rows(database: Database, person_id: str) -> list[dict[str, Any]]:
    """Return what the door's log says of a person, the oldest first."""
    rows = database.rows(
        f"SELECT time, visit, verdict, reason, by, mode, done FROM door_log WHERE person {THEIRS} ORDER BY id",  # noqa: S608
        {"person": person_id},
    )
    return [dict(row) for row in rows]
