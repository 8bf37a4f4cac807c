"""People in a real browser without scripts: added by photos, put right, decided about, exported, erased."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import opened, shot, sign_in, undo
from peephole.vision.sources.demo import EILEEN, GRACE, head_of
from running import OWNER, Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Two photos of Grace Hopper, one of somebody whom the doorbell knows, and a file that is none."""
    grace, eileen = head_of(GRACE), head_of(EILEEN)
    pictures = {"grace-1.png": grace, "grace-2.png": grace[:, ::-1], "eileen.png": eileen[:, ::-1]}
    for name, picture in pictures.items():
        cv2.imwrite(str(tmp_path / name), picture)
    (tmp_path / "note.png").write_text("no picture")
    return [tmp_path / name for name in (*pictures, "note.png")]


@pytest.fixture
def plain(demo: Running, browser: Browser) -> Iterator[Page]:
    """A page without scripts, at the list of people."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 800})
    sign_in(demo, context)
    page = context.new_page()
    opened(demo, page, "people")
    yield page
    context.close()


def added(page: Page, name: str, photos: list[Path]) -> None:
    page.locator("form.fields").get_by_label("Name").fill(name)
    page.locator("form.fields").get_by_label("Photos").set_input_files(photos)
    page.get_by_role("button", name="Add").click()


def said(page: Page, sentence: str) -> None:
    expect(page.locator("#notice")).to_have_text(re.compile(rf"^{re.escape(sentence)}\s*(Undo)?$"))


def test_a_person_from_two_photos_to_oblivion(demo: Running, plain: Page, photos: list[Path], tmp_path: Path) -> None:
    page = plain
    added(page, "Grace <b>", [photos[3]])
    expect(page.get_by_role("alert")).to_have_text(
        "note.png: not a photo that can be read; use a JPEG, PNG or WebP file."
    )
    added(page, "Grace <b>", photos[:2])
    expect(page.get_by_role("heading", name="Grace <b>", exact=True)).to_be_visible()
    said(page, "Added.")
    references = page.locator("section[aria-labelledby=references] .references > li")
    expect(references).to_have_count(2)
    expect(references.first).to_contain_text("Nearest of the others: alike")
    expect(references.first).to_contain_text("Nearest other person: Eileen Collins, unlike")

    # A wrong photo is found, and set aside; and put back, and set aside again.
    page.get_by_label("More photos of").set_input_files(photos[2])
    page.get_by_role("button", name="Add photos").click()
    expect(references).to_have_count(3)
    wrong = page.locator("li.faulty")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("Too much like Eileen Collins")
    shot(page, "person", full_page=True)
    wrong.get_by_role("button", name="Set aside").click()
    expect(references).to_have_count(2)
    aside = page.locator("section[aria-labelledby=aside] .references > li")
    expect(aside).to_contain_text("too much like somebody else")
    aside.get_by_role("button", name="Put back").click()
    expect(references).to_have_count(3)
    wrong.get_by_role("button", name="Set aside").click()
    aside.get_by_role("button", name="Erase now").click()
    expect(aside).to_have_count(0)
    expect(references).to_have_count(2)

    # Rules
    page.get_by_label("When Grace").select_option("log")
    page.get_by_label("The door may open for").check()
    page.get_by_label("Hours in which it may").fill("mon-fri 7:00-20:00")
    page.get_by_label("Who agreed").fill("Grace herself, on paper")
    page.get_by_label("On", exact=True).fill("2026-05-03")
    page.get_by_label("Your password, where the door").fill(OWNER["password"])
    page.get_by_role("button", name="Save rules").click()
    said(page, "Rules saved.")
    expect(page.get_by_label("Who agreed")).to_have_value("Grace herself, on paper")
    expect(page.get_by_label("On", exact=True)).to_have_value("2026-05-03")
    page.get_by_role("link", name="A note of consent").click()
    expect(page.locator(".sheet")).to_contain_text("I agree that this doorbell recognises me.")
    page.get_by_role("link", name="Back").click()

    # Export
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    download.value.save_as(tmp_path / "grace.zip")
    with zipfile.ZipFile(tmp_path / "grace.zip") as archive:
        assert archive.testzip() is None
        person = json.loads(archive.read("person.json"))
        assert {"visits.json", "door.json", "README.txt", "pictures/1.jpg"} <= set(archive.namelist())
    assert (person["name"], person["rules"]["hours"], len(person["references"])) == (
        "Grace <b>",
        "mon-fri 7:00-20:00",
        2,
    )

    # Found, and forgotten
    page.get_by_role("link", name="All people").click()
    page.get_by_label("Search by name").fill("GRACE")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".rows > li")).to_have_count(1)
    expect(page.locator(".rows > li")).to_contain_text("only listed · may open mon-fri 7:00-20:00")
    page.locator(".rows > li a").click()
    page.get_by_role("link", name="Forget Grace").click()
    expect(page.locator("main")).to_contain_text("There is no way back.")
    expect(page.locator("main")).to_contain_text("2 references with picture and descriptor")
    page.get_by_role("button", name="Forget Grace").click()
    said(page, "Forgotten: everything about that person is erased.")
    expect(page.locator(".rows > li")).to_have_count(1)
    assert not [file for file in (tmp_path / "data").iterdir() if b"Grace" in file.read_bytes()]

    # The archive brings her back, but not the leave to open the door.
    page.get_by_text("Add somebody from an archive").click()
    page.get_by_label("Archive").set_input_files(tmp_path / "grace.zip")
    page.get_by_role("button", name="Add from archive").click()
    expect(references).to_have_count(2)
    expect(page.get_by_label("Who agreed")).to_have_value("Grace herself, on paper")
    expect(page.get_by_label("The door may open for")).not_to_be_checked()

    # Taken for somebody else who is on the list, and two again.
    page.get_by_label("Is Grace <b>, too").select_option(label="Eileen Collins")
    page.get_by_role("button", name="Join").click()
    said(page, "One person now.")
    expect(references.nth(2)).to_be_visible()
    expect(page.get_by_role("heading", name="Introduced twice?")).to_have_count(0)  # nobody else is left
    undo(page)
    expect(page.locator("#notice")).to_contain_text("Undone")
    opened(demo, page, "people")
    expect(page.locator(".rows > li")).to_have_count(2)
