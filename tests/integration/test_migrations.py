"""Migrations: from every older schema to the newest, with a backup, or not at all."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from doorbell_parts import MODEL
from peephole.store.database import Database
from peephole.store.migrations import Migration, shipped, statements
from peephole.store.store import DATABASE_NAME, Store

NEWEST = len(shipped())


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.parametrize("old", range(1, NEWEST + 1))
def test_every_old_version_becomes_the_newest_and_keeps_its_people(tmp_path, old):
    path = tmp_path / DATABASE_NAME
    database = Database(path, shipped()[:old])
    with database.change() as connection:
        connection.execute("INSERT INTO people (id, name, name_key, created) VALUES ('p1', 'Anna', 'anna', 1.0)")
    database.close()
    with Store(tmp_path) as store:
        assert [row.person.name for row in store.people.all(MODEL)] == ["Anna"]
        assert (store.strangers.all(["open"]), store.visits.recent(9, None)) == ([], [])
    with Store(tmp_path / "fresh"):
        assert schema(path) == schema(tmp_path / "fresh" / DATABASE_NAME)
    assert version(path) == NEWEST


def test_looks_of_before_keep_everything_and_are_told_of_when_they_go(tmp_path):
    path = tmp_path / DATABASE_NAME
    database = Database(path, shipped()[:16])
    insert = "INSERT INTO person_references VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    look = (7, "p1", b"d", MODEL, b"picture", 500, "visit", 2.0, "owner", 3.0, b"x" * 32)
    with database.change() as connection:
        connection.execute("INSERT INTO people (id, name, name_key, created) VALUES ('p1', 'Anna', 'anna', 1.0)")
        connection.execute(insert, look)
    database.close()
    database = Database(path, shipped())
    assert [tuple(row) for row in database.rows("SELECT * FROM person_references")] == [look]
    with database.change() as connection:
        connection.execute("UPDATE person_references SET source = 'door'")
        connection.execute("DELETE FROM person_references")
    assert [row["digest"] for row in database.rows("SELECT * FROM erased_references")] == [b"x" * 32]
    with pytest.raises(sqlite3.IntegrityError), database.change() as connection:
        connection.execute(insert, (*look[:6], "air", *look[7:]))
    database.close()


def test_the_old_database_is_backed_up_first(tmp_path):
    path = tmp_path / DATABASE_NAME
    database = Database(path, shipped()[:1])
    with database.change() as connection:
        connection.execute("INSERT INTO people (id, name, name_key, created) VALUES ('p1', 'Anna', 'anna', 1.0)")
    database.close()
    Store(tmp_path).close()
    backup = tmp_path / f"{DATABASE_NAME}.version-1.backup"
    assert version(backup) == 1
    assert backup.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT name FROM people").fetchall() == [("Anna",)]


def test_the_backup_goes_when_the_migrated_database_is_opened_again(tmp_path):
    Database(tmp_path / DATABASE_NAME, shipped()[:1]).close()
    Store(tmp_path).close()
    assert len(list(tmp_path.glob("*.backup"))) == 1
    Store(tmp_path).close()
    assert list(tmp_path.glob("*.backup")) == []


def test_the_backup_goes_when_somebody_is_erased(tmp_path):
    database = Database(tmp_path / DATABASE_NAME, shipped()[:1])
    with database.change() as connection:
        connection.execute("INSERT INTO people (id, name, name_key, created) VALUES ('p1', 'Anna', 'anna', 1.0)")
    database.close()
    with Store(tmp_path) as store:
        store.people.rename("Anna", "Anne")
        assert len(list(tmp_path.glob("*.backup"))) == 1
        store.people.remove("Anne")
        assert list(tmp_path.glob("*.backup")) == []


def test_no_backup_of_nothing(tmp_path):
    Store(tmp_path).close()
    Store(tmp_path).close()
    assert list(tmp_path.glob("*.backup")) == []


def test_a_newer_database_is_refused_and_left_alone(tmp_path):
    future = (*shipped(), Migration(NEWEST + 1, "future", "CREATE TABLE moods (person TEXT);"))
    Database(tmp_path / DATABASE_NAME, future).close()
    before = (tmp_path / DATABASE_NAME).read_bytes()
    with pytest.raises(ValueError, match=rf"written by a newer peephole \(schema {NEWEST + 1}.*upgrade peephole"):
        Store(tmp_path)
    assert (tmp_path / DATABASE_NAME).read_bytes() == before


def test_a_step_that_fails_undoes_all_steps(tmp_path):
    path = tmp_path / DATABASE_NAME
    Database(path, shipped()[:1]).close()
    before = schema(path)
    broken = (*shipped(), Migration(NEWEST + 1, "broken", "CREATE TABLE people (id TEXT);"))
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        Database(path, broken)
    assert (schema(path), version(path)) == (before, 1)


def test_statements_end_at_their_own_semicolons():
    table = "CREATE TABLE a (b TEXT DEFAULT ';');  -- a ; here\n"
    trigger = "CREATE TRIGGER t AFTER INSERT ON a\nBEGIN\n SELECT 1;\nEND;\n"
    script = table + trigger
    assert len(list(statements(script))) == 2


def test_a_step_without_its_last_semicolon_is_refused():
    assert all(step.sql.rstrip().endswith(";") for step in shipped())
