"""Opening a sealed database, and sealing one that lay open."""

import os
import sqlite3

from peephole.store.database import Database
from peephole.store.keys import Keys
from peephole.store.seal import KEY_BYTES, AesSeal, KeySource, WrappedKey, wrap

_COLUMNS = (
    ("person_references", "descriptor"),
    ("person_references", "picture"),
    ("stranger_looks", "descriptor"),
    ("stranger_looks", "picture"),
    ("visit_looks", "descriptor"),
    ("visit_looks", "picture"),
    ("visits", "picture"),
)


def unlock(database: Database, keys: Keys | None) -> None:
    """Give a database its seal; one that lies open is sealed, all of it or nothing, and old copies are erased.

    Without keys nothing is sealed, as in tests. Raises ValueError for a wrong key, and for none where one is needed.
    """
    sealed = wrapped_key(database)
    if keys is None:
        if sealed is not None:
            raise ValueError(f"{database.path}: descriptors and pictures are sealed, and no key is given")
        return
    source = keys.source(make=sealed is None)
    if sealed is None:
        sealed = _seal_all(database, source)
    try:
        database.seal = AesSeal(sealed.unwrap(source))
    except ValueError as error:
        raise ValueError(f"{database.path}: {error}") from error


def wrapped_key(database: Database) -> WrappedKey | None:
    """Return the wrapped data key; None for a database that lies open."""
    row = database.row("SELECT kind, salt, wrapped FROM seal")
    return WrappedKey(row["kind"], row["salt"], row["wrapped"]) if row is not None else None


def store_key(connection: sqlite3.Connection, key: WrappedKey) -> None:
    """Put a wrapped data key in the place of the one before, within a transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO seal (id, kind, salt, wrapped) VALUES (1, ?, ?, ?)", (key.kind, key.salt, key.wrapped)
    )


def _seal_all(database: Database, source: KeySource) -> WrappedKey:
    data_key = os.urandom(KEY_BYTES)
    seal, wrapped = AesSeal(data_key), wrap(data_key, source)
    with database.change(erase=True) as connection:
        row = connection.execute("SELECT kind, salt, wrapped FROM seal").fetchone()
        if row is not None:  # another process was quicker
            return WrappedKey(row["kind"], row["salt"], row["wrapped"])
        connection.create_function("sealed", 2, seal.close, deterministic=False)
        for table, column in _COLUMNS:
            connection.execute(
                f"UPDATE {table} SET {column} = sealed('{column}', {column}) WHERE {column} IS NOT NULL"  # noqa: S608
            )
        connection.execute("DELETE FROM undo")  # holds rows as they lay open
        store_key(connection, wrapped)
    return wrapped
