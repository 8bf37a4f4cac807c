"""SQLite's errors in one clear sentence each: which file, what is wrong, what to do."""

import errno
import sqlite3
from pathlib import Path

_FULL = sqlite3.SQLITE_FULL
_WRITE_FAILED = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE}
_SHARED_MEMORY_FAILED = {sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP, sqlite3.SQLITE_IOERR_SHMOPEN}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_OURS = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_MISMATCH}
_READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}


def clear_error(error: sqlite3.Error, path: Path) -> Exception:
    """Return the exception to raise in place of `error`; a mistake in our own SQL stays what it is."""
    code = getattr(error, "sqlite_errorcode", 0)
    family = code & 0xFF
    if family == _FULL or code in _WRITE_FAILED | _SHARED_MEMORY_FAILED:
        return _os_error(
            errno.ENOSPC, f"{path}: cannot be written, the disk is full; make room, nothing stored before is lost"
        )
    if family in _DAMAGED:
        return ValueError(f"{path}: damaged or not a doorbell's database; move it away, or put a backup in its place")
    if family in _BUSY:
        return _os_error(errno.EBUSY, f"{path}: another process keeps it locked; try again when that has finished")
    if family in _READ_ONLY:
        return _os_error(errno.EACCES, f"{path}: cannot be opened for writing; check the owner and the permissions")
    if not code or family in _OURS:
        return error
    return _os_error(errno.EIO, f"{path}: the database failed ({error}); check the disk")


def _os_error(number: int, sentence: str) -> OSError:
    # Built of two arguments it would put "[Errno 28]" before the sentence.
    error = OSError(sentence)
    error.errno = number
    return error
