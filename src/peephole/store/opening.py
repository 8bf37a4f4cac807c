"""Opening the file of a database, also where the disk is full or takes nothing: what is kept can be read there, too.

SQLite shares a write-ahead log through a small file beside it (`-shm`). Where there is no room for that, the file is
opened by one process alone, which needs none; on a disk that can only be read, as it lies.
"""

import errno
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from peephole.store.errors import clear_error
from peephole.store.files import make_private
from peephole.store.migrations import Migration, migrate

BUSY_SECONDS = 10.0
_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what the owner erases is overwritten, not only unlinked
)
_ALONE = ("PRAGMA locking_mode = EXCLUSIVE", *_SETTINGS)


def open_shared(path: Path, migrations: Sequence[Migration]) -> sqlite3.Connection:
    """Open or create a database beside other processes, and bring it to the newest schema.

    Raises OSError or ValueError, with one clear sentence.
    """
    make_private(path)
    return _opened(str(path), path, migrations, _SETTINGS)


def open_anyhow(path: Path, migrations: Sequence[Migration]) -> tuple[sqlite3.Connection, bool]:
    """Open a database as `open_shared` does, or as far as the disk allows it; returns whether it is open to no other.

    Raises as `open_shared` does where nothing can be read either.
    """
    try:
        return open_shared(path, migrations), False
    except OSError as error:
        if error.errno == errno.ENOSPC and path.is_file():
            return _opened(str(path), path, migrations, _ALONE), True
        if error.errno not in (errno.EACCES, errno.EROFS) or not path.is_file():
            raise
        try:
            return _opened(_as_it_lies(path), path, migrations, ()), False
        except OSError:
            raise error from None


def _as_it_lies(path: Path) -> str:
    """Return the address by which SQLite changes nothing in the folder; it reads a log only with its `-shm`."""
    log = path.with_name(f"{path.name}-wal")
    whole = not log.exists() or log.stat().st_size == 0
    return f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if whole else ''}"


def _opened(name: str, path: Path, migrations: Sequence[Migration], settings: Sequence[str]) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=name.startswith("file:")
        )
    except sqlite3.Error as error:
        raise clear_error(error, path) from error
    try:
        for setting in settings:
            connection.execute(setting).fetchall()
        migrate(connection, path, migrations)
    except sqlite3.Error as error:
        connection.close()
        raise clear_error(error, path) from error
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection
