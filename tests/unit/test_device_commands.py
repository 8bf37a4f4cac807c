"""The owner's commands, from Python over a session to the gallery in C and back."""

import time

import numpy as np
import pytest

from device_line import (
    LOOKS,
    MODEL,
    PEOPLE,
    REFERENCES,
    SIDE,
    STRANGERS,
    VALUES,
    MadeUpDevice,
    SpoiltLine,
    looks_at,
    paired,
    seen,
    stranger,
)
from peephole.device.backup import restore, take_backup
from peephole.device.client import REPEATABLE, Command, Device, DeviceLook, Info
from peephole.device.errors import CommandError, DeviceError


def test_a_device_says_what_it_is(device: Device) -> None:
    assert device.info == Info(1, MODEL, VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS, SIDE * SIDE)


def test_people_are_added_renamed_and_removed(device: Device) -> None:
    ada = device.add("Ada", looks_at(900, 800), MODEL)
    george = device.add("Jürgen", [], MODEL)
    device.rename(george, "George")
    assert [(one.id, one.name, one.looks, one.last_seen) for one in device.people()] == [
        (ada, "Ada", 2, None),
        (george, "George", 0, None),
    ]
    assert device.people()[0].created == pytest.approx(time.time(), abs=5)
    device.add_looks(george, looks_at(700), MODEL, source=2)
    device.remove(ada)
    assert [(one.name, one.looks) for one in device.people()] == [("George", 1)]
    (look,) = device.looks(george, of_person=True)
    assert (look.quality, look.source, look.descriptor.tolist()) == (700, 2, [1, 1, 0])
    assert device.person("George") == device.person(str(george)) == device.people()[0]
    with pytest.raises(DeviceError, match="Ada: the device knows nobody"):
        device.person("Ada")


def refusal(error: pytest.ExceptionInfo[CommandError]) -> tuple[int, str]:
    return error.value.code, error.value.what


def test_every_refusal_says_what_is_wrong(device: Device) -> None:
    ada = device.add("Ada", looks_at(900), MODEL)
    refused: list[tuple[tuple[object, ...], tuple[int, str]]] = [
        ((Command.RENAME, ada, ""), (2, "name")),
        ((Command.RENAME, ada, "a" * 41), (2, "name")),
        ((Command.RENAME, ada, "\x07"), (2, "name")),
        ((Command.RENAME, 9, "George"), (5, "person")),
        ((Command.ADD_PERSON, "Ada", MODEL, 0, 0), (6, "name")),
        ((Command.ADD_PERSON, "George", MODEL + 1, 0, 0), (34, "model")),
        ((Command.ADD_PERSON, "George", MODEL, 1, 0), (38, "looks")),
        ((Command.PUT_LOOK, 1, 0, 500, 0, bytes(6)), (38, "looks")),  # where is the first one?
        ((Command.PUT_LOOK, 0, 0, 500, 0, bytes(8)), (38, "looks")),  # four values of three
        ((Command.PUT_LOOK, 0, 0, 1001, 0, bytes(6)), (32, "request")),
        ((Command.REMOVE, 9), (5, "person")),
        ((Command.REMOVE, "Ada"), (32, "request")),
        ((Command.REMOVE,), (32, "request")),
        ((Command.REMOVE, ada, 0), (32, "request")),
        ((Command.PERSON_LOOK, ada, 1, 0), (5, "look")),
        ((Command.PERSON_LOOK, ada, 0, 6), (2, "offset")),
        ((Command.STRANGER_LOOK, 1, 0, 0), (5, "stranger")),
        ((Command.THUMBNAIL, 1, 0), (5, "stranger")),
        ((Command.ASSIGN, 1, ada), (5, "stranger")),
        ((Command.IGNORE, 1), (5, "stranger")),
        ((Command.SET, {"no_such": 1}), (5, "setting")),
        ((Command.SET, {"votes": 0}), (2, "votes")),
        ((Command.SET, {"votes": "many"}), (32, "request")),
        ((Command.PEOPLE, 0, 1), (37, "the list has changed")),
        ((Command.BACKUP, 0, 0, 9999), (2, "offset")),
        ((Command.RESTORE, MODEL + 1, VALUES), (34, "model")),
        ((26,), (33, "command")),
        ((1 << 40,), (32, "request")),
    ]
    for request, expected in refused:
        with pytest.raises(CommandError) as error:
            device.ask(*request)  # type: ignore[arg-type]
        assert refusal(error) == expected, request
    assert [(one.name, one.looks) for one in device.people()] == [("Ada", 1)]


def test_full_is_said(line: SpoiltLine, device: Device) -> None:
    for name in ("Ada", "Ben", "Cleo", "Dora"):
        device.add(name, [], MODEL)
    with pytest.raises(CommandError, match=r"full, remove something first \(the gallery is full\)"):
        device.add("Emil", [], MODEL)
    with pytest.raises(CommandError, match="full"):
        device.add_looks(1, looks_at(*[900] * (REFERENCES + 1)), MODEL)
    with pytest.raises(CommandError, match="full"):
        device.assign(stranger(line.device), "Emil")
    device.add_looks(1, looks_at(*[900] * REFERENCES), MODEL)
    with pytest.raises(CommandError, match="full"):
        device.add_looks(1, looks_at(900), MODEL)
    assert (device.people()[0].name, device.people()[0].looks) == ("Ada", REFERENCES)


