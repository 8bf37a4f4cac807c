"""`peephole device` as its owner runs it, over a socket and over a pseudo terminal, with a device in RAM behind it."""

import errno
import json
import os
import re
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import cv2
import pytest

from commands import Done, assert_one_line, peephole, process
from device_line import BUTTON, SIDE, VISIT_ENDED, MadeUpDevice, pair, socket_to, stranger, terminal_to
from peephole.cli.programs import load_program
from peephole.vision.sources.demo import EILEEN

Ask = Callable[..., Done]


@pytest.fixture(params=[socket_to, terminal_to], ids=["socket", "terminal"])
def owner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[MadeUpDevice, Ask]]:
    device = MadeUpDevice()
    with request.param(device) as port:
        pair(device, tmp_path, port)
        yield device, lambda *words: peephole("device", "--port", port, "--data", tmp_path, *words)


def out(done: Done) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_key_is_for_its_owner_alone(owner: tuple[MadeUpDevice, Ask], tmp_path: Path) -> None:
    (key,) = (tmp_path / "devices").iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert owner[0].gallery.slots()[1][1].hex() == key.read_text().strip()
    assert json.loads(out(owner[1]("info", "--json")))["model"] == "12345678"


def test_a_key_is_void_when_the_device_has_another(owner: tuple[MadeUpDevice, Ask], tmp_path: Path) -> None:
    device, ask = owner
    (first,) = (tmp_path / "devices").iterdir()
    (tmp_path / "devices" / f"{'0' * 16}.key").write_text("of another device\n")
    with device.lock:
        device.core.press()
    out(ask("pair"))
    left = sorted((tmp_path / "devices").iterdir())
    assert len(left) == 2 and left[0].name == f"{'0' * 16}.key" and left[1] != first
    assert out(ask("people", "list"))


def test_a_key_that_others_may_read_is_told_of(owner: tuple[MadeUpDevice, Ask], tmp_path: Path) -> None:
    (key,) = (tmp_path / "devices").iterdir()
    assert owner[1]("info").stderr == ""
    key.chmod(0o640)
    done = owner[1]("info")
    assert done.returncode == 0 and f"{key}: others may read this key" in done.stderr
    key.chmod(0o600)


