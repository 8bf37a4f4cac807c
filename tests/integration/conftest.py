"""What tests of emitted C share."""

from pathlib import Path

import pytest

from emitted import SANITIZED, compiled_kernels


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kernels by gcc."""
    return compiled_kernels(tmp_path_factory.mktemp("kernels"))


@pytest.fixture(scope="session")
def sanitized_kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kernels by gcc, with the sanitizers of addresses and of undefined behaviour."""
    return compiled_kernels(tmp_path_factory.mktemp("sanitized"), *SANITIZED)
