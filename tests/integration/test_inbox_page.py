"""The inbox as page and as JSON: what the forms send, where they lead, and what is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.live import Changed, LiveDoorbell
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams

ANNA, BEN, CARL = 1, 2, 3
BROWSER = {"accept": "text/html"}


class Site:
    """A door where Ben came as stranger 1 and Carl as stranger 2."""

    def __init__(self, doorbell: Doorbell) -> None:
        self.doorbell = doorbell
        for who, start in ((BEN, 1000.0), (CARL, 2000.0)):
            for frame in parts.walk(who, start):
                doorbell.process(frame)
        live = LiveDoorbell(doorbell)
        self.heard: list[object] = []
        live.announcer.listen(self.heard.append)
        app = create_app(Door(doorbell, "the demo", memory=doorbell), live, Streams(live), ["testserver"])
        self.client = TestClient(app, follow_redirects=False)
        self.ids = {one.number: one.id for one in doorbell.strangers()}

    def post(self, path: str, **form: object) -> tuple[int, Any]:
        answer = self.client.post(f"/api/{path}", data=form)
        return answer.status_code, answer.json()

    def goes_to(self, path: str, **form: object) -> str:
        answer = self.client.post(f"/api/{path}", data=form, headers=BROWSER)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def looks(self, number: int) -> list[int]:
        return [look["id"] for look in self.client.get(f"/api/strangers/{self.ids[number]}").json()["looks"]]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with parts.store_at(tmp_path) as store:
        yield Site(parts.doorbell(store))


def test_each_deed_is_told_with_the_number_that_undoes_it(site: Site) -> None:
    both = list(site.ids.values())
    for do, more, done in (
        ("assign", {"name": "Ben"}, "named"),
        ("ignore", {}, "ignored"),
        ("no_face", {}, "no_face"),
        ("discard", {}, "discarded"),
        ("merge", {}, "merged"),
    ):
        status, answer = site.post("strangers/bulk", do=do, stranger=both, **more)
        assert (status, answer["done"]) == (200, done)
        assert site.client.get("/api/undo").json()[0]["number"] == answer["undo"]
        assert site.post("undo", deed=answer["undo"])[1]["done"] == "undone"
        assert len(site.doorbell.strangers()) == 2
    assert Changed("strangers") in site.heard and Changed("visits") in site.heard


def test_a_name_of_somebody_with_another_face_is_given_and_doubted(site: Site) -> None:
    """Whoever typed it may know better than the doorbell; it can be undone."""
    site.doorbell.enrol("Ben", [Photo("b.jpg", parts.paint([parts.Actor(BEN, noise=200)]).image)])
    for path, form in (("assign", {}), ("bulk", {"do": "assign"})):
        for number, told in ((1, ""), (2, " The face is unlike the photos of Ben: undo this if it is somebody else.")):
            where = f"strangers/{site.ids[number]}/assign" if path == "assign" else "strangers/bulk"
            _, answer = site.post(where, **form, name="ben", **({"stranger": number} if form else {}))
            assert answer["text"] == f"From now on known as Ben.{told}"
            site.post("undo", deed=answer["undo"])


def test_a_person_is_renamed_on_the_persons_page_and_stays_as_it_was_written(site: Site) -> None:
    person = site.doorbell.enrol("mum", [Photo("b.jpg", parts.paint([parts.Actor(BEN, noise=200)]).image)]).person
    page = f"/people/{person.id}"
    assert site.goes_to(f"people/{person.id}/rename", name="mum h.") == f"{page}?done=renamed"
    assert "mum renamed to mum h." in site.client.get("/strangers").text
    assert site.post("undo")[1]["text"] == "Undone: mum renamed to mum h."
    site.post(f"people/{person.id}/rules", tell="silent")
    assert "Rules of mum changed" in site.client.get("/strangers").text
    assert "There is no page of this address." in site.client.get("/nowhere", headers=BROWSER).text


def test_a_notice_carries_the_undo_for_a_page_with_scripts(site: Site) -> None:
    answer = site.client.post(f"/api/strangers/{site.ids[1]}/ignore", headers={"hx-request": "true"})
    assert '"undo": 1' in answer.headers["hx-trigger"]
    refused = site.client.post("/api/undo", data={"deed": 99}, headers={"hx-request": "true"})
    assert refused.status_code == 400 and '"good": false' in refused.headers["hx-trigger"]


def test_a_form_goes_on_with_its_own_page_and_with_no_other(site: Site) -> None:
    page = f"/strangers/{site.ids[1]}"
    assert site.goes_to("strangers/bulk", do="ignore", stranger="1", back=page) == f"{page}?done=ignored"
    assert site.goes_to("strangers/bulk", do="reopen", stranger="1", back="https://x.example/") == "/?done=reopened"
    assert site.goes_to("undo", back="//x.example") == "/?done=undone"
    split = site.goes_to(f"strangers/{site.ids[1]}/split", look=site.looks(1)[:5])
    new = split.partition("?")[0]
    assert new.startswith("/strangers/s") and "Undo</button>" in site.client.get(split).text
    assert site.goes_to("undo", back=new) == "/strangers?done=undone"


@pytest.mark.parametrize(
    ("path", "form", "sentence"),
    [
        ("strangers/bulk", {"do": "merge", "stranger": ["1"]}, "choose two strangers or more that are one"),
        ("strangers/bulk", {"do": "merge", "stranger": ["1", "1"]}, "choose two strangers or more that are one"),
        ("strangers/bulk", {"do": "ignore"}, "choose at least one stranger"),
        ("strangers/bulk", {"do": "ignore", "stranger": ["1", "99"]}, "there is no stranger of this number"),
        ("strangers/bulk", {"do": "assign", "stranger": ["1"], "name": "  "}, "a person needs a name"),
        ("strangers/1/split", {}, "choose the looks to split off"),
        ("strangers/1/drop-looks", {"look": ["77777"]}, "has no such look any more"),
        ("strangers/1/apart", {"other": "1"}, "name two strangers"),
        ("undo", {}, "nothing can be undone"),
    ],
)
def test_refusals_are_one_sentence_and_change_nothing(
    site: Site, path: str, form: dict[str, object], sentence: str
) -> None:
    status, answer = site.post(path, **form)
    assert status == 400 and sentence in answer["error"]
    assert len(site.doorbell.strangers()) == 2 and site.doorbell.inbox.journal.deeds() == []


def test_a_name_that_is_no_utf_8_is_not_stored_as_another_one(site: Site) -> None:
    body, head = b"name=M%FCller", {"content-type": "application/x-www-form-urlencoded"}
    answer = site.client.post("/api/strangers/1/assign", content=body, headers=head)
    assert (answer.status_code, answer.json()["error"]) == (400, "the name is not written in UTF-8; type it again")
    assert site.doorbell.people() == []


def test_numbers_larger_than_any_row_are_no_fault(site: Site) -> None:
    assert site.client.get(f"/pictures/strangers/looks/{10**30}.jpg").status_code == 422
    for path, form in (
        ("undo", {"deed": 10**30}),
        ("undo/erase", {"deed": -1}),
        ("strangers/1/split", {"look": 10**30}),
    ):
        assert site.client.post(f"/api/{path}", data=form).status_code == 422
    assert site.client.get(f"/strangers/{10**30}").status_code == 404


@pytest.mark.parametrize("form", [{"do": "remove"}, {}, {"do": "ignore", "stranger": "1", "deed": "x"}])
def test_what_is_not_understood(site: Site, form: dict[str, str]) -> None:
    assert site.client.post("/api/strangers/bulk" if "deed" not in form else "/api/undo", data=form).status_code == 422


def test_pages_of_strangers_that_are_not_there(site: Site) -> None:
    for path in ("/strangers/s0", "/strangers/99", f"/strangers/{site.ids[1]}/with?other=s0", "/api/strangers/99"):
        assert site.client.get(path).status_code == 404
    assert site.client.get(f"/strangers/{site.ids[1]}/with?other=1").status_code == 400
    assert site.client.get("/pictures/strangers/looks/99999.jpg").status_code == 404
    gone = site.client.get("/pictures/strangers/looks/99999.jpg", headers={"accept": "image/avif,image/webp,*/*"})
    assert (gone.status_code, gone.headers["content-type"]) == (200, "image/svg+xml")  # a page that is a little old
    assert gone.headers["cache-control"] == "no-store"


def test_a_merged_stranger_is_shown_as_the_one_who_is_left(site: Site) -> None:
    site.post("strangers/bulk", do="merge", stranger=["1", "2"])
    page = site.client.get(f"/strangers/{site.ids[2]}").text
    assert '<h1 id="title">Stranger 1</h1>' in page and page.count('name="look"') == 16


def test_the_page_says_when_pictures_are_erased_and_erases_them_at_once_if_asked(site: Site) -> None:
    site.post("strangers/bulk", do="discard", stranger=["1"])
    card = site.client.get("/parts/deed").text
    assert "Stranger 1 discarded" in card and "pictures are erased at" in card and "Erase now" in card
    assert site.post("undo/erase") == (200, {"done": "erased", "text": "Erased.", "deeds": 1})
    assert "Erase now" not in site.client.get("/parts/deed").text
    assert site.post("undo")[0] == 400


def test_what_is_no_face_is_on_no_list_but_its_own(site: Site) -> None:
    site.post("strangers/bulk", do="no_face", stranger=["1"])
    assert "Stranger 1" not in site.client.get("/parts/strangers").text.split('class="rows"')[1]
    page = site.client.get("/strangers").text
    assert "No face" in page and "Back to the inbox" in page


def test_whom_a_stranger_looks_like_is_asked_on_both_pages(site: Site) -> None:
    site.doorbell.enrol("Ben", [Photo("photo.jpg", parts.paint([parts.Actor(BEN, noise=200)]).image)])
    for page in ("/parts/strangers", f"/strangers/{site.ids[1]}"):
        assert "Yes, Ben" in site.client.get(page).text
