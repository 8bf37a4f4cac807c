"""A real browser, and the demo running."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from running import Running, start

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """How pytest-playwright starts the browser."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser in {CHROMIUM}; install the package chromium")
    flags = "no-sandbox disable-gpu disable-background-networking disable-component-update disable-sync no-first-run"
    return {"executable_path": str(CHROMIUM), "args": [f"--{flag}" for flag in flags.split()]}


@pytest.fixture(scope="session")
def base_url() -> None:
    """In place of the plugin's own, which pytest 9 warns about; every doorbell has an address of its own."""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Running]:
    """The demo with its page, on an empty data folder."""
    running = start("--source", "demo", "--data", tmp_path / "data")
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.communicate()


@pytest.fixture
def signed_in(demo: Running) -> Callable[[BrowserContext], None]:
    """Give a browser the session of the demo's owner."""
    name, _, value = demo.session.partition("=")

    def sign_in(context: BrowserContext) -> None:
        context.add_cookies([{"name": name, "value": value, "url": demo.url}])

    return sign_in
