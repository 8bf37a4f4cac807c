"""Whom the page lets an owner tell: added by an address that is never shown again, tried out, told, and removed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import doorbell_parts as parts
from peephole.cli.app import invoke
from peephole.doorbell.events import Problem
from peephole.notify.notifier import Notifier
from peephole.notify.senders import sender_of
from peephole.settings.owner import OwnerSettings
from peephole.settings.reading import read_settings
from peephole.store.store import Store
from peephole.web.settings.parts import HouseholdParts
from receivers import Receiver
from settings_site import PASSWORD, Site
from waiting import until

TOKEN = "tk-geheim-4711"  # noqa: S105 - what must not be seen


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with parts.store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Site:
    return Site(store, tmp_path)


def add(site: Site, port: int, name: str = "phone") -> None:
    form = {"name": name, "kind": "webhook", "address": f"http://127.0.0.1:{port}/{TOKEN}", "own": PASSWORD}
    answer = site.client.post("/settings/notifications/add", data=form)
    assert answer.status_code == 200, answer.text


def only(site: Site, name: str, event: str) -> None:
    key = f"notify.targets.{name}.events"
    assert site.save("/notifications", **{f"has:{key}": "1", key: event}) == [key]


def kept(store: Store) -> list[Path]:
    return sorted((store.folder / "addresses").glob("*"))


def test_somebody_is_added_tried_out_told_and_removed(site: Site, store: Store) -> None:
    with Receiver() as receiver, site.parts.notifier as notifier:
        assert "Nothing leaves this device" in site.page("/connections")
        add(site, receiver.port)
        assert receiver.heard == []  # until it is asked to
        assert f"webhook at 127.0.0.1:{receiver.port}: messages of stranger" in site.page("/connections")
        assert site.client.post("/settings/notifications/test", data={"name": "phone"}).json()["text"] == "phone: sent."
        assert [json.loads(one.body)["event"] for one in receiver.heard] == ["test"]

        only(site, "phone", "problem")
        notifier.hear(Problem(1.0, "one", "the disk is full"))
        until(lambda: len(receiver.heard) == 2)
        assert json.loads(receiver.heard[1].body)["line"] == "the disk is full"
        assert receiver.heard[1].path == f"/{TOKEN}"

        assert site.client.post("/settings/notifications/remove", data={"name": "phone"}).status_code == 200
        assert "Nothing leaves this device" in site.page("/connections")
        assert site.owner.settings.notify.targets == ()
        assert kept(store) == []
        notifier.hear(Problem(2.0, "two", "nobody is told"))
        assert "no such target" in site.refusal("/notifications/test", name="phone")
        add(site, receiver.port, "second")
        only(site, "second", "problem")
        notifier.hear(Problem(3.0, "three", "somebody is told again"))
        until(lambda: len(receiver.heard) > 2)
    assert [json.loads(one.body)["line"] for one in receiver.heard[2:]] == ["somebody is told again"]


def test_an_address_is_on_no_page_in_no_log_and_not_in_the_database(site: Site, store: Store) -> None:
    add(site, 9)
    [file] = kept(store)
    assert file.read_text() == f"http://127.0.0.1:9/{TOKEN}"
    assert file.stat().st_mode & 0o077 == 0 and file.parent.stat().st_mode & 0o077 == 0
    for page in ("", "/notifications", "/connections"):
        assert TOKEN not in site.page(page)
    assert "notify.targets.phone added" in site.page("/notifications")
    for path in store.folder.rglob("*"):
        assert path == file or not path.is_file() or TOKEN.encode() not in path.read_bytes(), path
    assert [row.by for row in store.settings.changes()] == ["Olga", "Olga"]


def test_it_is_told_after_a_restart_too_as_the_page_has_it(site: Site, store: Store, tmp_path: Path) -> None:
    add(site, 9)
    only(site, "phone", "ring")
    assert "Set here; usually stranger, ring" in site.page("/notifications")
    [target] = OwnerSettings(read_settings(tmp_path / "peephole.toml"), store.settings).settings.notify.targets
    assert (target.name, target.service, target.events) == ("phone", "webhook", ("ring",))
    assert site.save("/notifications", back="notify.targets.phone.events") == ["notify.targets.phone.events"]
    assert len(site.owner.settings.notify.targets[0].events) > 1


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"own": ""}, "this tells somebody else who comes to the door: say your password, too"),
        ({"own": "wrong one here"}, "not your password"),
        ({"name": "front.door"}, "a name has at most 40 letters"),
        ({"name": ""}, "a name has at most 40 letters"),
        ({"name": "PHONE"}, "PHONE: there is a target of this name already"),
        ({"kind": "syslog"}, "choose one of ntfy, gotify, telegram, mail, webhook"),
        ({"address": f"ftp://127.0.0.1/{TOKEN}"}, "the address of a webhook begins with http:// or https://"),
        ({"kind": "ntfy", "address": "https://ntfy.example"}, "the address has to look like https://"),
        ({"kind": "ntfy", "address": f"syslog://{TOKEN}/x"}, "the address has to look like https://"),
        ({"kind": "mail", "address": f"mailto://a:{TOKEN}@b.de?pgpkey=/etc/passwd"}, "an address with options"),
    ],
)
def test_what_cannot_be_is_a_sentence_without_the_address_and_changes_nothing(
    store: Store, tmp_path: Path, form: dict[str, str], sentence: str
) -> None:
    site = Site(store, tmp_path, '[[notify.targets]]\nname = "phone"\nservice = "webhook"\nurl = "text:http://a/"\n')
    given = {"name": "mine", "kind": "webhook", "address": "http://127.0.0.1:9/", "own": PASSWORD} | form
    told = site.refusal("/notifications/add", **given)
    assert sentence in told and TOKEN not in told
    assert store.settings.values() == {} and kept(store) == []


def test_a_name_of_an_app_is_its_address_for_apprise(site: Site) -> None:
    pytest.importorskip("apprise", reason="needs the extra notify")
    form = {"name": "phone", "kind": "ntfy", "address": " https://ntfy.example/my-door ", "own": PASSWORD}
    assert site.client.post("/settings/notifications/add", data=form).status_code == 200
    assert "ntfy at ntfy.example, on the Internet" in site.page("/connections")


def test_a_target_of_the_file_stays_the_files(site: Site, store: Store, tmp_path: Path) -> None:
    add(site, 9)
    file = '[[notify.targets]]\nname = "Phone"\nservice = "webhook"\nurl = "text:http://127.0.0.1:10/"\n'
    (tmp_path / "peephole.toml").write_text(file)
    owner = OwnerSettings(read_settings(tmp_path / "peephole.toml"), store.settings)
    assert [one.url for one in owner.settings.notify.targets] == ["text:http://127.0.0.1:10/"]
    assert not owner.was_added("Phone")


def test_one_that_the_file_names_is_not_removed_here(store: Store, tmp_path: Path) -> None:
    site = Site(store, tmp_path, '[[notify.targets]]\nname = "phone"\nservice = "webhook"\nurl = "text:http://a/"\n')
    assert "no target of this name was added" in site.refusal("/notifications/remove", name="phone")
    assert "Remove phone" not in site.page("/notifications")


def test_forgetting_what_was_set_on_the_page_erases_the_address(site: Site, store: Store, tmp_path: Path) -> None:
    add(site, 9)
    assert invoke(["settings", "forget", "--data", str(tmp_path / "data")]) == 0
    assert kept(store) == []


def test_a_lost_address_is_a_trouble_and_no_end(site: Site, store: Store) -> None:
    """As after a restore on another machine: a backup has no addresses."""
    add(site, 9)
    kept(store)[0].unlink()
    after = Notifier(site.owner.settings.notify, site.bell, sender_of, print, print)
    assert "notify target phone: " in (told := after.trouble() or "") and "cannot be read" in told
    assert site.client.post("/settings/notifications/remove", data={"name": "phone"}).status_code == 200


def test_the_demo_says_that_nobody_is_told_of_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HouseholdParts, "notifier", None)
    shown = site.page("/notifications")
    assert "This is the demo" in shown and "Your own password" not in shown
    form = {"name": "phone", "kind": "webhook", "address": "http://127.0.0.1:9/", "own": PASSWORD}
    assert site.refusal("/notifications/add", **form) == "this is the demo, and nobody is told of it"
