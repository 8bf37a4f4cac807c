"""Doors of one owner as their owner uses them: the commands, the guide's own, and a doorbell that runs."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from commands import assert_one_line, astronaut, peephole, png, tiny_program


class Machine:
    """A computer at a door, as its owner uses it."""

    def __init__(self, folder: Path, name: str, monkeypatch) -> None:
        self.folder, self.name, self._patch = folder / name, name, monkeypatch

    def __call__(self, *arguments: object, folder: Path | None = None):
        self._patch.setenv("PEEPHOLE_SYNC", json.dumps({"folder": str(folder)} if folder else {}))
        self._patch.setenv("XDG_CONFIG_HOME", str(self.folder / "config"))
        self._patch.setenv("PEEPHOLE_DATA", str(self.folder / "data"))
        return peephole(*arguments)

    def public(self) -> str:
        return json.loads(self("doors", "show", "--json").stdout)["public"]


@pytest.fixture
def machines(tmp_path, monkeypatch) -> tuple[Machine, Machine, Path]:
    front, back = Machine(tmp_path, "front", monkeypatch), Machine(tmp_path, "back", monkeypatch)
    assert front("doors", "trust", "Back", back.public()).returncode == 0
    assert back("doors", "trust", "Front", front.public()).returncode == 0
    model = tmp_path / "tiny.npz"
    tiny_program(model)
    photo = tmp_path / "photo.png"
    photo.write_bytes(png(astronaut()))
    assert front("people", "add", "Alice", photo, "--model", model).returncode == 0
    return front, back, model


def test_the_commands(machines, tmp_path):
    front, back, model = machines
    export = tmp_path / "people"

    assert front("doors", "export", export).stdout.endswith("bytes, for Back\n")
    assert export.stat().st_mode & 0o777 == 0o600
    assert "dry run" in back("doors", "import", export, "--dry-run", "--model", model).stdout
    assert back("doors", "import", export, "--model", model).stdout == "Alice: added, with 1 look\n"

    assert "Alice" in back("people", "list", "--model", model).stdout
    listed = json.loads(back("doors", "list", "--json").stdout)
    assert [door["name"] for door in listed] == ["Front"] and listed[0]["heard"] > 0
    assert_one_line(back("doors", "import", export, "--model", model), 1, "read already")
    assert_one_line(back("doors", "trust", "Me", back.public()), 1, "this door itself")
    assert_one_line(front("doors", "export", tmp_path / "shed", "--for", "Shed"), 1, "Shed: no door")
    export.write_bytes(b"the last one")
    assert_one_line(front("doors", "export", export), 1, "exists already; name another file, or say --force to replace")
    assert export.read_bytes() == b"the last one"
    assert front("doors", "export", export, "--force").stdout.endswith("bytes, for Back\n")
    assert back("doors", "forget", "front").stdout == "Front: trusted no more\n"
    assert_one_line(back("doors", "import", export, "--model", model), 1, "not trusted here")


def test_a_door_that_is_trusted_already_is_not_renamed_in_silence(machines):
    front, back, _ = machines
    (was,) = json.loads(front("doors", "list", "--json").stdout)
    assert was["since"] > 0
    again = front("doors", "trust", "Back", back.public()).stdout
    assert again.startswith("Back: this door was trusted already; fingerprint ")
    renamed = front("doors", "trust", "Shed", back.public()).stdout
    assert renamed.startswith("Shed: this door was trusted already, as Back, which is called Shed from now on; finger")
    assert json.loads(front("doors", "trust", "Back", back.public(), "--json").stdout)["before"] == "Shed"
    assert json.loads(front("doors", "list", "--json").stdout) == [was]
    front("doors", "forget", "Back")
    told = json.loads(front("doors", "trust", "Back", back.public(), "--json").stdout)
    assert told["before"] is None and told["since"] > was["since"]


def test_the_commands_of_the_guide(machines, tmp_path, monkeypatch):
    front, back, model = machines
    monkeypatch.chdir(tmp_path)
    variables = {"$BACK": back.public(), "$FRONT": front.public()}
    guide = (Path(__file__).parents[2] / "docs" / "doors-together.md").read_text()
    lines = [line for line in guide.splitlines() if line.startswith(("front$ ", "back$ "))]
    assert len(lines) == 5
    for line in lines:
        door, words = line.split("$ ", 1)
        arguments = [variables.get(word, word) for word in shlex.split(words)][1:]
        more = ["--model", model] if "import" in arguments else []
        done = (front if door == "front" else back)(*arguments, *more)
        assert done.returncode == 0, (line, done.stderr)
    assert "Alice" in back("people", "list", "--model", model).stdout


def test_what_is_no_export_is_refused_in_a_sentence(machines, tmp_path):
    _, back, model = machines
    for name, content in (("empty", b""), ("foreign", b"PK\3\4" * 99), ("cut", b"peephole-people 1\n" + b"x" * 50)):
        (tmp_path / name).write_bytes(content)
        assert_one_line(back("doors", "import", tmp_path / name, "--model", model), 1, str(tmp_path / name))
    assert_one_line(back("doors", "import", tmp_path / "missing", "--model", model), 1, "no such export")
    assert_one_line(back("doors", "import", tmp_path, "--model", model), 1, "no plain file")


def test_the_keys_of_a_door_are_its_own(machines, tmp_path):
    front, _, _ = machines
    file = front.folder / "config" / "peephole" / "door.key"
    assert file.stat().st_mode & 0o777 == 0o600
    secret = file.read_text().split()[1]
    assert front("backup", tmp_path / "backup", "--passphrase", "text:a long enough passphrase").returncode == 0
    for path in (tmp_path / "backup", *(front.folder / "data").iterdir()):
        content = path.read_bytes()
        assert secret.encode() not in content and bytes.fromhex(secret[:64]) not in content
    shown = front("doors", "show").stdout
    assert secret[:64] not in shown and secret[64:] not in shown
    file.write_text("nothing\n")
    assert_one_line(front("doors", "show"), 1, "holds no keys of a door")


def test_a_running_doorbell_shares_its_people(tmp_path, monkeypatch):
    folder = tmp_path / "shared"
    folder.mkdir()
    front, back = Machine(tmp_path, "front", monkeypatch), Machine(tmp_path, "back", monkeypatch)
    model, photo = tmp_path / "tiny.npz", tmp_path / "photo.png"
    tiny_program(model)
    photo.write_bytes(png(astronaut()))
    front("doors", "trust", "Back", back.public())
    back("doors", "trust", "Front", front.public())
    front("people", "add", "Alice", photo, "--model", model)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "1.png").write_bytes(png(np.zeros((240, 320, 3), np.uint8)))
    for one in (front, back):
        done = one("run", "--once", "--source", tmp_path / "empty", "--model", model, folder=folder)
        assert (done.returncode, done.stderr.count("people of")) == (0, int(one is back)), done.stderr
    assert "Alice" in back("people", "list", "--model", model).stdout
