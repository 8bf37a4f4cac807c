"""The live page of a household with two cameras, in a real browser, with and without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import ROUND, drawn, opened, shot, sign_in, watched
from running import Running, start

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    """Two cameras that give pictures and one that cannot be opened."""
    sources = {"Front door": "demo", "Garden": "demo", "Attic": tmp_path / "gone.mp4"}
    tables = [f'[[cameras]]\nname = "{name}"\nsource = "{source}"\n' for name, source in sources.items()]
    (tmp_path / "peephole.toml").write_text("".join(tables))
    with start("--config", tmp_path / "peephole.toml", "--data", tmp_path / "data") as running:
        yield running


def test_one_camera_is_large_and_a_tile_brings_another(house: Running, page: Page) -> None:
    faults = watched(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    sign_in(house, page.context)
    opened(house, page)
    tiles = page.locator(".tile:visible")
    expect(page.locator("#where")).to_have_text("Front door")
    expect(tiles).to_have_count(2)
    garden, attic = tiles.filter(has_text="Garden"), tiles.filter(has_text="Attic")
    expect(attic.locator(".there")).to_have_text("Ended")
    expect(garden.locator("img")).to_be_visible(timeout=ROUND)
    drawn(garden.locator("img"), 480)
    expect(garden.locator(".there")).to_have_text("Stranger", timeout=ROUND)
    expect(page.locator(".tag.stranger")).to_be_visible(timeout=ROUND)
    expect(page.locator("#visits .row", has_text="Garden")).not_to_have_count(0)
    shot(page, "cameras")

    garden.click()
    expect(page.locator("#where")).to_have_text("Garden")
    expect(page).to_have_url(f"{house.url}?camera=Garden")
    expect(page.locator("img.picture")).to_be_visible(timeout=ROUND)
    attic.click()
    expect(page.locator("#now")).to_have_text("No picture of the door")
    expect(page.locator("img.picture")).to_be_hidden()  # no other door's picture stands there
    expect(page.locator(".tag")).to_have_count(0)
    expect(page.locator("#status")).to_contain_text("no such file")
    assert faults == []
    assert house.stop() == 0  # although this page's streams are open


def test_tiles_on_a_phone_and_without_scripts(house: Running, browser: Browser) -> None:
    for name, options in {
        "cameras-phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
        "cameras-without-scripts": {"java_script_enabled": False},
    }.items():
        context = browser.new_context(**options)  # type: ignore[arg-type]
        sign_in(house, context)
        page = context.new_page()
        page.goto(house.url, wait_until="commit")
        tile = page.locator(".tile", has_text="Garden")
        expect(tile.locator("img")).to_be_visible(timeout=ROUND)
        page.wait_for_timeout(1500)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shot(page, name)
        tile.click(no_wait_after=True)
        expect(page.locator("#where")).to_have_text("Garden")
        context.close()
