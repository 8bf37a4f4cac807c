"""SQLite's errors in one clear sentence each: which file, what is wrong, what to do."""

import errno
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peephole.whole_files import DISK_FULL

_FULL = sqlite3.SQLITE_FULL
_WRITE_FAILED = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE}
_SHARED_MEMORY_FAILED = {sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP, sqlite3.SQLITE_IOERR_SHMOPEN}
_READ_FAILED = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_OURS = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_MISMATCH}
_READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}
_ROOM = 1 << 20
"""A disk with less of it counts as full when something could not be written."""


def clear_error(error: sqlite3.Error, path: Path) -> Exception:
    """Return the exception to raise in place of `error`; a mistake in our own SQL stays what it is."""
    code = getattr(error, "sqlite_errorcode", 0)
    family = code & 0xFF
    not_written = code in _WRITE_FAILED | _SHARED_MEMORY_FAILED
    if family == _FULL or (not_written and is_full(path)):
        return _os_error(
            errno.ENOSPC, f"{path}: cannot be written, the disk is full; make room, nothing stored before is lost"
        )
    if not_written:
        return _os_error(
            errno.EIO,
            f"{path}: the disk did not take what was written ({error}); look for its faults in the system's log, and "
            "copy the folder to another disk while it can be read",
        )
    if family == sqlite3.SQLITE_NOTADB:
        return _os_error(
            errno.EIO, f"{path}: damaged or not a doorbell's database; move it away, or put a backup in its place"
        )
    if family == sqlite3.SQLITE_CORRUPT:  # which SQLite says of a sector that could not be read, too
        return _os_error(
            errno.EIO,
            f"{path}: damaged, or the disk does not give back what is stored, which may pass; keep the file, look for "
            "faults of the disk in the system's log, start again, and only then put a backup in its place",
        )
    if family in _BUSY:
        return _os_error(errno.EBUSY, f"{path}: another process keeps it locked; try again when that has finished")
    if family in _READ_ONLY and _is_mounted_read_only(path):
        return _os_error(
            errno.EROFS,
            f"{path}: cannot be written, its disk is mounted read-only, as one that fails may be; look for its faults "
            "in the system's log, and copy the folder to another disk while it can be read",
        )
    if family in _READ_ONLY:
        return _os_error(errno.EACCES, f"{path}: cannot be opened for writing; check the owner and the permissions")
    if not code or family in _OURS:
        return error
    return _os_error(
        errno.EIO,
        f"{path}: the disk failed ({error}), which may pass; look for its faults in the system's log, and start again",
    )


@contextmanager
def disk_told(path: Path, what: str) -> Iterator[None]:
    """Say in a sentence of which file the system reads or writes nothing, while all or nothing is changed by it.

    what: the disk does not do.
    """
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            sentence = f"{path}: cannot be written, the disk is full; nothing was changed, make room"
        else:
            reason = error.strerror or type(error).__name__
            sentence = (
                f"{path}: the disk {what} ({reason}); nothing was changed, look for its faults in the system's log"
            )
        raise _os_error(error.errno or errno.EIO, sentence) from error


def is_of_reading(error: sqlite3.Error) -> bool:
    """Tell whether an error comes of what is stored, and not of where something was to be written."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code in _READ_FAILED or code & 0xFF == sqlite3.SQLITE_CORRUPT


def is_full(path: Path) -> bool:
    """Tell whether there is no room to write a database, on the disk or in files of the size allowed."""
    try:
        disk = os.statvfs(path.parent)
        files = path.parent.glob(f"{path.name}*")
        largest = max((file.stat().st_size for file in files), default=0)
    except OSError:
        return False
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return disk.f_bavail * disk.f_frsize < _ROOM or (allowed != resource.RLIM_INFINITY and allowed < largest + _ROOM)


def _is_mounted_read_only(path: Path) -> bool:
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _os_error(number: int, sentence: str) -> OSError:
    # Built of two arguments it would put "[Errno 28]" before the sentence.
    error = OSError(sentence)
    error.errno = number
    return error
