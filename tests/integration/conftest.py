"""What tests of emitted C share."""

from pathlib import Path

import pytest

from emitted import LIBRARY, SANITIZED, compiled_kernels
from workers import made_once


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kernels by gcc."""
    return made_once(tmp_path_factory, "kernels", compiled_kernels) / LIBRARY


@pytest.fixture(scope="session")
def sanitized_kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kernels by gcc, with the sanitizers of addresses and of undefined behaviour."""
    return made_once(tmp_path_factory, "sanitized", lambda folder: compiled_kernels(folder, *SANITIZED)) / LIBRARY
