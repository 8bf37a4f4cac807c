"""The whole product as its owner meets it: from the first start to a new machine that knows the same people."""

import contextlib
import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from browsing import PICTURES, ROUND, shot, undo, watched
from peephole.vision.sources.demo import EILEEN, head_of
from running import OWNER, Running, model_arguments, start_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BACKUP_WORDS = "a backup in the drawer"
Home = Callable[[str], Running]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Start the demo in a named folder, which holds its data and its own key."""
    with contextlib.ExitStack() as running:

        def begin(name: str) -> Running:
            monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / name / "config"))
            place = ("--source", "demo", "--data", tmp_path / name / "data", "--host", "127.0.0.1")
            return running.enter_context(start_page("run", "--port", 0, *model_arguments(), *place))

        yield begin


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A passport photo of one of the demo's two people; the other one comes as a stranger."""
    cv2.imwrite(str(tmp_path / "eileen.png"), head_of(EILEEN))
    return tmp_path / "eileen.png"


def test_a_household_from_its_first_start_to_a_new_machine(
    home: Home, browser: Browser, photo: Path, tmp_path: Path
) -> None:
    running = home("old")
    with browser.new_context(viewport={"width": 1280, "height": 800}, base_url=running.url) as context:
        page = the_first_start(context)
        faults = watched(page, kinds=("warning",))  # what is refused, as asked for here, is an error of the console
        forget(page, EILEEN.name)
        enrol(page, "Eileen", photo)
        let_in(page, "Eileen")
        door_in_a_dry_run(page)
        name_the_stranger(page, "Grace")
        bars_have_a_floor(page, photo)
        the_door_would_have_opened(page, "Eileen")
        everything_about(page, "Eileen", tmp_path / "eileen.zip")
        backup(page, tmp_path / "household.peephole")
        assert faults == []
    assert running.stop() == 0

    new, database = tmp_path / "new", tmp_path / "old" / "data" / "peephole.db"
    before = database.read_bytes()
    refused = restore(tmp_path, "not the passphrase")
    assert refused.returncode == 1
    assert "another passphrase" in refused.stderr and refused.stderr.count("\n") == 1
    assert not list(new.rglob("*.db")) and not list(new.rglob("*.key"))
    assert restore(tmp_path, "not the passphrase", "old", "--replace").returncode == 1
    assert database.read_bytes() == before
    restored = restore(tmp_path, BACKUP_WORDS)
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.startswith("restored 2 people")
    keys = [(tmp_path / name / "config" / "peephole" / "storage.key").read_bytes() for name in ("old", "new")]
    assert keys[0] != keys[1]

    running = home("new")
    with browser.new_context(viewport={"width": 360, "height": 740}, base_url=running.url) as context:
        the_same_people_are_known(context, ("Eileen", "Grace"))
    assert running.stop() == 0


def the_first_start(context: BrowserContext) -> Page:
    """Whoever comes first becomes the owner; nothing is shown before."""
    page = context.new_page()
    opened(page, "/visits")
    expect(page).to_have_url(re.compile("/welcome"))
    look(page, "welcome")
    page.get_by_label("Name").fill(OWNER["name"])
    page.get_by_label("Password", exact=True).fill(OWNER["password"])
    page.get_by_label("Password again").fill("something else entirely")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("alert")).to_have_text("The two passwords differ.")
    page.get_by_label("Password", exact=True).fill(OWNER["password"])
    page.get_by_label("Password again").fill(OWNER["password"])
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Visits")).to_be_visible()
    return page


def forget(page: Page, name: str) -> None:
    """The person goes, after a page that says what is erased."""
    person(page, name)
    page.get_by_role("link", name=f"Forget {name}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Forget {name}?")
    expect(page.locator("main")).to_contain_text("1 reference with picture and descriptor")
    page.get_by_role("button", name=f"Forget {name} for good").click()
    expect(page.locator("#notice")).to_contain_text("Forgotten: everything about that person is erased.")
    expect(page.locator(".rows > li", has_text=name)).to_have_count(0)


def enrol(page: Page, name: str, photo: Path) -> None:
    opened(page, "/people")
    form = page.locator("form.fields")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Photos").set_input_files(photo)
    form.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("section[aria-labelledby=references] .references > li")).to_have_count(1)


def let_in(page: Page, name: str) -> None:
    page.get_by_label(f"The door may open for {name}").check()
    page.get_by_label("Who agreed").fill("she did, at the table")
    page.get_by_label("Your password, where the door").fill(OWNER["password"])
    page.get_by_role("button", name="Save rules").click()
    expect(page.locator("#notice")).to_contain_text("Rules saved.")


def door_in_a_dry_run(page: Page) -> None:
    """Whatever makes opening easier asks for the password."""
    opened(page, "/settings/door")
    page.get_by_label("Mode").select_option("dry-run")
    page.get_by_label("Liveness").select_option("off")  # the demo's people are flat
    page.locator("summary", has_text="More").click()
    page.get_by_label("Good looks that it takes").fill("3")
    page.get_by_label("Seconds between the first and the last look").fill("0.5")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notice.bad")).to_contain_text("say your password")
    page.get_by_label("Your password").fill(OWNER["password"])
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notice")).to_have_text("Saved.")
    expect(page.locator(".verdict", has_text="dry-run")).to_be_visible()


