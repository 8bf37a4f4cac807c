"""A folder of files, written whole or not at all, and never over what is not ours."""

import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from peephole.whole_files import DISK_FULL

MANIFEST = "peephole.json"
BUILD = "build"
BUILT = (".o", ".a", ".elf", ".bin", ".map", ".su")  # what the Makefiles make there, and
SELF_TESTS = ("self_test", "self_test_trace", "self_test_sanitized")
VENDOR_BUILD = {"gap8": "BUILD"}  # by target: where a vendor's kit makes what it likes, all of which it can make anew
OLD = ".old"  # of the name under which the folder lies between two renames: never removed, it may be the only one
JUST_MADE = 5.0  # seconds in which a folder may be made and not held yet
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of Linux's fcntl.h


def check_folder(folder: Path) -> None:
    """Raise an `OSError` with one sentence unless the folder can be written: new, empty, or as we wrote it."""
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise FileNotFoundError(f"{parent}: no such folder to make {folder.name} in")
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(f"{folder}: no folder; name another place")
    if folder.is_dir() and any(folder.iterdir()):
        lost = _lost(folder)
        if lost is not None:
            raise FileExistsError(f"{folder}: {lost}; name another folder, or move that file away")
    if not os.access(parent, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(f"{parent}: may not be written to; name a folder elsewhere")


def manifest(told: Mapping[str, object], files: Mapping[str, bytes]) -> bytes:
    """Return what the folder says of itself as JSON: what is told, its files, and the digests to know them by."""
    named = sorted(files)
    digests = {name: _digest(files[name]) for name in named}
    return (json.dumps({**told, "files": named, "sha256": digests}, indent=1) + "\n").encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _lost(folder: Path) -> str | None:
    """Say of a file why it would be lost: it is not ours, was edited, or was put where things are built."""
    ours, digests, vendor = _known(folder)
    for path in _files(folder):
        name = path.relative_to(folder)
        if len(name.parts) > 1 and name.parts[0] == vendor:
            continue
        if name.parts[0] == BUILD and name.as_posix() not in ours:
            if path.suffix not in BUILT and name.name not in SELF_TESTS:
                return f"holds {name}, which its Makefile does not make"
        elif name.as_posix() not in ours:
            return f"holds {name}, which peephole compile did not write"
        elif digests.get(name.as_posix()) not in (None, _digest(path.read_bytes())):
            return f"{name} was edited since peephole compile wrote it"
    return None


def _files(folder: Path) -> Iterator[Path]:
    """Yield what is no folder, one by one: whoever names / by mistake has no patience for all of it."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in sorted([*names, *links]))


def _known(folder: Path) -> tuple[set[str], dict[str, str], str | None]:
    """Return the files that we wrote, their digests, which folders of earlier versions have not, and the vendor's."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return set(told["files"]) | {MANIFEST}, dict(told.get("sha256", {})), VENDOR_BUILD.get(told.get("target"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set(), {}, None


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, path -> content, beside the folder and put them in its place at the end.

    Raises an `OSError` with one sentence where `check_folder` does.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - which makes a name of . and takes .. out, links left alone
    check_folder(folder)
    parent, prefix = folder.parent, f".{folder.name}.peephole-"
    _remove_left_over(parent, prefix)
    try:
        partial = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    except OSError as error:
        raise OSError(f"{parent}: cannot be written to ({error.strerror}); name a folder elsewhere") from error
    with _locked(partial):
        _fill(folder, partial, files)


def _fill(folder: Path, partial: Path, files: Mapping[str, bytes]) -> None:
    try:
        for name, content in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        partial.chmod(0o755)
        if folder.is_dir() and _exchange(partial, folder):
            shutil.rmtree(partial, ignore_errors=True)
        elif folder.is_dir():
            old = partial.with_name(f"{partial.name}{OLD}")
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
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            raise OSError(f"{folder}: cannot be written, the disk is full; make room or name another place") from error
        raise


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder as long as this process lives at most. Raises `BlockingIOError` where another one holds it."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(opened)


def _remove_left_over(parent: Path, prefix: str) -> None:
    """Remove what killed runs began: folders of this prefix that are no longer new and that nobody holds."""
    for place in parent.iterdir() if os.access(parent, os.R_OK) else ():
        try:
            named = place.name.startswith(prefix) and not place.name.endswith(OLD)
            if named and place.stat().st_mtime < time.time() - JUST_MADE:
                with _locked(place):
                    shutil.rmtree(place)
        except OSError:  # held, gone, or not ours to remove
            continue


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change their places at once, so that a kill leaves either whole. False where that cannot be."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # no Linux, or a C library that does not know it
        return False
    return bool(rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0)
