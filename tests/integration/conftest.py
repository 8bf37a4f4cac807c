"""What these tests share: kernels that were compiled once, and a doorbell that knows Anna."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from doorbell_parts import ANNA, Actor, doorbell, paint, store_at
from emitted import LIBRARY, SANITIZED, compiled_kernels
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.live import LiveDoorbell
from receivers import Receiver
from workers import made_once


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kernels by gcc."""
    return made_once(tmp_path_factory, "kernels", compiled_kernels) / LIBRARY


@pytest.fixture(scope="session")
def sanitized_kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kernels by gcc, with the sanitizers of addresses and of undefined behaviour."""
    return made_once(tmp_path_factory, "sanitized", lambda folder: compiled_kernels(folder, *SANITIZED)) / LIBRARY


@pytest.fixture
def bell(tmp_path: Path) -> Iterator[Doorbell]:
    """A doorbell that knows Anna."""
    with store_at(tmp_path) as store:
        made = doorbell(store)
        made.enrol("Anna", [Photo("photo.jpg", paint([Actor(ANNA, noise=200)]).image)])
        yield made


@pytest.fixture
def live(bell: Doorbell) -> LiveDoorbell:
    """The same, watching a camera and telling whoever listens."""
    return LiveDoorbell(bell)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes messages."""
    with Receiver() as running:
        yield running
