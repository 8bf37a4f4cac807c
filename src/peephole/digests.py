"""Short digests, by which files and faces are known again."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest_of(parts: Iterable[bytes]) -> str:
    """Return a short digest of bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:12]


def digest_of_file(path: Path) -> str:
    """Return a short digest of what a file holds. Raises `OSError` where it cannot be read."""
    return digest_of((path.read_bytes(),))
