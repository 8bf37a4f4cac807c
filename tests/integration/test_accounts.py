"""Who may enter, who may change something, and who has guessed too often."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from commands import assert_one_line, peephole
from peephole.accounts.accounts import Accounts, new_account
from peephole.accounts.throttle import LONGEST_WAIT, Throttle
from peephole.live import LiveDoorbell
from peephole.store.store import Store
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams

PASSWORD = "correct horse battery"  # noqa: S105
OWNER = {"name": "Olga", "password": PASSWORD}
FIRST = OWNER | {"again": PASSWORD}
HTML = {"accept": "text/html,*/*"}
ORIGIN = {"origin": "http://testserver"}


class House:
    """A store, its accounts, and browsers at chosen addresses."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.accounts = Accounts(store.accounts)
        live = LiveDoorbell(parts.doorbell(store))
        door = Door(parts.doorbell(store), "the demo")
        self.app = create_app(door, live, Streams(live), ["testserver"], self.accounts)

    def browser(self, address: str = "127.0.0.1") -> TestClient:
        return TestClient(self.app, follow_redirects=False, client=(address, 50_000), headers=ORIGIN)

    def owner(self) -> TestClient:
        browser = self.browser()
        answer = browser.post("/login" if self.accounts.any() else "/welcome", data=FIRST)
        assert answer.status_code == 204, answer.text
        return browser


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with parts.store_at(tmp_path) as store:
        yield House(store)


def routes(house: House) -> list[tuple[str, str]]:
    """Every route of the OpenAPI list, and those that are not in it."""
    listed = house.owner().get("/api/openapi.json").json()["paths"]
    found = [(method.upper(), path) for path, methods in listed.items() for method in methods]
    pages = ["/", "/parts/visits", "/pictures/people/p1.jpg", "/live.jpg", "/live.mjpeg", "/api/openapi.json"]
    return found + [("GET", path) for path in pages]


def test_every_route_asks_for_a_session(house: House) -> None:
    checked = [route for route in routes(house) if route[1] not in ("/login", "/welcome", "/healthz")]
    assert len(checked) > 15
    for method, path in checked:
        answer = house.browser().request(method, path.replace("{", "").replace("}", ""))
        assert (answer.status_code, answer.json()) == (401, {"error": "sign in first"}), (method, path)


def test_before_there_is_an_owner_nothing_is_shown(house: House) -> None:
    answer = house.browser().get("/api/people")
    assert (answer.status_code, answer.json()["error"]) == (401, "this doorbell has no owner yet; open its page")
    assert house.browser().get("/", headers=HTML).headers["location"] == "/welcome"
    assert "Choose the owner" in house.browser().get("/welcome").text


def test_the_first_one_becomes_the_owner_and_nobody_after(house: House) -> None:
    first = house.browser()
    answer = first.post("/welcome", data=FIRST, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert first.get("/").status_code == 200

    assert house.browser().post("/welcome", data=FIRST | {"name": "Mallory"}).status_code == 403
    assert [(one.name, one.role) for one in house.store.accounts.all()] == [("Olga", "owner")]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"password": "short", "again": "short"}, "a password has at least 10 characters"),
        ({"password": "aaaaaaaaaaaa", "again": "aaaaaaaaaaaa"}, "this password is too easy"),
        ({"again": "another"}, "the two passwords differ"),
        ({"name": " "}, "a person needs a name"),
    ],
)
def test_a_first_password_that_will_not_do(house: House, form: dict[str, str], sentence: str) -> None:
    answer = house.browser().post("/welcome", data=FIRST | form)
    assert (answer.status_code, sentence in answer.text) == (403, True), answer.text
    shown = house.browser().post("/welcome", data=FIRST | form, headers=HTML)
    assert shown.status_code == 403 and 'role="alert"' in shown.text and PASSWORD not in shown.text
    assert not house.accounts.any()


def test_from_another_machine_the_first_owner_needs_the_code(house: House) -> None:
    away = house.browser("192.168.1.7")
    assert "Code" in away.get("/welcome").text
    assert away.post("/welcome", data=FIRST | {"code": "00000000"}).status_code == 403
    assert not house.accounts.any()
    assert away.post("/welcome", data=FIRST | {"code": house.accounts.code}).status_code == 204


