"""What the device's gallery should remember, in plain Python; and the changes that both it and the C code make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from peephole import _core

OK, BAD_SHAPE, BAD_ARGUMENT, _, NO_ROOM, UNKNOWN, TAKEN, FLASH_FAILED, DAMAGED, UNSUPPORTED = range(10)
NEVER = -(2**63)
OPEN, IGNORED = 0, 1
PHOTO, VISIT, IMPORT = 0, 1, 2

VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS, SIDE, SLOT = 3, 3, 3, 2, 2, 3, 40
SIZE = (VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS, SIDE * SIDE, SLOT)
MODEL = 5


@dataclass(frozen=True)
class Change:
    """One operation by name, with its arguments; looks are (time, quality, good)."""

    name: str
    arguments: tuple[Any, ...]


Row = tuple[int, int, int, bytes]


def descriptor(time: int, quality: int) -> list[int]:
    return [time, -quality, time * quality % 1000]


def gallery_looks(looks: Sequence[tuple[int, int, bool]]) -> _core.GalleryLooks:
    return _core.GalleryLooks(
        np.array([time for time, _, _ in looks], np.int64),
        np.array([quality for _, quality, _ in looks], np.int32),
        np.array([good for _, _, good in looks], np.uint8),
        np.array([descriptor(time, quality) for time, quality, _ in looks], np.int16).reshape(len(looks), VALUES),
    )


def rows(looks: Sequence[tuple[int, int, bool]], source: int) -> list[Row]:
    return [(time, quality, source, np.array(descriptor(time, quality), "<i2").tobytes()) for time, quality, _ in looks]


def best(candidates: list[Row], count: int) -> list[Row]:
    order = sorted(range(len(candidates)), key=lambda i: (candidates[i][1], i), reverse=True)[:count]
    return [candidates[i] for i in sorted(order)]


def thumbnail(grey: int | None) -> Any:
    return None if grey is None else np.full((SIDE, SIDE), grey, np.uint8)


def perform(gallery: _core.Gallery, change: Change) -> int:
    """Make a change; return its status."""
    arguments = list(change.arguments)
    for place, value in enumerate(arguments):
        if isinstance(value, list):
            arguments[place] = gallery_looks(value)
    if change.name in ("add_stranger", "remember"):
        place = 1 if change.name == "add_stranger" else 2
        arguments[place] = thumbnail(arguments[place])
    result = getattr(gallery, change.name)(*arguments)
    return result[0] if isinstance(result, tuple) else result


def state(gallery: _core.Gallery) -> Any:
    """All that is remembered, in a form that can be compared."""
    return gallery.people(), gallery.strangers(), gallery.slots(), gallery.counts()["visits"]


@dataclass
class Model:
    """The gallery as its header describes it."""

    people: dict[int, list[Any]] = field(default_factory=dict)  # name, created, last_seen, visits, references
    strangers: dict[int, list[Any]] = field(default_factory=dict)  # state, first, last, visits, looks, thumbnail
    slots: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    visits: int = 0
    next_id: int = 1
    next_number: int = 1

    def state(self) -> Any:
        people = [(key, *row) for key, row in self.people.items()]
        return people, [(key, *row) for key, row in self.strangers.items()], self.slots, self.visits

    def perform(self, change: Change) -> int:
        method: Callable[..., int] = getattr(self, change.name)
        return method(*change.arguments)

    def _refuse_name(self, name: str, except_for: int | None = None) -> int:
        taken = any(row[0] == name and key != except_for for key, row in self.people.items())
        return BAD_ARGUMENT if not 1 <= len(name.encode()) <= 40 else TAKEN if taken else OK

    def add_person(self, name: str, time: int, looks: list[Any], source: int) -> int:
        refused = self._refuse_name(name)
        if refused:
            return refused
        if len(self.people) >= PEOPLE or len(looks) > REFERENCES:
            return NO_ROOM
        self.people[self.next_id] = [name, time, NEVER, 0, rows(looks, source)]
        self.next_id += 1
        return OK

    def add_references(self, key: int, looks: list[Any], source: int) -> int:
        if key not in self.people:
            return UNKNOWN
        references = self.people[key][4]
        if len(references) + len(looks) > REFERENCES:
            return NO_ROOM
        references.extend(rows(looks, source))
        return OK

    def rename(self, key: int, name: str) -> int:
        if key not in self.people:
            return UNKNOWN
        refused = self._refuse_name(name, key)
        if not refused:
            self.people[key][0] = name
        return refused

    def remove(self, key: int) -> int:
        return OK if self.people.pop(key, None) else UNKNOWN

    def add_stranger(self, looks: list[Any], grey: int | None, first: int, last: int, replace: bool) -> int:
        good = rows([look for look in looks if look[2]], VISIT)
        if not good:
            return BAD_ARGUMENT
        if len(self.strangers) >= STRANGERS:
            open_ones = [key for key, row in self.strangers.items() if row[0] == OPEN]
            if not replace or not open_ones:
                return NO_ROOM
            del self.strangers[min(open_ones, key=lambda key: self.strangers[key][2])]
        picture = None if grey is None else bytes([grey] * SIDE * SIDE)
        self.strangers[self.next_number] = [OPEN, first, last, 1, best(good, LOOKS), picture]
        self.next_number += 1
        self.visits += 1
        return OK

    def remember(self, number: int, looks: list[Any], grey: int | None, last: int) -> int:
        if number not in self.strangers:
            return UNKNOWN
        row = self.strangers[number]
        row[2:4] = [last, row[3] + 1]
        row[4] = best(row[4] + rows([look for look in looks if look[2]], VISIT), LOOKS)
        row[5] = row[5] if grey is None else bytes([grey] * SIDE * SIDE)
        self.visits += 1
        return OK

    def assign(self, number: int, key: int) -> int:
        if key not in self.people or number not in self.strangers:
            return UNKNOWN
        room = REFERENCES - len(self.people[key][4])
        if room == 0:
            return NO_ROOM
        _, _, last, visits, looks, _ = self.strangers.pop(number)
        person = self.people[key]
        person[2:4] = [max(person[2], last), person[3] + visits]
        person[4].extend(best(looks, room))
        return OK

    def assign_new(self, number: int, name: str, time: int) -> int:
        refused = self._refuse_name(name)
        if refused:
            return refused
        if len(self.people) >= PEOPLE:
            return NO_ROOM
        if number not in self.strangers:
            return UNKNOWN
        self.add_person(name, time, [], VISIT)
        return self.assign(number, self.next_id - 1)

    def ignore(self, number: int) -> int:
        if number not in self.strangers:
            return UNKNOWN
        self.strangers[number][0] = IGNORED
        return OK

    def discard(self, number: int) -> int:
        return OK if self.strangers.pop(number, None) else UNKNOWN

    def note_visit(self, key: int, number: int, last: int) -> int:
        row = self.people.get(key) or self.strangers.get(number)
        if key and number:
            return BAD_ARGUMENT
        if (key or number) and not row:
            return UNKNOWN
        if row:
            row[2:4] = [last, row[3] + 1]
        self.visits += 1
        return OK

    def write_slot(self, slot: int, version: int, content: bytes) -> int:
        if not content:
            return BAD_ARGUMENT
        if len(content) > SLOT:
            return BAD_SHAPE
        self.slots[slot] = (version, content)
        return OK

    def switch_areas(self) -> int:
        return OK

    def tidy(self) -> int:
        return OK

    def forget_all(self) -> int:
        self.__init__()  # type: ignore[misc]
        return OK


def with_ids(changes: Sequence[Change]) -> list[Change]:
    """Put ids and numbers in the place of `Whom`: those of people and strangers who are there at that moment."""
    model, made = Model(), []
    for change in changes:
        arguments = tuple(
            argument.among(model) if isinstance(argument, Whom) else argument for argument in change.arguments
        )
        made.append(Change(change.name, arguments))
        model.perform(made[-1])
    return made


@dataclass(frozen=True)
class Whom:
    """The person or stranger in that place of the list, counted around; sometimes nobody who is there."""

    person: bool
    place: int

    def among(self, model: Model) -> int:
        ids = list(model.people if self.person else model.strangers)
        return ids[self.place % len(ids)] if ids and self.place < 20 else 99


TIME = st.integers(-(2**40), 2**40)
PERSON = st.builds(Whom, st.just(True), st.integers(0, 20))
STRANGER = st.builds(Whom, st.just(False), st.integers(0, 20))
LOOK = st.tuples(st.integers(0, 999), st.integers(0, 30), st.integers(0, 4).map(bool))
NAME = st.sampled_from(["Anna", "Bo", "C", "J\u00fcrgen", "\u65e5", "Zo\u00eb", "n" * 40, "n" * 41, ""])
GREY = st.none() | st.integers(0, 255)
SOURCE = st.sampled_from([PHOTO, VISIT, IMPORT])


def _change(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Change]:
    return st.builds(lambda *values: Change(name, values), *arguments)


_ONE = st.one_of(
    _change("add_person", NAME, TIME, st.lists(LOOK, max_size=4), SOURCE),
    _change("add_references", PERSON, st.lists(LOOK, max_size=2), SOURCE),
    _change("rename", PERSON, NAME),
    _change("remove", PERSON),
    _change("add_stranger", st.lists(LOOK, max_size=3), GREY, TIME, TIME, st.booleans()),
    _change("add_stranger", st.lists(LOOK, max_size=3), GREY, TIME, TIME, st.booleans()),
    _change("remember", STRANGER, st.lists(LOOK, max_size=3), GREY, TIME),
    _change("assign", STRANGER, PERSON),
    _change("assign_new", STRANGER, NAME, TIME),
    _change("ignore", STRANGER),
    _change("discard", STRANGER),
    _change("note_visit", PERSON, st.just(0), TIME),
    _change("note_visit", st.just(0), STRANGER | st.just(0), TIME),
    _change("note_visit", PERSON, STRANGER, TIME),
    _change("write_slot", st.integers(0, 3), st.integers(0, 65535), st.binary(max_size=41)),
    st.sampled_from([Change("switch_areas", ()), Change("tidy", ()), Change("forget_all", ())]),
)


def changes(least: int, most: int) -> st.SearchStrategy[list[Change]]:
    """Return lists of that many changes, most of which can be made."""
    return st.lists(_ONE, min_size=least, max_size=most).map(with_ids)
