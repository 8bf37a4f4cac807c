"""The door's settings: what asks for the password, and in which order it is switched on."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import doorbell_parts as parts
from commands import peephole
from door_parts import Strike, long_walk
from peephole.people.records import Rules
from peephole.store.door import DoorEntry
from peephole.store.store import Store
from peephole.web.settings import forms
from settings_site import PASSWORD, Site


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with parts.store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Site:
    return Site(store, tmp_path)


def test_the_door_is_on_after_a_dry_run_and_with_the_password(store: Store, tmp_path: Path) -> None:
    site = Site(store, tmp_path, '[door]\nactuator = "webhook"\nwebhook = "text:http://127.0.0.1:9/"\n')
    assert "say your password" in site.refusal("/door", **{"door.mode": "dry-run"})
    assert "not your password" in site.refusal("/door", **{"door.mode": "dry-run", "password": "wrong one here"})
    form = {"door.mode": "dry-run", "door.liveness": "off", "password": PASSWORD}
    assert set(site.save("/door", **form)) == {"door.mode", "door.liveness"}
    assert site.opener.settings.mode == "dry-run"

    assert "only after a dry run" in site.refusal("/door", **{"door.mode": "on", "password": PASSWORD})
    site.home.see(long_walk())
    text = site.page("/door")
    assert "would have opened" in text and "Anna" in text
    home = site.client.get("/", headers={"accept": "text/html"}).text
    assert "Hold to try the door: a dry run" in text and "Hold to try the door: a dry run" in home
    assert site.save("/door", **{"door.mode": "on", "password": PASSWORD}) == ["door.mode"]
    assert site.opener.settings.mode == "on"
    home = site.client.get("/", headers={"accept": "text/html"}).text
    assert "Hold to open the door" in site.page("/door") and "Hold to open the door" in home
    assert site.save("/door", **{"door.mode": "off"}) == ["door.mode"]


def test_a_dry_run_counts_only_with_liveness_as_it_is_to_be_and_of_a_live_camera(store: Store, tmp_path: Path) -> None:
    site = Site(store, tmp_path, '[door]\nactuator = "webhook"\nwebhook = "text:http://127.0.0.1:9/"\n')
    site.save("/door", **{"door.mode": "dry-run", "door.liveness": "off", "password": PASSWORD})
    site.opener._live = False
    site.home.see(long_walk())
    assert "would have opened" in site.page("/door")
    assert "only after a dry run" in site.refusal("/door", **{"door.mode": "on", "password": PASSWORD})
    site.opener._live = True
    site.home.see(long_walk(parts.MORNING + 60))
    as_required = {"door.mode": "on", "door.liveness": "required", "password": PASSWORD}
    assert "only after a dry run" in site.refusal("/door", **as_required)
    assert site.save("/door", **{"door.mode": "on", "password": PASSWORD}) == ["door.mode"]


def test_a_check_that_is_switched_off_while_the_door_is_on_needs_a_dry_run_without_it(
    store: Store, tmp_path: Path
) -> None:
    webhook = 'actuator = "webhook"\nwebhook = "text:http://127.0.0.1:9/"\n'
    with_check = DoorEntry(parts.MORNING, None, None, "open", "all_hold", "face", "dry-run", "not_tried")
    store.door.note(replace(with_check, live=True, liveness="required"))
    site = Site(store, tmp_path, f'[door]\nmode = "on"\n{webhook}')
    off = {"door.liveness": "off", "password": PASSWORD}
    assert "only after a dry run" in site.refusal("/door", **off)
    store.door.note(replace(with_check, mode="on", done="done"))  # what it has opened for by itself
    assert site.save("/door", **off) == ["door.liveness"]
    assert site.save("/door", **{"door.liveness": "required"}) == ["door.liveness"]


def test_the_log_says_which_account_did_it(store: Store, tmp_path: Path) -> None:
    site = Site(store, tmp_path)
    form = {"door.mode": "dry-run", "door.least_looks": "6", "door.liveness": "off"}
    assert site.save("/door", **form, password=PASSWORD)
    site.home.opener.follow(site.opener.settings.model_copy(update={"mode": "on"}), Strike())
    assert site.client.post("/settings/door/open").json()["opened"] is True
    assert site.client.post("/api/door/open").json()["opened"] is True
    assert site.client.post("/settings/door/reset").status_code == 200
    assert site.save("/door", back="door.least_looks", password=PASSWORD)
    site.home.see(long_walk())

    rows = [(row.reason, row.by, row.account, row.changed) for row in reversed(store.door.recent())]
    assert rows == [
        ("settings_changed", "owner", "Olga", "mode = dry-run; least_looks = 6; liveness = off"),
        ("wished", "owner", "Olga", None),
        ("wished", "owner", "Olga", None),
        ("lock_out_reset", "owner", "Olga", None),
        ("settings_changed", "owner", "Olga", "least_looks = 5"),
        ("all_hold", "face", None, None),
    ]
    page = site.page("/door")
    assert page.count("<td>Olga</td>") == 5
    assert "the door&#39;s settings were changed: mode = dry-run; least_looks = 6; liveness = off" in page
    [face, *by_hand] = site.client.get("/api/door").json()["log"]
    assert (face["account"], {row["account"] for row in by_hand}) == (None, {"Olga"})
    told = peephole("door", "log", "--data", str(store.folder)).stdout
    assert told.count("owner (Olga)") == 5


def test_the_doors_settings_go_back_on_the_doors_page_alone(store: Store, tmp_path: Path) -> None:
    site = Site(store, tmp_path, '[door]\nmode = "on"\nactuator = "webhook"\nwebhook = "text:http://127.0.0.1:9/"\n')
    site.save("/door", **{"door.mode": "off"})
    assert "not set on this page" in site.refusal("/recognition", back="door.mode")
    assert "not set on this page" in site.refusal("/keeping", back="door.mode")
    assert "only after a dry run" in site.refusal("/door", back="door.mode")
    assert site.opener.settings.mode == "off"


def test_a_lock_that_cannot_be_used_is_told_on_top_of_every_page(store: Store, tmp_path: Path) -> None:
    site = Site(store, tmp_path, '[door]\nactuator = "webhook"\nwebhook = "file:/nowhere"\nliveness = "off"\n')
    site.save("/door", **{"door.mode": "dry-run", "password": PASSWORD})
    site.home.see(long_walk())
    assert 'class="troubles"' not in site.page()
    site.save("/door", **{"door.mode": "on", "password": PASSWORD})
    assert "/nowhere cannot be read" in site.page("/accounts").split('class="troubles"')[1]
    site.save("/door", **{"door.mode": "off"})
    assert 'class="troubles"' not in site.page()


def test_what_makes_opening_harder_needs_no_password(site: Site) -> None:
    assert site.save("/door", **{"door.least_looks": "8", "door.most_openings": "2"})
    assert site.save("/door", **{"door.hours": "mon-fri 07:00-20:00"})
    assert site.save("/door", **{"door.hours": "mon-fri 08:00-12:00"})
    assert "hours" in site.refusal("/door", **{"door.hours": "08:00-12:00"})
    assert "say your password" in site.refusal("/door", back="door.least_looks")


def test_the_ring_that_a_face_needs_is_switched_on_at_once_and_off_with_the_password(site: Site) -> None:
    tick = {"has:door.require_ring": "1"}
    assert site.save("/door", **tick, **{"door.require_ring": "yes"}) == ["door.require_ring"]
    assert site.opener.settings.require_ring
    assert "only for those who ring" in site.refusal("/door", **tick)
    assert site.save("/door", **tick, password=PASSWORD) == ["door.require_ring"]
    assert not site.opener.settings.require_ring


def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(store: Store, tmp_path: Path) -> None:
    site = Site(store, tmp_path, "[door]\nopen_rate = 0.00012345678\nleast_seconds = 1.123456789\n")
    sent = r'type="(?:number|text|hidden)" name="((?:has:)?door\.[a-z_]+)" value="([^"]*)"'  # no tick is set
    fields = dict(re.findall(sent, site.page("/door")))
    assert "has:door.require_ring" in fields
    assert (fields["door.open_rate"], fields["door.pulse_seconds"]) == ("0.00012345678", "3")
    assert site.save("/door", **fields) == []


def test_the_password_is_asked_for_by_what_is_in_force_when_it_changes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two changes at once: what was stricter than before is easier than what the other has set meanwhile."""
    site.save("/door", **{"door.least_looks": "6"})
    read = forms.changes

    def overtaken(*given: object) -> object:
        found = read(*given)  # type: ignore[arg-type]
        monkeypatch.setattr(forms, "changes", read)
        site.save("/door", **{"door.least_looks": "9"})
        return found

    monkeypatch.setattr(forms, "changes", overtaken)
    assert "say your password" in site.refusal("/door", **{"door.least_looks": "7"})
    assert site.owner.settings.door.least_looks == 9