def test_in_and_out(house: House) -> None:
    house.owner()
    browser = house.browser()
    assert browser.get("/", headers=HTML).headers["location"] == "/login"
    assert browser.get("/parts/visits", headers=HTML).headers["location"] == "/login?next=/parts/visits"
    assert browser.get("/?visit=v1", headers=HTML).headers["location"] == "/login?next=/%3Fvisit%3Dv1"
    entered = browser.post("/login?next=/%3Fvisit%3Dv1", data=OWNER, headers=HTML)
    assert entered.headers["location"] == "/?visit=v1"
    assert browser.post("/login", data=OWNER | {"name": "OLGA"}).status_code == 204
    assert browser.get("/api/people").json() == []
    token = browser.cookies["peephole_session"]
    assert browser.post("/logout").status_code == 204
    browser.cookies.set("peephole_session", token)  # whoever kept it has nothing
    assert browser.get("/api/people").status_code == 401


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"])
def test_signing_in_leads_nowhere_else(house: House, elsewhere: str) -> None:
    house.owner()
    answer = house.browser().post("/login", params={"next": elsewhere}, data=OWNER, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_viewer_looks_and_changes_nothing(house: House) -> None:
    owner = house.owner()
    house.store.accounts.add(new_account("Vera", "viewer", PASSWORD))
    viewer = house.browser()
    assert viewer.post("/login", data={"name": "Vera", "password": PASSWORD}).status_code == 204
    assert viewer.get("/").status_code == viewer.get("/api/people").status_code == 200
    listed = owner.get("/api/openapi.json").json()["paths"]
    for path, methods in listed.items():
        if "post" in methods and path not in ("/login", "/welcome", "/logout", "/account/password"):
            answer = viewer.post(path.replace("{", "").replace("}", ""))
            assert (answer.status_code, answer.json()) == (403, {"error": "only an owner may change this"}), path


def test_another_password_ends_the_other_sessions(house: House) -> None:
    here, there = house.owner(), house.owner()
    change = {"password": PASSWORD, "new": "battery staple correct", "again": "battery staple correct"}
    assert here.post("/account/password", data=change | {"password": "wrong"}).status_code == 403
    assert there.get("/api/people").status_code == 200
    assert here.post("/account/password", data=change).status_code == 204
    assert here.get("/api/people").status_code == 200
    assert there.get("/api/people").status_code == 401
    assert house.browser().post("/login", data=OWNER).status_code == 403


def test_another_site_can_do_nothing_with_the_owners_cookie(house: House) -> None:
    owner = house.owner()
    answer = owner.post("/api/people/p1/remove", headers={"origin": "https://evil.example"})
    assert (answer.status_code, "another site" in answer.json()["error"]) == (403, True)


def test_guessing_is_made_slow_and_the_owner_elsewhere_is_not_shut_out(house: House) -> None:
    house.owner()
    thief = house.browser("192.168.1.66")
    answers = [thief.post("/login", data=OWNER | {"password": f"guess {n}"}).status_code for n in range(7)]
    assert answers == [403] * 5 + [429] * 2
    assert thief.post("/login", data=OWNER).status_code == 429  # the right one does not help now
    assert house.browser("192.168.1.5").post("/login", data=OWNER).status_code == 204


def test_waits_grow_and_end() -> None:
    throttle = Throttle()
    waits = []
    now = 0.0
    for _ in range(20):
        throttle.failed("a", now)
        waits.append(throttle.wait("a", now))
        now += waits[-1]
    assert waits[:8] == [0, 0, 0, 0, 2, 4, 8, 16] and max(waits) == LONGEST_WAIT
    assert throttle.wait("a", now) == 0 and throttle.wait("b", now) == 0
    throttle.succeeded("a")
    throttle.failed("a", now)
    assert throttle.wait("a", now) == 0


def test_many_addresses_share_one_limit() -> None:
    throttle = Throttle()
    for number in range(60):
        throttle.failed(f"10.0.0.{number}", 0.0)
    assert throttle.wait("10.0.1.1", 30.0) == 30.0
    assert throttle.wait("10.0.1.1", 60.0) == 0.0


def test_what_is_stored_is_neither_password_nor_token(house: House, tmp_path: Path) -> None:
    token = house.owner().cookies["peephole_session"]
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    assert b"$argon2id$" in kept and b"Olga" in kept
    assert PASSWORD.encode() not in kept and token.encode() not in kept


def test_by_command(tmp_path: Path) -> None:
    word = ("--password", f"text:{PASSWORD}", "--data", tmp_path)
    assert "whoever opens the page first" in peephole("accounts", "list", "--data", tmp_path).stdout
    assert peephole("accounts", "add", "Olga", "--role", "owner", *word).returncode == 0
    assert peephole("accounts", "add", "Vera", *word).returncode == 0
    assert_one_line(peephole("accounts", "add", "vera", *word), 1, "there is an account of this name already")
    assert_one_line(peephole("accounts", "remove", "Olga", "--data", tmp_path), 1, "the only owner")
    assert peephole("accounts", "password", "Vera", *word).returncode == 0
    assert_one_line(peephole("accounts", "password", "Nobody", *word), 1, "no account of this name")
    assert_one_line(peephole("accounts", "add", "X", "--password", "text:short", "--data", tmp_path), 1, "at least 10")
    assert peephole("accounts", "add", "X", "--role", "king", *word).returncode == 2
    assert peephole("accounts", "remove", "Vera", "--data", tmp_path).returncode == 0
    assert PASSWORD not in (listed := peephole("accounts", "list", "--json", "--data", tmp_path).stdout)
    assert '"Olga"' in listed and "Vera" not in listed
