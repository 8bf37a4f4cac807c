"""Descriptors and pictures are sealed: with the key they are what they were, without it they are nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from commands import peephole
from doorbell_parts import MODEL, doorbell, paint, store_at, walk
from peephole.doorbell.doorbell import Photo
from peephole.people.records import NewReference
from peephole.store.keys import Keys, Storage
from peephole.store.seal import AesSeal, KeySource, wrap
from peephole.store.store import DATABASE_NAME, Store

PICTURE = b"\xff\xd8 the picture of a face that nobody else may see"
DESCRIPTOR = np.array([12345, -12345, 23456, -23456] * 4, np.int16)
PASSPHRASE = Storage.model_validate({"passphrase": "text:correct horse battery staple"})


@pytest.fixture
def keys(tmp_path):
    return Keys(Storage(), tmp_path / "config" / "storage.key")


def anna(store: Store) -> str:
    return store.people.add("Anna", [NewReference(DESCRIPTOR, MODEL, PICTURE, 500, "photo")]).id


def lies_open(folder: Path) -> bool:
    everything = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    return PICTURE in everything or DESCRIPTOR.tobytes() in everything


def test_what_is_stored_comes_back_and_lies_nowhere_open(tmp_path, keys):
    with Store(tmp_path / "data", keys) as store:
        person = anna(store)
        assert not lies_open(tmp_path / "data")

    with Store(tmp_path / "data", keys) as store:
        (reference,) = store.people.references(person)
        assert (reference.picture, reference.descriptor.tolist()) == (PICTURE, DESCRIPTOR.tolist())
        assert store.people.picture(person) == PICTURE
    assert keys.file.stat().st_mode & 0o777 == 0o600


def test_a_doorbell_works_on_a_sealed_store_as_on_an_open_one(tmp_path, keys):
    told = []
    for store in (store_at(tmp_path), Store(tmp_path / "sealed", keys)):
        with store:
            bell = doorbell(store)
            bell.enrol("Anna", [Photo("photo.jpg", paint([]).image | walk(1, 0.0)[0].image)])
            events = [
                event
                for start, who in ((1000.0, 1), (2000.0, 2), (3000.0, 2))
                for f in walk(who, start)
                for event in bell.process(f)
            ]
            bell.assign("1", "Ben")
            told.append(
                [
                    (type(event).__name__, getattr(event, "decision", ""), getattr(event, "stranger", ""))
                    for event in events
                ]
            )
            assert bell.person_picture(bell.people()[1].person.id)[:2] == b"\xff\xd8"
            assert bell.rejudge(bell.policy)[0].now.kind == "known"
    assert told[0] == told[1]


def test_a_database_that_lay_open_is_sealed_whole(tmp_path, keys):
    with store_at(tmp_path) as store:
        person = anna(store)
        bell = doorbell(store)
        for frame in walk(2, 1000.0):
            bell.process(frame)
        pictures = bell.stranger_picture(bell.strangers()[0].id), bell.visit_picture(bell.visits()[0].id)
        assert lies_open(tmp_path / "data")

    with Store(tmp_path / "data", keys) as store:
        assert not lies_open(tmp_path / "data")
        assert store.people.picture(person) == PICTURE
        bell = doorbell(store)
        assert (bell.stranger_picture(bell.strangers()[0].id), bell.visit_picture(bell.visits()[0].id)) == pictures
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_NAME)) as connection:
        for table in ("person_references", "stranger_looks", "visit_looks", "visits"):
            everything = connection.execute(f"SELECT picture FROM {table}").fetchall()  # noqa: S608
            assert everything and all(row[0][:1] == b"\x01" for row in everything)


def test_sealing_that_breaks_off_leaves_everything_open(tmp_path, keys, monkeypatch):
    with store_at(tmp_path) as store:
        person = anna(store)
    with monkeypatch.context() as patch:
        patch.setattr("peephole.store.sealing.store_key", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
        with pytest.raises(OSError, match="the disk is full"):
            Store(tmp_path / "data", keys)

    with store_at(tmp_path) as store:
        assert store.people.picture(person) == PICTURE


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (None, "sealed, and no key is given"),
        (Storage(key="text:" + "00" * 32), "this key does not open the data"),
        (Storage.model_validate({"passphrase": "text:open sesame"}), "sealed with a key, and a passphrase is given"),
        (Storage(key="text:1234"), "a key is 64 hexadecimal digits"),
    ],
)
def test_without_the_right_key_nothing_is_opened_and_nothing_changed(tmp_path, keys, wrong, sentence):
    with Store(tmp_path / "data", keys) as store:
        anna(store)
    before = (tmp_path / "data" / DATABASE_NAME).read_bytes()

    with pytest.raises(ValueError, match=sentence):
        Store(tmp_path / "data", None if wrong is None else Keys(wrong, keys.file))

    assert (tmp_path / "data" / DATABASE_NAME).read_bytes() == before


def test_a_lost_key_file_is_missed_and_no_other_one_made(tmp_path, keys):
    Store(tmp_path / "data", keys).close()
    keys.file.unlink()

    with pytest.raises(FileNotFoundError, match="the key that the data are sealed with is missing"):
        Store(tmp_path / "data", keys)

    assert not keys.file.exists()


def test_a_passphrase_opens_what_it_sealed_and_another_one_does_not(tmp_path, keys):
    with Store(tmp_path / "data", Keys(PASSPHRASE, keys.file)) as store:
        person = anna(store)
    assert not keys.file.exists()

    with Store(tmp_path / "data", Keys(PASSPHRASE, keys.file)) as store:
        assert store.people.picture(person) == PICTURE
    with pytest.raises(ValueError, match="this passphrase does not open the data"):
        Store(tmp_path / "data", Keys(Storage.model_validate({"passphrase": "text:something else"}), keys.file))


def test_a_value_that_was_changed_or_moved_is_not_believed():
    seal = AesSeal(bytes(32))
    stored = seal.close("picture", PICTURE)

    assert seal.open("picture", stored) == PICTURE
    assert seal.close("picture", PICTURE) != stored
    for changed in (stored[:-1] + b"?", stored[:20], b"", PICTURE):
        with pytest.raises(ValueError, match="a picture in the database was changed by somebody"):
            seal.open("picture", changed)
    with pytest.raises(ValueError, match="a descriptor in the database"):
        seal.open("descriptor", stored)


def test_a_wrapped_key_is_opened_by_its_source_alone():
    source = KeySource("key", bytes(range(32)))
    wrapped = wrap(b"k" * 32, source)

    assert wrapped.unwrap(source) == b"k" * 32
    assert wrap(b"k" * 32, source).wrapped != wrapped.wrapped
    with pytest.raises(ValueError, match="this key does not open the data"):
        wrapped.unwrap(KeySource("key", bytes(32)))


def test_a_key_that_others_may_read_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    look = ("visits", "list", "--data", tmp_path / "data")
    assert peephole(*look).stderr == ""
    (key,) = tmp_path.rglob("storage.key")
    key.chmod(0o640)
    warned = peephole(*look)
    assert (warned.returncode, warned.stderr) == (
        0,
        f"peephole: {key}: others may read the key that faces are sealed with; chmod 600 it\n",
    )
    key.chmod(0o400)
    assert peephole(*look).stderr == ""
