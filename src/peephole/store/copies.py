"""The copies that backups are written from: each is gone with the process that made it, however that ends."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def private_copy(database: Path) -> Iterator[Path]:
    """Give an empty file beside a database, which only its owner may read, and remove it in the end.

    It is locked meanwhile. The kernel lets go of that lock when the process is killed, by which `remove_left_copies`
    knows that nobody writes a backup from it any more. Raises OSError where it cannot be made.
    """
    remove_left_copies(database)
    path = database.with_name(f"{database.name}.{os.getpid()}-{secrets.token_hex(4)}.copy")
    held = _locked(path)
    try:
        yield path
    finally:
        _remove(path)
        os.close(held)


def remove_left_copies(database: Path) -> None:
    """Remove the copies beside a database whose processes are gone; as far as it goes."""
    for path in database.parent.glob(f"{database.name}.*.copy"):
        with suppress(OSError):
            held = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(path)
            finally:
                os.close(held)


def _locked(path: Path) -> int:
    """Make a file, lock it, and return what holds the lock."""
    while True:
        try:
            held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise OSError(error.errno, f"{path}: cannot be made ({error.strerror})") from error
        fcntl.flock(held, fcntl.LOCK_EX)
        with suppress(OSError):  # else it was taken for a left one before it was locked
            if os.path.samestat(path.stat(), os.fstat(held)):
                return held
        os.close(held)


def _remove(copy: Path) -> None:
    for file in (copy, *copy.parent.glob(f"{copy.name}-*")):
        file.unlink(missing_ok=True)
