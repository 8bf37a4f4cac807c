"""A backup is written, or brought back, on a disk that fills meanwhile: all of it is there, or nothing was changed."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doorbell_parts import Actor, doorbell, paint
from peephole.doorbell.doorbell import Photo
from peephole.store.backup import restore_backup
from peephole.store.database import DATABASE_NAME
from peephole.store.keys import Keys, Storage
from peephole.store.store import Store
from peephole.whole_files import write_whole

WORD = b"correct horse battery staple"


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Whatever writes beyond it is told so by the kernel, as by a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def home(folder: Path, name: str) -> tuple[Path, Keys]:
    data, keys = folder / "data", Keys(Storage(), folder / "config" / "storage.key")
    with Store(data, keys) as store:
        doorbell(store).enrol(name, [Photo("photo.jpg", paint([Actor(1, noise=200)]).image)])
    return data, keys


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "peephole.lock"}


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_backup_on_a_full_disk_leaves_the_older_one(tmp_path: Path, share: float) -> None:
    data, keys = home(tmp_path, "Anna")
    backup = tmp_path / "out" / "backup"
    backup.parent.mkdir()
    with Store(data, keys) as store:
        write_whole(backup, lambda file: store.write_backup(WORD, file), mode=0o600)
        before = contents(backup.parent)
        with files_of_at_most(int(share * len(backup.read_bytes()))), pytest.raises(OSError):
            write_whole(backup, lambda file: store.write_backup(WORD, file), mode=0o600)
    assert contents(backup.parent) == before
    assert not [file for file in data.iterdir() if file.name.endswith(".copy")]


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_restore_on_a_full_disk_changes_nothing(tmp_path: Path, share: float) -> None:
    backup = tmp_path / "backup"
    data, keys = home(tmp_path / "old", "Anna")
    with Store(data, keys) as store, backup.open("wb") as file:
        store.write_backup(WORD, file)
    there, own = home(tmp_path / "new", "Ben")
    before = contents(there)
    with files_of_at_most(int(share * len(before[DATABASE_NAME]))), pytest.raises((OSError, ValueError)) as told:
        restore_backup(backup, WORD, there, own, replace=True)
    assert "\n" not in str(told.value)
    assert contents(there) == before
    assert restore_backup(backup, WORD, there, own, replace=True).people == 1  # once there is room


@pytest.mark.parametrize("missing", [1, 5000, 20000])
def test_the_end_of_a_backup_that_finds_no_room_is_told_in_a_sentence(tmp_path: Path, missing: int) -> None:
    """Also where it is noticed only when the file is closed."""
    backup = tmp_path / "backup"
    data, keys = home(tmp_path / "old", "Anna")
    with Store(data, keys) as store, backup.open("wb") as file:
        store.write_backup(WORD, file)
    restore_backup(backup, WORD, tmp_path / "once", keys, replace=False)
    whole = (tmp_path / "once" / DATABASE_NAME).stat().st_size
    with (
        files_of_at_most(whole - missing),
        pytest.raises(OSError, match=r"arriving: cannot be written, the disk is full; nothing was changed, make room$"),
    ):
        restore_backup(backup, WORD, tmp_path / "new", keys, replace=False)
