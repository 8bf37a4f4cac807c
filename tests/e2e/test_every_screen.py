"""Every screen on a phone and on a desktop, in the light and in the dark: it fits, can be read, and names its controls.

`PEEPHOLE_PICTURES=DIR python -m pytest tests/e2e/test_every_screen.py` keeps a picture of each in DIR.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import PICTURES, ROUND, opened, shot, sign_in, watched, width
from running import Running, start

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FORMS = {"phone": (360, 740), "desktop": (1280, 800)}
SETTINGS = ("recognition", "door", "notifications", "keeping", "accounts", "connections")
FAINT = Path(__file__).with_name("faint.js").read_text()
"""A function for the browser: texts whose contrast is less than WCAG 2.2 asks for at level AA."""
NAMELESS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, img, svg[role]")]
    .filter((one) => one.type !== "hidden" && one.checkVisibility())
    .filter((one) => one.tagName === "IMG" ? !one.hasAttribute("alt") : !(
        one.getAttribute("aria-label") || one.innerText?.trim() || one.labels?.length || one.title
    )).map((one) => one.outerHTML.slice(0, 120))"""
"""Controls and pictures of which a screen reader can say nothing."""
TINY = """() => [...document.querySelectorAll("button, select, summary, nav a, input:not([type=hidden])")]
    .filter((one) => one.checkVisibility()).map((one) => [one, (one.closest("label") || one).getBoundingClientRect()])
    .filter(([one, box]) => box.width && (box.height < 24 || box.width < 24))
    .map(([one, box]) => `${one.outerHTML.slice(0, 90)} ${box.width} x ${box.height}`)"""
"""Controls that are smaller than the 24 pixels of WCAG 2.2, 2.5.8."""
FOCUS = """() => {
    const one = document.activeElement, style = getComputedStyle(one);
    return [style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1, one.outerHTML.slice(0, 80)];
}"""


@pytest.fixture(scope="module")
def lived_in(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A demo that all these tests only look at: a stranger has come and waits for a name."""
    with start("--source", "demo", "--data", tmp_path_factory.mktemp("home") / "data") as running:
        with browser.new_context() as context:
            sign_in(running, context)
            page = context.new_page()
            opened(running, page)
            expect(page.locator("#strangers .waiting")).to_have_count(1, timeout=ROUND)
            over = page.locator("#visits .row").filter(has_not_text="still there")
            expect(over.filter(has_text="Stranger 1")).not_to_have_count(0, timeout=ROUND)
        yield running


def at_home(running: Running, browser: Browser, form: str, scheme: str) -> Page:
    """A page of its owner, on a phone or a desktop, in the light or in the dark."""
    wide, high = FORMS[form]
    context = browser.new_context(
        viewport={"width": wide, "height": high},
        color_scheme=scheme,  # type: ignore[arg-type]
        is_mobile=form == "phone",
        base_url=running.url,
    )
    sign_in(running, context)
    return context.new_page()


def screens(page: Page) -> dict[str, str]:
    """The address of each screen, by its name."""
    of = {kind: page.request.get(f"/api/{kind}").json() for kind in ("people", "strangers", "visits")}
    person, stranger = of["people"][0]["id"], of["strangers"][0]["id"]
    visit = next(one["visit"] for one in of["visits"] if one["closed"])
    return {
        "live": "/",
        "visits": "/visits",
        "visits-none": "/visits?q=nobody",
        "visit": f"/visits/{visit}",
        "search": "/search",
        "found": f"/search?visit={visit}",
        "people": "/people",
        "person": f"/people/{person}",
        "forget": f"/people/{person}/forget",
        "consent": f"/people/{person}/notice",
        "sign": "/notice",
        "enrol": "/enrol",
        "strangers": "/strangers",
        "stranger": f"/strangers/{stranger}",
        **{f"settings-{name}": f"/settings/{name}" for name in SETTINGS},
        "welcome-back": "/login",
    }


STYLED = """() => new Promise(done => {
  const style = document.querySelector("link[rel=stylesheet]");
  if (style.sheet) done(); else style.addEventListener("load", () => done());
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("form", FORMS)
def test_every_screen_fits_and_can_be_read(lived_in: Running, browser: Browser, form: str, scheme: str) -> None:
    page = at_home(lived_in, browser, form, scheme)
    faults = watched(page)
    for name, path in screens(page).items():
        answer = page.goto(path, wait_until="domcontentloaded")
        assert answer is not None and answer.status == 200, path
        page.evaluate(STYLED)
        if PICTURES:
            page.wait_for_timeout(700)  # until pictures are drawn
        shot(page, f"{name}-{form}-{scheme}", full_page=True)
        faults += [f"{name}: {width(page)} pixels wide"] if width(page) > FORMS[form][0] else []
        faults += [f"{name}: no single heading"] if page.get_by_role("heading", level=1).count() != 1 else []
        for what, script in (("faint", FAINT), ("without a name", NAMELESS), ("too small to hit", TINY)):
            faults += [f"{name}: {what}: {one}" for one in page.evaluate(script)]
    page.context.close()
    assert not faults, "\n".join(dict.fromkeys(faults))


def test_the_way_by_keyboard_shows_where_it_is(lived_in: Running, browser: Browser) -> None:
    page = at_home(lived_in, browser, "desktop", "light")
    for path in ("/", "/visits", "/people", "/settings/door"):
        page.goto(path, wait_until="domcontentloaded")
        assert (
            page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
        )  # as the page is written
        for _ in range(12):
            page.keyboard.press("Tab")
            framed, name = page.evaluate(FOCUS)
            assert framed, f"{path}: nothing shows the focus on {name}"
    page.context.close()


def test_nothing_moves_for_whoever_wants_no_motion(lived_in: Running, browser: Browser) -> None:
    page = at_home(lived_in, browser, "desktop", "light")
    page.emulate_media(reduced_motion="reduce")
    for path in ("/", "/people", "/settings/door"):
        page.goto(path, wait_until="domcontentloaded")
        moving = page.evaluate(
            "() => document.getAnimations().map((one) => one.animationName || one.transitionProperty)"
        )
        assert moving == [], path
    page.context.close()


def test_a_long_name_without_a_blank_widens_no_screen(lived_in: Running, browser: Browser) -> None:
    page = at_home(lived_in, browser, "phone", "light")
    ours = {"origin": lived_in.url.rstrip("/")}
    person = page.request.get("/api/people").json()[0]["id"]
    assert page.request.post(f"/api/people/{person}/rename", form={"name": 64 * "m"}, headers=ours).ok
    wide = {}
    for name, path in screens(page).items():
        page.goto(path, wait_until="domcontentloaded")
        page.evaluate(STYLED)
        wide[name] = width(page)
    assert page.request.post("/api/undo", headers=ours).ok
    page.context.close()
    assert {name: pixels for name, pixels in wide.items() if pixels > FORMS["phone"][0]} == {}
