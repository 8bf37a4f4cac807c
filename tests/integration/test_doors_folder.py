"""Two doors that share a folder: people become the same by themselves, and nothing else happens to them."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from peephole.live import Announcer, Changed
from peephole.sync.folder import SharedFolder
from trusting_doors import ALICE, OneDoor, doors_at
from waiting import until


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[list[OneDoor]]:
    made = doors_at(tmp_path, "front", "back")
    yield made
    for one in made:
        one.store.close()


def shared(door: OneDoor, folder: Path, told: list[str], heard: list[object]) -> SharedFolder:
    announcer = Announcer()
    announcer.listen(heard.append)
    return SharedFolder(folder, door.store.sharing, door.identity, door.terms, announcer, told.append, every=0.05)


def at_rest(folder: Path) -> bool:
    """Whether nobody writes for so long that each door would have had several turns."""
    before = {path: path.read_bytes() for path in folder.iterdir()}
    time.sleep(0.3)
    return {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_shared_folder_keeps_people_the_same_by_itself(doors, tmp_path):
    front, back = doors
    folder = tmp_path / "shared"
    folder.mkdir()
    told: list[str] = []
    heard: list[object] = []
    front.enrol("Alice", ALICE)
    with shared(front, folder, told, []) as one, shared(back, folder, told, heard) as other:
        until(lambda: [row.person.name for row in back.bell.people()] == ["Alice"])
        back.bell.rename("Alice", "Alicia")
        until(lambda: [row.person.name for row in front.bell.people()] == ["Alicia"])
        front.bell.remove("Alicia")
        until(lambda: back.bell.people() == [])
        assert one.trouble() is None and other.trouble() is None
        assert other.connections() == (f"folder {folder}: people, sealed for front",)
        files = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        assert files == sorted(f"{door.identity.public.id}.people" for door in doors)
        until(lambda: at_rest(folder))  # back tells front that she is gone there too, and that is all
    assert Changed("people") in heard
    assert "people of front: 1 news taken over" in told and "Alice" not in str(told)


def test_a_folder_that_is_away_and_a_file_that_is_none_are_told_and_change_nothing(doors, tmp_path):
    front, back = doors
    folder = tmp_path / "shared"
    told: list[str] = []
    service = shared(back, folder, told, [])
    service.turn()
    assert service.trouble() == f"people of other doors: {folder}: no such folder; is it mounted?"
    folder.mkdir()
    front.enrol("Alice", ALICE)
    export, place = front.export(), folder / f"{front.identity.public.id}.people"
    place.write_bytes(export[:-1])
    service.turn()
    service.turn()
    assert "damaged" in (service.trouble() or "")
    assert len(told) == 2 and back.everything() == []
    place.unlink()
    place.symlink_to("/dev/zero")
    service.turn()
    assert "cannot be read" in (service.trouble() or "")
    place.unlink()
    place.write_bytes(export)
    service.turn()
    assert service.trouble() is None
    assert len(back.everything()) == 1


def test_what_lies_in_the_folder_goes_with_the_last_door_that_may_read_it(doors, tmp_path):
    front, _ = doors
    folder = tmp_path / "shared"
    folder.mkdir()
    front.enrol("Alice", ALICE)
    service = shared(front, folder, [], [])
    (folder / f".{front.identity.public.id}.abcdefgh.tmp").write_bytes(b"of a process that was killed")
    service.turn()
    assert [path.suffix for path in folder.iterdir()] == [".people"]
    front.store.sharing.forget("back")
    service.turn()
    assert list(folder.iterdir()) == [] and service.trouble() is None
