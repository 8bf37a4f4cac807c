"""A real browser, and the demo running."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import be_patient, visited
from running import Running, start

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Every deed waits for the page's scripts, and every answer is waited for."""
    with pytest.MonkeyPatch.context() as patch:
        be_patient(patch)
        yield


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
    with start("--source", "demo", "--data", tmp_path / "data") as running:
        yield running


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Running]:
    """A doorbell without a camera, for what needs no visitor: a stranger has come and waits for a name."""
    with visited(tmp_path, 1) as running:
        yield running
