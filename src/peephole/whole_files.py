"""Files that are written whole or not at all; what a full disk prevents is told in a sentence."""

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PART = ".peephole-part"


def write_whole(
    path: Path,
    write: Callable[[IO[bytes]], object],
    mode: int = 0o644,
    advice: str = "make room or name another place",
) -> None:
    """Write a file beside its place and rename it there, so that a broken run leaves the old one or none.

    What a process that was killed left beside it goes with the next file of that name.

    advice: what to do about a full disk. Raises `OSError`, with one sentence where the disk is full or the folder
    takes no file.
    """
    _remove_left_parts(path)
    try:
        handle, partial = _locked_part(path)
    except OSError as error:
        raise OSError(f"{path}: cannot be written ({error.strerror}); name another place") from error
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())  # else a power cut after the rename could leave an empty file
            Path(partial).chmod(mode)
            Path(partial).replace(path)  # before it is closed: nobody takes it for a left one
    except BaseException as error:
        Path(partial).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            raise OSError(f"{path}: cannot be written, the disk is full; {advice}") from error
        raise


def write_text(path: Path, text: str, advice: str) -> None:
    """Write a text in UTF-8, as `write_whole` writes."""
    write_whole(path, lambda stream: stream.write(text.encode()), advice=advice)


def _locked_part(path: Path) -> tuple[int, str]:
    """Make the file that is renamed in the end, and lock it for as long as it is open; returns it and its name."""
    while True:
        handle, partial = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_PART, dir=path.absolute().parent)
        with suppress(OSError):  # a file system without locks: what is left there stays
            fcntl.flock(handle, fcntl.LOCK_EX)
        if Path(partial).exists():  # else it was taken for a left one before it was locked
            return handle, partial
        os.close(handle)


def _remove_left_parts(path: Path) -> None:
    """Remove what was to become this file, and whose process is gone: nobody holds its lock any more."""
    folder = path.absolute().parent
    with suppress(OSError):
        for part in [one for one in folder.iterdir() if _is_part_of(one.name, path.name)]:
            with suppress(OSError):
                held = os.open(part, os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    part.unlink()
                finally:
                    os.close(held)


def _is_part_of(name: str, whole: str) -> bool:
    start = f".{whole}."
    return name.startswith(start) and name.endswith(_PART) and "." not in name[len(start) : -len(_PART)]
