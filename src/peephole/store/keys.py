"""Where the key comes from that descriptors and pictures are sealed with."""

import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from peephole.secret import Secret, read_secret
from peephole.section import Section
from peephole.store.files import make_private_file
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

    def exposed(self) -> str | None:
        """Say where others of this machine may read the key file; None: they may not, or another key is used.

        Of a file that the settings name its owner decides: a container's secrets are often open to all in it.
        """
        if self.storage.passphrase is not None or self.storage.key is not None:
            return None
        try:
            mode = self.file.stat().st_mode
        except OSError:  # whoever reads it says so
            return None
        if not mode & (stat.S_IRGRP | stat.S_IROTH):
            return None
        return f"{self.file}: others may read the key that faces are sealed with; chmod 600 it"


def _key(text: bytes, what: str) -> KeySource:
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{what}: a key is {2 * KEY_BYTES} hexadecimal digits")
    return KeySource("key", key)


def _make_key_file(path: Path) -> None:
    """Make a key; it is on the disk before anything is sealed with it."""
    try:
        make_private_file(path, f"{secrets.token_hex(KEY_BYTES)}\n", "the key")
    except OSError as error:
        raise OSError(f"{error}; name one in the settings (storage.key)") from error