def test_rules_that_are_not_in_a_form_leave_all_as_they_are(site: Site) -> None:
    anna = site.bell.people()[0].person.id
    site.bell.set_rules(anna, Rules("silent", minor=True))

    for body in (b"", b"[[[[", b'{"tell": "log"}'):
        sent = site.client.post(f"/api/people/{anna}/rules", content=body, headers={"content-type": "application/json"})
        assert (sent.status_code, sent.json()) == (422, {"error": "missing or not understood: tell"})
    assert site.bell.rules(anna) == Rules("silent", minor=True)


def test_letting_the_door_open_for_somebody_asks_for_the_password(site: Site) -> None:
    anna = site.bell.people()[0].person.id
    site.bell.set_rules(anna, Rules())

    def rules(tell: str = "notify", **form: str) -> int:
        return site.client.post(f"/api/people/{anna}/rules", data={"tell": tell, **form}).status_code

    assert rules(tell="log", hours="7:00-20:00") == 200
    assert rules(may_open="true") == 400
    assert rules(may_open="true", password="wrong one here") == 400  # noqa: S106
    assert site.bell.rules(anna).may_open is False
    assert rules(may_open="true", hours="7:00-20:00", password=PASSWORD) == 200
    assert rules(may_open="true", hours="8:00-12:00") == 200
    assert rules(may_open="true", hours="8:00-12:01") == 400
    assert rules(may_open="true") == 400
    assert rules() == 200
    for _ in range(5):
        assert rules(may_open="true", password="wrong one here") in (400, 429)  # noqa: S106
    assert rules(may_open="true", password=PASSWORD) == 429


