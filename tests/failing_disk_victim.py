"""A doorbell on a disk that fails for a while, for test_disk_fails.py; run with tests/failing_disk.c loaded.

    python tests/failing_disk_victim.py FOLDER writing|bringing|opening|beginning|backup|restoring

Prints as JSON what was told, each as [reason, text].
"""

import ctypes
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doorbell_parts import Actor, doorbell, paint, store_at, walk
from peephole.doorbell.doorbell import Photo
from peephole.doorbell.events import Decided, Event, Problem, VisitEnded
from peephole.live import LiveDoorbell
from peephole.store.backup import restore_backup
from peephole.store.store import Store

NOTHING, READING, WRITING, BRINGING, READING_FURTHER = 0, 1, 2, 4, 8


def fail(what: int) -> None:
    ctypes.c_int.in_dll(ctypes.CDLL(None), "failing_disk").value = what


def words(events: list[Event]) -> list[list[Any]]:
    told = {Problem: "reason", Decided: "person", VisitEnded: "person"}
    return [
        [type(event).__name__, getattr(event, told[type(event)]), getattr(event, "text", "")]
        for event in events
        if type(event) in told
    ]


def storing(store: Store, what: int) -> list[list[Any]]:
    """Somebody comes while nothing can be stored, and the disk is well again when he has left."""
    bell = doorbell(store)
    bell.enrol("Anna", [Photo("a.jpg", paint([Actor(1)]).image)])
    fail(what)
    events = [event for frame in walk(1, 1000.0, looks=10) for event in bell.process(frame)]
    fail(NOTHING)
    events += [event for second in range(8) for event in bell.process(paint([], 1010.0 + second))]
    return [*words(events), ["visits", [visit.closed for visit in bell.visits()], ""]]


def opening(folder: Path) -> list[list[Any]]:
    """The doorbell is started while nothing can be read, and again."""
    fail(READING)
    try:
        store_at(folder)
    except OSError as error:
        told = str(error)
    fail(NOTHING)
    with store_at(folder) as store:
        return [["opening", len(store.people.all("")), told]]


class Source:
    """Nobody, for 12 s of which nothing can be read, then somebody."""

    name, live = "a camera", False

    def __iter__(self) -> Iterator[Any]:
        fail(READING)
        yield from (paint([], 1000.0 + second) for second in range(12))
        fail(NOTHING)
        yield from (paint([], 1012.0 + second) for second in range(10))
        yield from walk(1, 1022.0, looks=10)

    def close(self) -> None:
        pass


def beginning(store: Store) -> list[list[Any]]:
    """Nothing can be read from before the first frame on; a visit waits that a killed process left open."""
    killed = doorbell(store)
    killed.enrol("Anna", [Photo("a.jpg", paint([Actor(1)]).image)])
    for frame in walk(2, 900.0)[:8]:
        killed.process(frame)
    store._database._connection.execute("PRAGMA shrink_memory")  # forgets what it has read
    told: list[Any] = []
    live = LiveDoorbell(doorbell(store))
    live.announcer.listen(told.append)
    fail(READING)
    live.watch(Source(), at_its_pace=False)
    return [*words(told), ["visits", [visit.closed for visit in store.visits.recent(9, None)], live.status.text]]


def backup(store: Store) -> list[list[Any]]:
    """A backup is made while nothing can be read, or written."""
    doorbell(store).enrol("Anna", [Photo("a.jpg", paint([Actor(1)]).image)])
    told = []
    for what in (READING, WRITING):
        store._database._connection.execute("PRAGMA shrink_memory")
        fail(what)
        try:
            store.write_backup(b"correct horse battery", io.BytesIO())
        except OSError as error:
            told.append(["backup", what, str(error)])
        fail(NOTHING)
    return told


def restoring(folder: Path) -> list[list[Any]]:
    """A backup comes back while the database cannot be read again, or written, or the backup cannot be read."""
    word = b"correct horse battery"
    with store_at(folder) as store:
        doorbell(store).enrol("Anna", [Photo("a.jpg", paint([Actor(1)]).image)])
        for name in ("backup", "backup of peephole.db"):  # only the second one is on the disk that fails
            with (folder / name).open("wb") as file:
                store.write_backup(word, file)
    told = []
    faults = (("backup", READING), ("backup", READING_FURTHER), ("backup", WRITING), ("backup of peephole.db", READING))
    for name, what in faults:
        fail(what)
        try:
            restore_backup(folder / name, word, folder / "data", None, replace=True)
        except (OSError, ValueError) as error:
            told.append([type(error).__name__, what, str(error)])
        fail(NOTHING)
    with store_at(folder) as store:
        return [*told, ["people", len(store.people.all("")), ""]]


def main() -> None:
    folder, scene = Path(sys.argv[1]), sys.argv[2]
    if scene == "restoring":
        print(json.dumps(restoring(folder)))
        return
    with store_at(folder) as store:
        if scene == "backup":
            print(json.dumps(backup(store)))
            return
        if scene == "opening":
            doorbell(store).enrol("Anna", [Photo("a.jpg", paint([Actor(1)]).image)])
        elif scene == "beginning":
            print(json.dumps(beginning(store)))
            return
        else:
            print(json.dumps(storing(store, {"writing": WRITING, "bringing": BRINGING}[scene])))
            return
    print(json.dumps(opening(folder)))


if __name__ == "__main__":
    main()
