"""A folder of files, written whole or not at all, and never over what is not ours."""

import ctypes
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

MANIFEST = "peephole.json"
BUILD = "build"
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of Linux's fcntl.h
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check_folder(folder: Path) -> None:
    """Raise an `OSError` with one sentence unless the folder can be written: new, empty, or what we wrote ourselves."""
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise FileNotFoundError(f"{parent}: no such folder to make {folder.name} in")
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(f"{folder}: no folder; name another place")
    if folder.is_dir() and any(folder.iterdir()):
        foreign = _foreign(folder)
        if foreign is not None:
            raise FileExistsError(
                f"{folder}: holds {foreign}, which peephole compile did not write; name another folder"
            )


def _foreign(folder: Path) -> str | None:
    """Return a file that we did not write; what is built lies in a folder of its own and may go."""
    try:
        ours = set(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]) | {MANIFEST}
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    there = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if not path.is_dir())
    return next((str(path) for path in there if path.as_posix() not in ours and path.parts[0] != BUILD), None)


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, path -> content, beside the folder and put them in its place at the end.

    Raises an `OSError` with one sentence where `check_folder` does.
    """
    check_folder(folder)
    parent = folder.absolute().parent
    try:
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent))
    except OSError as error:
        raise OSError(f"{parent}: cannot be written to ({error.strerror}); name a folder elsewhere") from error
    try:
        for name, content in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        partial.chmod(0o755)
        if folder.is_dir() and _exchange(partial, folder):
            shutil.rmtree(partial)
        elif folder.is_dir():
            old = partial.with_name(f"{partial.name}.old")
            folder.rename(old)
            try:
                partial.rename(folder)
            except BaseException:
                old.rename(folder)
                raise
            shutil.rmtree(old)
        else:
            partial.rename(folder)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in FULL:
            raise OSError(f"{folder}: cannot be written, the disk is full; make room or name another place") from error
        raise


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change their places at once, so that a kill leaves either whole. False where that cannot be."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # no Linux, or a C library that does not know it
        return False
    return bool(rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0)
