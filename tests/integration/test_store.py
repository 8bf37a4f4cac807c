"""The store: rows come back as they went in, in every process and after every error."""

import base64
import contextlib
import dataclasses
import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from doorbell_parts import MODEL, store_at
from peephole.doorbell.visit import Decision, Look, Quality, Trace, VisitState
from peephole.people.records import NewReference
from peephole.store.instance import InstanceLock
from peephole.store.store import DATABASE_NAME, Store
from peephole.vision.detector import Box

NO_TRACE = Trace((), None, 0)

OTHER = "f" * 16


@pytest.fixture
def store(tmp_path):
    with store_at(tmp_path) as opened:
        yield opened


def reference(value: int = 1, model: str = MODEL, quality: int = 500) -> NewReference:
    descriptor = np.array([value, -32768, 32767, 0], np.int16)
    return NewReference(descriptor, model, b"\xff\xd8" + bytes([value]), quality, "photo")


def sighting(value: int, quality: int = 500, good: bool = True) -> Look:
    return Look(
        float(value),
        Box(1, 2, 80, 90),
        np.array([value, 0, 0, 0], np.int16),
        Quality(80, 40, 9, quality, good),
        b"\xff\xd8" + bytes([value]),
    )


def state(visit: str = "v1", kind: str = "stranger", at: float = 100.0, values=(1, 2, 3), **more) -> VisitState:
    decision = Decision(kind, more.pop("person", None), 5, None, "far_from_everybody", "far", **more)
    return VisitState(visit, at, at + 5, decision, len(values), {v: sighting(v, 100 * v) for v in values}, MODEL)


def test_references_come_back_bit_for_bit(store):
    anna = store.people.add("Anna", [reference(1), reference(2, quality=900)])
    best, other = store.people.references(anna.id)
    assert (best.quality, other.quality) == (900, 500)
    assert other.descriptor.tolist() == [1, -32768, 32767, 0] and other.descriptor.dtype == np.int16
    assert (other.model, other.picture, other.source) == (MODEL, b"\xff\xd8\x01", "photo")
    assert store.people.picture(anna.id) == b"\xff\xd8\x02"


def test_looks_of_another_model_stay_out(store):
    anna = store.people.add("Anna", [reference(1), reference(2, model=OTHER)])
    assert [(owner, look[0]) for owner, look in store.people.looks(MODEL)] == [(anna.id, 1)]
    (row,) = store.people.all(MODEL)
    assert (row.references, row.foreign_references) == (1, 1)


@pytest.mark.parametrize("same", ["Anna", "ANNA", " anna "])
def test_one_name_is_one_person(store, same):
    anna = store.people.add("Anna", [reference()])
    assert store.people.add(same, [reference(2)]) == anna
    assert store.people.add(anna.id, [reference(3)]) == anna
    assert store.people.find(same) == store.people.get(anna.id) == anna
    with pytest.raises(ValueError, match="somebody has this name"):
        store.people.add_new(same, [reference()])


def test_an_id_goes_before_a_name(store):
    anna = store.people.add("Anna", [])
    ben = store.people.add("Ben", [])
    store.people.rename("Ben", anna.id)  # odd, but a name is only text
    assert store.people.get(anna.id).id == anna.id
    assert store.people.get(ben.id).name == anna.id


def test_rename_refuses_a_taken_name_and_keeps_the_rest(store):
    anna = store.people.add("Anna", [])
    store.people.add("Ben", [])
    with pytest.raises(ValueError, match="somebody else has this name"):
        store.people.rename("Anna", "BEN")
    assert store.people.rename("Anna", "ANNA").id == anna.id
    assert [row.person.name for row in store.people.all(MODEL)] == ["ANNA", "Ben"]


def test_remove_forgets_everything_but_the_visit(store):
    anna = store.people.add("Anna", [reference()])
    store.visits.close(state(kind="known", person=anna.id, nearest=anna.id), NO_TRACE, 8, 60)
    store.people.remove("Anna")
    assert store.people.all(MODEL) == [] and store.people.looks(MODEL) == []
    (visit,) = store.visits.recent(9, None)
    assert (visit.decision.kind, visit.decision.reason, visit.person_name) == ("unsure", "person_removed", None)
    assert store.visits.picture(visit.id) is None


@pytest.mark.parametrize("late", ["known", "stranger"])  # as decided before the removal was seen, or after it
def test_an_open_visit_does_not_bring_a_removed_person_back(store, late):
    anna = store.people.add("Anna", [reference()])
    open_visit = state(kind="known", person=anna.id, nearest=anna.id)
    store.visits.save(open_visit)
    store.people.remove("Anna")
    assert store.visits.picture("v1") is None and store.visits.unfinished(MODEL)[0].looks == {}
    later = open_visit if late == "known" else state(kind="stranger")
    store.visits.save(later)
    assert store.visits.picture("v1") is None and store.visits.unfinished(MODEL)[0].looks == {}
    closed = store.visits.close(dataclasses.replace(later, last_seen=900.0, sightings=9), NO_TRACE, 8, 60)
    assert (closed.decision.kind, closed.decision.reason, closed.stranger_number) == ("unsure", "person_removed", None)
    assert (closed.last_seen, closed.sightings) == (900.0, 9)
    assert store.visits.picture("v1") is None and store.strangers.all(["open"]) == []


