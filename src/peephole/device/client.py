"""What an owner can ask of a device, in Python's words. Times are seconds since 1970, by the owner's clock."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.device.errors import (
    CHANGED,
    NO_ROOM,
    OTHER_MODEL,
    UNKNOWN,
    CommandError,
    DeviceError,
    LostAnswerError,
    LostSessionError,
)
from peephole.device.names import person_named
from peephole.device.session import Session


class Command(IntEnum):
    """As `ph_command` of csrc/app/admin.h."""

    INFO = 0
    PEOPLE = 1
    PERSON_LOOK = 2
    PUT_LOOK = 3
    ADD_PERSON = 4
    ADD_LOOKS = 5
    AT_DOOR = 6
    RENAME = 7
    REMOVE = 8
    STRANGERS = 9
    STRANGER_LOOK = 10
    THUMBNAIL = 11
    ASSIGN = 12
    ASSIGN_NEW = 13
    IGNORE = 14
    DISCARD = 15
    EVENTS = 16
    FOLLOW = 17
    SETTINGS = 18
    SET = 19
    STATISTICS = 20
    BACKUP = 21
    RESTORE = 22
    RESTORE_RECORD = 23
    RESTORE_END = 24
    RESTORE_CANCEL = 25


# What comes to the same when it is done twice, and so can be asked again when its answer was lost.
REPEATABLE = frozenset(
    {
        Command.INFO,
        Command.PEOPLE,
        Command.PERSON_LOOK,
        Command.STRANGERS,
        Command.STRANGER_LOOK,
        Command.THUMBNAIL,
        Command.EVENTS,
        Command.FOLLOW,
        Command.SETTINGS,
        Command.SET,
        Command.STATISTICS,
        Command.BACKUP,
    }
)
STATES = ("open", "ignored")
_PIECE = 400  # values of a descriptor in one request
_TRIES = 5
_DRIFT = 2.0  # seconds; answers come late by less, and times that are told twice stay the same


@dataclass(frozen=True)
class Info:
    """What a device is: `model` is the first 32 bits of its recogniser's id; the rest is what there is room for."""

    version: int
    model: int
    values: int
    people: int
    looks_of_person: int
    strangers: int
    looks_of_stranger: int
    picture_bytes: int


@dataclass(frozen=True)
class DevicePerson:
    """Somebody whom the device knows."""

    id: int
    name: str
    created: float
    last_seen: float | None
    visits: int
    looks: int


@dataclass(frozen=True)
class DeviceStranger:
    """Somebody whom the device has seen and nobody has named; the picture's sides are 0 where there is none."""

    number: int
    state: str
    first_seen: float
    last_seen: float
    visits: int
    looks: int
    width: int
    height: int


@dataclass(frozen=True)
class DeviceLook:
    """One look at a face. descriptor: int16 [D] Q14; quality: 0 to 1000; source: 0 a photo, 1 a visit, 2 an import."""

    time: float
    quality: int
    source: int
    descriptor: NDArray[np.int16]


@dataclass(frozen=True)
class Setting:
    """A number that an owner may change; times in milliseconds, rates in 1e-9, shares in thousandths."""

    value: int
    default: int
    least: int
    most: int