def test_flash_that_fails_is_said(line: SpoiltLine, device: Device) -> None:
    line.device.flash.cut_after(40)
    with pytest.raises(CommandError, match=r"its memory could not be written.*\(flash\)"):
        device.add("Ada", looks_at(900), MODEL)
    line.device.flash.power_up()
    line.device.switch_off_and_on()
    assert device.people() == []


def test_whoever_is_at_the_door_can_be_added(line: SpoiltLine, device: Device) -> None:
    with pytest.raises(CommandError, match="no good look at a face yet"):
        device.add_at_door("Ada")
    line.device.core.stand_at_door(seen(2), 2)
    with pytest.raises(CommandError, match="more than one face is at the door"):
        device.add_at_door("Ada")
    line.device.core.stand_at_door(seen(REFERENCES), 1)
    ada = device.add("Ada", looks_at(900, 901), MODEL)
    assert device.add_at_door(ada) == (ada, 1)  # as many as there is room for, the best
    assert [look.quality for look in device.looks(ada, of_person=True)] == [900, 901, 500 + REFERENCES - 1]
    george, looks = device.add_at_door("George")
    assert looks == REFERENCES
    assert {look.source for look in device.looks(george, of_person=True)} == {1}


def test_strangers_are_seen_and_judged(line: SpoiltLine, device: Device) -> None:
    numbers = [stranger(line.device, 100 * i, picture=i != 2) for i in (1, 2, 3)]
    listed = device.strangers()
    assert [(one.number, one.state, one.visits, one.looks) for one in listed] == [(n, "open", 1, 2) for n in numbers]
    assert [(one.width, one.height) for one in listed] == [(SIDE, SIDE), (0, 0), (SIDE, SIDE)]
    assert listed[0].first_seen == pytest.approx(time.time() - 10, abs=5)
    assert np.array_equal(device.picture(1), np.arange(64, dtype=np.uint8).reshape(8, 8))
    with pytest.raises(CommandError, match="picture"):
        device.picture(2)
    assert [look.descriptor.tolist() for look in device.looks(3)] == [[300, 0, 0], [301, 1, -1]]

    ada = device.assign(1, "Ada")
    assert device.assign(2, ada) == ada
    device.ignore(3)
    assert [(one.number, one.state) for one in device.strangers()] == [(3, "ignored")]
    assert [(one.name, one.looks, one.visits) for one in device.people()] == [("Ada", 3, 2)]
    device.discard(3)
    assert device.strangers() == []


def test_long_lists_and_descriptors_come_in_pieces() -> None:
    values, people = 4000, 60
    line = SpoiltLine(MadeUpDevice((values, people, 1, 40, 1, 64 * 64, 256)))
    device = paired(line)[0]
    names = [f"{number:02} {'ÄäÖö' * 4}" for number in range(people)]
    for name in names:
        device.add(name, [], MODEL)
    assert [person.name for person in device.people()] == names
    descriptor = np.arange(-2000, 2000, dtype=np.int16)
    device.add_looks(1, [DeviceLook(time.time(), 900, 0, descriptor)], MODEL)
    assert np.array_equal(device.looks(1, of_person=True)[0].descriptor, descriptor)
    grey = np.arange(64 * 64).reshape(64, 64).astype(np.uint8)
    line.device.gallery.add_stranger(seen_as(descriptor), grey, 0, 1, False)
    assert np.array_equal(device.picture(1), grey)
    backup = take_backup(device)
    device.remove(1)
    restore(device, backup)
    assert [person.name for person in device.people()] == names
    assert np.array_equal(device.looks(1, of_person=True)[0].descriptor, descriptor)
    assert np.array_equal(device.picture(1), grey)


def seen_as(descriptor: np.ndarray) -> object:
    from peephole import _core

    return _core.GalleryLooks(
        np.zeros(1, np.int64), np.full(1, 500, np.int32), np.ones(1, np.uint8), descriptor[np.newaxis]
    )


def test_a_list_that_changes_is_read_anew(line: SpoiltLine, device: Device) -> None:
    for name in ("Ada", "Ben"):
        device.add(name, [], MODEL)
    version = device.ask(Command.PEOPLE, 0, 0)[0]
    assert len(device.ask(Command.PEOPLE, 1, version)[2]) == 1
    stranger(line.device)
    with pytest.raises(CommandError, match="changed meanwhile"):
        device.ask(Command.PEOPLE, 1, version)
    assert [one.name for one in device.people()] == ["Ada", "Ben"]


def test_what_may_be_asked_twice_changes_nothing_the_second_time() -> None:
    assert REPEATABLE.isdisjoint(
        {Command.ADD_PERSON, Command.ADD_LOOKS, Command.AT_DOOR, Command.ASSIGN, Command.ASSIGN_NEW, Command.RESTORE}
    )
