"""People and strangers from the command line, on a real data folder with a tiny program."""

import json
import stat
from pathlib import Path

import pytest

from commands import assert_one_line, astronaut, peephole, png, tiny_program
from doorbell_parts import BEN, Actor, doorbell, paint, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.store.store import Store


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


def doorbell_with_two_strangers(store: Store) -> Doorbell:
    bell = doorbell(store)
    for who, start in ((2, 1000.0), (3, 2000.0)):
        for frame in walk(who, start):
            bell.process(frame)
    return bell


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
    archive.write_bytes(b"the last one")
    again = ("people", "export", "Ann", "-o", archive, *_options(home))
    assert_one_line(peephole(*again), 1, "ann.zip: exists already; name another file, or say --force to replace it")
    assert archive.read_bytes() == b"the last one"
    assert peephole(*again, "--force").returncode == 0
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
    assert "known, Ann at 0.00 (" in peephole("identify", home / "ann.png", *_options(home)).stdout
    assert peephole("strangers", "list", *_options(home)).stdout == "no strangers\n"


def test_bytes_that_are_no_text_are_refused_in_a_sentence(home: Path) -> None:
    for command in (("people", "add", "\udcff", home / "ann.png"), ("people", "rules", "\udcff")):
        assert_one_line(peephole(*command, *_options(home)), 1, "is not UTF-8; type it again")
    assert_one_line(peephole("people", "import", home, *_options(home)), 1, "a folder, not an archive of a person")


def test_who_looks_like_somebody_else_is_said(home: Path) -> None:
    _run(home, "people", "add", "Ann", home / "ann.png")
    said = peephole("people", "add", "Bea", home / "ann.png", *_options(home)).stdout.splitlines()
    assert said[2] == "Bea looks like Ann, so neither may be recognised; are they one person?"
    added = _run(home, "people", "add", "Cleo", home / "ann.png")
    assert isinstance(added, dict) and added["like"] in (["Ann"], ["Bea"])


def test_a_stranger_with_another_face_than_the_names_is_doubted(home: Path) -> None:
    program = tiny_program(home / "p.safetensors")
    with Store(home / "d") as store:
        bell = doorbell(store, model=program.model_id)
        for who, start in ((BEN, 1000.0), (3, 2000.0)):
            for frame in walk(who, start):
                bell.process(frame)
        bell.enrol("Ben", [Photo("b.jpg", paint([Actor(BEN, noise=200)]).image)])
    assert peephole("strangers", "assign", "1", "Ben", *_options(home)).stdout == "stranger 1 is Ben\n"
    named = peephole("strangers", "assign", "2", "Ben", *_options(home)).stdout.splitlines()
    assert named[1] == "the face is unlike the photos of Ben; 'peephole strangers undo' takes it back"


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


def test_who_was_named_since_then_counts_only_when_asked_for(home: Path) -> None:
    program = tiny_program(home / "p.safetensors")
    with Store(home / "d") as store:
        bell = doorbell(store, model=program.model_id)
        for frame in walk(BEN, 1000.0):
            bell.process(frame)
        bell.enrol("Ben", [Photo("b.jpg", paint([Actor(BEN, noise=200)]).image)])

    assert peephole("visits", "rejudge", *_options(home)).stdout == "0 of 1 visits would be decided otherwise\n"
    said, _, row = peephole("visits", "rejudge", "--since-then", *_options(home)).stdout.splitlines()
    assert said == "1 of 1 visits would be decided otherwise"
    assert "Stranger 1  Ben " in row
    (told,) = _run(home, "visits", "rejudge")  # type: ignore[misc]
    assert (told["before"]["kind"], told["in_force"], told["differs"]) == ("stranger", told["now"], False)
    assert told["differs_from_then"]


def test_visits_and_strangers_are_printed_for_people(home: Path) -> None:
    with Store(home / "d") as store:
        bell = doorbell_with_two_strangers(store)
        bell.assign("1", "Anna")
    newest, first = _run(home, "visits", "list")  # type: ignore[misc]

    title, *rows = peephole("visits", "list", *_options(home)).stdout.splitlines()
    assert title.split() == ["when", "who", "decision", "because", "outcome", "id"]
    assert [row.split()[-1] for row in rows] == [newest["id"], first["id"]]

    said, when, bars, titles, *looks = peephole("visits", "show", newest["id"], *_options(home)).stdout.splitlines()
    assert said.endswith("  Stranger 2: stranger, nobody is enrolled yet") and when == "decided a stranger after 0.6 s"
    assert bars == "held against 0 people; 1.00 is the bar for known, a stranger is beyond 10.00"
    assert titles.split() == ["after", "width", "quality", "counted", "nearest", "distance"]
    assert [look.split()[-3:] for look in looks] == [["voted", "-", "-"]] * 8

    told = peephole("strangers", "show", 2, *_options(home)).stdout
    assert told.startswith("stranger 2: open, 1 visit") and f"  {newest['id']}  " in told


