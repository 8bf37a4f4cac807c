"""Who signed in, and who did what with accounts and with everything about a person: written down, for owners."""

import json
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import IntegrityError

import pytest

import doorbell_parts as parts
from commands import peephole
from peephole.store.retention import DAY, Retention
from peephole.store.store import Store
from settings_site import PASSWORD, Site


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with parts.store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Site:
    return Site(store, tmp_path)


def deeds(store: Store) -> list[tuple[str | None, str, str | None]]:
    """What is written down, the oldest first."""
    return [(row.account, row.deed, row.about) for row in reversed(store.audit.recent())]


def test_accounts_and_their_browsers(site: Site) -> None:
    add = {"name": "Vera", "role": "viewer", "password": PASSWORD, "again": PASSWORD}
    assert site.client.post("/settings/accounts/add", data={**add, "own": "wrong one here"}).status_code == 400
    assert site.client.post("/settings/accounts/add", data={**add, "own": PASSWORD}).status_code == 200
    vera = site.browser("/login", "Vera")
    assert vera.post("/login", data={"name": "Vera", "password": "wrong one here"}).status_code == 403
    new = {"password": PASSWORD, "new": "another long one", "again": "another long one"}
    assert vera.post("/account/password", data=new).status_code == 204
    assert site.client.post("/account/sessions").status_code == 200
    assert site.client.post("/settings/accounts/remove", data={"name": "Vera", "own": PASSWORD}).status_code == 200
    assert deeds(site.store) == [
        ("Olga", "founded", None),
        ("Olga", "account_added", "Vera"),
        ("Vera", "signed_in", None),
        ("Vera", "password_changed", None),
        ("Olga", "signed_out_elsewhere", None),
        ("Olga", "account_removed", "Vera"),
    ]


def test_everything_about_a_person_and_a_backup(site: Site) -> None:
    anna = site.bell.people()[0].person.id
    for path in (f"/api/people/{anna}/export", "/settings/keeping/backup", f"/api/people/{anna}/forget"):
        secret = "one that nobody guesses"  # noqa: S105
        answer = site.client.post(path, data={"passphrase": secret, "again": secret})
        assert answer.status_code == 200
    assert site.client.post(f"/api/people/{anna}/forget").status_code == 400  # nobody is there any more
    assert deeds(site.store)[1:] == [
        ("Olga", "person_exported", None),
        ("Olga", "backup_written", None),
        ("Olga", "person_erased", None),
    ]
    with site.store._database.change() as connection:
        rows = [tuple(row) for row in connection.execute("SELECT * FROM audit_log")]
    assert "Anna" not in repr(rows) and anna not in repr(rows)


def test_who_lets_a_person_open_the_door(site: Site) -> None:
    anna = site.bell.people()[0].person.id
    rules = f"/api/people/{anna}/rules"
    assert site.client.post(rules, data={"tell": "log"}).status_code == 200
    assert deeds(site.store)[1:] == []
    assert site.client.post(rules, data={"tell": "log", "may_open": "true", "password": PASSWORD}).status_code == 200
    assert deeds(site.store)[1:] == [("Olga", "may_open", None)]
    assert site.client.post(rules, data={"tell": "log"}).status_code == 200
    assert site.client.post("/api/undo", data={"password": PASSWORD}).status_code == 200
    assert deeds(site.store)[1:] == [("Olga", "may_open", None)] * 2


def test_owners_read_it_on_the_page_of_accounts_and_viewers_do_not(site: Site) -> None:
    viewer = site.viewer()
    page = site.page("/accounts")
    assert "What was done" in page and "became the first owner" in page and "<td>Vera</td>" in page
    assert "became the first owner" not in viewer.get("/settings/accounts", headers={"accept": "text/html"}).text


def test_the_command_line_is_told_from_accounts(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    given = ("--password", f"file:{password}")
    assert peephole("accounts", "add", "Olga", "--role", "owner", *given, *data).returncode == 0
    assert peephole("accounts", "password", "Olga", *given, *data).returncode == 0
    secret = ("--passphrase", f"file:{password}")
    assert peephole("backup", str(tmp_path / "all.backup"), *secret, *data).returncode == 0
    table = peephole("accounts", "log", *data).stdout
    assert "the command line" in table and "let somebody sign in: Olga" in table
    rows = json.loads(peephole("accounts", "log", "--json", *data).stdout)
    said = [(row["account"], row["deed"], row["about"]) for row in rows]
    assert said == [
        (None, "backup_written", None),
        (None, "password_changed", "Olga"),
        (None, "account_added", "Olga"),
    ]


def test_rows_are_only_added_and_go_with_those_of_the_doors_log(site: Site) -> None:
    store = site.store
    for change in ("UPDATE audit_log SET account = 'Vera'", "DELETE FROM audit_log"):
        with pytest.raises((OSError, ValueError, IntegrityError)), store._database.change() as connection:
            connection.execute(change)
    [row] = store.audit.recent()
    with store._database.change() as connection:
        connection.execute(
            "INSERT INTO audit_log (time, account, deed) VALUES (?, 'Olga', 'signed_in')", (row.time - 400 * DAY,)
        )
    keep = Retention(strangers=0, visits=0, looks=0, door=365)
    store.forget_old(keep.model_copy(update={"door": 0}), row.time)
    assert len(store.audit.recent()) == 2
    store.forget_old(keep, row.time)
    assert [one.deed for one in store.audit.recent()] == ["founded"]
