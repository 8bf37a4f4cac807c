"""Runs doorbells that are to be killed, for test_kill.py; one line of JSON for each thing done.

Reads "FOLDER SEED" lines; for each, a forked process works on the data folder until it is killed. It says what it is
about to do ("intent"), and what was done once the doorbell has acknowledged it.
"""

import json
import os
import random
import sys
from pathlib import Path

from doorbell_parts import Actor, doorbell, paint, walk
from peephole.doorbell.doorbell import Photo
from peephole.store.store import Store


def say(**line: object) -> None:
    # One write a line: a killed process leaves no half of one that the reader could take for whole.
    os.write(1, (json.dumps(line) + "\n").encode())


class Victim:
    """Does what an owner and his visitors do, in an order chosen by the seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.bell = doorbell(Store(folder))
        self.time = 1000.0 + seed * 10_000.0
        self.names = 0
        for event in self.bell.recover():
            say(**event.as_json())

    def enrol(self) -> None:
        self.names += 1
        name = f"Person {self.seed}.{self.names}"
        say(intent="enrol", name=name)
        photo = Photo("a.jpg", paint([Actor(self.random.randrange(60), noise=self.random.randrange(200))]).image)
        say(done="enrol", id=self.bell.enrol(name, [photo]).person.id, name=name)

    def rename(self) -> None:
        if people := self.bell.people():
            key = self.random.choice(people).person.id
            self.names += 1
            name = f"Renamed {self.seed}.{self.names}"
            say(intent="rename", id=key, name=name)
            self.bell.rename(key, name)
            say(done="rename", id=key, name=name)

    def remove(self) -> None:
        if len(people := self.bell.people()) > 5:
            key = self.random.choice(people).person.id
            say(intent="remove", id=key)
            self.bell.remove(key)
            say(done="remove", id=key)

    def settle(self) -> None:
        if strangers := self.bell.strangers():
            key = self.random.choice(strangers).id
            what = self.random.choice(["assigned", "ignored", "discarded"])
            say(intent="stranger", id=key, state=what)
            if what == "assigned":
                self.names += 1
                self.bell.assign(key, f"Visitor {self.seed}.{self.names}")
            elif what == "ignored":
                self.bell.ignore(key)
            else:
                self.bell.discard(key)
            say(done="stranger", id=key, state=what)
            if self.random.random() < 0.5:
                say(intent="stranger", id=key, state="open")
                self.bell.inbox.journal.undo()
                say(done="stranger", id=key, state="open")

    def merge(self) -> None:
        if len(strangers := self.bell.strangers()) > 1:
            one, other = sorted(self.random.sample(strangers, 2), key=lambda stranger: stranger.number)
            say(intent="stranger", id=other.id, state="discarded")
            self.bell.inbox.shelf.merge([one.id, other.id])
            say(done="stranger", id=other.id, state="discarded")

    def visit(self) -> None:
        frames = walk(self.random.randrange(60), self.time, looks=self.random.randrange(3, 9))
        self.time += 100.0
        for frame in frames:
            for event in self.bell.process(frame):
                say(**event.as_json())

    def run(self) -> None:
        while True:
            self.random.choice(
                [self.enrol, self.rename, self.remove, self.settle, self.merge, self.visit, self.visit]
            )()


def main() -> None:
    for line in sys.stdin:
        folder, seed = line.split()
        child = os.fork()
        if child == 0:
            say(pid=os.getpid())
            Victim(Path(folder), int(seed)).run()
        os.waitpid(child, 0)
        say(dead=child)


if __name__ == "__main__":
    main()
