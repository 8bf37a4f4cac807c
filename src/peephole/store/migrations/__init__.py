"""Numbered steps NNNN_name.sql from an empty file to the newest schema; `PRAGMA user_version` counts them.

A new step is a new file with the next number; a step that has been released is never edited. The backup of a migration
is kept until the migrated database is opened the next time, or until something is erased: a copy would bring it back.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from peephole.store.files import make_private


@dataclass(frozen=True)
class Migration:
    """One step: its number (1, 2, ...) and its SQL."""

    number: int
    name: str
    sql: str


def shipped() -> tuple[Migration, ...]:
    """Return the steps that come with the package, in order."""
    files = sorted(Path(__file__).parent.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    steps = tuple(Migration(int(file.name[:4]), file.stem[5:], file.read_text("utf-8")) for file in files)
    if [step.number for step in steps] != list(range(1, len(steps) + 1)):
        raise ValueError(
            f"{Path(__file__).parent}: the migrations are not numbered 1, 2, 3 ...; install the package again"
        )
    return steps


def statements(sql: str) -> Iterator[str]:
    """Split a script into statements (`executescript` would commit the transaction it runs in)."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Migration]) -> None:
    """Apply the missing steps in one transaction, after a backup of a database that has a schema already.

    Backups of earlier migrations are removed where no step is missing.
    Raises `ValueError` where the database was written by a newer version.
    """
    if _version(connection, path, steps) == len(steps):
        remove_backups(path)
        return
    if version := _version(connection, path, steps):
        _back_up(connection, path.with_name(f"{path.name}.version-{version}.backup"))
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again under the lock: another process may have migrated in between.
        for step in steps[_version(connection, path, steps) :]:
            for statement in statements(step.sql):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {step.number:d}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def remove_backups(path: Path) -> None:
    """Remove the backups that migrations of this database made."""
    for backup in path.parent.glob(f"{path.name}.version-*.backup"):
        with suppress(OSError):  # tried again at the next opening
            backup.unlink()


def _version(connection: sqlite3.Connection, path: Path, steps: Sequence[Migration]) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(steps):
        raise ValueError(
            f"{path}: written by a newer peephole (schema {version}, this one knows {len(steps)}); upgrade peephole"
        )
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        raise ValueError(f"{path}: some other program's database, not a doorbell's; choose another data folder")
    return version


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    make_private(unfinished)
    copy = sqlite3.connect(unfinished)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    unfinished.replace(target)
