"""kill -9, a hundred times at random moments: whatever the doorbell acknowledged is there afterwards.

The data folder is the same throughout, so every round starts from what the last one left.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest

from doorbell_parts import MODEL, doorbell
from peephole.store.store import DATABASE_NAME, Store

ROUNDS = 100
VICTIM = Path(__file__).resolve().parent.parent / "doorbell_victim.py"


class Ledger:
    """What was acknowledged, and the one thing that was begun and may or may not have been done."""

    def __init__(self) -> None:
        self.people: dict[str, str] = {}
        self.removed: set[str] = set()
        self.strangers: dict[str, str] = {}
        self.open: set[str] = set()
        self.ended: dict[str, dict[str, Any]] = {}
        self.intent: dict[str, Any] = {}

    def note(self, line: dict[str, Any]) -> None:
        if "intent" in line:
            self.intent = line
        elif "done" in line:
            self.intent = {}
            getattr(self, f"_{line['done']}")(line)
        elif line.get("event") == "visit_started":
            self.open.add(line["visit"])
        elif line.get("event") == "visit":
            assert line["visit"] not in self.ended, "a visit was told twice"
            self.open.discard(line["visit"])
            self.ended[line["visit"]] = line

    def _enrol(self, line: dict[str, Any]) -> None:
        self.people[line["id"]] = line["name"]

    _rename = _enrol

    def _remove(self, line: dict[str, Any]) -> None:
        self.people.pop(line["id"], None)
        self.removed.add(line["id"])

    def _stranger(self, line: dict[str, Any]) -> None:
        self.strangers[line["id"]] = line["state"]

    def check(self, store: Store) -> None:
        """Compare with the store; then forget the intent, taking over what was found of it."""
        people = {row.person.id: row for row in store.people.all(MODEL)}
        doubtful = self.intent.get("id")
        for key, name in list(self.people.items()):
            if key == doubtful and self.intent["intent"] == "remove" and key not in people:
                self._remove(self.intent)
                continue
            assert key in people, f"{name} was enrolled and is gone"
            assert people[key].references > 0, f"{name} has lost the references"
            if key == doubtful and people[key].person.name == self.intent.get("name"):
                self.people[key] = people[key].person.name
            else:
                assert people[key].person.name == name
        assert not self.removed & people.keys(), "somebody removed is back"
        assert all(row.references for row in people.values()), "somebody is half enrolled"

        strangers = {row.id: row.state for row in store.strangers.all(("open", "ignored", "assigned", "discarded"))}
        for key, state in list(self.strangers.items()):
            if key == doubtful and strangers[key] == self.intent.get("state"):
                self.strangers[key] = strangers[key]
            else:
                # Whoever was named goes with the person's name.
                gone = state == "assigned" and strangers[key] == "discarded"
                assert gone or strangers[key] == state, f"stranger {key} was {state}"
        looks = {owner for owner, _ in store.strangers.looks(MODEL)}
        assert looks == {key for key, state in strangers.items() if state in ("open", "ignored")}

        visits = {row.id: row for row in store.visits.recent(1_000_000, None)}
        for key in self.open:
            assert key in visits, "a visit was begun and is gone"
            assert visits[key].sightings >= 2
        for state in store.visits.unfinished(MODEL):
            assert state.looks, "what was seen of a visit is gone"
        for key, told in self.ended.items():
            assert key in visits and visits[key].closed, "a visit was told and is not stored"
            assert visits[key].sightings == told["sightings"]
            if told["stranger_id"]:
                assert told["stranger_id"] in strangers, "a stranger was told and is gone"
        self.intent = {}


@pytest.fixture
def victims() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, str(VICTIM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def run_and_kill(victims: subprocess.Popen[str], folder: Path, seed: int, delay: float) -> list[dict[str, Any]]:
    assert victims.stdin is not None and victims.stdout is not None
    victims.stdin.write(f"{folder} {seed}\n")
    lines = [json.loads(victims.stdout.readline())]
    if seed % 10:  # every tenth may be killed while it opens the database
        lines.append(json.loads(victims.stdout.readline()))
    time.sleep(delay)
    os.kill(lines[0]["pid"], signal.SIGKILL)
    while "dead" not in lines[-1]:
        lines.append(json.loads(victims.stdout.readline()))
    return lines


@pytest.mark.slow
def test_nothing_acknowledged_is_lost(tmp_path, victims):
    folder = tmp_path / "data"
    ledger = Ledger()
    chance = random.Random(2026)
    recovered = done = 0
    for seed in range(ROUNDS):
        for line in run_and_kill(victims, folder, seed, chance.uniform(0.0, 0.25)):
            ledger.note(line)
            done += "done" in line or line.get("event") == "visit"
        if not (folder / DATABASE_NAME).exists():
            continue
        with Store(folder) as store:
            ledger.check(store)
            if seed % 2:  # else the next victim is the one to recover
                for event in doorbell(store).recover():
                    ledger.note(event.as_json())
                    recovered += 1
                assert all(row.closed for row in store.visits.recent(1_000_000, None)), "a visit never ended"
                ledger.check(store)
    with closing(connect(folder / DATABASE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    # The test would be worth little if the victims had died before doing anything.
    assert done > ROUNDS / 2 and recovered > ROUNDS / 20
