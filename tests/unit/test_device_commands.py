"""The owner's commands, from Python over a session to the gallery in C and back."""

import time

import cbor2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_line import (
    BUTTON,
    DECIDED,
    DOOR,
    LOOKS,
    MODEL,
    PEOPLE,
    PROBLEM,
    REFERENCES,
    SIDE,
    SIZE,
    STRANGERS,
    VALUES,
    VISIT_ENDED,
    VISIT_STARTED,
    MadeUpDevice,
    SpoiltLine,
    keys_of,
    looks_at,
    paired,
    seen,
    session_on,
    stranger,
)
from peephole.device.backup import Backup, from_file, restore, take_backup, to_file
from peephole.device.client import REPEATABLE, Command, Device, DeviceLook, Info
from peephole.device.errors import CommandError, DeviceError
from peephole.device.events import followed_events, past_events
from peephole.device.framing import packed


@pytest.fixture
def line() -> SpoiltLine:
    return SpoiltLine(MadeUpDevice())


@pytest.fixture
def device(line: SpoiltLine) -> Device:
    return paired(line)[0]


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


def test_of_a_visit_that_begins_nothing_is_decided(line: SpoiltLine, device: Device) -> None:
    line.device.core.tell(VISIT_STARTED, 7, True, 0, 0, 0, 0, 0, 0)
    details = past_events(device)[-1].details
    assert details["visit"] == 7 and set(details) == {"visit", "first_seen"}


def test_events_say_what_happened(line: SpoiltLine, device: Device) -> None:
    device.add("Ada", [], MODEL)
    core = line.device.core
    core.tell(BUTTON, 0, True, 0, 0, 0, 0, 0, 0)
    core.tell(DECIDED, 7, True, 1, 0, 1, 0, 0, 0)
    core.tell(DOOR, 7, True, 0, 0, 0, 0, 0, 0)
    core.tell(VISIT_ENDED, 8, True, 2, 1, 0, 3, 0, 0)
    core.tell(PROBLEM, 0, True, 0, 0, 0, 0, 3, 4)
    events = past_events(device)
    assert [event.kind for event in events] == [
        "started",
        "paired",
        "session",
        "button",
        "decided",
        "door",
        "visit_ended",
        "problem",
    ]
    assert [event.sequence for event in events] == list(range(1, 9))
    known, door, unknown, problem = (event.details for event in events[4:])
    assert (known["visit"], known["decision"], known["reason"], known["person"], known["distance"]) == (
        7,
        "known",
        "looks_agree",
        1,
        1234,
    )
    assert door == {"visit": 7, "open": True}
    assert (unknown["decision"], unknown["stranger"], unknown["distance"]) == ("stranger", 3, None)
    assert problem == {"problem": "strangers_full", "status": 4, "over": False}


def test_old_events_make_room_and_the_count_says_so(line: SpoiltLine, device: Device) -> None:
    for _ in range(100):
        line.device.core.tell(VISIT_ENDED, 8, True, 2, 1, 0, 3, 0, 0)
    events = past_events(device)
    assert [event.sequence for event in events] == list(range(80, 104))
    assert device.statistics()["events"] == 103


def test_sessions_one_after_the_other_are_one_event(line: SpoiltLine) -> None:
    device, key = paired(line)
    line.device.core.tell(BUTTON, 0, True, 0, 0, 0, 0, 0, 0)
    for _ in range(30):
        line.device.core.pass_time(60_000)
        device = Device(session_on(line), keys_of(key))
    events = past_events(device)
    assert [event.kind for event in events] == ["started", "paired", "session", "button", "session"]
    assert events[-1].time - events[-2].time == pytest.approx(30 * 60, abs=1)


def test_noise_on_the_line_pushes_no_event_out(line: SpoiltLine, device: Device) -> None:
    line.device.core.tell(BUTTON, 0, True, 0, 0, 0, 0, 0, 0)
    for _ in range(100):
        line.device.take(b"\0noise\0" + packed(0x42))
    events = past_events(device)
    assert "button" in [event.kind for event in events]
    assert [event.details for event in events if event.kind == "refused"] == [
        {"reason": "damaged", "frames": 100},
        {"reason": "unknown type", "frames": 100},
    ]


def test_events_are_followed_over_a_lost_session(line: SpoiltLine, device: Device) -> None:
    followed = followed_events(device, 0, wait=0.05)
    assert [next(followed).kind for _ in range(3)] == ["started", "paired", "session"]  # type: ignore[union-attr]
    assert next(followed) is None
    line.device.switch_off_and_on()
    device.people()  # which begins a new session; nobody is told of events in it
    assert next(followed) is None


def test_settings_are_changed_all_or_none(line: SpoiltLine, device: Device) -> None:
    every, thresholds = device.settings()
    assert len(every) == 30
    assert (every["votes"].value, every["votes"].default, every["votes"].least, every["votes"].most) == (9, 9, 1, 64)
    assert thresholds["known"] == every["known_rate"].value
    device.change({"votes": 5, "known_rate": 1000})
    assert (line.device.core.setting("votes"), line.device.core.setting("known_rate")) == (5, 1000)
    for wrong in ({"votes": 6, "gap": -1}, {"votes": 6, "gaps": 1}, {"votes": 6, "stranger_rate": 999}):
        with pytest.raises(CommandError):
            device.change(wrong)
    changed = device.settings()[0]
    assert (changed["votes"].value, changed["gap"].value) == (5, every["gap"].value)
    line.device.switch_off_and_on()
    assert line.device.core.setting("votes") == 5


