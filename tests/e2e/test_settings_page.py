"""The page of settings in a real browser: kept values, bars with their floor, a dry run, opening by holding."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browsing import ROUND, opened, phone, shot, sign_in, width
from peephole.vision.sources.demo import EILEEN, GRACE
from running import OWNER, Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def post(demo: Running, page: Page, path: str, form: dict[str, str]) -> None:
    answer = page.request.post(f"{demo.url}{path}", form=form, headers={"accept": "application/json"})
    assert answer.ok, answer.text()


def test_retention_is_changed_and_taken_back(quiet: Running, page: Page) -> None:
    sign_in(quiet, page.context)
    opened(quiet, page, "settings")
    page.get_by_role("link", name="Storage").first.click()
    days = page.get_by_label("Visits", exact=True)
    days.fill("45")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notice")).to_have_text("Saved.")
    expect(page.locator(".origin.here")).to_contain_text("Set here; usually 90")
    days.fill("40000")
    page.evaluate("document.querySelectorAll('form').forEach((form) => { form.noValidate = true; })")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notice.bad")).to_contain_text("Visits: input should be less than or equal to 36500")
    expect(days).to_have_value("40000")
    page.get_by_role("button", name="Back to the usual value").click()
    expect(page.locator(".origin.here")).to_have_count(0)
    expect(days).to_have_value("90")


def test_a_bar_is_refused_at_the_floor_and_another_one_saved(demo: Running, page: Page) -> None:
    sign_in(demo, page.context)
    opened(demo, page)
    for name, portrait in (("Eileen's twin", EILEEN), ("Grace Hopper", GRACE)):
        photo = portrait.path()
        answer = page.request.post(
            f"{demo.url}api/people",
            multipart={
                "name": name,
                "photos": {"name": photo.name, "mimeType": "image/png", "buffer": photo.read_bytes()},
            },
        )
        assert answer.ok, answer.text()
    opened(demo, page, "settings/recognition")
    expect(page.locator(".problem")).to_contain_text("one could be taken for the other")
    page.get_by_label("Known: one look").fill("100")
    before = page.locator("line.known").get_attribute("x1")
    page.get_by_label("Known: one look").fill("2000")
    assert page.locator("line.known").get_attribute("x1") != before  # the bar follows what is typed
    page.get_by_label("known: rarer to the left").press("End")
    expect(page.get_by_label("Known: one look")).to_have_value("500")  # no further to the right than it is
    page.get_by_label("Known: one look").evaluate("field => { field.min = 10; field.value = 100; }")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notice.bad")).to_contain_text("Eileen Collins and Eileen's twin are")
    shot(page, "settings_floor", full_page=True)
    page.get_by_label("Known: one look").fill("500")
    page.get_by_label("Stranger: one look").fill("50")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.locator(".preview")).to_contain_text("would have been judged differently")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notice")).to_have_text("Saved.")
    expect(page.get_by_label("Stranger: one look")).to_have_value("50")


def test_the_door_would_have_opened_and_is_opened_by_holding(demo: Running, page: Page) -> None:
    sign_in(demo, page.context)
    opened(demo, page, "settings/door")
    page.get_by_label("Mode").select_option("dry-run")
    page.get_by_label("Liveness").select_option("off")
    page.locator("summary", has_text="More").click()
    page.get_by_label("Good looks that it takes").fill("3")
    page.get_by_label("Seconds between the first and the last look").fill("0.5")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notice.bad")).to_contain_text("say your password")
    page.get_by_label("Your password").fill(OWNER["password"])
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notice")).to_have_text("Saved.")

    opened(demo, page, "people")
    eileen = page.locator("main a[href^='/people/']").first.get_attribute("href") or ""
    may_open(demo, page, eileen.rpartition("/")[2])
    hold = page.locator("[data-hold]")
    opened(demo, page, "settings/door")
    tapped(hold)
    expect(page.locator("#notice.bad")).to_have_text("Hold it for a second.")
    held(page, hold)
    expect(page.locator("#notice")).to_contain_text("a dry run")
    page.mouse.up()
    opened(demo, page)
    held(page, hold)
    expect(page.locator("#notice")).to_contain_text("a dry run")
    page.mouse.up()
    shot(page, "settings_live", full_page=True)
    for _ in range(ROUND // 2000):
        page.wait_for_timeout(2000)
        opened(demo, page, "settings/door")
        if page.locator(".doorlog tr", has_text="Eileen Collins").filter(has_text="would have opened").count():
            break
    expect(
        page.locator(".doorlog tr", has_text="Eileen Collins").filter(has_text="would have opened").first
    ).to_be_visible()
    shot(page, "settings_door", full_page=True)


def tapped(button: Locator) -> None:
    """Press a button and let go at once, however busy the machine."""
    button.evaluate(
        "one => { for (const what of ['down', 'up']) one.dispatchEvent(new PointerEvent(`pointer${what}`)); }"
    )


def held(page: Page, button: Locator) -> None:
    """Press a button and go on pressing."""
    button.hover()
    page.mouse.down()


def may_open(demo: Running, page: Page, person: str) -> None:
    post(demo, page, f"api/people/{person}/rules", {"tell": "notify", "may_open": "yes", "password": OWNER["password"]})


def test_without_scripts_a_second_page_asks_before_the_door_opens(quiet: Running, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(quiet, context)
    page = context.new_page()
    post(quiet, page, "settings/door", {"door.mode": "dry-run", "password": OWNER["password"]})
    opened(quiet, page, "settings/door")
    page.get_by_text("Hold to try the door: a dry run").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Open the door now?")
    page.get_by_role("button", name="Open the door").click()
    expect(page.locator(".doorlog")).to_contain_text("would have opened")
    context.close()


def test_a_viewer_looks_on_a_phone_in_the_dark(quiet: Running, page: Page, browser: Browser) -> None:
    sign_in(quiet, page.context)
    opened(quiet, page, "settings/accounts")
    page.get_by_label("Name").fill("Vera")
    page.get_by_label("Password", exact=True).fill("another long password")
    page.get_by_label("Password again", exact=True).fill("another long password")
    page.locator("#own-password").fill(OWNER["password"])
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".account", has_text="Vera")).to_contain_text("viewer")
    expect(page.locator("#notice")).to_have_text("Added: may sign in from now on.")
    page.reload()
    expect(page.locator(".account", has_text="Vera")).to_contain_text("viewer")
    expect(page.locator("#notice")).to_be_hidden()

    with phone(browser) as context:
        hers = context.new_page()
        opened(quiet, hers, "login")
        hers.get_by_label("Name").fill("Vera")
        hers.get_by_label("Password").fill("another long password")
        hers.get_by_role("button", name="Sign in").click()
        expect(hers.get_by_role("heading", name="Visits")).to_be_visible()
        for path in ("", "/recognition", "/door", "/notifications", "/keeping", "/accounts", "/connections"):
            opened(quiet, hers, f"settings{path}")
            expect(hers.get_by_text("You are a viewer")).to_be_visible()
            expect(hers.get_by_role("button", name="Save")).to_have_count(0)
            assert width(hers) <= 360, path
            shot(hers, f"settings_phone{path.replace('/', '_')}", full_page=True)
        refused = hers.request.post(f"{quiet.url}settings/keeping", form={"retention.visits": "1"})
        assert refused.status == 403