def name_the_stranger(page: Page, name: str) -> None:
    """Somebody comes whom nobody knows; she is named, that is undone, and she is named again."""
    opened(page, "/")
    stranger = page.locator("#strangers .waiting")
    expect(stranger).to_have_count(1, timeout=ROUND)
    look(page, "inbox")
    named = page.locator("#people .row", has_text=name)
    for again in (False, True):
        stranger.get_by_label("Name for Stranger 1").fill(name)
        stranger.get_by_role("button", name="Save name").click()
        expect(page.locator("#notice")).to_contain_text(f"From now on known as {name}.")
        expect(named).to_have_count(1)
        expect(stranger).to_have_count(0)
        if not again:
            undo(page)
            expect(page.locator("#notice")).to_contain_text(f"Undone: Stranger 1 named {name}.")
            expect(named).to_have_count(0)
            expect(stranger).to_have_count(1)


def bars_have_a_floor(page: Page, photo: Path) -> None:
    """No bar under which two people of the household are one."""
    enrol(page, "Eileen's twin", photo)
    opened(page, "/settings/recognition")
    known = page.get_by_label("Known: one look")
    known.fill("100")
    page.evaluate("document.querySelector('form.bars').noValidate = true")  # the doorbell itself is to refuse it
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notice.bad")).to_contain_text("Eileen and Eileen's twin are")
    forget(page, "Eileen's twin")
    opened(page, "/settings/recognition")
    known.fill("3000")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.locator(".preview")).to_contain_text("would have been judged differently")
    look(page, "thresholds")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notice")).to_have_text("Saved.")
    expect(known).to_have_value("3000")


def the_door_would_have_opened(page: Page, name: str) -> None:
    opened(page, "/")
    expect(visit_of(page, name)).not_to_have_count(0, timeout=ROUND)
    row = page.locator(".doorlog tr", has_text=name).filter(has_text="would have opened").first
    until = time.monotonic() + ROUND / 1000
    opened(page, "/settings/door")
    while not row.count() and time.monotonic() < until:  # that visit may have been before the dry run
        page.wait_for_timeout(1000)
        page.reload(wait_until="domcontentloaded")
    expect(row).to_be_visible()
    look(page, "door")


def visit_of(page: Page, name: str) -> Locator:
    """Visits of somebody known, on the page of the live picture, that are over."""
    rows = page.locator("#visits .row").filter(has_text=name)
    return rows.filter(has=page.locator(".verdict.known")).filter(has_not_text="still there")


def everything_about(page: Page, name: str, file: Path) -> None:
    person(page, name)
    look(page, "person")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    download.value.save_as(file)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        told = json.loads(archive.read("person.json"))
        assert (told["name"], told["rules"]["may_open"]) == (name, True)
        assert told["rules"]["consent"] == "she did, at the table"
        assert json.loads(archive.read("visits.json")) and json.loads(archive.read("door.json"))
        picture = next(file for file in archive.namelist() if file.startswith("pictures/"))
        assert archive.read(picture).startswith(b"\xff\xd8")


def backup(page: Page, file: Path) -> None:
    opened(page, "/settings/keeping")
    page.get_by_label("Passphrase", exact=True).fill(BACKUP_WORDS)
    page.get_by_label("Passphrase again").fill(BACKUP_WORDS)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download a backup").click()
    download.value.save_as(file)
    assert b"Eileen" not in file.read_bytes()


def restore(folder: Path, passphrase: str, name: str = "new", *more: str) -> "subprocess.CompletedProcess[str]":
    """Bring the backup back on a machine with a key of its own."""
    place = ["--data", folder / name / "data", "--passphrase", f"text:{passphrase}", *more]
    command = [sys.executable, "-m", "peephole.cli.app", "restore", folder / "household.peephole", *place]
    environment = {"XDG_CONFIG_HOME": str(folder / name / "config"), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, timeout=120)


def the_same_people_are_known(context: BrowserContext, names: tuple[str, ...]) -> None:
    """The owner's password is the same, too; the people of the demo come and are called by their names."""
    page = context.new_page()
    opened(page, "/")
    page.get_by_label("Name").fill(OWNER["name"])
    page.get_by_label("Password").fill(OWNER["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Visits")).to_be_visible()
    page.wait_for_load_state("domcontentloaded")
    before = {name: visit_of(page, name).count() for name in names}
    for name in names:
        expect(page.locator("#now")).to_have_text(f"{name} is at the door", timeout=ROUND)
        look(page, "phone")
        expect(visit_of(page, name).nth(before[name])).to_be_attached(timeout=ROUND)  # one more, or two
    expect(page.locator("#strangers .waiting")).to_have_count(0)


def look(page: Page, name: str) -> None:
    if PICTURES:
        page.wait_for_function("[...document.querySelectorAll('img.face')].slice(0, 4).every((one) => one.complete)")
    shot(page, f"household-{name}")


def opened(page: Page, path: str) -> None:
    page.goto(path, wait_until="domcontentloaded")


def person(page: Page, name: str) -> None:
    opened(page, "/people")
    page.locator(".rows > li a").filter(has=page.get_by_text(name, exact=True)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
