"""A backup: one file, one passphrase, and the same people on another machine."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from commands import assert_one_line, astronaut, peephole, png, tiny_program
from doorbell_parts import MODEL, Actor, doorbell, paint, walk
from peephole.doorbell.doorbell import Photo
from peephole.doorbell.events import VisitEnded
from peephole.store.backup import Restored, restore_backup, write_backup
from peephole.store.copies import private_copy
from peephole.store.database import DATABASE_NAME, Database
from peephole.store.instance import InstanceLock
from peephole.store.keys import Keys, Storage
from peephole.store.migrations import shipped
from peephole.store.store import Store

WORD = b"correct horse battery staple"


def machine(folder: Path) -> tuple[Path, Keys]:
    return folder / "data", Keys(Storage(), folder / "config" / "storage.key")


def lived_in(folder: Path) -> Path:
    """A machine with Anna, a stranger and two visits; returns its backup."""
    folder.mkdir(exist_ok=True)
    data, keys = machine(folder)
    with Store(data, keys) as store:
        bell = doorbell(store)
        bell.enrol("Anna", [Photo("photo.jpg", paint([Actor(1, noise=200)]).image)])
        for frame in [*walk(1, 1000.0), *walk(2, 2000.0)]:
            bell.process(frame)
        with (folder / "backup").open("wb") as file:
            store.write_backup(WORD, file)
    return folder / "backup"


def test_another_machine_knows_the_same_people(tmp_path):
    backup = lived_in(tmp_path / "old")
    data, keys = machine(tmp_path / "new")

    assert restore_backup(backup, WORD, data, keys, replace=False) == Restored(people=1, strangers=1, visits=2)

    with Store(data, keys) as store:
        bell = doorbell(store)
        ended = [e for start, who in ((9000.0, 1), (9100.0, 2)) for f in walk(who, start) for e in bell.process(f)]
        visits = [event for event in ended if isinstance(event, VisitEnded)]
        assert [(visit.person, visit.stranger) for visit in visits] == [("Anna", None), (None, 1)]
        assert bell.person_picture(bell.people()[0].person.id)[:2] == b"\xff\xd8"


def test_the_file_shows_nothing(tmp_path):
    content = lived_in(tmp_path).read_bytes()

    assert content.startswith(b"peephole-backup 1\n")
    assert b"Anna" not in content and b"SQLite" not in content


def test_a_wrong_passphrase_says_so_and_changes_nothing(tmp_path):
    backup = lived_in(tmp_path)
    data, keys = machine(tmp_path)
    before = (data / DATABASE_NAME).read_bytes()

    with pytest.raises(ValueError, match="another passphrase, or a damaged file; nothing was changed"):
        restore_backup(backup, b"open sesame", data, keys, replace=True)

    assert (data / DATABASE_NAME).read_bytes() == before
    assert sorted(file.name for file in data.iterdir()) == [DATABASE_NAME, "peephole.lock"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("flip", "damaged or cut off; nothing"),
        ("cut", "another passphrase, or a damaged file; nothing"),  # the first piece is not the last one
        ("cut in the head", "cut off; take another"),
        ("append", "damaged or cut off; nothing"),
        ("swap", "another passphrase, or a damaged file; nothing"),
        ("empty", "not a backup"),
        ("foreign", "not a backup"),
    ],
)
def test_a_tampered_file_is_refused_whole(tmp_path, change, reason):
    backup = lived_in(tmp_path)
    with Store(*machine(tmp_path)) as store:  # so large that there are several pieces
        for number in range(9):
            with store._database.change() as connection:
                connection.execute(
                    "INSERT INTO visits (id, closed, first_seen, last_seen, kind, reason, text, sightings, repeat,"
                    " silent, picture) VALUES (?, 1, 1, 1, 'unsure', 'x', 'x', 0, 0, 0, randomblob(400000))",
                    (f"big{number}",),
                )
        with backup.open("wb") as file:
            store.write_backup(WORD, file)
    content = bytearray(backup.read_bytes())
    head, piece = 18 + 16 + 7, (1 << 20) + 16
    match change:
        case "flip":
            content[-5] ^= 1
        case "cut":
            del content[head + piece :]
        case "cut in the head":
            del content[30:]
        case "append":
            content += bytes(piece)
        case "swap":
            first, second = content[head : head + piece], content[head + piece : head + 2 * piece]
            content[head : head + 2 * piece] = second + first
        case "empty":
            content.clear()
        case "foreign":
            content[:0] = b"PK"
    backup.write_bytes(content)
    data, keys = machine(tmp_path / "new")

    with pytest.raises(ValueError, match=f"backup: {reason}"):
        restore_backup(backup, WORD, data, keys, replace=False)

    assert not (data / DATABASE_NAME).exists()
    assert [file.name for file in data.iterdir()] == ["peephole.lock"]


@pytest.mark.parametrize("old", range(1, len(shipped()) + 1))
def test_backups_of_every_older_schema_are_brought_up_to_date(tmp_path, old):
    (tmp_path / "old").mkdir()
    database = Database(tmp_path / "old" / DATABASE_NAME, shipped()[:old])
    with database.change() as connection:
        connection.execute("INSERT INTO people (id, name, name_key, created) VALUES ('p1', 'Anna', 'anna', 1.0)")
    with (tmp_path / "backup").open("wb") as file:
        write_backup(database, WORD, file)
    database.close()
    data, keys = machine(tmp_path)

    assert restore_backup(tmp_path / "backup", WORD, data, keys, replace=False).people == 1

    with Store(data, keys) as store:
        assert [row.person.name for row in store.people.all(MODEL)] == ["Anna"]
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(shipped()),)


def test_a_backup_of_a_newer_version_is_refused(tmp_path):
    database = Database(tmp_path / "newer.db", shipped())
    with database.change() as connection:
        connection.execute("PRAGMA user_version = 999")
    with (tmp_path / "backup").open("wb") as file:
        write_backup(database, WORD, file)
    database.close()
    data, keys = machine(tmp_path)

    with pytest.raises(ValueError, match="written by a newer peephole"):
        restore_backup(tmp_path / "backup", WORD, data, keys, replace=False)
    assert not (data / DATABASE_NAME).exists()


def test_a_folder_in_use_or_lived_in_is_left_alone(tmp_path):
    backup = lived_in(tmp_path)
    data, keys = machine(tmp_path)

    with pytest.raises(ValueError, match="holds a doorbell's data already; say --replace"):
        restore_backup(backup, WORD, data, keys, replace=False)
    with InstanceLock(data), pytest.raises(OSError, match="another peephole"):
        restore_backup(backup, WORD, data, keys, replace=True)


def test_by_command_from_one_home_to_another(tmp_path, monkeypatch):
    tiny_program(tmp_path / "p.safetensors")
    (tmp_path / "ann.png").write_bytes(png(astronaut()))
    (tmp_path / "word").write_bytes(WORD)
    with_model = ("--model", tmp_path / "p.safetensors")
    word = ("--passphrase", f"file:{tmp_path}/word")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "first"))
    assert peephole("people", "add", "Ann", tmp_path / "ann.png", "--data", tmp_path / "a", *with_model).returncode == 0
    assert peephole("backup", tmp_path / "b", "--data", tmp_path / "a", *word).returncode == 0
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600

    monkeypatch.setenv(
        "XDG_CONFIG_HOME", str(tmp_path / "second")
    )  # another machine, which has not the first one's key
    done = peephole("restore", tmp_path / "b", "--data", tmp_path / "c", *word)
    assert (done.returncode, done.stdout) == (0, "restored 1 person, 0 strangers and 0 visits\n")
    shown = peephole("identify", tmp_path / "ann.png", "--json", "--data", tmp_path / "c", *with_model)
    assert json.loads(shown.stdout)[0]["faces"][0]["person"] == "Ann"

    wrong = peephole("restore", tmp_path / "b", "--data", tmp_path / "d", "--passphrase", "text:no")
    assert_one_line(wrong, 1, "another passphrase, or a damaged file; nothing was changed")
    assert_one_line(peephole("restore", tmp_path / "none", "--data", tmp_path / "d", *word), 1, "no such file")
    assert_one_line(peephole("restore", tmp_path, "--data", tmp_path / "d", *word), 1, "a folder, not a backup")
    assert_one_line(peephole("backup", tmp_path / "e", "--data", tmp_path / "gone", *word), 1, "no such data folder")
    assert_one_line(
        peephole("backup", tmp_path / "e", "--data", tmp_path / "c"), 1, "name the secret with --passphrase"
    )
    assert peephole("backup", tmp_path / "e", "--data", tmp_path / "c", "--passphrase", "sesame").returncode == 2
    short = peephole("backup", tmp_path / "e", "--data", tmp_path / "c", "--passphrase", "text:sesame")
    assert_one_line(short, 1, "a passphrase has at least 10 characters")
    assert not (tmp_path / "e").exists()


def test_a_backup_replaces_no_file_unless_it_is_told_to(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with Store(tmp_path / "data"):
        pass
    backup, word = tmp_path / "backup", ("--passphrase", "text:a long enough passphrase")
    backup.write_bytes(b"the last one")

    told = peephole("backup", backup, "--data", tmp_path / "data", "--passphrase", "file:/nowhere")  # before the secret
    assert_one_line(told, 1, "exists already; name another file, or say --force to replace it")
    assert backup.read_bytes() == b"the last one"

    assert peephole("backup", backup, "--data", tmp_path / "data", "--force", *word).returncode == 0
    assert backup.read_bytes().startswith(b"peephole-backup 1\n")


KILLED = """
import os, signal, sys
from pathlib import Path
from peephole.store import backup
from peephole.store.store import Store
backup._write = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
with Store(Path(sys.argv[1])) as store:
    store.write_backup(b"correct horse battery", sys.stdout.buffer)
