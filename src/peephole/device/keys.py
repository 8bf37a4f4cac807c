"""The keys of devices, a file each that only the owner may read, named by the key's id."""

import hashlib
import hmac
import os
from pathlib import Path

from peephole.device.errors import WrongKeyError

FOLDER = "devices"
KEY_BYTES = 32
ID_BYTES = 8


def key_id(key: bytes) -> bytes:
    """Return what a key goes by in the open."""
    return hmac.digest(key, b"peephole key id", hashlib.sha256)[:ID_BYTES]


def key_file(data: Path, identity: bytes) -> Path:
    """Return where the key with this id lies in a data folder."""
    return data / FOLDER / f"{identity.hex()}.key"


def prepare_keys(data: Path) -> None:
    """Make the folder of the keys. Raises `OSError` where that cannot be: before a key is made, not after it."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder}: may not be written to; name another data folder with --data")


def keep_key(data: Path, key: bytes) -> Path:
    """Write a key where nobody else can read it."""
    path = key_file(data, key_id(key))
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(key.hex().encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    return partial.replace(path)


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
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or key_id(key) != identity:
        raise WrongKeyError(f"{path}: not the key of this device; press its button and run: peephole device pair")
    return key