class Device:
    """A device on a line, paired with its owner.

    Args:
        session: On the line to it; begun here, and again when the device has lost it.
        find_key: Returns the key of an id.
    """

    def __init__(self, session: Session, find_key: Callable[[bytes], bytes]) -> None:
        self._session = session
        self._find_key = find_key
        session.open(find_key)
        version, self.model, now, room = self.ask(Command.INFO)
        self._clock: float = time.time() - now / 1000
        self.info = Info(version, self.model, *room[:6])

    def read_clock(self) -> None:
        """Ask for the device's time again: in a long session two clocks drift apart."""
        _, _, now, _ = self.ask(Command.INFO)
        clock = time.time() - now / 1000
        if abs(clock - self._clock) > _DRIFT:
            self._clock = clock

    def ask(self, command: Command, *arguments: object) -> list[Any]:
        """Return the device's answer, in a new session if the old one is lost."""
        for _ in range(2):
            try:
                return self._session.ask(command, *arguments)
            except LostSessionError:
                self._session.open(self._find_key)
            except LostAnswerError:
                if command not in REPEATABLE:
                    raise
        return self._session.ask(command, *arguments)

    def next_event(self, seconds: float) -> list[Any] | None:
        """Return the columns of the next event that the device tells of; None when there is none for so long."""
        return self._session.next_event(seconds)

    def moment(self, milliseconds: int) -> float:
        """Return a time of the device's clock as seconds since 1970."""
        return self._clock + milliseconds / 1000

    def people(self) -> list[DevicePerson]:
        """Return everybody, in the order in which they were added."""
        return [
            DevicePerson(id_, name, self.moment(created), self._moment_or_none(last_seen), visits, looks)
            for id_, name, created, last_seen, visits, looks in self._list(Command.PEOPLE)
        ]

    def find(self, key: str) -> DevicePerson | None:
        """Return the person of a name, or else of an id; None where there is none."""
        people = self.people()
        return person_named(people, key) or next((person for person in people if str(person.id) == key), None)

    def person(self, key: str) -> DevicePerson:
        """Return the person of a name, or else of an id. Raises `DeviceError` where there is none."""
        person = self.find(key)
        if person is None:
            raise DeviceError(f"{key}: the device knows nobody of that name or id; see: peephole device people list")
        return person

    def add(self, name: str, looks: Sequence[DeviceLook], model: int, source: int = 0) -> int:
        """Add a person; return the id. All looks or none."""
        self._put(looks, model)
        return int(self.ask(Command.ADD_PERSON, name, model, len(looks), source)[0])

    def add_looks(self, id_: int, looks: Sequence[DeviceLook], model: int, source: int = 0) -> None:
        """Add looks to a person, all or none."""
        self._put(looks, model)
        self.ask(Command.ADD_LOOKS, id_, model, len(looks), source)

    def add_at_door(self, person: str | int) -> tuple[int, int]:
        """Give a new name, or the person of an id, the looks at the face at the door; return id and how many."""
        id_, looks = self.ask(Command.AT_DOOR, person)
        return id_, looks

    def check_room(self, person: DevicePerson | None, name: str, looks: int) -> None:
        """Raise `CommandError` where there is no room for so many more looks of a person, or of a new one."""
        most = self.info.looks_of_person
        room = most - (person.looks if person is not None else 0)
        if room <= 0:
            raise CommandError(
                NO_ROOM,
                "looks",
                f"the device keeps {most} looks of a person and has as many of {name}; to change them, remove the "
                "person and add the best photos anew",
            )
        if looks > room:
            more = "1 look" if room == 1 else f"{room} looks"
            told = f"the device has room for {more} of {name}, not for {looks}; choose the best photos"
            raise CommandError(NO_ROOM, "looks", told)

    def rename(self, id_: int, name: str) -> None:
        """Give a person another name. Raises `DeviceError` where that looks like somebody else's."""
        other = person_named(self.people(), name)
        if other is not None and other.id != id_:
            raise DeviceError(f"{name}: the device knows {other.name} already; choose another name")
        self.ask(Command.RENAME, id_, name)

    def remove(self, id_: int) -> None:
        """Forget a person; the looks are erased."""
        self.ask(Command.REMOVE, id_)

    def strangers(self) -> list[DeviceStranger]:
        """Return every stranger, in the order in which they came first."""
        return [
            DeviceStranger(number, STATES[state], self.moment(first), self.moment(last), visits, looks, width, height)
            for number, state, first, last, visits, looks, width, height in self._list(Command.STRANGERS)
        ]

    def looks(self, number: int, of_person: bool = False) -> list[DeviceLook]:
        """Return the looks at a stranger, or at the person of an id."""
        command = Command.PERSON_LOOK if of_person else Command.STRANGER_LOOK
        looks: list[DeviceLook] = []
        count = 1
        while len(looks) < count:
            descriptor = b""
            size = 1
            while len(descriptor) < size:
                ask = self.ask if of_person else self._ask_of_stranger
                count, moment, quality, source, size, piece = ask(command, number, len(looks), len(descriptor))
                descriptor += _some(piece)
            values = np.frombuffer(descriptor, "<i2").astype(np.int16)
            looks.append(DeviceLook(self.moment(moment), quality, source, values))
        return looks

    def picture(self, number: int) -> NDArray[np.uint8]:
        """Return a stranger's picture, grey uint8 [H,W]. Raises `CommandError` where there is none."""
        grey = b""
        size = 1
        while len(grey) < size:
            width, height, piece = self._ask_of_stranger(Command.THUMBNAIL, number, len(grey))
            grey += _some(piece)
            size = width * height
        return np.frombuffer(grey, np.uint8).reshape(height, width)

    def assign(self, number: int, person: str | int) -> int:
        """Make a stranger a new person of a name, or more looks of the person of an id; return the id."""
        command = Command.ASSIGN_NEW if isinstance(person, str) else Command.ASSIGN
        return int(self._ask_of_stranger(command, number, person)[0])

    def ignore(self, number: int) -> None:
        """Go on recognising a stranger, silently."""
        self._ask_of_stranger(Command.IGNORE, number)

    def discard(self, number: int) -> None:
        """Forget a stranger; the looks are erased."""
        self._ask_of_stranger(Command.DISCARD, number)

    def settings(self) -> tuple[dict[str, Setting], dict[str, int]]:
        """Return the settings, and the squared distances that they come to with the people there are."""
        settings: dict[str, Setting] = {}
        count, bars = 1, None
        while len(settings) < count:
            count, bars, some = self.ask(Command.SETTINGS, len(settings))
            settings |= {name: Setting(*numbers) for name, numbers in _some(some).items()}
        return settings, dict(zip(("known", "stranger", "same_stranger", "margin"), bars or (), strict=False))

    def change(self, values: dict[str, int]) -> None:
        """Change settings, all or none."""
        self.ask(Command.SET, values)

    def statistics(self) -> dict[str, int]:
        """Return what the device counts; uptime in milliseconds, battery in millivolts, where they are known."""
        return dict(self.ask(Command.STATISTICS)[0])

    def _ask_of_stranger(self, command: Command, number: int, *arguments: object) -> list[Any]:
        try:
            return self.ask(command, number, *arguments)
        except CommandError as error:
            if (error.code, error.what) != (UNKNOWN, "stranger"):
                raise
            told = f"{number}: the device knows no stranger of that number; see: peephole device strangers list"
            raise CommandError(UNKNOWN, error.what, told) from error

    def _list(self, command: Command) -> list[list[Any]]:
        for _ in range(_TRIES):
            try:
                return list(self._pieces(command))
            except CommandError as error:
                if error.code != CHANGED:
                    raise
        raise DeviceError("the device's list changes all the time; try again")

    def _pieces(self, command: Command) -> Iterator[list[Any]]:
        version, got, count = 0, 0, 1
        while got < count:
            version, count, rows = self.ask(command, got, version)
            if count:
                yield from _some(rows)
            got += len(rows)

    def _put(self, looks: Sequence[DeviceLook], model: int) -> None:
        if model != self.model:
            raise CommandError(OTHER_MODEL, f"{self.model:08x} in place of {model:08x}")
        for _ in range(_TRIES):
            try:
                self._put_all(looks)
                return
            except LostAnswerError:  # the first look begins anew
                continue
        raise DeviceError("too much is lost on the line; use a shorter cable or a lower speed")

    def _put_all(self, looks: Sequence[DeviceLook]) -> None:
        for index, look in enumerate(looks):
            content = look.descriptor.astype("<i2", casting="safe")
            for first in range(0, len(content), _PIECE):
                moment = round((look.time - self._clock) * 1000)
                piece = content[first : first + _PIECE].tobytes()
                self.ask(Command.PUT_LOOK, index, moment, look.quality, first, piece)

    def _moment_or_none(self, milliseconds: int | None) -> float | None:
        return None if milliseconds is None else self.moment(milliseconds)


def _some(piece: Any) -> Any:
    if not piece:
        raise DeviceError("the device sends empty pieces; update it or this program")
    return piece
