"""Who a door is: a key that it signs with (Ed25519, RFC 8032) and one that others seal for it with (X25519, RFC 7748).

Both are made at the first use and lie in one file beside the storage key, which only its owner may read. They are in no
backup: a door that is set up anew has another identity, and is introduced again.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from peephole.people.shared import in_fours
from peephole.secret import read_secret
from peephole.store.files import make_private_file

KEY_BYTES = 32
_PREFIX = "peephole-door-1."
_CHECK_BYTES = 4
_FILE = "peephole-door-keys-1"


@dataclass(frozen=True)
class PublicKeys:
    """What others know a door by: 32 bytes that check its signatures, 32 that seal for it."""

    signing: bytes
    sealing: bytes

    @classmethod
    def parse(cls, line: str) -> "PublicKeys":
        """Read a line of `peephole doors show`; raise ValueError for one that is none, or was not copied whole."""
        text = line.strip()
        try:
            raw = base64.b64decode(text.removeprefix(_PREFIX), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        keys = cls(raw[:KEY_BYTES], raw[KEY_BYTES : 2 * KEY_BYTES])
        if not text.startswith(_PREFIX) or keys.line() != text:
            raise ValueError("not the line of a door, or not all of it; 'peephole doors show' prints it there")
        try:  # a key of low order, with which no secret can be shared
            X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(keys.sealing))
        except ValueError as error:
            raise ValueError("the line holds no keys of a door; 'peephole doors show' prints it there") from error
        return keys

    @classmethod
    def of(cls, raw: bytes) -> "PublicKeys":
        """Read the 64 bytes of `raw`."""
        return cls(raw[:KEY_BYTES], raw[KEY_BYTES:])

    @property
    def raw(self) -> bytes:
        """Both keys, 64 bytes."""
        return self.signing + self.sealing

    @property
    def id(self) -> str:
        """The door's id: 32 hexadecimal digits, half of the SHA-256 of its keys."""
        return hashlib.sha256(_PREFIX.encode() + self.raw).hexdigest()[:32]

    @property
    def fingerprint(self) -> str:
        """The id as people compare it, in groups of four digits."""
        return in_fours(self.id)

    def line(self) -> str:
        """Return both keys as one line of text, with four bytes by which a mistake in copying shows."""
        check = hashlib.sha256(self.raw).digest()[:_CHECK_BYTES]
        return _PREFIX + base64.urlsafe_b64encode(self.raw + check).decode("ascii")

    def verify(self, signature: bytes, content: bytes) -> bool:
        """Say whether the door has signed this."""
        try:
            Ed25519PublicKey.from_public_bytes(self.signing).verify(signature, content)
        except (InvalidSignature, ValueError):
            return False
        return True


class Identity:
    """A door's own keys. They are shown nowhere."""

    def __init__(self, signing: bytes, sealing: bytes) -> None:
        """Take the two private keys, 32 bytes each."""
        self._signing = Ed25519PrivateKey.from_private_bytes(signing)
        self._sealing = X25519PrivateKey.from_private_bytes(sealing)
        self.public = PublicKeys(
            self._signing.public_key().public_bytes_raw(), self._sealing.public_key().public_bytes_raw()
        )

    @classmethod
    def generate(cls) -> "Identity":
        """Return a new one."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw(), X25519PrivateKey.generate().private_bytes_raw())

    def sign(self, content: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return self._signing.sign(content)

    def shared_with(self, sealing: bytes) -> bytes:
        """Return 32 bytes that only this door and the holder of the other key know; ValueError for a useless key."""
        return self._sealing.exchange(X25519PublicKey.from_public_bytes(sealing))

    def text(self) -> str:
        """Return the private keys as their file holds them."""
        return f"{_FILE} {self._signing.private_bytes_raw().hex()}{self._sealing.private_bytes_raw().hex()}\n"


def own_identity(file: Path) -> Identity:
    """Return the identity in a file, which is made where there is none.

    Raises OSError where it cannot be read or made, ValueError where it holds no keys.
    """
    if not file.exists():
        make_private_file(file, Identity.generate().text(), "the keys of this door")
    kind, _, digits = read_secret(f"file:{file}", "the keys of this door").decode("ascii", "replace").partition(" ")
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        raw = b""
    if kind != _FILE or len(raw) != 2 * KEY_BYTES:
        raise ValueError(f"{file}: holds no keys of a door; move it away, and other doors have to be told the new ones")
    return Identity(raw[:KEY_BYTES], raw[KEY_BYTES:])
