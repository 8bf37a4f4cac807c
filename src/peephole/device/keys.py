"""The keys of devices, a file each that only the owner may read, named by the key's id."""

import hashlib
import hmac
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from peephole.device.errors import WrongKeyError
from peephole.whole_files import DISK_FULL

FOLDER = "devices"
KEY_BYTES = 32
ID_BYTES = 8


def key_id(key: bytes) -> bytes:
    """Return what a key goes by in the open."""
    return hmac.digest(key, b"peephole key id", hashlib.sha256)[:ID_BYTES]


def key_file(data: Path, identity: bytes) -> Path:
    """Return where the key with this id lies in a data folder."""
    return data / FOLDER / f"{identity.hex()}.key"


@contextmanager
def place_for_key(data: Path) -> Iterator[Callable[[bytes], Path]]:
    """Make room for a key before it is made, and give what keeps it there; without that the room is given back.

    Raises an `OSError` with one sentence where the key could not be kept: a device that made one would be nobody's.
    """
    folder = data / FOLDER
    partial = folder / f"{os.getpid()}.new"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        _write(partial, bytes(KEY_BYTES), os.O_CREAT | os.O_EXCL)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        full = error.errno in DISK_FULL
        why = "the disk is full; make room, or" if full else f"no key can be written there ({error.strerror});"
        raise OSError(f"{folder}: {why} name another data folder with --data") from error

    def keep(key: bytes) -> Path:
        _write(partial, key, 0)
        return partial.replace(key_file(data, key_id(key)))

    try:
        yield keep
    finally:
        partial.unlink(missing_ok=True)


def _write(path: Path, key: bytes, flags: int) -> None:
    """Write a key where nobody else can read it, over one that is as long where there is one."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CLOEXEC | flags, 0o600), "wb") as stream:
        stream.write(key.hex().encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def is_open_to_others(path: Path) -> bool:
    """Tell whether anybody but its owner may read a key."""
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def read_key(data: Path, identity: bytes) -> bytes:
    """Return the key with this id. Raises `WrongKeyError` where there is none."""
    path = key_file(data, identity)
    if not path.is_file():
        raise WrongKeyError(
            f"{path}: no such key, so the device was paired by somebody else or with another data folder; "
            "name that folder with --data, or press the device's button and run: peephole device pair"
        )
    try:
        key = bytes.fromhex(path.read_text().strip())
    except OSError as error:
        raise WrongKeyError(f"{path}: the key cannot be read ({error.strerror}); only its owner may") from error
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or key_id(key) != identity:
        raise WrongKeyError(f"{path}: not the key of this device; press its button and run: peephole device pair")
    return key
