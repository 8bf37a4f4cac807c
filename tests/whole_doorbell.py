"""The whole doorbell in the emulator while it works, its owner, and what must be there when its power comes back."""

import contextlib
import copy
import json
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from peephole.device.client import Command, Device, DeviceLook
from peephole.device.errors import NO_ROOM, CommandError, DeviceError, LostLineError
from peephole.device.session import Session
from peephole.firmware.emulator import qemu_command
from peephole.firmware.events import DECIDED, ENDED, STARTED
from peephole.firmware.flash import kept_flash
from peephole.firmware.frames import FRAMES, WATCH, GreyFrame, Mode, Stall, write_frames
from peephole.firmware.image import Image
from ports import free_port

PATIENCE = 30.0  # seconds for an answer, on a machine that is busy
LONGEST = 1.2  # until a cut, in terms of what the whole walk takes
STRANGER = 2


@dataclass
class Kept:
    """What a device must hold: people by name with their descriptors (None: some, whichever), strangers, a setting.

    visits: how many were counted, at least and at most. news: strangers told of who have no number yet.
    """

    people: dict[str, list[list[int]] | None] = field(default_factory=dict)
    strangers: dict[int, str] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    retry: int = 5000
    visits: tuple[int, int] = (0, 0)
    news: tuple[int, int] = (0, 0)


@dataclass
class Counts:
    """What the cuts met.

    answered: requests. unanswered: requests that a cut came between. left: visits that a cut left, and that were ended
    by the next start. torn: starts that found a record which was never finished.
    """

    cuts: int = 0
    answered: int = 0
    unanswered: int = 0
    left: int = 0
    torn: int = 0


class SocketLine:
    """A line to a board whose power may go at any moment; pyserial leaves the socket of such a one open."""

    name = "board"

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def read(self, seconds: float) -> bytes:
        self._connection.settimeout(max(seconds, 0.001))
        try:
            come = self._connection.recv(4096)
        except TimeoutError:
            return b""
        except OSError as error:
            raise LostLineError("board: gone") from error
        if not come:
            raise LostLineError("board: gone")
        return come

    def write(self, content: bytes) -> None:
        try:
            self._connection.sendall(content)
        except OSError as error:
            raise LostLineError("board: gone") from error


@contextlib.contextmanager
def opened_line(port: int) -> Iterator[SocketLine]:
    try:
        connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    except OSError as error:
        raise LostLineError("board: gone") from error
    with connection:
        yield SocketLine(connection)


