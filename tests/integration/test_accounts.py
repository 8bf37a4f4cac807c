"""Who may enter, who may change something, and who has guessed too often."""

import logging
import re
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from commands import assert_one_line, peephole
from peephole.accounts.accounts import Accounts, TooManyTriesError, new_account
from peephole.accounts.throttle import FORGOTTEN_AFTER, FREE_TRIES, LONGEST_WAIT, Throttle
from peephole.doorbell.doorbell import Photo
from peephole.live import LiveDoorbell
from peephole.store.store import Store
from peephole.web import gate, streams
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from waiting import until

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
        self.bell = parts.doorbell(store)
        live = LiveDoorbell(self.bell)
        door = Door(self.bell, "the demo", memory=self.bell)
        self.streams = Streams(live)
        self.app = create_app(door, live, self.streams, ["testserver"], self.accounts)

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
    found = {(method.upper(), path) for path, methods in listed.items() for method in methods}
    return sorted(found | set(reachable(house.app.routes)))


def reachable(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for route in routes:
        inner = getattr(route, "original_router", None)  # newer releases of FastAPI keep included routers whole
        if inner is not None:
            yield from reachable(inner.routes)
        else:
            yield from ((method, route.path) for method in route.methods)


OPEN = ("/login", "/welcome", "/healthz", "/api/ring", "/static/{name}", "/act/{token}")


def test_every_route_asks_for_a_session(house: House) -> None:
    checked = [route for route in routes(house) if route[1] not in OPEN and route[0] != "HEAD"]
    assert {("GET", "/strangers/{key}"), ("POST", "/api/strangers/bulk"), ("GET", "/live.jpg")} <= set(checked)
    assert len(checked) > 60
    for method, path in checked:
        answer = house.browser().request(method, path.replace("{", "").replace("}", ""))
        assert (answer.status_code, answer.json()) == (401, {"error": "sign in first"}), (method, path)


def test_a_button_of_this_machine_rings_without_a_session_and_nobody_else(house: House) -> None:
    assert house.browser().post("/api/ring").status_code == 400  # this house has no bell
    assert house.browser("192.0.2.7").post("/api/ring").status_code == 401
    elsewhere = {"origin": "http://elsewhere.example"}  # a page that a browser of this machine shows
    assert house.browser().post("/api/ring", headers=elsewhere).status_code == 403


def test_before_there_is_an_owner_nothing_is_shown(house: House) -> None:
    answer = house.browser().get("/api/people")
    assert (answer.status_code, answer.json()["error"]) == (401, "this doorbell has no owner yet; open its page")
    assert house.browser().get("/", headers=HTML).headers["location"] == "/welcome"
    welcome = house.browser().get("/welcome").text
    assert "Choose the owner" in welcome and "10 characters or more" in welcome


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
        ({"name": " "}, "an account needs a name"),
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
    form = HTML | {"referer": f"{browser.base_url}/people?q=a"}
    assert browser.post("/people", headers=form).headers["location"] == "/login?next=/people%3Fq%3Da"
    assert browser.post("/people", headers=HTML).headers["location"] == "/login", "of which page is not told"
    assert browser.post("/people", headers=HTML | {"referer": "http://["}).headers["location"] == "/login"
    assert browser.post("/people").json() == {"error": "sign in first"}, "a program"
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


def test_a_viewer_is_shown_no_button_that_is_refused(house: House) -> None:
    owner = house.owner()
    house.store.accounts.add(new_account("Vera", "viewer", PASSWORD))
    viewer = house.browser()
    viewer.post("/login", data={"name": "Vera", "password": PASSWORD})
    house.bell.enrol("Anna", [Photo("photo.jpg", parts.paint([parts.Actor(1, noise=200)]).image)])
    for number, person in enumerate((2, 3, 2)):
        for frame in [*parts.walk(person, 1000.0 + 600 * number), parts.paint([], 1500.0 + 600 * number)]:
            house.bell.process(frame)
    one, two = house.bell.strangers()
    house.bell.inbox.shelf.ignore([two.id])
    house.bell.inbox.shelf.reopen([two.id])
    anna = house.bell.people()[0].person.id
    visit = house.bell.visits()[0].id
    pages = [
        *("/", "/parts/strangers", "/parts/people", "/parts/visits", "/strangers", f"/strangers/{one.id}", "/people"),
        *(f"/strangers/{one.id}/with?other={two.id}", f"/people/{anna}", "/visits", f"/visits/{visit}", "/search"),
        *("/enrol", "/notice", f"/people/{anna}/notice", "/strangers?done=ignored"),
    ]
    asked = re.compile(r'<form[^>]* method="post"[^>]* action="([^"]*)"(?:(?!</form>).)*<button|<(button) form="undo"')
    shown_to_owner = 0
    for page in pages:
        answers = [browser.get(page, headers=HTML) for browser in (owner, viewer)]
        assert [answer.status_code for answer in answers] == [200, 200], page
        offered = [{a or b for a, b in asked.findall(re.sub(r"\s+", " ", answer.text))} for answer in answers]
        assert offered[1] <= {"/logout"}, page
        shown_to_owner += bool(offered[0] - {"/logout"})
    assert shown_to_owner > 8


def test_where_the_data_lie_is_told_to_an_owner_only(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # A doorbell that ran in this process keeps the server's lines for itself.
    monkeypatch.setattr("peephole.web.gate._LOG", logging.getLogger("a gate of its own"))
    owner, viewer, stranger = house.owner(), house.browser(), house.browser()
    house.accounts.add(new_account("Vera", "viewer", PASSWORD))
    viewer.post("/login", data=OWNER | {"name": "Vera"})
    house.bell.enrol("Anna", [Photo("photo.jpg", parts.paint([parts.Actor(1, noise=200)]).image)])
    house.store._database._connection.execute("PRAGMA query_only = ON")

    told = owner.post("/api/people/Anna/rename", data={"name": "Anne"})
    assert told.status_code == 503 and "peephole.db: cannot be opened for writing" in told.json()["error"]
    for answer in (stranger.post("/login", data=OWNER), viewer.post("/logout")):
        assert answer.status_code == 503 and "its owner sees why" in answer.text and "peephole.db" not in answer.text
    assert caplog.text.count("peephole.db: cannot be opened for writing") == 2

    def broken(*_: object) -> None:
        raise OSError("/secret/peephole.db: damaged")

    monkeypatch.setattr(house.accounts, "session", broken)
    answer = owner.get("/api/people")
    assert (answer.status_code, "secret" in answer.text) == (503, False)


def test_a_stream_ends_with_the_session_that_asked_for_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.05)
    monkeypatch.setattr(gate, "CHECK_SECONDS", 0.1)
    browser, waited, wait = house.owner(), list[float](), streams.Mailbox.wait

    async def counted(mailbox: streams.Mailbox, seconds: float) -> None:
        await wait(mailbox, seconds)
        waited.append(seconds)

    def leave() -> None:
        until(lambda: len(waited) > 5)
        house.accounts.leave(browser.cookies[gate.COOKIE])

    monkeypatch.setattr(streams.Mailbox, "wait", counted)
    leaving = threading.Thread(target=leave)
    leaving.start()
    text = browser.get("/api/events?faces=1").text  # comes back with the stream's end
    leaving.join()
    assert text.count(": still here") >= 1
    assert browser.get("/api/events").status_code == 401


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


def test_who_has_an_account_guesses_at_another_no_faster(house: House) -> None:
    house.owner()
    house.accounts.add(new_account("Vera", "viewer", PASSWORD))
    vera = house.browser("192.168.1.66")
    guess, herself = OWNER | {"password": "a guess of mine"}, OWNER | {"name": "Vera"}
    assert [vera.post("/login", data=guess).status_code for _ in range(4)] == [403] * 4
    assert vera.post("/login", data=herself).status_code == 204
    assert [vera.post("/login", data=guess).status_code for _ in range(2)] == [403, 429]
    assert vera.post("/login", data=herself).status_code == 429
    assert house.browser("192.168.1.5").post("/login", data=OWNER).status_code == 204


def test_many_tries_at_the_same_moment_are_not_each_the_first(house: House) -> None:
    house.owner()

    def guess(number: int) -> bool:
        try:
            house.accounts.enter("Olga", f"the guess number {number}", "192.168.1.66")
        except TooManyTriesError:
            return False
        except ValueError:
            return True
        raise AssertionError("guessed")

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(guess, range(20))) == FREE_TRIES


