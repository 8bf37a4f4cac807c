"""docs/emulator.md says what the image takes, and shows commands that work."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from commands import peephole
from peephole.firmware.build import Sources
from peephole.firmware.frames import GreyFrame
from peephole.firmware.image import Image
from peephole.firmware.report import report_on
from peephole.vision.sources.demo import EILEEN

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


def test_device_and_host_on_the_same_pictures_as_the_page_shows(
    image: Image, demo: Callable[[int], GreyFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands under "To compare yourself", with somebody introduced; both name the same person."""
    told, shown = re.search(r"\(`(peephole people add [^`]*)`\).*?```sh\n(.*?)```", TEXT, re.DOTALL).groups()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "image").symlink_to(image.folder.parent)
    shutil.copy(EILEEN.path(), "ada.jpg")
    Path("pictures").mkdir()
    for number in range(60, 80):
        cv2.imwrite(f"pictures/{number}.png", demo(number).pixels)
    said = []
    for command in (told, *shown.strip().splitlines()):
        done = peephole(*shlex.split(command)[1:])
        assert done.returncode == 0, f"{command}: {done.stderr}"
        said.append([json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")])
    device, host = ([line for line in lines if line.get("event") == "visit"] for lines in said[1:])
    assert [(visit["decision"], visit["person"]) for visit in device] == [("known", "Ada")]
    same = ("decision", "person", "distance", "margin", "reason", "sightings")
    assert [[visit[key] for key in same] for visit in device] == [[visit[key] for key in same] for visit in host]
