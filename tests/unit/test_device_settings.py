"""A device's settings, changed all or none, and what it counts."""

import pytest

from device_line import (
    SIZE,
    MadeUpDevice,
    SpoiltLine,
    paired,
    stranger,
)
from peephole.device.client import Device
from peephole.device.errors import CommandError


def test_settings_are_changed_all_or_none(line: SpoiltLine, device: Device) -> None:
    every, thresholds = device.settings()
    assert len(every) == 30
    assert (every["votes"].value, every["votes"].default, every["votes"].least, every["votes"].most) == (9, 9, 1, 64)
    assert thresholds["known"] == every["known_rate"].value
    device.change({"votes": 5, "known_rate": 1000})
    assert (line.device.core.setting("votes"), line.device.core.setting("known_rate")) == (5, 1000)
    for wrong in ({"votes": 6, "gap": -1}, {"votes": 6, "gaps": 1}, {"votes": 6, "stranger_rate": 999}):
        with pytest.raises(CommandError):
            device.change(wrong)
    changed = device.settings()[0]
    assert (changed["votes"].value, changed["gap"].value) == (5, every["gap"].value)
    line.device.switch_off_and_on()
    assert line.device.core.setting("votes") == 5


def test_all_settings_fit_at_once_whatever_they_are(line: SpoiltLine, device: Device) -> None:
    every = device.settings()[0]
    for values in (
        {name: setting.most for name, setting in every.items()},
        {name: setting.least for name, setting in every.items()},
        {name: setting.default + (1 if setting.default < setting.most else -1) for name, setting in every.items()},
    ):
        device.change(values)
        line.device.switch_off_and_on()
        assert {name: setting.value for name, setting in device.settings()[0].items()} == values


def test_settings_that_do_not_fit_change_nothing() -> None:
    """A device whose slots are as small as they may be."""
    line = SpoiltLine(MadeUpDevice((*SIZE[:6], 32)))
    device = paired(line)[0]
    device.change({"votes": 5})
    every = device.settings()[0]
    with pytest.raises(CommandError, match="there is no room for more settings"):
        device.change({name: setting.most for name, setting in every.items()})
    assert device.settings()[0] == every
    line.device.switch_off_and_on()
    assert device.settings()[0] == every


def test_settings_that_cannot_be_kept_are_not_taken(line: SpoiltLine, device: Device) -> None:
    line.device.flash.cut_after(10)
    with pytest.raises(CommandError, match="flash"):
        device.change({"votes": 5})
    assert line.device.core.setting("votes") == 9


def test_statistics(line: SpoiltLine, device: Device) -> None:
    line.device.core.pass_time(1500)
    stranger(line.device)
    counted = device.statistics()
    assert (counted["visits"], counted["strangers"], counted["people"], counted["frames"]) == (1, 1, 0, 77)
    assert counted["uptime"] == 1500
    assert counted["damaged_records"] == 0
    assert 0 < counted["flash_written"] < counted["flash_bytes"] == 1 << 13
    assert counted["flash_needed"] < counted["flash_bytes"]
    assert "battery" not in counted  # this board cannot measure it
