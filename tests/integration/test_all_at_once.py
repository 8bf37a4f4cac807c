"""Several cameras, a bell, and an owner who changes her mind: all at once, on one store, and it stays consistent."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from doorbell_parts import doorbell, store_at, walk
from peephole.cameras import Cameras
from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.events import VisitEnded, VisitStarted
from peephole.live import Announcer, LiveDoorbell, Message

SECONDS = 5.0
NAMES = ("front", "garden", "back")
PEOPLE = ("Anna", "Ben", "Carl")
_LOOKS = "SELECT count(*) FROM stranger_looks WHERE stranger = strangers.id"


@dataclass
class Film:
    """People of a few who come and go."""

    seed: int
    name: str = "a film"
    live: bool = False

    def __iter__(self) -> Iterator[object]:
        drawn, begin = random.Random(self.seed), 100_000.0 * self.seed
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            yield from walk(drawn.randint(1, 6), begin)
            begin += drawn.choice((20, 300))

    def close(self) -> None:
        pass


def deeds(bell: Doorbell) -> list[Callable[[random.Random], object]]:
    shelf = bell.inbox.shelf

    def some(drawn: random.Random, count: int = 1) -> list[str]:
        there = [one.id for one in bell.strangers(every_state=True) if one.state in ("open", "ignored")]
        return drawn.sample(there, count)  # ValueError where there are fewer

    def split(drawn: random.Random) -> None:
        (stranger,) = some(drawn)
        looks = [look.id for look in bell.inbox.looks().get(stranger, [])]
        bell.inbox.split(stranger, looks[: len(looks) // 2])

    return [
        lambda drawn: shelf.assign(some(drawn), drawn.choice(PEOPLE)),
        lambda drawn: shelf.ignore(some(drawn)),
        lambda drawn: shelf.discard(some(drawn)),
        lambda drawn: shelf.merge(some(drawn, 2)),
        split,
        lambda drawn: bell.inbox.journal.undo(),
        lambda drawn: bell.inbox.journal.undo(),
        lambda drawn: bell.remove(drawn.choice(PEOPLE)) if drawn.random() < 0.05 else None,
        lambda drawn: (bell.inbox.suggestions(), bell.likenesses(), bell.visits(), bell.counts()),
    ]


def test_cameras_a_bell_and_an_owner_get_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peephole.live.RING_PAUSE", 0.0)
    with store_at(tmp_path) as store:
        bell, announcer, heard = doorbell(store), Announcer(), list[Message]()
        announcer.listen(heard.append)
        cameras = Cameras([LiveDoorbell(bell.watcher(name, NAMES), announcer, name) for name in NAMES])
        faults, over = list[BaseException](), threading.Event()

        def repeat(deed: Callable[[random.Random], object], seed: int) -> None:
            drawn = random.Random(seed)
            while not over.wait(0.03 * drawn.random()):
                try:
                    deed(drawn)
                except ValueError:
                    continue  # refused, in a sentence
                except BaseException as fault:
                    faults.append(fault)
                    return

        busy = [*deeds(bell), lambda drawn: cameras.ring("http", drawn.choice(NAMES))]
        threads = [threading.Thread(target=repeat, args=(deed, seed), daemon=True) for seed, deed in enumerate(busy)]
        for thread in threads:
            thread.start()
        failures = cameras.watch([Film(number) for number in (1, 2, 3)], at_its_pace=False, failed=print)
        over.set()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
        assert (failures, faults) == ([], [])

        begun = [one.visit for one in heard if isinstance(one, VisitStarted)]
        ended = [one.visit for one in heard if isinstance(one, VisitEnded)]
        assert begun and sorted(begun) == sorted(ended), "each visit is told at its begin and end, once"
        rows = store._database.rows
        assert rows("SELECT id FROM visits WHERE closed = 0") == rows("PRAGMA foreign_key_check") == []
        there = f"SELECT number FROM strangers WHERE state IN ('open', 'ignored') AND (NOT ({_LOOKS})"  # noqa: S608
        counted = "SELECT count(*) FROM visits WHERE stranger = strangers.id"
        assert rows(f"{there} OR visits <> ({counted}))") == []
        assert rows(f"SELECT number FROM strangers WHERE state NOT IN ('open', 'ignored') AND ({_LOOKS})") == []  # noqa: S608
