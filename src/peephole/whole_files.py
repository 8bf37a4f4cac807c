"""Files that are written whole or not at all; what a full disk prevents is told in a sentence."""

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_whole(
    path: Path,
    write: Callable[[IO[bytes]], object],
    mode: int = 0o644,
    advice: str = "make room or name another place",
) -> None:
    """Write a file beside its place and rename it there, so that a broken run leaves the old one or none.

    advice: what to do about a full disk. Raises `OSError`, with one sentence where the disk is full or the folder
    takes no file.
    """
    try:
        handle, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
    except OSError as error:
        raise OSError(f"{path}: cannot be written ({error.strerror}); name another place") from error
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())  # else a power cut after the rename could leave an empty file
        Path(partial).chmod(mode)
        Path(partial).replace(path)
    except BaseException as error:
        Path(partial).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            raise OSError(f"{path}: cannot be written, the disk is full; {advice}") from error
        raise


def write_text(path: Path, text: str, advice: str) -> None:
    """Write a text in UTF-8, as `write_whole` writes."""
    write_whole(path, lambda stream: stream.write(text.encode()), advice=advice)