def test_a_visit_first_stored_after_its_person_is_gone_has_no_picture(store):
    anna = store.people.add("Anna", [])
    store.people.remove("Anna")
    closed = store.visits.close(state(kind="known", person=anna.id), NO_TRACE, 8, 60)
    assert closed.decision.reason == "person_removed" and store.visits.picture("v1") is None


@pytest.mark.parametrize("action", ["get", "remove"])
def test_unknown_people_are_named_in_the_error(store, action):
    with pytest.raises(ValueError, match=r"Zoe: nobody has this name or id"):
        getattr(store.people, action)("Zoe")


def test_an_open_visit_is_kept_as_it_grows(store, tmp_path):
    store.visits.save(state(values=(1, 2)))
    store.visits.save(state(values=(2, 5)))
    with store_at(tmp_path) as other:
        (found,) = other.visits.unfinished(MODEL)
        assert other.visits.unfinished(OTHER)[0].looks == {}
    assert sorted(found.looks) == [2, 5]
    assert found.looks[5].descriptor.tolist() == [5, 0, 0, 0]
    assert found.looks[5].box == Box(1, 2, 80, 90) and found.looks[5].quality == Quality(80, 40, 9, 500, True)
    assert store.visits.picture("v1") == b"\xff\xd8\x05"
    assert store.visits.recent(9, None)[0].closed is False


def test_closing_twice_changes_nothing(store):
    first = store.visits.close(state(), NO_TRACE, 8, 60)
    again = store.visits.close(state(values=(7, 8)), NO_TRACE, 8, 60)
    assert first == again
    assert [row.visits for row in store.strangers.all(["open"])] == [1]
    store.visits.save(state(values=(9,)))
    assert store.visits.unfinished(MODEL) == []


def test_numbers_of_strangers_are_never_used_again(store):
    for number in (1, 2):
        store.visits.close(state(f"v{number}"), NO_TRACE, 8, 60)
    store.inbox.discard(["2"])
    assert store.visits.close(state("v3"), NO_TRACE, 8, 60).stranger_number == 3


def test_the_best_looks_at_a_stranger_are_kept(store):
    first = store.visits.close(state(values=(1, 2, 3)), NO_TRACE, 4, 60)
    store.visits.close(state("v2", values=(4, 5), stranger=first.decision.stranger), NO_TRACE, 4, 60)
    assert sorted(look[0] for _, look in store.strangers.looks(MODEL)) == [2, 3, 4, 5]
    assert store.strangers.picture(first.decision.stranger) == b"\xff\xd8\x05"


def test_assign_moves_every_look_and_every_visit(store):
    visit = store.visits.close(state(), NO_TRACE, 8, 60)
    person = store.inbox.assign(["1"], "Ben")
    assert store.strangers.looks(MODEL) == []
    assert [row.source for row in store.people.references(person.id)] == ["visit"] * 3
    assert store.people.picture(person.id) == b"\xff\xd8\x03"
    assert store.visits.get(visit.id).person_name == "Ben"
    with pytest.raises(ValueError, match="stranger 1: has been assigned already"):
        store.inbox.assign(["1"], "Carl")
    assert store.people.find("Carl") is None


def test_assign_joins_an_existing_person(store):
    anna = store.people.add("Anna", [reference()])
    store.visits.close(state(), NO_TRACE, 8, 60)
    assert store.inbox.assign(["1"], "anna") == anna
    assert len(store.people.references(anna.id)) == 4


def test_a_stranger_assigned_meanwhile_is_the_person(store):
    first = store.visits.close(state(), NO_TRACE, 8, 60)
    person = store.inbox.assign(["1"], "Ben")
    late = store.visits.close(state("v2", stranger=first.decision.stranger), NO_TRACE, 8, 60)
    assert (late.decision.kind, late.decision.person) == ("known", person.id)


@pytest.mark.parametrize("key", ["7", "s0000", "-1", "99999999999999999999999", "\u0661", ""])
def test_unknown_strangers_are_named_in_the_error(store, key):
    with pytest.raises(ValueError, match="there is no stranger"):
        store.inbox.discard([key])


SECRET = b"\xff\xd8 picture of somebody who asked to be forgotten"


