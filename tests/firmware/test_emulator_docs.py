"""docs/emulator.md says what the image takes, and shows commands that work."""

import re
import shlex
from pathlib import Path

from commands import peephole
from peephole.firmware.build import Sources
from peephole.firmware.image import Image
from peephole.firmware.report import report_on

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "emulator.md").read_text()


def test_the_bytes_are_those_of_the_image(image: Image, sources: Sources) -> None:
    """Code is what the compiler makes of it, so it may differ from one compiler to the next."""
    report = report_on(image, sources.layout)
    told = dict(re.findall(r"^\| ([^|]+) \| ([\d,]+) \|$", TEXT, re.MULTILINE))
    bytes_of = {what: int(count.replace(",", "")) for what, count in told.items()}
    assert bytes_of["memory, as planned"] == report.memory
    (stack,) = (count for what, count in bytes_of.items() if what.startswith("stack"))
    (galleries,) = (count for what, count in bytes_of.items() if what.startswith("of it galleries"))
    assert (stack, galleries) == (report.stack, report.galleries)
    assert abs(bytes_of["RAM, code in flash"] / report.ram_used - 1) < 0.005
    assert bytes_of["there is"] == report.ram
    assert abs(bytes_of["code"] / report.code - 1) < 0.1
    assert abs(bytes_of["RAM, where code and constants lie in it too"] / report.all_in_ram - 1) < 0.02


def test_every_option_that_it_names_is_one(tools: None) -> None:
    for command in re.findall(r"^peephole .*$", TEXT, re.MULTILINE):
        words = shlex.split(command)[1 : 3 if " firmware " in command else 2]
        said = peephole(*words, "--help").stdout
        for option in re.findall(r"(?<!-)(--?\w[\w-]*)", command):
            assert option in said
    run, build = (peephole("firmware", verb, "--help").stdout for verb in ("run", "build"))
    for option in set(re.findall(r"`(--\w+)", TEXT)) - {"--source", "--once"}:
        assert option in run + build, option