def test_all_settings_fit_at_once_whatever_they_are(line: SpoiltLine, device: Device) -> None:
    every = device.settings()[0]
    for values in (
        {name: setting.most for name, setting in every.items()},
        {name: setting.least for name, setting in every.items()},
        {name: setting.default + (1 if setting.default < setting.most else -1) for name, setting in every.items()},
    ):
        device.change(values)
        line.device.switch_off_and_on()
        assert {name: setting.value for name, setting in device.settings()[0].items()} == values


def test_settings_that_do_not_fit_change_nothing() -> None:
    """A device whose slots are as small as they may be."""
    line = SpoiltLine(MadeUpDevice((*SIZE[:6], 32)))
    device = paired(line)[0]
    device.change({"votes": 5})
    every = device.settings()[0]
    with pytest.raises(CommandError, match="there is no room for more settings"):
        device.change({name: setting.most for name, setting in every.items()})
    assert device.settings()[0] == every
    line.device.switch_off_and_on()
    assert device.settings()[0] == every


def test_settings_that_cannot_be_kept_are_not_taken(line: SpoiltLine, device: Device) -> None:
    line.device.flash.cut_after(10)
    with pytest.raises(CommandError, match="flash"):
        device.change({"votes": 5})
    assert line.device.core.setting("votes") == 9


def test_statistics(line: SpoiltLine, device: Device) -> None:
    line.device.core.pass_time(1500)
    stranger(line.device)
    counted = device.statistics()
    assert (counted["visits"], counted["strangers"], counted["people"], counted["frames"]) == (1, 1, 0, 77)
    assert counted["uptime"] == 1500
    assert counted["damaged_records"] == 0
    assert 0 < counted["flash_written"] < counted["flash_bytes"] == 1 << 13
    assert counted["flash_needed"] < counted["flash_bytes"]
    assert "battery" not in counted  # this board cannot measure it


def test_a_backup_brings_everything_back_but_the_key(line: SpoiltLine, device: Device) -> None:
    device.add("Ada", looks_at(900, 800), MODEL)
    stranger(line.device)
    device.change({"votes": 5})
    before = (device.people(), device.strangers())
    backup = from_file(to_file(take_backup(device)))
    slots = line.device.gallery.slots()
    assert all(slots[1][1] not in content for _, content in backup.records)

    device.remove(1)
    device.discard(1)
    device.change({"votes": 9})
    device.add("George", looks_at(700), MODEL)
    restore(device, backup)
    assert (device.people(), device.strangers()) == before
    assert line.device.core.setting("votes") == 5
    assert line.device.gallery.slots()[1] == slots[1]
    line.device.switch_off_and_on()
    assert (device.people(), device.strangers()) == before
    assert past_events(device)[0].kind == "started"


def test_a_removed_person_is_in_no_backup(line: SpoiltLine, device: Device) -> None:
    device.add("Ada", looks_at(900), MODEL)
    device.remove(1)
    assert b"Ada" not in to_file(take_backup(device))
    assert b"Ada" not in line.device.flash.content()


def test_a_restore_that_breaks_off_changes_nothing(line: SpoiltLine, device: Device) -> None:
    device.add("Ada", looks_at(900), MODEL)
    backup = take_backup(device)
    device.rename(1, "George")
    device.ask(Command.RESTORE, MODEL, VALUES)
    with pytest.raises(CommandError, match="busy"):
        device.remove(1)
    with pytest.raises(CommandError, match="not a backup of such a device"):
        device.ask(Command.RESTORE_RECORD, 1, 100, 50, b"the middle")
    assert [one.name for one in device.people()] == ["George"]
    broken = Backup(backup.model, backup.values, (*backup.records, (9, b"what is this?")))
    with pytest.raises(CommandError, match="nothing was changed"):
        restore(device, broken)
    assert [one.name for one in device.people()] == ["George"]
    with pytest.raises(CommandError, match="another model"):
        restore(device, Backup(MODEL + 1, VALUES, backup.records))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_files_that_are_no_backup_are_told_of(data: st.DataObject) -> None:
    content = to_file(Backup(MODEL, VALUES, ((1, b"some bytes"), (7, bytes(8)))))
    place = data.draw(st.integers(0, len(content) - 1))
    spoilt = data.draw(
        st.sampled_from([content[:place], content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]])
    )
    try:
        backup = from_file(spoilt)
    except ValueError as error:
        assert "backup" in str(error)
    else:  # in the number of the model, which the device compares with its own
        assert backup.records == ((1, b"some bytes"), (7, bytes(8)))


def test_a_backup_with_something_behind_it_is_damaged() -> None:
    content = to_file(Backup(MODEL, VALUES, ((1, b"some bytes"),)))
    assert from_file(content).records == ((1, b"some bytes"),)
    with pytest.raises(ValueError, match="there is more in it than a backup"):
        from_file(content + b"\0\0")


@pytest.mark.parametrize("kind", [-1, 256, 2**40, 1.0, None])
def test_a_record_of_a_type_that_cannot_be_is_damage(kind: object) -> None:
    content = cbor2.loads(to_file(Backup(MODEL, VALUES, ((1, b"some bytes"),)))) | {"records": [[kind, b"some bytes"]]}
    with pytest.raises(ValueError, match="the backup is damaged"):
        from_file(cbor2.dumps(content))


def test_what_may_be_asked_twice_changes_nothing_the_second_time() -> None:
    assert REPEATABLE.isdisjoint(
        {Command.ADD_PERSON, Command.ADD_LOOKS, Command.AT_DOOR, Command.ASSIGN, Command.ASSIGN_NEW, Command.RESTORE}
    )
