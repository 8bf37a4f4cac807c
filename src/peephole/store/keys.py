"""Where the key comes from that descriptors and pictures are sealed with."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from peephole.secret import Secret, read_secret
from peephole.section import Section
from peephole.store.seal import KEY_BYTES, KeySource


class Storage(Section):
    """What people, strangers and visits are kept with."""

    key: Annotated[
        Secret | None,
        Field(
            description="Key that descriptors and pictures are sealed with, 64 hexadecimal digits. Without one and "
            "without a passphrase, one is made: `storage.key` beside the usual settings file."
        ),
    ] = None
    passphrase: Annotated[
        Secret | None, Field(description="A passphrase in place of a key; every command takes a moment longer.")
    ] = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.key is not None and self.passphrase is not None:
            raise ValueError("a key and a passphrase are given; give one of them")
        return self


@dataclass(frozen=True)
class Keys:
    """How a store comes by its key.

    Attributes:
        storage: what the settings say.
        file: the key file, where they say nothing.
    """

    storage: Storage
    file: Path

    def source(self, make: bool) -> KeySource:
        """Return the owner's secret.

        Args:
            make: whether the key file may be made; not where something was sealed with it already.

        Raises:
            OSError: it cannot be read or made.
            ValueError: it is no key.
        """
        if self.storage.passphrase is not None:
            return KeySource("passphrase", read_secret(self.storage.passphrase, "storage.passphrase"))
        if self.storage.key is not None:
            return _key(read_secret(self.storage.key, "storage.key"), "storage.key")
        if make and not self.file.exists():
            _make_key_file(self.file)
        if not self.file.exists():
            raise FileNotFoundError(
                f"{self.file}: the key that the data are sealed with is missing; put it back, name another one in the "
                "settings (storage.key), or restore a backup"
            )
        return _key(read_secret(f"file:{self.file}", "storage.key"), str(self.file))


def _key(text: bytes, what: str) -> KeySource:
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{what}: a key is {2 * KEY_BYTES} hexadecimal digits")
    return KeySource("key", key)


def _make_key_file(path: Path) -> None:
    """Make a key that only its owner may read; it is on the disk before anything is sealed with it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"{secrets.token_hex(KEY_BYTES)}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)  # unlike renaming, leaves the file of somebody who was quicker
        except FileExistsError:
            return
        finally:
            partial.unlink()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise OSError(
            f"{path}: the key cannot be made ({error.strerror}); name one in the settings (storage.key)"
        ) from error