def test_a_key_that_could_not_be_kept_is_never_made(
    owner: tuple[MadeUpDevice, Ask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, ask = owner

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with device.lock:
        device.core.press()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert_one_line(ask("pair"), 1, f"{tmp_path}/devices: the disk is full; make room, or name another")
    assert len(list((tmp_path / "devices").iterdir())) == 1
    assert out(ask("people", "list"))  # by the key of before
    out(ask("pair"))  # the button still counts


def test_people_and_strangers(owner: tuple[MadeUpDevice, Ask], tmp_path: Path) -> None:
    device, ask = owner
    assert "nobody yet" in out(ask("people", "list"))
    assert out(ask("strangers", "list")) == "no strangers\n"
    stranger(device, 100)
    stranger(device, 200)
    stranger(device, 300)
    assert len(json.loads(out(ask("strangers", "show", 1)))[0]["descriptor"]) == 3
    assert out(ask("strangers", "picture", 1, "-o", tmp_path / "one.png")).endswith(f"{SIDE} x {SIDE} pixels\n")
    told = json.loads(out(ask("strangers", "picture", 1, "-o", tmp_path / "one.png", "--json")))
    assert told == {"file": f"{tmp_path}/one.png", "width": SIDE, "height": SIDE}
    assert len(json.loads(out(ask("strangers", "show", 1, "--json")))) == 2
    assert cv2.imread(str(tmp_path / "one.png"), cv2.IMREAD_GRAYSCALE)[7, 7] == 63
    assert out(ask("strangers", "assign", 1, "Ada")) == "stranger 1 is Ada\n"
    assert json.loads(out(ask("strangers", "assign", 2, 1, "--json"))) == {"id": 1, "name": "Ada", "stranger": 2}
    assert out(ask("strangers", "ignore", 3)) == "stranger 3: ignored\n"
    assert json.loads(out(ask("strangers", "list", "--json")))[0]["state"] == "ignored"
    assert out(ask("strangers", "discard", 3)) == "stranger 3: discarded\n"
    assert out(ask("people", "rename", "Ada", "Ada L.")) == "Ada L.: renamed\n"
    assert [row.split()[:4] for row in out(ask("people", "list")).splitlines()[1:]] == [["Ada", "L.", "3", "2"]]
    assert out(ask("people", "remove", 1)) == "Ada L.: removed\n"
    assert json.loads(out(ask("people", "list", "--json"))) == []


def test_a_name_goes_before_an_id_that_looks_the_same(tmp_path: Path) -> None:
    device = MadeUpDevice()
    stranger(device, 100)
    with socket_to(device) as port:
        pair(device, tmp_path, port)

        def ask(*words: object) -> dict[str, object]:
            done = peephole("device", "--port", port, "--data", tmp_path, *words, "--json")
            return cast(dict[str, object], json.loads(out(done)))

        ask("strangers", "assign", 1, "2")
        stranger(device, 200)
        ask("strangers", "assign", 2, "Ada")
        stranger(device, 300)
        assert ask("strangers", "assign", 3, "2")["id"] == ask("people", "rename", "2", "Two")["id"] == 1


def test_two_people_do_not_look_alike_in_a_list(owner: tuple[MadeUpDevice, Ask]) -> None:
    device, ask = owner
    for name in ("Ada", "George"):
        number = stranger(device)
        out(ask("strangers", "assign", number, name))
    done = ask("people", "rename", "George", " ada ")
    assert_one_line(done, 1, "ada: the device knows Ada already; choose another name")
    assert out(ask("people", "rename", "george", "GEORGE")) == "GEORGE: renamed\n"


def test_settings_statistics_and_events(owner: tuple[MadeUpDevice, Ask]) -> None:
    device, ask = owner
    assert "known rate" not in out(ask("settings")) and "known_rate" in out(ask("settings"))
    changed = out(ask("settings", "votes=5", "gap=2500")).splitlines()
    assert [line.split()[:2] for line in changed[1:]] == [["votes", "5"], ["gap", "2,500"]]
    told = json.loads(out(ask("settings", "--json")))
    assert told["settings"]["gap"] == {"value": 2500, "default": 3000, "least": 0, "most": 86_400_000}
    assert json.loads(out(ask("statistics", "--json")))["people"] == 0
    with device.lock:
        device.core.tell(BUTTON, 0, True, 0, 0, 0, 0, 0, 0)
    kinds = [json.loads(line)["kind"] for line in out(ask("events", "--json")).splitlines()]
    assert kinds[0] == "started" and kinds.count("button") == 1
    assert any(
        re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  button", line) for line in out(ask("events")).splitlines()
    )


def test_distances_of_events_are_shares_of_the_bar_for_known(owner: tuple[MadeUpDevice, Ask]) -> None:
    device, ask = owner
    stranger(device)
    out(ask("strangers", "assign", 1, "Ada"))
    out(ask("settings", "known_rate=2468"))  # which the device of tests has for its bar
    with device.lock:
        device.core.tell(VISIT_ENDED, 7, True, 1, 0, 1, 0, 0, 0)
    ended = next(line for line in out(ask("events")).splitlines() if "visit ended" in line)
    assert ", person Ada, distance 0.50, sightings 5" in ended and "margin" not in ended and "1234" not in ended
    squared = [json.loads(line)["details"].get("distance") for line in out(ask("events", "--json")).splitlines()]
    assert 1234 in squared


def test_backup_and_restore(owner: tuple[MadeUpDevice, Ask], tmp_path: Path) -> None:
    device, ask = owner
    stranger(device)
    out(ask("strangers", "assign", 1, "Ada"))
    file = tmp_path / "device.backup"
    assert out(ask("backup", "-o", file)) == f"{file}: {file.stat().st_size} bytes\n"
    assert_one_line(ask("backup", "-o", file), 1, "exists already")
    told = json.loads(out(ask("backup", "-o", file, "--force", "--json")))
    assert told == {"file": str(file), "bytes": file.stat().st_size}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    out(ask("people", "remove", "Ada"))
    assert out(ask("restore", file)) == f"{file}: restored\n"
    assert json.loads(out(ask("restore", file, "--json"))).keys() == {"file", "records"}
    assert [row["name"] for row in json.loads(out(ask("people", "list", "--json")))] == ["Ada"]


def test_what_is_wrong_is_said_in_a_sentence(owner: tuple[MadeUpDevice, Ask], tmp_path: Path) -> None:
    device, ask = owner
    stranger(device)
    (tmp_path / "note.txt").write_text("no backup")
    for words, code, said in (
        (("people", "rename", "Ada", "George"), 1, "Ada: the device knows nobody of that name or id"),
        (("people", "add", "Ada"), 2, "name photos, or give --at-door"),
        (("people", "add", "Ada", "--at-door"), 1, "no good look at a face yet"),
        (("people", "add", "Ada", tmp_path / "none.jpg"), 1, "none.jpg"),
        *(
            (("strangers", *words), 1, "4: the device knows no stranger of that number; see: peephole device")
            for words in (("assign", 4, "Ada"), ("ignore", 4), ("discard", 4), ("show", 4))
        ),
        (("people", "add", "", "--at-door"), 1, "a person needs a name"),
        (("people", "add", "A" * 300, "--at-door"), 1, "up to 40 bytes, and 'AAAAAAAAAAAAAAAAAAAA...' has 300"),
        (("people", "add", "A\x1b[1m", "--at-door"), 1, "the name holds characters that cannot be shown"),
        (("people", "add", "J\udcfcrgen", "--at-door"), 1, "the name holds characters that cannot be shown"),
        (("strangers", "assign", 1, "\n"), 1, "a person needs a name"),
        (("strangers", "picture", 4, "-o", tmp_path / "x.jpg"), 1, "name a file that ends so"),
        (("strangers", "ignore", 0), 2, "greater than or equal to 1"),
        (("settings", "votes"), 2, "'votes' is not NAME=NUMBER"),
        (("settings", "votes=0"), 1, "votes=0: must be from 1 to 64"),
        (("settings", "votes=5", "nosuch=3"), 1, "nosuch: the device has no such setting; see: peephole device"),
        (("settings", "votes=5", "votes=6"), 2, "'votes' is named twice"),
        (("settings", "stranger_rate=1"), 1, "out of range"),  # what only the device knows
        (("restore", tmp_path / "none"), 1, "no such backup"),
        (("restore", tmp_path), 1, "not a file; name one that peephole device backup has written"),
        (("restore", tmp_path / "note.txt"), 1, "not a device's backup"),
        (("backup", "-o", tmp_path / "no" / "file"), 1, "no such folder"),
        (("pair",), 1, "press the device's button"),
    ):
        done = ask(*words)
        assert (done.returncode, done.stdout) == (code, ""), words
        assert said in done.stderr and done.stderr.count("\n") == 1, done.stderr
    with device.lock:
        device.switch_off_and_on()
    assert out(ask("people", "list"))


def test_another_owner_has_no_key(tmp_path: Path) -> None:
    device = MadeUpDevice()
    with socket_to(device) as port:
        done = peephole("device", "--port", port, "--data", tmp_path / "mine", "people", "list")
        assert done.returncode == 1 and "not paired yet" in done.stderr
        pair(device, tmp_path / "mine", port)
        done = peephole("device", "--port", port, "--data", tmp_path / "hers", "people", "list")
        assert done.returncode == 1 and "no such key" in done.stderr
        (key,) = (tmp_path / "mine" / "devices").iterdir()
        key.write_text("not a key\n")
        done = peephole("device", "--port", port, "--data", tmp_path / "mine", "people", "list")
        assert done.returncode == 1 and "not the key of this device" in done.stderr


def test_a_silent_line_and_none_at_all(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"
        done = process("device", "--port", port, "--data", tmp_path, "--seconds", "0.1", "people", "list")
        assert (done.returncode, done.stderr) == (
            1,
            f"peephole: {port}: no answer; check that this is a peephole device, that it is on, "
            "and that nobody else has its line, which takes one at a time\n",
        )
    done = process("device", "--port", port, "--data", tmp_path, "people", "list")
    assert done.returncode == 1 and f"{port}: cannot be opened (Connection refused)" in done.stderr
    done = process("device", "--port", tmp_path / "ttyUSB0", "--data", tmp_path, "people", "list")
    assert done.returncode == 1 and f"{tmp_path}/ttyUSB0: no such serial port" in done.stderr
    done = process("device", "people", "list")
    assert done.returncode == 2 and "--port" in done.stderr
    for address in ("socket://127.0.0.1", "socket://:1", "socket://127.0.0.1:99999", "socket://127.0.0.1:x"):
        done = peephole("device", "--port", address, "info")
        assert_one_line(done, 1, f"{address}: no address of a socket; name host and port, as socket://127.0.0.1:5599")
    (tmp_path / "note.txt").touch()
    done = peephole("device", "--port", tmp_path / "note.txt", "info")
    assert_one_line(done, 1, f"{tmp_path}/note.txt: not a serial port; name a serial port such as")


def test_a_device_that_is_unplugged_is_told_of(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    name = os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)
    done = process("device", "--port", name, "--data", tmp_path, "--seconds", "0.1", "people", "list")
    assert done.returncode == 1 and name in done.stderr and done.stderr.count("\n") == 1


def test_photos_become_looks_of_the_shipped_model(tmp_path: Path) -> None:
    program = load_program(None)
    device = MadeUpDevice((program.descriptor_size, 4, 3, 3, 2, SIDE * SIDE, 256), int(program.model_id[:8], 16))
    with socket_to(device) as port:
        pair(device, tmp_path, port)
        done = peephole("device", "--port", port, "--data", tmp_path, "people", "add", "Eileen", EILEEN.path())
        assert out(done) == "Eileen: 1 look added\n"
        done = peephole("device", "--port", port, "--data", tmp_path, "people", "add", 1, EILEEN.path())
        assert out(done) == "Eileen: 1 look added\n"  # whose looks these are now, whatever was typed
        darker = tmp_path / "darker.png"
        picture = cv2.imread(str(EILEEN.path()))
        assert picture is not None
        cv2.imwrite(str(darker), cv2.convertScaleAbs(picture, alpha=0.9))
        words = ("people", "add", "eileen", EILEEN.path(), darker)
        done = peephole("device", "--port", port, "--data", tmp_path, *words)
        assert_one_line(done, 1, "the device has room for 1 look of Eileen, not for 2; choose the best photos")
        words = ("people", "add", "eileen", EILEEN.path())
        assert out(peephole("device", "--port", port, "--data", tmp_path, *words)) == "Eileen: 1 look added\n"
        done = peephole("device", "--port", port, "--data", tmp_path, *words)
        assert_one_line(done, 1, "the device keeps 3 looks of a person and has as many of Eileen; to change them, ")
    ((_, name, _, _, _, references),) = device.gallery.people()
    assert (name, len(references)) == ("Eileen", 3)


def test_photos_of_another_model_are_refused(tmp_path: Path) -> None:
    device = MadeUpDevice()
    with socket_to(device) as port:
        pair(device, tmp_path, port)
        done = peephole("device", "--port", port, "--data", tmp_path, "people", "add", "Eileen", EILEEN.path())
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "it has another model" in done.stderr
