"""What opens the door, as far as it is decided by who people are: their looks in use, and the rules by which they open.

Compared before and after a change of many rows, it tells whether the door opens more easily (`people.rules`).
"""

import sqlite3
from collections.abc import Hashable

from peephole.people.records import Rules
from peephole.store.rows import to_rules

_LEAD = "JOIN people AS root ON root.id = coalesce(people.joined_into, people.id) AND root.may_open AND NOT root.minor"
_KEYS = (
    f"SELECT 'person' AS kind, people.id AS id, root.* FROM people {_LEAD} UNION ALL"  # noqa: S608 - words of ours
    f" SELECT 'look', person_references.id, root.* FROM person_references JOIN people ON people.id = person {_LEAD}"
    " WHERE aside = ''"
)


def door_keys(connection: sqlite3.Connection) -> dict[Hashable, Rules]:
    """Return every person for whom the door may open, and every look in use at one, with the rules that hold for it.

    Of people who were joined those of whom they lead to hold. Looks of other models count: they may be used again.
    """
    return {(row["kind"], row[1]): to_rules(row) for row in connection.execute(_KEYS)}