"""


def test_a_backup_that_is_killed_leaves_no_copy_for_long(tmp_path: Path) -> None:
    def copies() -> list[Path]:
        return [path for path in (tmp_path / "data").iterdir() if ".copy" in path.name]

    def kill() -> None:
        subprocess.run([sys.executable, "-c", KILLED, tmp_path / "data"], check=False)
        assert copies()

    with Store(tmp_path / "data") as store:
        bell = doorbell(store)
        bell.enrol("Anna", [Photo("a.jpg", paint([Actor(1, noise=200)]).image)])
        kill()
        bell.remove("Anna")
        assert copies() == []
        kill()
        with private_copy(tmp_path / "data" / DATABASE_NAME) as mine:
            assert copies() == [mine]  # that of the one who was killed is gone
            with Store(tmp_path / "data"):
                assert copies() == [mine]  # somebody writes from it
        assert copies() == []
        kill()
    with Store(tmp_path / "data"):
        assert copies() == []


def test_a_stranger_who_got_a_name_is_counted_once(tmp_path: Path) -> None:
    lived_in(tmp_path / "old")
    data, keys = machine(tmp_path / "old")
    with Store(data, keys) as store, (tmp_path / "backup").open("wb") as file:
        doorbell(store).assign("1", "Ben")
        store.write_backup(WORD, file)
    there, own = machine(tmp_path / "new")
    assert restore_backup(tmp_path / "backup", WORD, there, own, replace=False) == Restored(2, 0, 2)
