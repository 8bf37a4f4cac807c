"""Who was told of a visit, and who was not and why: kept with the visit, shown with it, and gone with it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from doorbell_parts import ANNA, BEN, MORNING, Walks, store_at
from messages import webhook
from peephole.cli.services import running, services_of
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.visit import Notified, VisitFilter
from peephole.live import Changed, LiveDoorbell
from peephole.notify.settings import Notify
from peephole.people.records import Rules
from peephole.settings.household import Settings
from peephole.store.backup import restore_backup
from peephole.store.retention import DAY, Retention
from peephole.store.store import DATABASE_NAME, Store
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from person_site import Site
from receivers import Receiver
from waiting import until


def household(store: Store) -> Doorbell:
    bell = parts.doorbell(store)
    bell.enrol("Anna", [Photo("photo.jpg", parts.paint([parts.Actor(ANNA, noise=200)]).image)])
    return bell


def verdicts(bell: Doorbell) -> list[list[tuple[str, str, str]]]:
    """Whom, of what and how, of each visit, the newest first."""
    return [[(one.target, one.happening, one.verdict) for one in visit.notified] for visit in bell.visits()]


def watch(store: Store, bell: Doorbell, settings: Settings, walks: Walks, *awaited: list[tuple[str, str, str]]) -> None:
    """Let people come while the services run that the settings name, until it is known who was told."""
    live = LiveDoorbell(bell)
    changed: list[list[list[tuple[str, str, str]]]] = []
    live.announcer.listen(lambda message: changed.append(verdicts(bell)) if message == Changed("visits") else None)
    services = services_of(settings, store, bell, live, opener=None)
    with running(services, live):
        live.watch(walks, at_its_pace=False)
        until(lambda: verdicts(bell)[: len(awaited)] == [*awaited])
        until(lambda: not any(awaited) or any(one[: len(awaited)] == [*awaited] for one in changed))


def page(bell: Doorbell, path: str) -> str:
    live = LiveDoorbell(bell)
    app = create_app(Door(bell, "the demo", memory=bell), live, Streams(live), ["testserver"])
    return TestClient(app).get(path).text


def test_the_visit_says_who_was_told_and_who_was_not(tmp_path: Path, receiver: Receiver) -> None:
    phone = webhook(receiver.port, "phone")
    tablet = webhook(receiver.port, "tablet", events=("stranger",))
    settings = Settings(notify=Notify(targets=(phone, tablet)))
    with store_at(tmp_path) as store:
        bell = household(store)
        watch(store, bell, settings, Walks((ANNA,), MORNING), [("phone", "known", "told")])
        bell.set_rules("Anna", Rules(tell="log"))
        watch(store, bell, settings, Walks((ANNA,), MORNING + 600), [("phone", "known", "log")])
        first, second = reversed(bell.visits())

        assert "Told: phone." in page(bell, f"/visits/{first.id}")
        why = "Not told: phone (the person&#39;s visits are listed only)."
        assert why in page(bell, f"/visits/{second.id}") and why in page(bell, "/visits")
        assert page(bell, "/visits").count('<span class="outcome">told phone</span>') == 1
        assert [visit.id for visit in bell.visits(only=VisitFilter(outcome="told"))] == [first.id]
        (kept, row) = json.loads(page(bell, "/api/visits"))
        assert [(one["target"], one["verdict"]) for one in row["notified"]] == [("phone", "told")]
        assert [one["verdict"] for one in kept["notified"]] == ["log"]


def test_a_message_that_could_not_be_delivered_did_not_tell(tmp_path: Path, receiver: Receiver) -> None:
    receiver.status = 404
    settings = Settings(notify=Notify(targets=(webhook(receiver.port, "phone"),)))
    with store_at(tmp_path) as store:
        bell = household(store)
        watch(store, bell, settings, Walks((BEN,), MORNING), [("phone", "stranger", "told")])
        until(lambda: verdicts(bell) == [[("phone", "stranger", "not_sent")]])  # given up where the doorbell stops
        (visit,) = bell.visits()
        assert "Not told: phone (the message could not be delivered)." in page(bell, f"/visits/{visit.id}")
        assert "could not tell phone" in page(bell, "/visits")
        assert bell.visits(only=VisitFilter(outcome="not_sent")) == [visit]


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ("cool_down", "told", "told"),
        ("told", "told_already", "told"),
        ("told", "not_sent", "not_sent"),
        ("not_sent", "told_already", "not_sent"),
    ],
)
def test_of_a_target_and_a_happening_what_counts_stays(tmp_path: Path, first: str, second: str, left: str) -> None:
    with store_at(tmp_path) as store:
        site = Site(store, household(store))
        visit = site.walk(ANNA, MORNING)
        store.notifications.note(visit, Notified("phone", "known", first, MORNING))
        store.notifications.note(visit, Notified("phone", "known", second, MORNING + 1))
        assert [one.verdict for one in store.visits.get(visit).notified] == [left]
        store.notifications.note("v0", Notified("phone", "known", "told", MORNING))  # no such visit


def test_it_goes_with_the_visit_and_with_the_person_and_comes_along_in_copies(tmp_path: Path) -> None:
    def kept(folder: Path) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
            return connection.execute("SELECT visit, target FROM notifications ORDER BY time").fetchall()

    with store_at(tmp_path) as store:
        site = Site(store, household(store))
        anna = site.doorbell.people()[0].person.id
        old, hers, ben = site.walk(BEN, MORNING), site.walk(ANNA, MORNING + 9 * DAY), site.walk(BEN, MORNING + 10 * DAY)
        for number, visit in enumerate((old, hers, ben)):
            store.notifications.note(visit, Notified("phone", "known", "told", MORNING + number))

        with site.archive(anna) as archive:
            (row,) = json.loads(archive.read("visits.json"))
        assert [(one["target"], one["verdict"]) for one in row["notified"]] == [("phone", "told")]
        with (tmp_path / "copy").open("wb") as file:
            store.write_backup(b"secret", file)
        restore_backup(tmp_path / "copy", b"secret", tmp_path / "elsewhere", None, replace=False)
        assert kept(tmp_path / "elsewhere") == [(old, "phone"), (hers, "phone"), (ben, "phone")]

        store.forget_old(Retention(strangers=0, visits=5, looks=0), MORNING + 9.5 * DAY)
        assert kept(tmp_path / "data") == [(hers, "phone"), (ben, "phone")]
        site.act(anna, "forget")
        assert kept(tmp_path / "data") == [(ben, "phone")]
        assert site.doorbell.visit(hers).notified == ()


def test_a_disk_that_is_full_keeps_no_message_back(tmp_path: Path, receiver: Receiver, monkeypatch) -> None:
    settings = Settings(notify=Notify(targets=(webhook(receiver.port, "phone"),)))
    with store_at(tmp_path) as store:
        bell = household(store)

        def full(*_: object) -> None:
            raise OSError("no space left")

        monkeypatch.setattr(store.notifications, "note", full)
        watch(store, bell, settings, Walks((ANNA,), MORNING), [])
        until(lambda: receiver.heard)
