"""What every test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from workers import fitting_workers, long_ones_first, share_the_cores

share_the_cores()

# The same examples on every machine and no time limit an example: a busy machine must not turn a test red.
settings.register_profile(
    "peephole", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("peephole")

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_whoever_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither settings nor keys of this machine's owner are read, and none are made there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.delenv("PEEPHOLE_CONFIG", raising=False)
        yield


@pytest.fixture(scope="session")
def research_data() -> Path:
    """The folder of research data beside the checkout; the test is skipped where there is none."""
    folder = CHECKOUT.parent / "shared" / "data"
    if not (folder / "lfw" / "pairs.txt").is_file():
        pytest.skip(f"no research data in {folder}")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the research data carries the marker, so that `-m 'not research'` leaves it out."""
    for item in items:
        if "research_data" in getattr(item, "fixturenames", ()):
            item.add_marker("research")
    long_ones_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many workers `-n auto` means."""
    return fitting_workers()
