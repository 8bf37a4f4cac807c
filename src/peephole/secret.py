"""Passwords and keys that a settings file names without holding them."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

_LARGEST = 64 * 1024


def _well_formed(text: str) -> str:
    kind, found, name = text.partition(":")
    if not found or kind not in ("file", "credential", "text") or not name:
        raise ValueError("a secret is file:/PATH, credential:NAME (of systemd) or text:THE SECRET ITSELF")
    if kind == "credential" and ("/" in name or name in (".", "..")):
        raise ValueError("the name of a credential is no path")
    return text


Secret = Annotated[str, AfterValidator(_well_formed)]
"""`file:/PATH`, `credential:NAME` (a file of that name in $CREDENTIALS_DIRECTORY) or `text:THE SECRET ITSELF`."""


def read_secret(secret: str, what: str) -> bytes:
    """Return the bytes of a secret, without the line's end of a file that holds a single line.

    Args:
        secret: as in the settings.
        what: what it is for, to begin the sentence of an error with.

    Raises:
        ValueError: it is empty, too large, or there are no credentials here.
        OSError: its file cannot be read.
    """
    kind, _, name = secret.partition(":")
    if kind == "text":
        return name.encode()
    if kind == "credential":
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise ValueError(f"{what}: {secret} needs systemd's LoadCredential=, and $CREDENTIALS_DIRECTORY is not set")
        path = Path(folder) / name
    else:
        path = Path(name)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise OSError(f"{what}: {path} cannot be read ({error.strerror})") from error
    if len(content) > _LARGEST:
        raise ValueError(f"{what}: {path} is larger than {_LARGEST >> 10} KiB, so it is no secret")
    if content.count(b"\n") == 1 and content.endswith(b"\n"):
        content = content[:-1].removesuffix(b"\r")
    if not content:
        raise ValueError(f"{what}: {path} is empty")
    return content
