"""What an owner does with strangers and people, each deed by its name, and every row that it may change."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from doorbell_parts import MODEL, SIZE, Actor, doorbell, paint, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.visit import VisitRecord
from peephole.people.records import NewReference, Person, Rules
from peephole.store.store import DATABASE_NAME, Store

ANNA, BEN, CARL, DORA, EVE = 1, 2, 3, 4, 5
TABLES = (
    "people",
    "person_references",
    "strangers",
    "stranger_looks",
    "strangers_apart",
    "visits",
    "visit_looks",
    "withheld",
)


def come(bell: Doorbell, who: int, start: float) -> None:
    for frame in walk(who, start):
        bell.process(frame)


def household_of(store: Store) -> Doorbell:
    """Anna is enrolled; the strangers 1 (twice), 2 and 3 came."""
    bell = doorbell(store)
    bell.enrol("Anna", [Photo("photo.jpg", paint([Actor(ANNA, noise=200)]).image)])
    for who, start in ((BEN, 1000.0), (CARL, 2000.0), (BEN, 3000.0), (DORA, 4000.0)):
        come(bell, who, start)
    return bell


def everything(folder: Path) -> dict[str, list[tuple]]:
    with closing(sqlite3.connect(folder / "data" / DATABASE_NAME)) as connection:
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}  # noqa: S608
        return {table: sorted(found, key=repr) for table, found in rows.items()}


def look_ids(bell: Doorbell, number: str) -> list[int]:
    return [look.id for look in bell.inbox.looks()[bell.inbox.stranger(number).id]]


def corrected_household(store: Store) -> Doorbell:
    """As `household_of`; Eve is enrolled, too, and Anna came last."""
    bell = household_of(store)
    bell.enrol("Eve", [Photo("photo.jpg", paint([Actor(EVE, noise=200)]).image)])
    come(bell, ANNA, 5000.0)
    return bell


def newest(bell: Doorbell) -> VisitRecord:
    return bell.visits(1)[0]


def visits_of(bell: Doorbell, number: int) -> list[VisitRecord]:
    """Return a stranger's visits, the oldest first."""
    return list(reversed([one for one in bell.visits() if one.stranger_number == number]))


def looks_of(bell: Doorbell, name: str) -> int:
    return len(bell.dossiers.read(name).references)


def introduce(bell: Doorbell, who: str | Person, strangers: Sequence[str] = ()) -> Person:
    look = NewReference(np.full(SIZE, 7, np.int16), MODEL, b"a face at the door", 800, "visit")
    return bell.inbox.shelf.introduce(who, [look], "said so herself", strangers)


DEEDS: dict[str, Callable[[Doorbell], object]] = {
    "assign to somebody new": lambda bell: bell.assign("1", "Ben"),
    "assign to somebody known": lambda bell: bell.assign("1", "Anna"),
    "assign several": lambda bell: bell.inbox.shelf.assign(["1", "2"], "Ben"),
    "ignore": lambda bell: bell.ignore("1"),
    "no face": lambda bell: bell.inbox.shelf.no_face(["1", "3"]),
    "discard": lambda bell: bell.discard("1"),
    "discard several": lambda bell: bell.inbox.shelf.discard(["1", "2", "3"]),
    "discard looks": lambda bell: bell.inbox.shelf.drop_looks("1", look_ids(bell, "1")[:3]),
    "merge": lambda bell: bell.inbox.shelf.merge(["3", "1", "2"]),
    "split": lambda bell: bell.inbox.split("1", look_ids(bell, "1")[:4]),
    "keep apart": lambda bell: bell.inbox.shelf.keep_apart("1", "2"),
    "introduce somebody new": lambda bell: introduce(bell, "Ben", strangers=["1", "3"]),
    "introduce somebody known": lambda bell: introduce(bell, bell.people()[0].person, strangers=["2"]),
    "a visit is somebody known's": lambda bell: bell.corrections.name(visits_of(bell, 2)[-1].id, "Anna", learn=True),
    "a visit is somebody new's": lambda bell: bell.corrections.name(visits_of(bell, 1)[-1].id, "Ben", True, "said so"),
    "a visit is forgotten": lambda bell: bell.corrections.forget(visits_of(bell, 3)[-1].id),
    "rename": lambda bell: bell.rename("Anna", "Anna-Maria"),
    "rules": lambda bell: bell.set_rules("Anna", Rules(tell="log", hours="7:00-20:00")),
}