def test_visits_are_put_right(home: Path) -> None:
    with Store(home / "d") as store:
        bell = doorbell_with_two_strangers(store)
        bell.assign("1", "Anna")
        second, first = (visit.id for visit in bell.visits())
    data = _options(home)
    named = peephole("visits", "correct", second, "--person", "Anna", "--learn", *data)
    assert named.stdout == f"visit {second}: Anna\n"
    said, had_said, *_ = peephole("visits", "show", second, *data).stdout.splitlines()
    assert said.endswith("  Anna: known, corrected by the owner")
    assert had_said == "the doorbell had said: Stranger 2 (nobody is enrolled yet)"
    assert _run(home, "visits", "show", second)["said"]["stranger_number"] == 2  # type: ignore[call-overload, index]
    assert peephole("visits", "correct", first, "--nobody", *data).stdout == f"visit {first}: stranger 3\n"
    assert _run(home, "visits", "correct", first, "--forget") == {"visit": first, "kind": "unsure", "who": "forgotten"}

    undo = ("strangers", "undo", "--data", home / "d")
    assert peephole(*undo).stdout == "undone: a visit forgotten\n"
    assert peephole(*undo).stdout == "undone: a visit is that of Stranger 3\n"
    assert peephole(*undo).stdout == "undone: a visit named Anna\n"

    assert_one_line(peephole("visits", "correct", "v1", "--forget", *data), 1, "v1: there is no visit of this id")
    assert_one_line(peephole("visits", "correct", first, "--person", "Anna", *data), 1, "Anna's already")
    for wrong in ((), ("--forget", "--nobody"), ("--nobody", "--learn"), ("--forget", "--consent", "me")):
        assert peephole("visits", "correct", first, *wrong, *data).returncode == 2


def test_two_people_are_joined_and_are_two_again(home: Path) -> None:
    with Store(home / "d") as store:
        bell = doorbell_with_two_strangers(store)
        bell.assign("1", "Anna")
        bell.assign("2", "Annie")
    assert peephole("people", "join", "Anna", "Annie", *_options(home)).stdout == "Anna: one person now\n"
    assert [row["name"] for row in _run(home, "people", "list")] == ["Anna"]  # type: ignore[index, union-attr]
    assert_one_line(peephole("people", "join", "Anna", "Annie", *_options(home)), 1, "Annie: nobody has this name")
    undo = ("strangers", "undo", "--data", home / "d")
    assert peephole(*undo).stdout == "undone: Annie joined with Anna\n"
    assert len(_run(home, "people", "list")) == 2  # type: ignore[arg-type]


def test_strangers_are_merged_split_and_brought_back(home: Path) -> None:
    with Store(home / "d") as store:
        doorbell_with_two_strangers(store)

    merged = _run(home, "strangers", "merge", 2, 1)
    assert (merged["number"], merged["visits"]) == (1, 2)  # type: ignore[index]
    shown = _run(home, "strangers", "show", 2)
    assert (shown["number"], len(shown["looks"]), len(shown["visits"])) == (1, 16, 2)  # type: ignore[index, arg-type]
    later = [look["id"] for look in shown["looks"] if look["seen"] >= 2000]  # type: ignore[index]
    new = _run(home, "strangers", "split", 1, *later)
    assert (new["number"], new["visits"]) == (3, 1)  # type: ignore[index]

    undo = ("strangers", "undo", "--data", home / "d")
    listed = json.loads(peephole(*undo, "--list", "--json").stdout)
    assert [deed["what"] for deed in listed] == ["split", "merge"]
    assert peephole(*undo).stdout == "undone: Stranger 3 split off from Stranger 1\n"
    assert peephole(*undo).stdout == "undone: Stranger 2 merged into Stranger 1\n"
    assert_one_line(peephole(*undo), 1, "nothing can be undone")

    assert peephole("strangers", "discard", 1, *_options(home)).stdout == "stranger 1: discarded\n"
    assert peephole(*undo).stdout == "undone: Stranger 1 discarded\n"
    assert peephole("strangers", "discard", 1, "--now", *_options(home)).stdout == "stranger 1: discarded\n"
    assert_one_line(peephole(*undo), 1, "nothing can be undone")
    assert peephole("strangers", "not-a-face", 2, *_options(home)).stdout == "stranger 2: no face\n"
    assert peephole("strangers", "list", *_options(home)).stdout == "no strangers\n"
    assert "no face" in peephole("strangers", "list", "--all", *_options(home)).stdout