@pytest.mark.parametrize("own", ["", "vera"], ids=["a thief", "a thief with an account"])
def test_so_many_guesses_an_hour(own: str) -> None:
    throttle, guesses = Throttle(), [0, 0, 0]
    for second in range(len(guesses) * 3600):
        for _ in range(FREE_TRIES):
            guesses[second // 3600] += not throttle.take("a", "olga", second)
            if own and not throttle.take("a", own, second):
                throttle.succeeded("a", own)
    assert guesses == [16, 4, 4]


def test_waits_grow_and_end() -> None:
    throttle = Throttle()
    waits = []
    now = 0.0
    for _ in range(20):
        assert throttle.take("a", "olga", now) == 0
        waits.append(throttle.take("a", "", now))
        if waits[-1]:
            now += waits[-1]
        else:
            throttle.succeeded("a", "")
    assert waits[:8] == [0, 0, 0, 0, 2, 4, 8, 16] and max(waits) == LONGEST_WAIT
    assert throttle.take("a", "olga", now) == 0 and throttle.take("b", "olga", now) == 0
    throttle.succeeded("a", "olga")
    assert [throttle.take("a", "olga", now) for _ in range(FREE_TRIES + 1)] == [0] * FREE_TRIES + [2]


def test_names_that_nobody_has_count_together_and_are_forgotten_in_a_day() -> None:
    throttle = Throttle()
    assert [throttle.take("a", "", 0.0) for _ in range(FREE_TRIES + 1)] == [0] * FREE_TRIES + [2]
    assert throttle.take("a", "olga", 0.0) == 2
    assert throttle.take("a", "olga", 10.0) == 0
    throttle.succeeded("a", "olga")
    assert throttle.take("a", "", FORGOTTEN_AFTER) == 0
    assert throttle.take("a", "", FORGOTTEN_AFTER) == 4
    assert [throttle.take("a", "", 2 * FORGOTTEN_AFTER + 1) for _ in range(FREE_TRIES)] == [0] * FREE_TRIES


def test_many_addresses_share_one_limit() -> None:
    throttle = Throttle()
    for number in range(60):
        assert throttle.take(f"10.0.0.{number}", "olga", 0.0) == 0
    assert throttle.take("10.0.1.1", "olga", 30.0) == 30.0
    assert throttle.take("10.0.1.1", "olga", 60.0) == 0.0


def test_who_signs_in_takes_nothing_of_the_limit_for_all() -> None:
    throttle = Throttle()
    for _ in range(100):
        assert throttle.take("10.0.0.1", "olga", 0.0) == 0
        throttle.succeeded("10.0.0.1", "olga")
    assert throttle.take("10.0.1.1", "olga", 0.0) == 0.0


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
    assert_one_line(peephole("accounts", "add", "", *word), 1, "an account needs a name")
    assert peephole("accounts", "add", "X", "--role", "king", *word).returncode == 2
    assert peephole("accounts", "remove", "Vera", "--data", tmp_path).returncode == 0
    assert PASSWORD not in (listed := peephole("accounts", "list", "--json", "--data", tmp_path).stdout)
    assert '"Olga"' in listed and "Vera" not in listed
