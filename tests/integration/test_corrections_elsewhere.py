"""What follows when a visit was put right: for who is erased or joined, archives, other doors, brokers, and undo."""

import io
import zipfile
from collections.abc import Iterator

import pytest

from deeds import ANNA, come, corrected_household, everything, looks_of, newest
from doorbell_parts import Actor, paint, store_at
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.mqtt.reporter import Reporter
from peephole.mqtt.settings import Mqtt
from peephole.store.journal import Recording
from peephole.store.store import Store


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def bell(store) -> Doorbell:
    """Anna and Eve are enrolled; the strangers 1 (twice), 2 and 3 came, then Anna."""
    return corrected_household(store)


def test_erasing_whom_the_doorbell_had_named_leaves_no_name(bell):
    visit = newest(bell)
    bell.corrections.name(visit.id, "Eve", learn=True)
    bell.remove("Anna")
    said = bell.corrections.said(visit.id)
    assert (said.kind, said.person_name, said.erased) == ("known", None, True)
    assert bell.visit(visit.id).person_name == "Eve" and looks_of(bell, "Eve") == 9


def test_erasing_whose_visit_it_was_erases_it_as_any_other(bell, store):
    visit = newest(bell)
    eve = bell.corrections.name(visit.id, "Eve", learn=True)
    bell.remove("Eve")
    now = bell.visit(visit.id)
    assert (now.decision.kind, now.decision.reason) == ("unsure", "person_removed")
    assert bell.corrections.said(visit.id) is None and bell.visit_picture(visit.id) is None
    assert store.journal.deeds() == []
    held = store._database.rows("SELECT * FROM visits")
    assert not [row for row in held if eve.id in tuple(row)]


def test_undone_after_people_were_joined_it_is_the_visit_of_who_they_are(bell):
    visit = newest(bell)
    bell.corrections.name(visit.id, "Eve")
    (deed,) = [one for one in bell.inbox.journal.deeds() if one.what == "correct"]
    bell.enrol("Anna-Maria", [Photo("photo.jpg", paint([Actor(9, noise=200)]).image)])
    bell.dossiers.join("Anna-Maria", "Anna")
    assert bell.corrections.said(visit.id).person_name == "Anna-Maria"
    bell.inbox.journal.undo(deed.number)
    assert bell.visit(visit.id).person_name == "Anna-Maria"


def test_what_the_door_had_done_stays_as_it_was(bell, store):
    visit = newest(bell)
    with store._database.change() as connection:
        connection.execute(
            "INSERT INTO door_log (time, visit, person, verdict, reason, by, mode, done)"
            " VALUES (5001.0, ?, ?, 'open', 'all_hold', 'face', 'on', 'done')",
            (visit.id, visit.decision.person),
        )
    bell.corrections.name(visit.id, "Eve")
    (row,) = store.door.recent()
    assert (row.visit, row.person, row.verdict) == (visit.id, visit.decision.person, "open")
    assert bell.visit(visit.id).door.verdict == "open"


def test_the_archive_of_a_person_has_the_visit_and_nobody_elses_name(bell):
    visit = newest(bell)
    bell.corrections.name(visit.id, "Eve", learn=True)
    with zipfile.ZipFile(io.BytesIO(bell.dossiers.export("Eve"))) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith((".json", ".txt"))]
    assert any(visit.id in text for text in texts) and not any("Anna" in text for text in texts)
    with zipfile.ZipFile(io.BytesIO(bell.dossiers.export("Anna"))) as archive:
        assert not [name for name in archive.namelist() if visit.id in name]


def test_a_look_that_was_taken_away_comes_back_although_other_doors_have_heard_that_it_went(bell, store, tmp_path):
    visit = newest(bell)
    bell.corrections.name(visit.id, "Anna", learn=True)
    had = {look for one in store.sharing.people().people for look in one.erased}
    before = everything(tmp_path)
    bell.corrections.name(visit.id, "Eve")
    gone = {look for one in store.sharing.people().people for look in one.erased}
    bell.inbox.journal.undo()
    assert (len(had), len(gone)) == (0, 8) and everything(tmp_path) == before
    told = next(one for one in store.sharing.people().people if one.id == bell.visit(visit.id).decision.person)
    assert len(told.references) == 9 and not {one.digest() for one in told.references} & gone


def test_brokers_hear_who_it_was_and_nothing_of_what_is_forgotten(bell):
    reporter = Reporter(bell, Mqtt(host="127.0.0.1"), None)

    def last() -> str:
        (told,) = [one.payload for one in reporter.everything() if one.topic == reporter.topics.last_person]
        return str(told)

    assert last() == "Anna"
    bell.corrections.name(newest(bell).id, "Eve")
    assert last() == "Eve"
    bell.corrections.forget(newest(bell).id)
    assert last() == "Stranger 3"


@pytest.mark.parametrize("again", [False, True], ids=["a new stranger's", "that of a stranger from before"])
def test_a_strangers_visit_is_taken_back(bell, tmp_path, again):
    if again:
        bell.corrections.strange(newest(bell).id)
        come(bell, ANNA, 6000.0)
    before = everything(tmp_path)
    assert bell.corrections.strange(newest(bell).id) == 4
    assert everything(tmp_path) != before
    bell.inbox.journal.undo()
    assert everything(tmp_path) == before


def test_a_new_stranger_who_came_again_since_stays(bell, tmp_path):
    bell.corrections.strange(newest(bell).id)
    (deed,) = bell.inbox.journal.deeds()
    (look,) = bell.dossiers.read("Anna").references
    bell.dossiers.set_aside("Anna", look.reference.id)  # whoever looks like that is the stranger from now on
    come(bell, ANNA, 9000.0)
    assert newest(bell).stranger_number == 4
    before = everything(tmp_path)
    with pytest.raises(ValueError, match="that of Stranger 4: cannot be undone any more"):
        bell.inbox.journal.undo(deed.number)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("what", ["name", "strange", "forget"])
def test_a_process_that_is_killed_meanwhile_leaves_nothing_half_done(bell, tmp_path, monkeypatch, what):
    visit, before = newest(bell).id, everything(tmp_path)

    def killed(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Recording, "write", killed)  # all is done but for what undoes it
    acts = {
        "name": lambda: bell.corrections.name(visit, "Fay", learn=True),
        "strange": lambda: bell.corrections.strange(visit),
        "forget": lambda: bell.corrections.forget(visit),
    }
    with pytest.raises(KeyboardInterrupt):
        acts[what]()
    assert everything(tmp_path) == before
    monkeypatch.undo()
    acts[what]()
    assert everything(tmp_path) != before


def test_a_visit_of_somebody_who_comes_every_day_is_put_right_without_reading_the_others(bell, store):
    said: list[str] = []
    store._database._connection.set_trace_callback(said.append)
    bell.corrections.strange(newest(bell).id)
    assert len(said) > 5 and not [one for one in said if one.startswith("SELECT * FROM visit_looks")]
    assert all("WHERE id = " in one for one in said if one.startswith("SELECT * FROM visits "))
