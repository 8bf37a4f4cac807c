"""A device's backup: everything comes back but the key, and what is none is refused."""

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_line import (
    MODEL,
    VALUES,
    SpoiltLine,
    looks_at,
    stranger,
)
from peephole.device.backup import Backup, from_file, restore, take_backup, to_file
from peephole.device.client import Command, Device
from peephole.device.errors import CommandError
from peephole.device.events import past_events


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
