"""A made-up device and its owner, whom tests of its commands share."""

import pytest

from device_line import MadeUpDevice, SpoiltLine, paired
from peephole.device.client import Device


@pytest.fixture
def line() -> SpoiltLine:
    """The serial line of a device that knows nobody; it can be spoilt."""
    return SpoiltLine(MadeUpDevice())


@pytest.fixture
def device(line: SpoiltLine) -> Device:
    """The owner's end of it, paired."""
    return paired(line)[0]
