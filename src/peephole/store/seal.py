"""Descriptors and pictures as they lie in the database: AES-256-GCM with one data key, which is itself wrapped.

A sealed value is a byte 1, a nonce of 12 bytes, and ciphertext with its tag; what it is (`descriptor`, `picture`) is
authenticated with it. Nonces are random: with one key for far fewer than 2**32 values that is safe (NIST SP 800-38D,
section 8.3).
"""

import os
from dataclasses import dataclass
from typing import Literal, Protocol

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
SALT_BYTES = 16
_NONCE_BYTES = 12
_SEALED = b"\x01"
_WRAPPED = b"data key"

Content = Literal["descriptor", "picture"]
KeyKind = Literal["key", "passphrase"]


class Seal(Protocol):
    """What stands between values and the database."""

    def close(self, content: Content, value: bytes) -> bytes:
        """Return a value as it is stored."""
        ...

    def open(self, content: Content, stored: bytes) -> bytes:
        """Return a stored value; raises ValueError for one that was tampered with, or sealed with another key."""
        ...


class NoSeal:
    """A database whose values lie open."""

    def close(self, content: Content, value: bytes) -> bytes:
        """Return the value itself."""
        return value

    def open(self, content: Content, stored: bytes) -> bytes:
        """Return the value itself."""
        return stored


class AesSeal:
    """A database whose values are sealed with a data key of 32 bytes."""

    def __init__(self, data_key: bytes) -> None:
        """Prepare the cipher."""
        self.data_key = data_key
        self._cipher = AESGCM(data_key)

    def close(self, content: Content, value: bytes) -> bytes:
        """Return a value sealed."""
        nonce = os.urandom(_NONCE_BYTES)
        return _SEALED + nonce + self._cipher.encrypt(nonce, value, content.encode())

    def open(self, content: Content, stored: bytes) -> bytes:
        """Return what was sealed."""
        try:
            if stored[:1] != _SEALED:
                raise InvalidTag
            nonce, rest = stored[1 : 1 + _NONCE_BYTES], stored[1 + _NONCE_BYTES :]
            return self._cipher.decrypt(nonce, rest, content.encode())
        except (InvalidTag, ValueError) as error:
            raise ValueError(f"a {content} in the database was changed by somebody; restore a backup") from error


@dataclass(frozen=True)
class KeySource:
    """The owner's secret that wraps the data key: 32 bytes of a key, or a passphrase of any length."""

    kind: KeyKind
    secret: bytes

    def wrapping_key(self, salt: bytes) -> bytes:
        """Return 32 bytes: the key itself, or Argon2id of the passphrase."""
        return self.secret if self.kind == "key" else stretched(self.secret, salt)


@dataclass(frozen=True)
class WrappedKey:
    """A data key that only its source opens, as it lies in the database."""

    kind: KeyKind
    salt: bytes
    wrapped: bytes

    def unwrap(self, source: KeySource) -> bytes:
        """Return the data key; raises ValueError, with one sentence, for another source."""
        if source.kind != self.kind:
            raise ValueError(f"the data were sealed with a {self.kind}, and a {source.kind} is given")
        nonce, rest = self.wrapped[:_NONCE_BYTES], self.wrapped[_NONCE_BYTES:]
        try:
            return AESGCM(source.wrapping_key(self.salt)).decrypt(nonce, rest, _WRAPPED)
        except InvalidTag as error:
            raise ValueError(f"this {self.kind} does not open the data; give the one they were sealed with") from error


def wrap(data_key: bytes, source: KeySource) -> WrappedKey:
    """Return a data key wrapped with the owner's secret."""
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(_NONCE_BYTES)
    wrapped = AESGCM(source.wrapping_key(salt)).encrypt(nonce, data_key, _WRAPPED)
    return WrappedKey(source.kind, salt, nonce + wrapped)


def stretched(passphrase: bytes, salt: bytes) -> bytes:
    """Return a key of 32 bytes: Argon2id with 64 MiB, three passes and four lanes (RFC 9106, section 4)."""
    return hash_secret_raw(passphrase, salt, time_cost=3, memory_cost=65536, parallelism=4, hash_len=32, type=Type.ID)
