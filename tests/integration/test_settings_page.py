"""The pages of settings: what an owner may set, where it comes from, and what it leads to."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

import doorbell_parts as parts
from peephole.cli.app import invoke
from peephole.doorbell.events import Decided, VisitStarted
from peephole.settings.owner import EDITABLE, OwnerSettings
from peephole.settings.reading import read_settings
from peephole.store.backup import restore_backup
from peephole.store.store import Store
from peephole.web.settings.parts import HouseholdParts
from receivers import Receiver
from settings_site import PASSWORD, Site, store_is_empty
from waiting import until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with parts.store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Site:
    return Site(store, tmp_path)


def test_what_is_set_here_goes_over_the_file_and_back(store: Store, tmp_path: Path) -> None:
    site = Site(store, tmp_path, "[retention]\nvisits = 60\n")
    assert f"From {tmp_path}/peephole.toml" in site.page("/keeping")

    assert site.save("/keeping", **{"retention.visits": "45", "retention.looks": "30"}) == ["retention.visits"]
    assert site.owner.settings.retention.visits == 45
    assert "Set here; the file says 60" in site.page("/keeping")
    again = OwnerSettings(read_settings(tmp_path / "peephole.toml"), store.settings)
    assert again.settings.retention.visits == 45

    assert site.save("/keeping", **{"retention.visits": "45", "back": "retention.visits"}) == ["retention.visits"]
    assert site.owner.settings.retention.visits == 60
    assert [(row.by, row.key, row.before, row.after) for row in store.settings.changes()] == [
        ("Olga", "retention.visits", "45", None),
        ("Olga", "retention.visits", None, "45"),
    ]


def test_the_environment_goes_over_the_page(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.settings.change("Olga", {"retention.visits": 45})
    monkeypatch.setenv("PEEPHOLE_RETENTION__VISITS", "7")
    site = Site(store, tmp_path)
    assert site.owner.settings.retention.visits == 7
    assert "Fixed by PEEPHOLE_RETENTION__VISITS of the environment" in site.page("/keeping")
    assert site.save("/keeping", **{"retention.visits": "50"}) == []
    assert "PEEPHOLE_RETENTION__VISITS" in site.refusal("/keeping", back="retention.visits")


def test_targets_of_the_environment_are_those_of_the_environment_alone(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.settings.change("Olga", {"notify.targets.phone.active": False})
    target = {"name": "phone", "service": "webhook", "url": "text:http://127.0.0.1:9/"}
    monkeypatch.setenv("PEEPHOLE_NOTIFY__TARGETS", json.dumps([target]))
    site = Site(store, tmp_path)
    assert site.owner.settings.notify.targets[0].active is True
    assert site.owner.fixed_by("notify.targets.phone.active") == "PEEPHOLE_NOTIFY__TARGETS"
    assert "Set here" not in site.page("/notifications")


def test_every_service_is_asked_what_it_connects_to(site: Site) -> None:
    """Two of one room, too: the page says that there are no other connections."""

    class Peer:
        def __init__(self, name: str) -> None:
            self.name = name

        def connections(self) -> tuple[str, ...]:
            return (self.name,)

        def trouble(self) -> str:
            return f"{self.name} is not there"

    parts = HouseholdParts(site.owner, site.store, site.accounts, (Peer("one"), Peer("two")), ("camera",))  # type: ignore[arg-type]
    assert parts.connections() == ("camera", "one", "two")
    assert parts.troubles() == ("one is not there", "two is not there")


@pytest.mark.parametrize(
    ("path", "form", "sentence"),
    [
        ("/keeping", {"retention.visits": "-1"}, "visits: input should be greater than or equal to 0"),
        ("/keeping", {"retention.door": "5"}, "the door's log: the log of the door is kept for 30 days at least"),
        ("/keeping", {"retention.visits": "many"}, "visits: input should be a valid integer"),
        ("/notifications", {"notify.quiet_hours": "at night"}, "quiet hours: at night: hours are written as"),
        ("/notifications", {"notify.link": "javascript:x"}, "link in messages: an address is written as http://"),
        ("/connections", {"log.level": "loud"}, "level of the log: input should be 'info', 'warning' or 'error'"),
        ("/door", {"door.hours": "25:00-26:00"}, "opens for faces: 25:00-26:00: 25:00 is no time of a day"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_changes_nothing(
    site: Site, path: str, form: dict[str, str], sentence: str
) -> None:
    assert sentence in site.refusal(path, **form)
    assert store_is_empty(site)


def test_what_is_not_the_owners_cannot_be_set(site: Site) -> None:
    assert site.refusal("/keeping", **{"page.port": "1"}).startswith("page.port: this is not set on this page")
    with pytest.raises(ValueError, match=r"page\.port: this is not set on the page"):
        site.owner.change("Olga", {"page.port": 1})


def test_whatever_the_file_says_is_listed(store: Store, tmp_path: Path) -> None:
    corner = "[[0, 0], [0.3, 0], [0.3, 0.4]]"
    camera = f'[[cameras]]\nname = "front"\nsource = "demo"\nmasks = [{corner}]\nzone = [[0, 0.5], [1, 0.5], [1, 1]]\n'
    door = '[door]\ncamera = "front"\nactuator = "webhook"\nwebhook = "text:http://lock/geheim"\nmode = "dry-run"\n'
    shown = Site(store, tmp_path, camera + door).page("/connections").partition("What the settings file says")[2]
    listed = shown.partition("as usual")[0]
    assert "front: demo (1 mask, a zone)" in listed and "door.camera" in listed and "door.actuator" in listed
    assert "door.mode" not in shown and "geheim" not in shown


def test_what_nobody_was_sure_of_has_one_word_on_all_pages(site: Site) -> None:
    assert "Not sure" in site.page("/notifications") and "Unsure" not in site.page("/notifications")


def test_the_doors_that_share_people_are_listed(site: Site, store: Store) -> None:
    assert "No other door is trusted" in site.page("/connections")
    store.sharing.trust("Back <b>", 8 * "0af1", bytes(64))
    shown = site.page("/connections")
    assert (
        "Back &lt;b&gt;" in shown
        and " ".join(8 * ["0af1"]) in shown
        and f"trusted since {datetime.now().day} " in shown
    )


@pytest.mark.parametrize(
    ("path", "form", "name"),
    [
        ("/keeping", {"retention.visit": "9", "retention.looks": "9"}, "retention.visit"),
        ("/keeping", {"back": "retention.visit"}, "retention.visit"),
        ("/door", {"mode": "on"}, "mode"),
        ("/recognition", {"know": "5000"}, "know"),
    ],
)
def test_a_misspelt_field_is_named_and_changes_nothing(site: Site, path: str, form: dict[str, str], name: str) -> None:
    assert site.refusal(path, **form) == f"{name}: this is not set on this page; nothing was changed"
    assert store_is_empty(site)


def test_a_viewer_sees_and_changes_nothing(site: Site) -> None:
    viewer = site.viewer()
    shown = viewer.get("/settings/keeping", headers={"accept": "text/html"})
    assert "You are a viewer" in shown.text
    assert "Save" not in shown.text
    posts = [
        path
        for path, methods in site.client.get("/api/openapi.json").json()["paths"].items()
        if path.startswith("/settings") and "post" in methods
    ]
    assert len(posts) >= 10
    for path in posts:
        assert viewer.post(path, data={"retention.visits": "1", "name": "Olga"}).status_code == 403
    assert store_is_empty(site)


def test_accounts(site: Site) -> None:
    add = {"name": "Vera", "password": PASSWORD, "again": PASSWORD, "own": PASSWORD}
    assert "say your password" in site.refusal("/accounts/add", **add | {"own": ""})
    assert "not your password" in site.refusal("/accounts/add", **add | {"own": "wrong one here"})
    assert "the two passwords differ" in site.refusal("/accounts/add", **add | {"again": "x"})
    assert site.client.post("/settings/accounts/add", data=add).status_code == 200
    assert "account of this name already" in site.refusal("/accounts/add", **add)
    assert "Vera" in site.page("/accounts")
    assert "the only owner" in site.refusal("/accounts/remove", name="Olga", own=PASSWORD)
    assert "say your password" in site.refusal("/accounts/remove", name="Vera")
    elsewhere = site.browser("/login", "Olga")
    assert site.client.post("/account/sessions").json()["ended"] == 1
    assert elsewhere.get("/settings").status_code == 401
    assert site.client.get("/settings").status_code == 200
    assert site.client.post("/settings/accounts/remove", data={"name": "Vera", "own": PASSWORD}).status_code == 200
    assert [one.name for one in site.accounts.all()] == ["Olga"]


def test_a_backup_is_downloaded_and_opens_with_its_passphrase(site: Site, tmp_path: Path) -> None:
    assert "at least 10" in site.refusal("/keeping/backup", passphrase="short", again="short")  # noqa: S106
    answer = site.client.post("/settings/keeping/backup", data={"passphrase": PASSWORD, "again": PASSWORD})
    assert answer.headers["content-disposition"].startswith('attachment; filename="peephole-')
    file = tmp_path / "backup"
    file.write_bytes(answer.content)
    assert b"Anna" not in answer.content
    assert restore_backup(file, PASSWORD.encode(), tmp_path / "other", None, replace=False).people == 1
    assert [path.name for path in (tmp_path / "data").iterdir() if "backup" in path.name] == []


def test_a_target_is_switched_off_and_tested(store: Store, tmp_path: Path) -> None:
    with Receiver() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/secret-token"
        site = Site(store, tmp_path, f'[[notify.targets]]\nname = "phone"\nservice = "webhook"\nurl = "text:{url}"\n')
        text = site.page("/notifications")
        assert "phone" in text and "nothing sent yet" in text and "secret-token" not in text
        assert site.client.post("/settings/notifications/test", data={"name": "phone"}).json()["text"] == "phone: sent."
        assert "no such target" in site.refusal("/notifications/test", name="nobody")
        assert site.client.get("/settings/connections").text.count("notify target phone") >= 1
        key = "notify.targets.phone"
        assert site.save("/notifications", **{f"has:{key}.active": "1"}) == [f"{key}.active"]
        assert site.owner.settings.notify.targets[0].active is False
        assert "notify target phone" not in site.client.get("/settings/connections").text
        assert "switched off" in site.refusal("/notifications/test", name="phone")
        assert len(receiver.heard) == 1  # the test of before: what is not on the list is not connected to
        text = site.page("/notifications")
        assert "switched off: nothing is sent there" in text and "Send a test" not in text
        assert "what it is told of: choose at least one" in site.refusal("/notifications", **{f"has:{key}.events": "1"})


def test_the_buttons_of_a_targets_messages_are_switched_on(store: Store, tmp_path: Path) -> None:
    with Receiver() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        site = Site(store, tmp_path, f'[[notify.targets]]\nname = "phone"\nservice = "webhook"\nurl = "text:{url}"\n')
        key = "notify.targets.phone.actions"
        assert "Buttons in its messages" in site.page("/notifications")
        assert site.save("/notifications", **{f"has:{key}": "1", key: "true"}) == [key]
        assert site.save("/notifications", **{"notify.link": "http://door.lan"}) == ["notify.link"]
        with site.parts.notifier as notifier:
            notifier.hear(VisitStarted("v1", 1.0))
            notifier.hear(Decided("v1", 2.0, "stranger", None, None, None, 9, 9, "far_from_everybody", "far", False))
            until(lambda: receiver.heard)
        buttons = json.loads(receiver.heard[0].body)["actions"]
        assert [button["label"] for button in buttons] == ["Open", "Who is this?", "Ignore"]


def test_what_was_set_here_and_is_impossible_by_now_is_told_and_taken_back(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.store.settings.change("Olga", {"door.mode": "on"})
    with pytest.raises(ValueError, match=r"door.mode, as set on the page: .*; 'peephole settings forget'"):
        OwnerSettings(read_settings(tmp_path / "peephole.toml"), site.store.settings)
    assert invoke(["settings", "forget", "door.mode", "--data", str(tmp_path / "data")]) == 0
    assert site.store.settings.values() == {}


def test_show_tells_what_was_set_on_the_page(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site.save("/keeping", **{"retention.visits": "45"})
    capsys.readouterr()
    assert invoke(["settings", "show", "--data", str(tmp_path / "data")]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("retention.visits")]
    assert line.split()[1:] == ["45", "the", "page"]


def test_the_file_is_shown_without_its_secrets(store: Store, tmp_path: Path) -> None:
    site = Site(
        store,
        tmp_path,
        '[[cameras]]\nname = "front"\nsource = "rtsp://me:hunter2@cam/s?pw=x"\n'
        '[mqtt]\nhost = "broker"\nuser = "me"\npassword = "text:hunter3"\n',
    )
    text = site.page("/connections")
    assert "front: rtsp://cam" in text and "broker" in text
    assert "hunter" not in text and "pw=x" not in text


@pytest.mark.parametrize("value", ["", "\x00", "nan", "-1e999", "9" * 40, "<b>", "\u202e", ",", "mon-", "yes"])
def test_no_form_makes_a_fault(site: Site, value: str) -> None:
    paths = site.client.get("/api/openapi.json").json()["paths"]
    posts = [path for path, methods in paths.items() if path.startswith("/settings/") and "post" in methods]
    keys = [f"{table}.{name}" for table, names in EDITABLE.items() for name in names]
    for path in posts:
        for form in (
            {"back": value},
            {**dict.fromkeys(keys, value), "known": value, "stranger": value, "name": value, "role": value},
        ):
            assert site.client.post(path, data=form).status_code < 500, (path, form)
        file = site.client.post(path, files={key: ("a.png", b"\xff\xfe", "image/png") for key in (*keys, "known")})
        assert file.status_code < 500, path
        assert site.client.post(path, content=b"%ff=%fe&door.mode=%00").status_code < 500, path
        shown = site.client.get("/settings/recognition", params={"known": value, "stranger": value})
        assert shown.status_code < 500
