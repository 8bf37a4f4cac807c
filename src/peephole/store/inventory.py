"""What a data folder holds: how much of each class, and what is forgotten next."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from peephole.store.database import Database
from peephole.store.retention import DAY, Retention
from peephole.store.sealing import wrapped_key

_CLASSES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "people": ("SELECT count(*) AS many FROM people WHERE joined_into IS NULL", ("person_references",)),
    "strangers": (
        "SELECT count(*) AS many, min(last_seen) AS oldest FROM strangers WHERE state = 'open'",
        ("stranger_looks",),
    ),
    "visits": ("SELECT count(*) AS many, min(last_seen) AS oldest FROM visits WHERE closed = 1", ("visits",)),
    "looks": (
        "SELECT count(*) AS many, min(time) AS oldest FROM visit_looks JOIN visits ON visits.id = visit"
        " WHERE closed = 1",
        ("visit_looks",),
    ),
    "door": ("SELECT count(*) AS many, min(time) AS oldest FROM door_log", ()),
}


@dataclass(frozen=True)
class Holding:
    """One class of what is kept.

    Attributes:
        kind: people, strangers, visits, looks or door.
        count: how many.
        size: bytes of their descriptors and pictures.
        next_gone: when the oldest one is forgotten by itself, seconds since 1970; None where nothing is.
    """

    kind: str
    count: int
    size: int
    next_gone: float | None


@dataclass(frozen=True)
class Inventory:
    """A data folder.

    Attributes:
        folder: where it lies.
        sealed: whether descriptors and pictures are encrypted: with a "key", a "passphrase", or not at all (None).
        size: bytes of the files.
        holdings: one a class.
    """

    folder: Path
    sealed: str | None
    size: int
    holdings: tuple[Holding, ...]


def inventory(database: Database, retention: Retention) -> Inventory:
    """Count what a database holds, as it is kept for so many days."""
    key = wrapped_key(database)
    folder = database.path.parent
    return Inventory(
        folder=folder,
        sealed=key.kind if key is not None else None,
        size=sum(file.stat().st_size for file in folder.glob(f"{database.path.name}*")),
        holdings=tuple(_holding(database, kind, retention) for kind in _CLASSES),
    )


def _holding(database: Database, kind: str, retention: Retention) -> Holding:
    query, tables = _CLASSES[kind]
    row = database.row(query)
    many = int(row["many"]) if row is not None else 0
    days = getattr(retention, kind, 0)
    oldest = row["oldest"] if row is not None and days else None
    size = sum(_size(database, table) for table in tables)
    return Holding(kind, many, size, oldest + days * DAY if oldest is not None else None)


def _size(database: Database, table: str) -> int:
    columns = {row["name"] for row in database.rows(f"PRAGMA table_info({table})")} & {"descriptor", "picture"}
    sums = " + ".join(f"coalesce(sum(length({column})), 0)" for column in sorted(columns))
    row = database.row(f"SELECT {sums} AS bytes FROM {table}")  # noqa: S608 - names of ours
    return int(row["bytes"]) if row is not None else 0
