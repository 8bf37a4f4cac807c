"""The second flash bank of an emulated device as a file: its weights, and what it keeps from one run to the next."""

import contextlib
import fcntl
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from peephole.firmware.image import BANK_BYTES, Image
from peephole.whole_files import DISK_FULL

KEPT_BYTES = 1024 * 1024
"""At the end of the bank, in two areas: what a device keeps, as csrc/ports/rv32-virt/flash.h says."""
AREAS = (BANK_BYTES - KEPT_BYTES, BANK_BYTES - KEPT_BYTES // 2)
HEADER_BYTES = 32  # of an area, twice: csrc/app/flash_area.c
MAGIC = b"PHLG"


@contextlib.contextmanager
def opened_flash(image: Image, path: Path | None = None) -> Iterator[IO[bytes]]:
    """Hold a file that is the second flash bank of an image: its weights, and behind them what is kept.

    path: what a device has kept in the file stays; a new file is an erased flash that only its owner may read: faces
    and the key of the line will lie in it. None: an erased flash in a file without a name, which is gone with whoever
    has it open. Nobody else can open the flash while the block, or a process that inherits the file, has it.

    Raises an `OSError` with one sentence where it is in use or cannot be written, and `ValueError` where the file is
    none that a device has written.
    """
    with contextlib.ExitStack() as opened:
        file = opened.enter_context(tempfile.TemporaryFile() if path is None else _held(path))  # noqa: SIM115
        made = os.fstat(file.fileno()).st_size == 0
        try:
            if made:
                _erase(file)
            elif path is not None:
                _check(file, path)
            file.seek(0)
            file.write(image.weights.read_bytes()[: image.sections[".weights"]])
            file.flush()
        except OSError as error:
            if path is None or error.errno not in DISK_FULL:
                raise
            if made:
                path.unlink()
            told = f"{path}: cannot be written, the disk is full; make room, or name another file with --flash"
            raise OSError(told) from error
        yield file


def kept_flash(image: Image, path: Path) -> Path:
    """Prepare a file as `opened_flash` does, and leave it to whoever starts the image by other means."""
    with opened_flash(image, path):
        return path


def _held(path: Path) -> IO[bytes]:
    folder = path.absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder to keep {path.name} in; name a file elsewhere with --flash")
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: not a file that a device's flash can be kept in; name another one")
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise OSError(f"{path} is in use by another device that runs; stop that one, or name another file") from error
    return file


def _erase(file: IO[bytes]) -> None:
    file.seek(BANK_BYTES - KEPT_BYTES)
    file.write(b"\xff" * KEPT_BYTES)
    file.flush()


def _check(file: IO[bytes], path: Path) -> None:
    """Raise a `ValueError` unless a device has written this bank, or it is erased: a start would erase what it is."""
    size = os.fstat(file.fileno()).st_size
    if size != BANK_BYTES:
        raise ValueError(f"{path}: no flash of a device, which has {BANK_BYTES:,} bytes; name another file")
    file.seek(BANK_BYTES - KEPT_BYTES)
    kept = file.read(KEPT_BYTES)
    areas = [kept[place - AREAS[0] :] for place in AREAS]
    headers = [area[at : at + HEADER_BYTES] for area in areas for at in (0, HEADER_BYTES)]
    if not any(map(_is_header, headers)) and kept.strip(b"\xff"):
        raise ValueError(
            f"{path}: no flash of a device, or one that is damaged beyond reading; name another file, a new one to "
            "begin anew"
        )


def _is_header(header: bytes) -> bool:
    (crc,) = struct.unpack("<I", header[-4:])
    return header.startswith(MAGIC) and crc == zlib.crc32(header[:-4])