def test_a_removed_person_is_gone_from_every_file_of_the_open_store(store, tmp_path):
    own = np.array([12345, -12345, 23456, -23456], np.int16)
    store.people.add("Anna", [NewReference(own, MODEL, SECRET * 200, 1, "photo")])
    anna = store.people.add("Anna", [NewReference(own, MODEL, SECRET, 1, "photo")])
    looks = {1: dataclasses.replace(sighting(1), descriptor=own, picture=SECRET)}
    visit = dataclasses.replace(state(kind="known", person=anna.id), looks=looks)
    store.visits.close(visit, NO_TRACE, 8, 60)
    store.visits.save(dataclasses.replace(visit, id="v2"))
    assert kept(tmp_path, SECRET) and kept(tmp_path, own.tobytes())
    store.people.remove("Anna")
    assert not kept(tmp_path, SECRET) and not kept(tmp_path, own.tobytes())


def test_a_discarded_stranger_is_gone_from_every_file_of_the_open_store(store, tmp_path):
    looks = {1: dataclasses.replace(sighting(1), picture=SECRET)}
    store.visits.close(dataclasses.replace(state(), looks=looks), NO_TRACE, 8, 60)
    assert kept(tmp_path, SECRET)
    store.inbox.discard(["1"])
    assert kept_to_undo(tmp_path) and store.strangers.looks(MODEL) == []
    store.journal.erase()
    assert not kept(tmp_path, SECRET) and not kept_to_undo(tmp_path)


def test_erasing_does_not_wait_for_a_log_that_cannot_be_emptied(store, tmp_path):
    store.people.add("Anna", [reference()])
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / DATABASE_NAME)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM people").fetchall()
        began = time.monotonic()
        store.people.remove("Anna")
        assert time.monotonic() - began < 5
    assert store.people.all(MODEL) == []


def kept_to_undo(folder: Path) -> list[str]:
    return kept(folder, base64.b64encode(SECRET))


def kept(folder: Path, what: bytes) -> list[str]:
    return [file.name for file in (folder / "data").iterdir() if what in file.read_bytes()]


def test_version_of_the_gallery_moves_with_people_and_strangers_only(store, tmp_path):
    before = store.gallery_version()
    store.visits.save(state())
    assert store.gallery_version() == before, "saving a visit must not make the doorbell read the gallery again"
    store.people.add("Anna", [])
    own = store.gallery_version()
    assert own != before
    with store_at(tmp_path) as other:
        other.people.add("Ben", [])
    assert store.gallery_version() != own


def test_threads_share_one_store(store):
    def add(first: int) -> None:
        for number in range(first, first + 10):
            store.people.add(f"Person {number}", [reference(number)])

    threads = [threading.Thread(target=add, args=(10 * first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.people.all(MODEL)) == 40 and len(store.people.looks(MODEL)) == 40


def test_a_failed_change_leaves_nothing_behind(store):
    with pytest.raises(sqlite3.Error):
        store.people.add("Anna", [reference(), NewReference(np.zeros(4, np.int16), MODEL, b"", 1, "gossip")])
    assert store.people.all(MODEL) == []
    store.people.add("Anna", [reference()])


def test_a_damaged_database_is_one_sentence(tmp_path):
    with store_at(tmp_path) as store:
        store.people.add("Anna", [reference(value) for value in range(60)])
    file = tmp_path / "data" / DATABASE_NAME
    whole = file.read_bytes()
    file.write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(OSError, match=r"peephole\.db: damaged or not a doorbell's database"):
        store_at(tmp_path)
    file.write_bytes(whole[:4096] + b"\x55" * (len(whole) - 4096))
    with pytest.raises(OSError, match="damaged"), store_at(tmp_path) as store:
        store.people.all(MODEL)


def test_a_foreign_database_is_refused_and_left_alone(tmp_path):
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / DATABASE_NAME
    with sqlite3.connect(file) as foreign:
        foreign.execute("CREATE TABLE recipes (name TEXT)")
    foreign.close()
    with pytest.raises(ValueError, match="some other program's database"):
        store_at(tmp_path)


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(FileExistsError, match="a file, not a folder"):
        store_at(tmp_path)


def test_the_folder_is_private(tmp_path):
    with store_at(tmp_path):
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("before", ["nothing", "a database", "a database in use"])
def test_the_files_are_private_in_an_open_folder(tmp_path, before):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    old = contextlib.closing(store_at(tmp_path)) if before == "a database in use" else contextlib.nullcontext()
    with old:
        if before != "nothing":
            store_at(tmp_path).close()
            for file in folder.iterdir():
                file.chmod(0o644)
        with store_at(tmp_path) as store:
            store.people.add("Anna", [reference()])
            modes = {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()}
    assert modes == {DATABASE_NAME + end: "0o600" for end in ("", "-wal", "-shm")}


def test_a_second_instance_is_refused_and_told_who_holds_it(tmp_path):
    import os

    with InstanceLock(tmp_path / "data"):
        with pytest.raises(OSError, match=rf"data: another peephole \(process {os.getpid()}\) runs on this"):
            InstanceLock(tmp_path / "data")
        with Store(tmp_path / "data") as store:  # the command line may still read and write
            assert store.people.all(MODEL) == []
    InstanceLock(tmp_path / "data").close()