def test_a_lock_out_is_ended_and_written_down(site: Site) -> None:
    site.save("/door", **{"door.mode": "dry-run", "password": PASSWORD})
    now = site.home.now
    for at in (1, 2, 3):
        site.store.door.note(DoorEntry(now - at, None, None, "shut", "too_far", "face", "dry-run", "not_tried"))
    assert "Locked out until" in site.page("/door")
    assert site.client.post("/settings/door/reset").status_code == 200
    assert "Locked out until" not in site.page("/door")
    assert site.store.door.recent(1)[0].reason == "lock_out_reset"


def test_a_lock_out_stands_on_top_of_every_page_until_it_is_ended(site: Site) -> None:
    site.save("/door", **{"door.mode": "dry-run", "password": PASSWORD})
    for _ in range(3):
        site.opener.open_with_code("mqtt", right=False)
    said = "Codes do not open the door until"
    assert said in site.page("/keeping") and "No code opens the door for a while; faces do." in site.page("/door")
    assert "End the lock-out" in site.page("/door")
    site.home.now += 1
    assert site.client.post("/settings/door/reset").status_code == 200
    assert said not in site.page("/keeping") and "End the lock-out" not in site.page("/door")


def test_the_door_is_opened_by_hand(site: Site) -> None:
    assert "this door is not opened by the doorbell" in site.refusal("/door/open")
    site.home.opener.follow(site.opener.settings.model_copy(update={"mode": "on"}), Strike())
    answer = site.client.post("/settings/door/open")
    assert answer.json()["opened"] is True
    assert "Open the door now?" in site.page("/door/open")
