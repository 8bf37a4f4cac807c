"""Waiting for something to become true, as long as a busy machine may need."""

import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds: long, since only a test that fails takes them."""


def until(true: Callable[[], object]) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
