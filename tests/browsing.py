"""What the tests in a real browser share: a visited house, patience, an eye on what a page complains of, pictures."""

import functools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from doorbell_parts import Actor, paint, recogniser, store_at, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.vision.detector import Box
from running import Running, start

ROUND = 180_000
"""Milliseconds in which each of the demo's two people has surely come once, however busy the machine."""
PICTURES = os.environ.get("PEEPHOLE_PICTURES")
"""Folder for screenshots; none are taken without it."""
DEEDS = ("check", "click", "evaluate", "fill", "focus", "hover", "press", "select_option", "set_input_files")
"""What a test does to a control."""


def be_patient(patch: pytest.MonkeyPatch) -> None:
    """Wait as a person does: for an answer, and with every deed until the page has its scripts and its style.

    Playwright waits until a control can be seen. Of a page that somebody was just led to that is before its deferred
    scripts are there, and what is sent then is sent without them. They are run before the event of this name.
    """

    def patient(deed: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(deed)
        def done(control: Locator, *arguments: Any, **options: Any) -> Any:
            control.page.wait_for_load_state("domcontentloaded")
            return deed(control, *arguments, **options)

        return done

    for name in DEEDS:
        patch.setattr(Locator, name, patient(getattr(Locator, name)))
    expect.set_options(timeout=20_000)


@contextmanager
def visited(folder: Path, *strangers: int, source: str = "") -> Iterator[Running]:
    """A doorbell that knows Eileen Collins, after strangers have come, each with a face of one colour.

    Without a source its camera has ended, which takes no time of the machine: for what needs no visitor.
    """

    def portrait(image: NDArray[np.uint8], box: Box) -> bytes:
        who = next(int(row[3]) for row in image[1:] if (row[0], row[1]) == (box.x, box.y))
        colour = np.full((80, 80, 3), [60 * who % 255, 90, 255 - 50 * who], np.uint8)
        return cv2.imencode(".jpg", colour)[1].tobytes()

    with store_at(folder) as store:
        bell = Doorbell(store, recogniser(), None, portrait)
        bell.enrol("Eileen Collins", [Photo("a.jpg", paint([Actor(9, noise=200)]).image)])
        for number, who in enumerate(strangers):
            for frame in walk(who, time.time() - 10_000 + 1000 * number):
                bell.process(frame)
    garden = folder / "the_garden_behind_the_house_as_the_camera_at_the_gate_sees_it_by_night"
    if not source:
        garden.mkdir()
        cv2.imwrite(str(garden / "empty.png"), np.full((432, 768), 90, np.uint8))
    with start("--source", source or garden, "--data", folder / "data") as running:
        yield running


def sign_in(running: Running, context: BrowserContext) -> None:
    """Give a browser the session of the doorbell's owner."""
    name, _, value = running.session.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": running.url}])


def opened(running: Running, page: Page, path: str = "") -> None:
    """Go to a page of the doorbell, by its path without the first slash."""
    page.goto(f"{running.url}{path}", wait_until="domcontentloaded")


def stopped_clock(page: Page) -> None:
    """Stop the clock of the pages that are opened from now on, so that nothing on them is over before it was seen."""
    page.clock.install(time=0)
    page.clock.pause_at(1)


def walk_to(page: Page, row: Locator) -> None:
    """Press the keys of the next row, and of the one before, until it is this one's turn: lists are drawn anew."""
    for key in (*"j" * 20, *"k" * 20, *"j" * 20):
        if row.evaluate("row => row === document.activeElement"):
            return
        page.keyboard.press(key)
    expect(row).to_be_focused()


def undo(page: Page) -> None:
    """Press the button beside what was said; a busy machine may look for it when the line has gone by itself."""
    page.locator("#notice button[form=undo]").dispatch_event("click")


def phone(browser: Browser, **options: Any) -> BrowserContext:
    """A small screen, in the dark."""
    return browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark", is_mobile=True, **options)


def width(page: Page) -> int:
    """How wide the page is, in pixels; wider than its screen means that it has to be pushed to the side."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def watched(page: Page, kinds: tuple[str, ...] = ("error", "warning")) -> list[str]:
    """Collect what a page should never do: complain to the console, raise an error, ask another machine."""
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in kinds else None)
    if "error" in kinds:  # the console does not say what was not found
        page.on("response", lambda one: faults.append(f"{one.status} {one.url}") if one.status >= 400 else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda one: faults.append(one.url) if urlsplit(one.url).hostname != "127.0.0.1" else None)
    return faults


def drawn(image: Locator, pixels: int = 0) -> None:
    """Wait until a picture is there, and has this width or any."""
    if pixels:
        expect(image).to_have_js_property("naturalWidth", pixels)
    else:
        expect(image).not_to_have_js_property("naturalWidth", 0)


def shot(page: Page, name: str, **options: Any) -> None:
    """Keep a picture of the page, if pictures are wanted."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", **options)
