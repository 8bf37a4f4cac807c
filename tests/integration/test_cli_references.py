"""A person's references, export and erasure from the command line, on a real data folder with a tiny program."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from commands import assert_one_line, astronaut, peephole, png, tiny_program


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tiny_program(tmp_path / "p.safetensors")
    (tmp_path / "ann.png").write_bytes(png(astronaut()))
    (tmp_path / "turned.png").write_bytes(png(astronaut()[:, ::-1].copy()))
    assert _run(tmp_path, "people", "add", "Ann", tmp_path / "ann.png", tmp_path / "turned.png")
    return tmp_path


def _options(home: Path) -> tuple[object, ...]:
    return ("--data", home / "d", "--model", home / "p.safetensors")


def _run(home: Path, *arguments: object) -> Any:
    done = peephole(*arguments, "--json", *_options(home))
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def _aside(home: Path) -> list[str]:
    return [one["aside"] for one in _run(home, "people", "references", "list", "Ann")["references"]]


def test_a_reference_is_set_aside_and_put_back(home: Path) -> None:
    listed = _run(home, "people", "references", "list", "ann")
    one, two = listed["references"]
    assert (listed["name"], one["source"], one["nearest_own"]) == ("Ann", "photo", two["nearest_own"])
    done = _run(home, "people", "references", "remove", "Ann", one["number"])
    assert done == {"name": "Ann", "number": one["number"], "done": "set aside"}
    assert _aside(home) == ["owner", ""] and _run(home, "people", "list")[0]["references"] == 1
    assert "by the owner" in peephole("people", "references", "list", "Ann", *_options(home)).stdout
    _run(home, "people", "references", "restore", "Ann", one["number"])
    assert _aside(home) == ["", ""]
    _run(home, "people", "references", "remove", "Ann", two["number"])
    assert _run(home, "people", "references", "empty", "Ann") == {"erased": 1}
    assert _aside(home) == [""]


def test_references_that_are_not_there(home: Path) -> None:
    for verb in ("remove", "restore"):
        assert_one_line(
            peephole("people", "references", verb, "Ann", 99, *_options(home)), 1, "99: there is no reference"
        )
        assert_one_line(peephole("people", "references", verb, "Bob", 1, *_options(home)), 1, "Bob")
        assert peephole("people", "references", verb, "Ann", "one", *_options(home)).returncode == 2
    assert_one_line(peephole("people", "references", "list", "Bob", *_options(home)), 1, "Bob")


def test_an_export_has_visits_unless_it_is_to_carry_on(home: Path) -> None:
    for more, files in (((), {"visits.json", "door.json"}), (("--without-visits",), set())):
        file = home / f"{len(more)}.zip"
        assert peephole("people", "export", "Ann", "-o", file, *more, *_options(home)).returncode == 0
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
        assert names - files == {"person.json", "README.txt", "pictures/0.jpg", "pictures/1.jpg"}


def test_erasing_is_counted_first(home: Path) -> None:
    counts = _run(home, "people", "remove", "Ann", "--preview")
    assert counts == {"references": 2, "aside": 0, "visits": 0, "looks": 0, "unsure": 0, "strangers": 0, "door": 0}
    head, *rows = peephole("people", "remove", "Ann", "--preview", *_options(home)).stdout.splitlines()
    assert head.split("  ")[0] == "would be erased" and len(rows) == len(counts)
    assert "kept" not in head and rows[0].split("  ")[0] == "looks at the person"
    assert len(_run(home, "people", "list")) == 1
    _run(home, "people", "remove", "Ann", "--keep-unsure")
    assert _run(home, "people", "list") == []
