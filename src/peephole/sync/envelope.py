"""An export as one file: sealed for the doors that are to read it, signed by the one that wrote it.

The file: a line with the version; id of the sender, 16 bytes; its sequence, 8; an X25519 key made for this file, 32;
how many doors may read it, 2; for each its id, 16, and the key of the content sealed for it, 48; the content by
AES-256-GCM; an Ed25519 signature of all before it, 64. Numbers are big-endian. The content's key is random, and the key
that seals it for a door is HKDF-SHA256 of the secret shared with it. Each key seals one value, so nonces are zero.
All that stands before the content is authenticated with it too: nobody can sign another's content anew.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from peephole.sync.identity import Identity, PublicKeys

MOST_BYTES = 256 << 20
_NAME = b"peephole-people "
_MAGIC = _NAME + b"1\n"
_ID, _SEQUENCE, _KEY, _COUNT, _WRAPPED, _SIGNATURE, _TAG = 16, 8, 32, 2, 48, 64, 16
_NONCE = bytes(12)
_HEAD = len(_MAGIC) + _ID + _SEQUENCE + _KEY + _COUNT


@dataclass(frozen=True)
class Unsealed:
    """What a file holds: who wrote it, as their how many-eth, and the content."""

    sender: str
    sequence: int
    content: bytes


def seal(identity: Identity, sequence: int, receivers: Sequence[PublicKeys], content: bytes) -> bytes:
    """Return the file; `sequence` is greater than that of every earlier one."""
    key, once = os.urandom(32), X25519PrivateKey.generate()
    ephemeral = once.public_key().public_bytes_raw()
    head = _MAGIC + bytes.fromhex(identity.public.id) + sequence.to_bytes(_SEQUENCE, "big") + ephemeral
    head += len(receivers).to_bytes(_COUNT, "big")
    for one in receivers:
        secret = once.exchange(X25519PublicKey.from_public_bytes(one.sealing))
        wrapped = AESGCM(_wrapping_key(secret, ephemeral, one)).encrypt(_NONCE, key, _MAGIC)
        head += bytes.fromhex(one.id) + wrapped
    signed = head + AESGCM(key).encrypt(_NONCE, content, head)
    return signed + identity.sign(signed)


def unseal(data: bytes, identity: Identity, trusted: Mapping[str, PublicKeys]) -> Unsealed:
    """Return what another door wrote for this one; `trusted` by their ids.

    Raises ValueError, a sentence without the file's name, unless a trusted door wrote it as it is, for this door.
    """
    if not data.startswith(_MAGIC):
        if data.startswith(_NAME):
            raise ValueError("was written by another version of peephole; upgrade the older door")
        raise ValueError("not an export of people of a door")
    if len(data) < _HEAD + _TAG + _SIGNATURE:
        raise ValueError("cut off; export it again")
    place = len(_MAGIC)
    sender = data[place : place + _ID].hex()
    keys = trusted.get(sender)
    if keys is None:
        what = "this door itself" if sender == identity.public.id else f"a door that is not trusted here ({sender})"
        raise ValueError(f"was written by {what}")
    if not keys.verify(data[-_SIGNATURE:], data[:-_SIGNATURE]):
        raise ValueError("damaged, cut off, or changed by somebody; export it again")
    place += _ID
    sequence = int.from_bytes(data[place : place + _SEQUENCE], "big")
    if sequence >= 1 << 63:
        raise ValueError("has a number that none of ours has; export it again")  # nor could it be remembered
    place += _SEQUENCE
    ephemeral = data[place : place + _KEY]
    end = _HEAD + (_ID + _WRAPPED) * int.from_bytes(data[place + _KEY : _HEAD], "big")
    try:
        key = _content_key(data[_HEAD:end], ephemeral, identity)
        content = AESGCM(key).decrypt(_NONCE, data[end:-_SIGNATURE], data[:end])
    except (InvalidTag, ValueError) as error:
        raise ValueError("is not sealed for this door; name it with --for over there") from error
    return Unsealed(sender, sequence, content)


def _content_key(receivers: bytes, ephemeral: bytes, identity: Identity) -> bytes:
    own = bytes.fromhex(identity.public.id)
    for start in range(0, len(receivers), _ID + _WRAPPED):
        if receivers[start : start + _ID] == own:
            wrapped = receivers[start + _ID : start + _ID + _WRAPPED]
            secret = identity.shared_with(ephemeral)
            return AESGCM(_wrapping_key(secret, ephemeral, identity.public)).decrypt(_NONCE, wrapped, _MAGIC)
    raise ValueError("not among them")


def _wrapping_key(secret: bytes, ephemeral: bytes, receiver: PublicKeys) -> bytes:
    return HKDF(SHA256(), 32, salt=ephemeral + receiver.sealing, info=_MAGIC).derive(secret)
