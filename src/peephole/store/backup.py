"""A whole data folder as one file that a passphrase opens, on this machine or on another.

The file: a line, a salt and the prefix of the nonces, then pieces of at most 1 MiB, each sealed by AES-256-GCM with the
key that Argon2id makes of the passphrase. A nonce is the prefix, the number of the piece, and whether it is the last
one, so that none can be left out, moved or put behind (the STREAM construction: Hoang, Reyhanitabar, Rogaway, Vizar,
2015). Inside: a line of JSON with the data key, then the database.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from peephole.store.copies import private_copy
from peephole.store.database import DATABASE_NAME, Database
from peephole.store.errors import clear_error, disk_told
from peephole.store.files import make_private
from peephole.store.instance import InstanceLock
from peephole.store.keys import Keys
from peephole.store.migrations import shipped
from peephole.store.seal import SALT_BYTES, AesSeal, stretched, wrap
from peephole.store.sealing import store_key

_MAGIC = b"peephole-backup 1\n"
_PREFIX_BYTES = 7
_PIECE = 1 << 20
_TAG = 16
_NOT_TAKEN = "did not take what was written"
_NOT_GIVEN = "does not give back what is stored"


@dataclass(frozen=True)
class Restored:
    """What a backup brought back."""

    people: int
    strangers: int
    visits: int


def write_backup(database: Database, passphrase: bytes, output: IO[bytes]) -> None:
    """Write everything as it is at this moment; a doorbell may run meanwhile.

    Raises ValueError for an empty passphrase, and OSError where the copy or the file cannot be written.
    """
    if not passphrase:
        raise ValueError("a backup needs a passphrase")
    with private_copy(database.path) as copy:
        database.copy_to(copy)
        _write(copy, database.seal, passphrase, output)


def restore_backup(backup: Path, passphrase: bytes, folder: Path, keys: Keys | None, replace: bool) -> Restored:
    """Put a backup into a data folder, sealed with this machine's key; all of it, or nothing is changed.

    Args:
        backup: the file.
        passphrase: that it was written with.
        folder: where to; made where it is missing.
        keys: of this machine.
        replace: whether a database that is there already may go.

    Raises:
        OSError: the folder is in use, or the disk takes or gives back less than it should.
        ValueError: another passphrase, a damaged file, one of a newer version, or a folder that is not empty.
    """
    target = folder / DATABASE_NAME
    with InstanceLock(folder):
        if target.exists() and not replace:
            raise ValueError(f"{folder}: holds a doorbell's data already; say --replace to lose them, or name another")
        arriving = folder / f"{DATABASE_NAME}.arriving"
        _remove_beside(arriving)
        arriving.unlink(missing_ok=True)
        make_private(arriving)
        try:
            data_key = _read(backup, passphrase, arriving)
            restored = _settle(arriving, data_key, keys, backup)
            if target.exists():
                _finish(target)
            arriving.replace(target)
        finally:
            _remove_beside(arriving)
            arriving.unlink(missing_ok=True)
        return restored


def _write(copy: Path, seal: object, passphrase: bytes, output: IO[bytes]) -> None:
    salt, prefix = os.urandom(SALT_BYTES), os.urandom(_PREFIX_BYTES)
    cipher = AESGCM(stretched(passphrase, salt))
    output.write(_MAGIC + salt + prefix)
    header = {"data_key": seal.data_key.hex() if isinstance(seal, AesSeal) else None}
    with copy.open("rb") as file:
        line = json.dumps(header).encode() + b"\n"
        piece, number = line + file.read(_PIECE - len(line)), 0
        while True:
            following = file.read(_PIECE)
            output.write(cipher.encrypt(_nonce(prefix, number, last=not following), piece, _MAGIC))
            if not following:
                return
            piece, number = following, number + 1


def _read(backup: Path, passphrase: bytes, arriving: Path) -> bytes | None:
    """Write the database of a backup to `arriving` and return its data key."""
    with backup.open("rb") as file, _closed_silently(arriving.open("wb")) as database:
        pieces = _pieces(file, passphrase, backup)
        line, _, rest = next(pieces).partition(b"\n")
        for piece in chain((rest,), pieces):
            with disk_told(arriving, _NOT_TAKEN):
                database.write(piece)
        with disk_told(arriving, _NOT_TAKEN):
            database.flush()
            os.fsync(database.fileno())
    key = json.loads(line)["data_key"]
    return None if key is None else bytes.fromhex(key)


@contextmanager
def _closed_silently(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Close a file at the end; closing would tell in no sentence what was told before, that it took too little."""
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()


def _pieces(file: IO[bytes], passphrase: bytes, backup: Path) -> Iterator[bytes]:
    head = _part(file, len(_MAGIC) + SALT_BYTES + _PREFIX_BYTES, backup)
    if not head.startswith(_MAGIC):
        raise ValueError(f"{backup}: not a backup of peephole")
    salt, prefix = head[len(_MAGIC) : -_PREFIX_BYTES], head[-_PREFIX_BYTES:]
    if len(head) < len(_MAGIC) + SALT_BYTES + _PREFIX_BYTES:
        raise ValueError(f"{backup}: cut off; take another backup")
    cipher = AESGCM(stretched(passphrase, salt))
    number, sealed = 0, _part(file, _PIECE + _TAG, backup)
    while True:
        following = _part(file, _PIECE + _TAG, backup)
        try:
            yield cipher.decrypt(_nonce(prefix, number, last=not following), sealed, _MAGIC)
        except InvalidTag as error:
            reason = "another passphrase, or a damaged file" if number == 0 else "damaged or cut off"
            raise ValueError(f"{backup}: {reason}; nothing was changed") from error
        if not following:
            return
        number, sealed = number + 1, following


def _part(file: IO[bytes], size: int, path: Path) -> bytes:
    with disk_told(path, _NOT_GIVEN):
        return file.read(size)


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _settle(arriving: Path, data_key: bytes | None, keys: Keys | None, backup: Path) -> Restored:
    """Check what arrived, bring it to the newest schema, and wrap its key with this machine's."""
    try:
        with closing(sqlite3.connect(arriving)) as connection:
            whole = connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise clear_error(error, arriving) from error
        _read_through(arriving)
        raise ValueError(f"{backup}: holds no database; take another backup") from error
    if not whole:
        _read_through(arriving)
        raise ValueError(f"{backup}: holds a damaged database; take another backup")
    database = Database(arriving, shipped())
    try:
        if data_key is not None:
            if keys is None:
                raise ValueError(f"{backup}: is sealed, and there is no key to seal it with here")
            with database.change() as connection:
                store_key(connection, wrap(data_key, keys.source(make=True)))
        waiting = "strangers WHERE state IN ('open', 'ignored')"  # whoever got a name is one of the people
        counts = [database.row(f"SELECT count(*) FROM {rows}") for rows in ("people", waiting, "visits")]  # noqa: S608
        return Restored(*(int(row[0]) if row is not None else 0 for row in counts))
    finally:
        database.close()


def _read_through(arriving: Path) -> None:
    """Raise OSError where the disk does not give back what arrived; SQLite calls that damaged, too."""
    with arriving.open("rb", buffering=0) as file:
        while _part(file, _PIECE, arriving):
            pass


def _finish(database: Path) -> None:
    """Bring a database's log into it, so that nothing is lost until it is replaced, and nothing is left beside it."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    _remove_beside(database)


def _remove_beside(database: Path) -> None:
    """Remove what SQLite and migrations put beside a database."""
    for pattern in (f"{database.name}-*", f"{database.name}.version-*"):
        for file in database.parent.glob(pattern):
            file.unlink(missing_ok=True)