class WholeDoorbell:
    """An image on a flash of its own. Every start watches the same walk of one person."""

    def __init__(self, image: Image, folder: Path, frames: Sequence[GreyFrame | Stall], seed: int) -> None:
        self.folder = folder
        self.flash = kept_flash(image, folder / "kept.bin")
        self.kept = Kept()
        self.counts = Counts()
        self._image = image
        self._frames = frames
        self._draw = random.Random(seed)
        self._numbers = count(1)
        self._faces: set[str] = set()  # who was a stranger: only without them the walk is one of a stranger
        self._flight: Kept | None = None  # what there is if the request that is on its way was done
        self._ids: dict[str, int] = {}
        self._key = self._paired()
        self._walk_seconds = self._whole_walk()

    @contextlib.contextmanager
    def _on(self, mode: Mode, frames: Sequence[GreyFrame | Stall]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
        port = free_port()
        with (self.folder / FRAMES).open("wb") as file:
            write_frames(file, frames, mode | Mode.STAY)
        with (self.folder / "printed").open("wb") as out:
            command = qemu_command(self._image, self.flash, port)
            board = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out)
        try:
            yield board, port
        finally:
            board.kill()
            board.wait()

    def _printed(self) -> list[dict[str, Any]]:
        text = (self.folder / "printed").read_text()
        whole = text[: text.rfind("\n") + 1]  # a line that was cut says nothing
        return [json.loads(line) for line in whole.splitlines() if line]

    def _wait_for_start(self, board: subprocess.Popen[bytes]) -> bool:
        until = time.monotonic() + PATIENCE
        while board.poll() is None and time.monotonic() < until:
            if b"\n" in (self.folder / "printed").read_bytes():
                return True
            time.sleep(0.002)
        return False

    def _paired(self) -> bytes:
        with self._on(Mode.PRESS, []) as (board, port):
            assert self._wait_for_start(board)
            with opened_line(port) as line:
                return Session(line, seconds=PATIENCE).pair()

    def _whole_walk(self) -> float:
        """How long this machine takes from the start to the end of the visit, as busy as it is."""
        began = time.monotonic()
        with self._on(WATCH, self._frames) as (board, _):
            while not any(line.get("event") == ENDED for line in self._printed()):
                assert board.poll() is None and time.monotonic() < began + PATIENCE
                time.sleep(0.02)
            took = time.monotonic() - began
        self._take_in(self._printed())
        self.check()
        return took

    def cut_once(self) -> None:
        """Switch on, work, cut the power at a random moment, and check what is there after the next start."""
        with self._on(WATCH, self._frames) as (board, port):
            timer = threading.Timer(self._draw.uniform(0, LONGEST * self._walk_seconds), board.kill)
            timer.start()
            with contextlib.suppress(DeviceError):
                self._live(board, port)
            timer.join()
            assert board.wait(PATIENCE) == -signal.SIGKILL, (self.folder / "printed").read_text()
        self.counts.cuts += 1
        self._take_in(self._printed())
        self.check()

    def check(self) -> None:
        """Switch on, and compare what is there with what must be."""
        with self._on(WATCH, []) as (board, port):
            assert self._wait_for_start(board)
            with opened_line(port) as line:
                self._check(Device(Session(line, seconds=PATIENCE), lambda _: self._key))
        self.counts.left += sum(line.get("event") == ENDED for line in self._printed())

    def _live(self, board: subprocess.Popen[bytes], port: int) -> None:
        if not self._wait_for_start(board):
            return
        with opened_line(port) as line:
            device = Device(Session(line, seconds=PATIENCE), lambda _: self._key)
            while True:
                self._change(device)

    # What happened

    def _take_in(self, told: list[dict[str, Any]]) -> None:
        """Learn from the console what must be there after the next start."""
        events = [line for line in told if "event" in line]
        assert not any(line.get("stored") == 0 for line in events), events
        started = {line["visit"] for line in events if line["event"] == STARTED}
        news = {line["visit"]: line for line in events if line["event"] == DECIDED}
        ended = {line["visit"]: line for line in events if line["event"] == ENDED}
        sure = started & (news.keys() | ended.keys())
        kept = [self.kept] if self._flight is None else [self.kept, self._flight]
        for state in kept:
            state.visits = (state.visits[0] + len(sure), state.visits[1] + len(started))
            for line in ended.values():
                if line["stranger"] and line["stranger"] not in state.gone:
                    state.strangers.setdefault(line["stranger"], "open")
            new = [v for v in sure - ended.keys() if news[v]["decision"] == STRANGER and not news[v]["stranger"]]
            state.news = (state.news[0] + len(new), state.news[1] + len(started - ended.keys()))

    def _check(self, device: Device) -> None:
        """What was acknowledged is there, and of what was on its way all or nothing."""
        statistics = device.statistics()
        people = {person.name: person for person in device.people()}
        self._ids = {name: person.id for name, person in people.items()}
        strangers = {one.number: one for one in device.strangers()}
        settings, _ = device.settings()
        assert statistics["damaged_records"] == statistics["left_out"] == 0
        self.counts.torn += statistics["torn_records"] > 0
        described = {name: device.looks(person.id, True) for name, person in people.items() if person.looks}
        found = {name: [look.descriptor.tolist() for look in described.get(name, [])] for name in people}
        for number, one in strangers.items():
            assert one.looks > 0 and len(device.looks(number)) == one.looks
            assert device.picture(number).shape == (one.height, one.width) and one.width > 0
        states = {number: one.state for number, one in strangers.items()}
        candidates = [self.kept] if self._flight is None else [self.kept, self._flight]
        trouble = [
            _differs(state, found, states, settings["retry"].value, statistics["visits"]) for state in candidates
        ]
        assert None in trouble, trouble
        self.kept = candidates[trouble.index(None)]
        self.kept.people = {name: descriptors for name, descriptors in found.items()}
        self.kept.strangers = states
        self.kept.visits = (statistics["visits"],) * 2
        self.kept.news = (0, 0)
        self._flight = None

    # What the owner does

    def _change(self, device: Device) -> None:
        """One change at random; what it comes to counts once it is answered."""
        after = copy.deepcopy(self.kept)
        work = self._work(device, after)
        self._flight = after
        self.counts.unanswered += 1
        try:
            work()
        except CommandError as error:
            assert error.code == NO_ROOM, error
        else:
            self.kept = after
        self._flight = None
        self.counts.unanswered -= 1
        self.counts.answered += 1

    def _work(self, device: Device, after: Kept) -> Callable[[], object]:
        draw, name = self._draw, f"person {next(self._numbers)}"
        kind = draw.choice(["add", "add", "rename", "remove", "set", "backup", "verdict", "verdict"])
        strangers = [one.number for one in device.strangers()] if kind == "verdict" else []
        named = [one for one in sorted(after.people) if one in self._faces]
        someone = draw.choice(named or sorted(after.people)) if after.people else None
        if strangers:
            return self._verdict(device, after, draw.choice(strangers), name)
        if kind == "remove" and someone is not None and (named or len(after.people) > 6):
            del after.people[someone]
            return lambda: device.remove(self._ids[someone])
        if kind == "rename" and someone is not None:
            return self._rename(device, after, someone, name)
        if kind == "backup":
            return lambda: device.ask(Command.BACKUP, 0, 0, 0)  # which writes all of it anew, and erases
        if kind != "add" or len(after.people) > 12:
            after.retry = draw.randrange(1000, 9000)
            return lambda: device.change({"retry": after.retry})
        looks = [_look(draw) for _ in range(draw.randrange(3))]
        after.people[name] = [look.descriptor.tolist() for look in looks]
        return lambda: self._ids.update({name: device.add(name, looks, device.model)})

    def _rename(self, device: Device, after: Kept, old: str, new: str) -> Callable[[], object]:
        after.people[new] = after.people.pop(old)
        self._ids[new] = self._ids[old]
        if old in self._faces:
            self._faces.add(new)
        return lambda: device.rename(self._ids[old], new)

    def _verdict(self, device: Device, after: Kept, number: int, name: str) -> Callable[[], object]:
        kind = self._draw.choice(["assign", "ignore", "discard"])
        if kind == "ignore":
            after.strangers[number] = "ignored"
            return lambda: device.ignore(number)
        after.strangers.pop(number, None)
        after.gone.add(number)
        if kind == "discard":
            return lambda: device.discard(number)
        after.people[name] = None
        self._faces.add(name)
        return lambda: self._ids.update({name: device.assign(number, name)})


def _differs(
    kept: Kept, people: dict[str, list[list[int]]], strangers: dict[int, str], retry: int, visits: int
) -> str | None:
    """What is not as it must be; None where all is well."""
    if people.keys() != kept.people.keys():
        return f"people {sorted(people.keys() ^ kept.people.keys())}"
    wrong = [
        name
        for name, looks in kept.people.items()
        if (people[name] != looks if looks is not None else not people[name])
    ]
    if wrong:
        return f"looks of {wrong}"
    new = strangers.keys() - kept.strangers.keys()
    known = {number: state for number, state in strangers.items() if number not in new}
    if known != kept.strangers or not kept.news[0] <= len(new) <= kept.news[1]:
        return f"strangers {strangers}, not {kept.strangers} and {kept.news} new ones"
    if retry != kept.retry:
        return f"a setting is {retry}, not {kept.retry}"
    return None if kept.visits[0] <= visits <= kept.visits[1] else f"{visits} visits, not {kept.visits}"


def _look(draw: random.Random) -> DeviceLook:
    values = np.array([draw.randrange(-3000, 3000) for _ in range(128)], np.int16)
    return DeviceLook(time.time(), draw.randrange(1000), 0, values)
