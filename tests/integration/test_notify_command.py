"""`peephole notify`: a message to try a target with, and what is set up."""

import json
import sys
from pathlib import Path

import pytest

from commands import peephole
from messages import TOKEN, said
from peephole.store.store import Store
from ports import free_port
from receivers import Receiver


def settings_file(folder: Path, *targets: str) -> Path:
    file = folder / "peephole.toml"
    file.write_text("".join(f"[[notify.targets]]\n{target}\n" for target in targets))
    return file


def test_a_test_message_is_sent_from_the_command_line(tmp_path: Path, receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/{TOKEN}"
    config = settings_file(
        tmp_path,
        f'name = "mine"\nservice = "webhook"\nurl = "text:{url}"',
        f'name = "away"\nservice = "webhook"\nurl = "text:http://127.0.0.1:{free_port()}/{TOKEN}"',
    )
    one = peephole("notify", "test", "--target", "Mine", "--config", str(config))
    assert (one.returncode, one.stdout) == (0, "mine: sent\n")
    both = peephole("notify", "test", "--config", str(config))
    assert both.returncode == 1
    assert "notify target away: it cannot be reached (Connection refused)" in both.stderr
    assert [one["event"] for one in said(receiver)] == ["test", "test"]
    nobody = peephole("notify", "test", "--target", "nobody", "--config", str(config))
    assert (nobody.returncode, nobody.stderr.count("no such target")) == (1, 1)
    listed = peephole("notify", "list", "--json", "--config", str(config))
    assert [row["name"] for row in json.loads(listed.stdout)] == ["mine", "away"]
    shown = peephole("settings", "show", "--config", str(config))
    assert TOKEN not in "".join(
        (one.stdout, both.stdout, both.stderr, nobody.stderr, listed.stdout, shown.stdout, shown.stderr)
    )


def test_what_was_set_on_the_page_holds_for_the_commands(tmp_path: Path, receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/{TOKEN}"
    config = settings_file(
        tmp_path,
        f'name = "mine"\nservice = "webhook"\nurl = "text:{url}"',
        f'name = "hers"\nservice = "webhook"\nurl = "text:{url}"',
    )
    folder = ("--config", str(config), "--data", str(tmp_path / "house"))
    with Store(tmp_path / "house") as store:
        page = {"notify.targets.hers.active": False, "notify.targets.mine.events": ["ring"]}
        store.settings.change("Olga", {**page, "notify.link": "http://door.lan"})

    listed = json.loads(peephole("notify", "list", "--json", *folder).stdout)
    assert [(row["name"], row["active"], row["events"][0]) for row in listed] == [
        ("mine", True, "ring"),
        ("hers", False, "stranger"),
    ]
    assert peephole("notify", "test", *folder).stdout == "mine: sent\n"  # who is switched off is left alone
    assert said(receiver)[0]["link"].startswith("http://door.lan")
    assert peephole("notify", "test", "--target", "hers", *folder).stdout == "hers: sent\n"


def test_without_apprise_the_sentence_says_what_to_install(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "peephole.notify.apprise_sender", raising=False)
    config = settings_file(
        tmp_path,
        'name = "phone"\nurl = "text:json://127.0.0.1"',
        f'name = "mine"\nservice = "webhook"\nurl = "text:http://127.0.0.1:{receiver.port}"',
    )
    result = peephole("notify", "test", "--config", str(config))
    assert (result.returncode, result.stdout) == (1, "mine: sent\n")
    assert (
        f"notify target phone needs the package apprise; install it with: {sys.executable} -m pip install"
        in result.stderr
    )
