"""Everything that a device holds but its keys, in one file, and back.

The file is CBOR: a map with `peephole` (the format's name), `version`, `model`, `values`, `digest` (SHA-256 of the
records) and `records`: the pairs of type and bytes that csrc/app/gallery_records.h describes.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import cbor2

from peephole.device.client import Command, Device
from peephole.device.errors import CHANGED, CommandError, DeviceError

FORMAT = "device backup"
VERSION = 1
_PIECE = 800
_TRIES = 3


@dataclass(frozen=True)
class Backup:
    """The records of a device's gallery, and the model that its descriptors are of."""

    model: int
    values: int
    records: tuple[tuple[int, bytes], ...]


def take_backup(device: Device) -> Backup:
    """Read all records; begins again when they change meanwhile."""
    for _ in range(_TRIES):
        try:
            return Backup(device.info.model, device.info.values, tuple(_records(device)))
        except CommandError as error:
            if error.code != CHANGED:
                raise
    raise DeviceError("the device's memory changes all the time; try again when nobody is at the door")


def _records(device: Device) -> Iterator[tuple[int, bytes]]:
    generation, place, offset = 0, 0, 0
    content = b""
    while len(answer := device.ask(Command.BACKUP, generation, place, offset)) > 1:
        generation, kind, size, piece, place, offset = answer
        content += piece
        if offset == 0:
            if len(content) != size:
                raise DeviceError(f"a record of {size} bytes came as {len(content)}; try again")
            yield kind, content
            content = b""


def restore(device: Device, backup: Backup) -> None:
    """Replace all that the device holds but its keys; it stays as it was unless all of it could be written."""
    device.ask(Command.RESTORE, backup.model, backup.values)
    try:
        for kind, content in backup.records:
            for offset in range(0, len(content), _PIECE):
                piece = content[offset : offset + _PIECE]
                device.ask(Command.RESTORE_RECORD, kind, len(content), offset, piece)
        device.ask(Command.RESTORE_END)
    except CommandError:
        raise
    except BaseException:
        with contextlib.suppress(DeviceError):
            device.ask(Command.RESTORE_CANCEL)
        raise


def to_file(backup: Backup) -> bytes:
    """Return a backup as a file's bytes."""
    records = [[kind, content] for kind, content in backup.records]
    content: dict[str, object] = {
        "peephole": FORMAT,
        "version": VERSION,
        "model": backup.model,
        "values": backup.values,
        "digest": _digest(backup.records),
        "records": records,
    }
    return cbor2.dumps(content)


def from_file(content: bytes) -> Backup:
    """Return the backup of a file's bytes. Raises `ValueError` for anything else."""
    try:
        told = cbor2.loads(content)
    except (cbor2.CBORError, ValueError) as error:
        raise ValueError("not a device's backup, or cut short; name a file of peephole device backup") from error
    if not isinstance(told, dict) or told.get("peephole") != FORMAT:
        raise ValueError("not a device's backup; name a file of peephole device backup")
    if told.get("version") != VERSION:
        raise ValueError(f"a backup of version {told.get('version')}; this program reads version {VERSION}")
    model, values, records = told.get("model"), told.get("values"), told.get("records")
    pairs = tuple(
        (row[0], row[1])
        for row in (records if isinstance(records, list) else ())
        if isinstance(row, list) and len(row) == 2 and _is_kind(row[0]) and isinstance(row[1], bytes)
    )
    if not isinstance(model, int) or not isinstance(values, int) or told.get("digest") != _digest(pairs):
        raise ValueError("the backup is damaged; take another one")
    backup = Backup(model, values, pairs)
    if len(to_file(backup)) != len(content):  # what stands behind it, and rows that are none, are in no digest
        raise ValueError("the backup is damaged: there is more in it than a backup; take another one")
    return backup


def _is_kind(told: object) -> bool:
    return isinstance(told, int) and 0 <= told < 256


def _digest(records: tuple[tuple[int, bytes], ...]) -> bytes:
    digest = hashlib.sha256()
    for kind, content in records:
        digest.update(kind.to_bytes(4, "little") + len(content).to_bytes(4, "little") + content)
    return digest.digest()
