"""One SQLite connection for all threads of a process: WAL, every commit on the disk before it is acknowledged.

What is erased is erased in every file of the folder: SQLite overwrites it in the database (`secure_delete`), the
write-ahead log is emptied at once, and the backups that migrations made are removed.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from peephole.store.copies import remove_left_copies
from peephole.store.errors import clear_error, is_full, is_of_reading
from peephole.store.migrations import Migration, remove_backups
from peephole.store.opening import BUSY_SECONDS, open_anyhow
from peephole.store.seal import NoSeal, Seal

DATABASE_NAME = "peephole.db"
_ERASE_SECONDS = 1.0  # to wait for readers of the log before it is left for later


class Database:
    """A migrated database file. Every method may be called from any thread; errors are clear sentences.

    `seal` is what descriptors and pictures are sealed with; see `sealing.unlock`.
    """

    def __init__(self, path: Path, migrations: Sequence[Migration]) -> None:
        """Open or create `path` and bring it to the newest schema; it can be read on a full disk, too."""
        self.path = path
        self.seal: Seal = NoSeal()
        self._lock = threading.RLock()
        self._own_changes = 0
        self._migrations = migrations
        self._connection, self._alone = open_anyhow(path, migrations)

    def close(self) -> None:
        """Close the file; the database is of no use afterwards."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def change(self, gallery: bool = False, erase: bool = False) -> Iterator[sqlite3.Connection]:
        """Run a write transaction: all of it is stored, or nothing.

        `gallery` says that people or strangers change, so that `gallery_version` moves on; `erase` that something is
        deleted because it must not be kept.
        """
        with self._lock:
            self._share_again()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                # A full disk may have made SQLite roll back already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise clear_error(error, self.path) from error
                raise
            self._own_changes += gallery
            if erase:
                self._drop_old_copies()

    def _share_again(self) -> None:
        """Let other processes in, where a full disk kept them out and has room now."""
        if not self._alone or self._connection.in_transaction or is_full(self.path):
            return
        self._connection.close()
        self._connection, self._alone = open_anyhow(self.path, self._migrations)
        self._own_changes += 1  # another process may have changed something in between

    def _drop_old_copies(self) -> None:
        """Empty the write-ahead log, which holds old pages, and remove backups.

        As far as it goes: where another process is reading just now, or the disk is full, the log is emptied by the
        next erasing or when the last process closes the database.
        """
        with self._lock, suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {1000 * _ERASE_SECONDS:.0f}").fetchall()
            try:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS:.0f}").fetchall()
        remove_backups(self.path)
        remove_left_copies(self.path)

    def copy_to(self, target: Path) -> None:
        """Copy the whole database, as it is at this moment, into an empty file."""
        with self._lock:
            try:
                with closing(sqlite3.connect(target)) as copy:
                    self._connection.backup(copy)
            except sqlite3.Error as error:
                raise clear_error(error, self.path if is_of_reading(error) else target) from error

    def rows(self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """Return the rows of a SELECT."""
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise clear_error(error, self.path) from error

    def row(self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> sqlite3.Row | None:
        """Return the first row of a SELECT, or None."""
        found = self.rows(query, values)
        return found[0] if found else None

    def gallery_version(self) -> tuple[int, int]:
        """Return a value that changes when people or strangers change, here or in another process."""
        found = self.row("PRAGMA data_version")
        return (int(found[0]) if found else 0, self._own_changes)
