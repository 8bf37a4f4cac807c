"""People and strangers from the command line, on a real data folder with a tiny program."""

import json
import stat
from pathlib import Path

import pytest

from commands import assert_one_line, astronaut, peephole, png, tiny_program


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tiny_program(tmp_path / "p.safetensors")
    (tmp_path / "ann.png").write_bytes(png(astronaut()))
    return tmp_path


def _run(home: Path, *arguments: object) -> object:
    done = peephole(*arguments, "--json", "--data", home / "d", "--model", home / "p.safetensors")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def _options(home: Path) -> tuple[object, ...]:
    return ("--data", home / "d", "--model", home / "p.safetensors")


def test_a_person_from_photo_to_oblivion(home: Path) -> None:
    assert _run(home, "people", "list") == []
    added = _run(home, "people", "add", "Zoë “Z” O'Hara; rm -rf / 李", home / "ann.png")
    assert isinstance(added, dict) and added["photos"][0]["outcome"] == "ok"
    (row,) = _run(home, "people", "list")  # type: ignore[misc]
    assert (row["references"], row["foreign_references"], row["id"]) == (1, 0, added["person"]["id"])

    (image,) = _run(home, "identify", home / "ann.png")  # type: ignore[misc]
    (face,) = image["faces"]
    assert (face["decision"], face["person"], face["distance"]) == ("known", row["name"], 0)
    assert face["box"]["width"] > 60

    _run(home, "people", "rename", row["id"], "Ann")
    assert _run(home, "identify", home / "ann.png")[0]["faces"][0]["person"] == "Ann"  # type: ignore[index]

    archive = home / "ann.zip"
    assert peephole("people", "export", "Ann", "-o", archive, *_options(home)).returncode == 0
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    _run(home, "people", "remove", "Ann")
    assert _run(home, "people", "list") == []
    _run(home, "people", "import", archive, "--name", "Ann again")
    assert _run(home, "identify", home / "ann.png")[0]["faces"][0]["person"] == "Ann again"  # type: ignore[index]


@pytest.mark.parametrize("name", ["", "   ", "red\x1b[31m", "turned\u202e"])
def test_names_that_no_list_could_show_are_refused(home: Path, name: str) -> None:
    assert_one_line(peephole("people", "add", name, home / "ann.png", *_options(home)), 1)
    assert _run(home, "people", "list") == []


def test_text_for_people(home: Path) -> None:
    assert "nobody yet" in peephole("people", "list", *_options(home)).stdout
    assert "1 of 1 photos added" in peephole("people", "add", "Ann", home / "ann.png", *_options(home)).stdout
    assert "Ann" in peephole("people", "list", *_options(home)).stdout
    assert "known, Ann at 0 (" in peephole("identify", home / "ann.png", *_options(home)).stdout
    assert peephole("strangers", "list", *_options(home)).stdout == "no strangers\n"


def test_a_photo_without_a_face_adds_nobody(home: Path) -> None:
    (home / "wall.png").write_bytes(png(astronaut()[:40, :40]))
    assert_one_line(peephole("people", "add", "Wall", home / "wall.png", *_options(home)), 1, "wall.png")
    (home / "text.png").write_text("no picture")
    both = peephole("people", "add", "Ann", home / "ann.png", home / "text.png", *_options(home))
    assert_one_line(both, 1, "text.png: not an image")
    assert _run(home, "people", "list") == []


def test_whoever_is_unknown_is_named(home: Path) -> None:
    for arguments in (
        ("people", "rename", "Nobody", "Ann"),
        ("people", "remove", "Nobody"),
        ("people", "export", "Nobody", "-o", home / "x.zip"),
        ("strangers", "assign", "99", "Ann"),
        ("strangers", "ignore", "99"),
        ("strangers", "discard", "99"),
    ):
        assert_one_line(peephole(*arguments, *_options(home)), 1, "Nobody" if arguments[0] == "people" else "99")
    assert not (home / "x.zip").exists()


def test_a_foreign_archive_is_refused(home: Path) -> None:
    (home / "foreign.zip").write_bytes(b"PK\x03\x04 nonsense")
    assert_one_line(peephole("people", "import", home / "foreign.zip", *_options(home)), 1, "foreign.zip")


def test_a_program_without_thresholds_is_refused(home: Path) -> None:
    tiny_program(home / "p.safetensors", calibrated=False)
    assert_one_line(peephole("people", "list", *_options(home)), 1, "no thresholds")


def test_a_data_folder_that_is_a_file_is_named(home: Path) -> None:
    (home / "d").write_text("")
    assert_one_line(peephole("people", "list", *_options(home)), 1, str(home / "d"))


def test_rules_of_a_person_are_kept_and_checked(home: Path) -> None:
    _run(home, "people", "add", "Ann", home / "ann.png")
    nothing_decided = {
        "tell": "notify",
        "may_open": False,
        "hours": "",
        "minor": False,
        "consent": "",
        "consent_at": None,
    }
    assert _run(home, "people", "rules", "Ann") == nothing_decided

    decided = _run(home, "people", "rules", "Ann", "--tell", "log", "--may-open", "--hours", "mon-fri 7:00-20:00")
    assert decided == nothing_decided | {"tell": "log", "may_open": True, "hours": "mon-fri 7:00-20:00"}
    noted = _run(home, "people", "rules", "Ann", "--consent", "Ann herself, on paper")
    assert isinstance(noted, dict) and noted["consent"] == "Ann herself, on paper" and noted["consent_at"] > 1.7e9
    assert _run(home, "people", "rules", "Ann") == noted

    assert_one_line(peephole("people", "rules", "Ann", "--minor", *_options(home)), 1, "the door opens for no child")
    assert_one_line(peephole("people", "rules", "Ann", "--hours", "late", *_options(home)), 1, "hours are written as")
    assert_one_line(peephole("people", "rules", "Bob", *_options(home)), 1, "Bob")
    assert peephole("people", "rules", "Ann", "--tell", "shout", *_options(home)).returncode == 2
    assert _run(home, "people", "rules", "Ann") == noted


def test_visits_of_an_empty_home(home: Path) -> None:
    assert _run(home, "visits", "list") == []
    assert _run(home, "visits", "rejudge", "--known-rate", "1e-4") == []
    assert "nobody has come yet" in peephole("visits", "list", *_options(home)).stdout
    assert "0 of 0 visits" in peephole("visits", "rejudge", *_options(home)).stdout
    assert_one_line(peephole("visits", "show", "v1", *_options(home)), 1, "v1: there is no visit of this id")
    assert peephole("visits", "rejudge", "--known-rate", "2", *_options(home)).returncode == 2
