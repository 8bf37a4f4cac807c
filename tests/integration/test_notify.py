"""Messages of a doorbell to real servers on this machine: what they get, also when they are slow or away."""

import base64
import hashlib
import hmac
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker import free_port, until
from commands import peephole
from doorbell_parts import Actor, doorbell, paint, store_at, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.events import Problem
from peephole.live import LiveDoorbell
from peephole.notify.courier import Patience
from peephole.notify.notifier import Notifier
from peephole.notify.senders import sender_of
from peephole.notify.settings import Notify, Target
from peephole.people.records import Rules
from receivers import Receiver

ANNA, BEN = 1, 2
MORNING = 1_795_000_000.0
TOKEN = "tk-geheim-4711"  # noqa: S105 - what must not be seen
IMPATIENT = Patience(first=0.05, longest=0.2, most=0.6)


@dataclass
class Walks:
    """A recording of people who come to the door, one after the other."""

    people: tuple[int, ...]
    start: float = MORNING
    name: str = "a recording"
    live: bool = False

    def __iter__(self):
        for number, person in enumerate(self.people):
            yield from walk(person, self.start + 60 * number)

    def close(self) -> None:
        pass


@pytest.fixture
def bell(tmp_path: Path) -> Iterator[Doorbell]:
    with store_at(tmp_path) as store:
        made = doorbell(store)
        made.enrol("Anna", [Photo("photo.jpg", paint([Actor(ANNA, noise=200)]).image)])
        yield made


@pytest.fixture
def live(bell: Doorbell) -> LiveDoorbell:
    return LiveDoorbell(bell)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def webhook(port: int, name: str = "mine", **more: object) -> Target:
    return Target(name=name, service="webhook", url=f"text:http://127.0.0.1:{port}/hook?token={TOKEN}", **more)


def through_apprise(url: str, name: str = "phone", **more: object) -> Target:
    pytest.importorskip("apprise", reason="needs the extra notify")
    return Target(name=name, url=f"text:{url}", **more)


class Heard(Notifier):
    """A notifier that listens to a doorbell; its troubles are in `told`, its verdicts in `noted`."""

    def __init__(self, bell: Doorbell, live: LiveDoorbell, *targets: Target, timeout: float = 8.0, **more: object):
        self.told: list[str] = []
        self.noted: list[str] = []
        settings = Notify(targets=targets, **more)
        super().__init__(
            settings,
            bell,
            lambda target: sender_of(target, timeout),
            self.told.append,
            lambda text, reason, visit: self.noted.append(text),
            IMPATIENT,
        )
        live.announcer.listen(self.hear)


def said(receiver: Receiver) -> list[dict]:
    return [json.loads(request.body) for request in receiver.heard]


def test_a_webhook_hears_of_a_person_and_of_a_stranger(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    with Heard(bell, live, webhook(receiver.port, key="text:shared"), link="http://door.lan:8642/") as notifier:
        live.watch(Walks((ANNA, BEN)), at_its_pace=False)
        until(lambda: len(receiver.heard) == 2)
        assert notifier.connections() == (
            f"webhook at 127.0.0.1:{receiver.port}: messages of stranger, ring, known (notify target mine)",
        )
    anna, ben = said(receiver)
    assert (anna["event"], anna["line"], anna["person"]) == ("known", "Anna is at the door", "Anna")
    assert (ben["event"], ben["line"], ben["stranger"]) == ("stranger", "Somebody you do not know is at the door", None)
    assert anna["picture"] is None
    assert anna["time"].startswith("2026-11-18T11:06:4")
    assert anna["link"] == f"http://door.lan:8642/?visit={anna['visit']}"
    request = receiver.heard[0]
    assert request.path == "/hook"
    assert request.query == {"token": TOKEN}
    expected = hmac.new(b"shared", request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Peephole-Signature"] == f"sha256={expected}"


def test_a_stranger_who_comes_back_has_a_number_and_a_count(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver
) -> None:
    live.watch(Walks((BEN,)), at_its_pace=False)
    with Heard(bell, live, webhook(receiver.port)):
        live.watch(Walks((BEN,), MORNING + 600), at_its_pace=False)
        until(lambda: len(receiver.heard) == 1)
    (ben,) = said(receiver)
    assert ben["line"] == "Somebody you do not know is at the door (Stranger 1, 2nd visit)"


def test_the_cool_down_counts_from_the_last_message_also_of_a_stranger_who_had_no_number_then(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver
) -> None:
    with Heard(bell, live, webhook(receiver.port)) as notifier:
        live.watch(Walks((BEN,)), at_its_pace=False)
        until(lambda: len(receiver.heard) == 1)
        live.watch(Walks((BEN,), MORNING + 600), at_its_pace=False)
        until(lambda: len(notifier.noted) == 2)
    assert len(receiver.heard) == 1
    assert notifier.noted == ["stranger, mine: told", "stranger 1, mine: not told, cool_down"]


def test_who_is_ignored_or_silent_is_not_heard_of_and_rings_without_a_name(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver
) -> None:
    bell.set_rules("Anna", Rules(tell="log"))
    live.watch(Walks((BEN,)), at_its_pace=False)
    bell.ignore("1")
    with Heard(bell, live, webhook(receiver.port, pictures=True)) as notifier:
        live.watch(Ringing(live, ANNA, MORNING + 600), at_its_pace=False)
        live.watch(Walks((BEN,), MORNING + 900), at_its_pace=False)
        until(lambda: len(notifier.noted) == 3 and len(receiver.heard) == 1)
    (ring,) = said(receiver)
    assert (ring["event"], ring["line"]) == ("ring", "Somebody rang")
    assert (ring["person"], ring["picture"], ring["decision"]) == (None, None, None)
    assert notifier.noted == ["known, mine: not told, log", "ring, mine: told", "stranger 1, mine: not told, ignored"]


@dataclass
class Ringing:
    """Somebody who comes, and rings once they have been made out."""

    bell: LiveDoorbell
    person: int
    start: float
    name: str = "a recording"
    live: bool = False

    def __iter__(self):
        for number, frame in enumerate(walk(self.person, self.start)):
            if number == 7:
                self.bell.ring("button")
            yield frame

    def close(self) -> None:
        pass


def test_who_rings_is_named_and_not_told_a_second_time(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    target = webhook(receiver.port, events=("ring", "known"))
    with Heard(bell, live, target, even_in_quiet_hours=("ring",), quiet_hours="0:00-24:00"):
        live.watch(Ringing(live, ANNA, MORNING), at_its_pace=False)
        until(lambda: len(receiver.heard) == 1)
    assert [one["line"] for one in said(receiver)] == ["Anna rang"]


def test_a_ring_that_no_face_follows_is_told_after_a_moment(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peephole.notify.occasions.RING_PATIENCE_SECONDS", 0.1)
    with Heard(bell, live, webhook(receiver.port, pictures=True)):
        live.ring("button")
        until(lambda: len(receiver.heard) == 1)
    (ring,) = said(receiver)
    assert (ring["line"], ring["picture"]) == ("Somebody rang", None)


def test_pictures_go_only_to_targets_that_get_them(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    with Receiver() as other:
        json_url = f"json://user:{TOKEN}@127.0.0.1:{other.port}/path"
        targets = (webhook(receiver.port, pictures=True), through_apprise(json_url, pictures=True))
        with Heard(bell, live, *targets, through_apprise(json_url, "bare"), link="http://door.lan"):
            live.watch(Walks((ANNA,)), at_its_pace=False)
            until(lambda: len(receiver.heard) == 1 and len(other.heard) == 2)
        (mine,) = said(receiver)
        picture = base64.b64decode(mine["picture"])
        assert picture[:2] == b"\xff\xd8"
        bare, pictured = sorted(said(other), key=lambda one: len(one["attachments"]))
        assert pictured["title"] == "Anna is at the door"
        assert pictured["message"].endswith(f"\nhttp://door.lan/?visit={mine['visit']}")
        (attachment,) = pictured["attachments"]
        assert (attachment["filename"], attachment["mimetype"]) == ("visitor.jpg", "image/jpeg")
        assert base64.b64decode(attachment["base64"]) == picture
        assert bare["attachments"] == []


def test_a_message_goes_without_a_picture_that_cannot_be_read(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(visit: str) -> bytes:
        raise OSError("the disk is broken")

    monkeypatch.setattr(bell, "visit_picture", broken)
    with Heard(bell, live, webhook(receiver.port, pictures=True)):
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: len(receiver.heard) == 1)
    assert said(receiver)[0]["picture"] is None


def test_ntfy_gets_line_and_picture(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    with Heard(bell, live, through_apprise(f"ntfy://127.0.0.1:{receiver.port}/door", pictures=True)) as notifier:
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: len(receiver.heard) == 1)
        assert notifier.connections()[0].startswith(f"ntfy at 127.0.0.1:{receiver.port}: ")
    (request,) = receiver.heard
    assert request.path == "/door"
    assert (request.query["title"], request.query["filename"]) == ("Anna is at the door", "visitor.jpg")
    assert request.body[:2] == b"\xff\xd8"
    assert "X-Icon" not in request.headers  # which would have the phone fetch a picture from the Internet


def test_a_slow_target_delays_neither_another_nor_the_doorbell(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver
) -> None:
    go_on = threading.Event()
    with (
        Receiver(gate=lambda: go_on.wait(10)) as slow,
        Heard(bell, live, webhook(slow.port, "slow"), webhook(receiver.port)),
    ):
        began = time.monotonic()
        live.watch(Walks((ANNA, BEN)), at_its_pace=False)
        until(lambda: len(receiver.heard) == 2)
        assert time.monotonic() - began < 5
        assert len(slow.heard) == 1
        go_on.set()
        until(lambda: len(slow.heard) == 2)


def test_a_target_that_never_answers_is_left_after_its_time(bell: Doorbell, live: LiveDoorbell) -> None:
    never = threading.Event()
    with Receiver(gate=lambda: never.wait(10)) as slow:
        with Heard(bell, live, webhook(slow.port), timeout=0.1) as notifier:
            live.watch(Walks((ANNA,)), at_its_pace=False)
            until(lambda: notifier.unsent() == 1)
            assert notifier.trouble() == (
                "notify target mine: it does not answer in time; it is tried again (1 not sent)"
            )
        never.set()


@pytest.mark.parametrize("kind", ["webhook", "apprise"])
def test_a_target_that_is_away_is_tried_again(bell: Doorbell, live: LiveDoorbell, kind: str) -> None:
    port = free_port()
    target = webhook(port) if kind == "webhook" else through_apprise(f"json://127.0.0.1:{port}", "mine")
    with Heard(bell, live, target) as notifier:
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: notifier.trouble() is not None)
        assert "notify target mine: it" in (notifier.trouble() or "")
        with Receiver(port=port) as back:
            until(lambda: len(back.heard) == 1)
            until(lambda: notifier.trouble() is None)
    assert notifier.unsent() == 0
    assert notifier.told[-1] == "notify target mine: messages are sent again"


def test_a_message_that_could_not_be_sent_starts_no_cool_down(bell: Doorbell, live: LiveDoorbell) -> None:
    port = free_port()
    with Heard(bell, live, webhook(port)) as notifier:
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: notifier.unsent() == 1)
        with Receiver(port=port) as back:
            live.watch(Walks((ANNA,), MORNING + 600), at_its_pace=False)
            until(lambda: len(back.heard) == 1)


def test_nothing_is_sent_of_somebody_who_was_removed_while_the_message_waited(
    bell: Doorbell, live: LiveDoorbell
) -> None:
    port = free_port()
    with Heard(bell, live, webhook(port)) as notifier:
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: notifier.trouble() is not None)
        bell.remove("Anna")
        with Receiver(port=port) as back:
            until(lambda: notifier.unsent() == 1)
            assert back.heard == []


def test_tokens_are_in_no_sentence_and_no_log(
    bell: Doorbell, live: LiveDoorbell, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    away = free_port()
    with Receiver(status=403) as refusing:
        targets = (
            webhook(refusing.port, "one", key="text:signing-key-0815"),
            webhook(away, "two"),
            through_apprise(f"ntfy://user:{TOKEN}@127.0.0.1:{refusing.port}/topic-{TOKEN}", "three"),
            through_apprise(f"tgram://{TOKEN}", "four"),
            webhook(0, "five").model_copy(update={"url": f"text:ftp://{TOKEN}@host/{TOKEN}"}),
            webhook(0, "six").model_copy(update={"url": f"text:http://127.0.0.1:x/{TOKEN}"}),
            webhook(0, "seven").model_copy(update={"url": f"text:http://127.0.0.1/\n {TOKEN}"}),
        )
        with Heard(bell, live, *targets) as notifier:
            live.watch(Walks((ANNA,)), at_its_pace=False)
            until(lambda: notifier.unsent() == 3)
            sentences = [notifier.trouble() or "", *notifier.connections(), *notifier.told, *notifier.noted]
    said = "\n".join([*sentences, caplog.text, *capsys.readouterr()])
    assert "notify target one: it answers 403 Forbidden" in said
    assert "notify target two: it cannot be reached (Connection refused)" in said
    assert "notify target four: Apprise cannot use this address" in said
    assert "notify target five: the address of a webhook begins with http:// or https://" in said
    assert TOKEN not in said
    assert "0815" not in said


def test_a_redirect_is_not_followed(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    with Receiver(status=307, location=f"http://127.0.0.1:{receiver.port}/elsewhere") as redirecting:
        url = f"json://127.0.0.1:{redirecting.port}"
        with Heard(bell, live, webhook(redirecting.port), through_apprise(url)) as notifier:
            live.watch(Walks((ANNA,)), at_its_pace=False)
            until(lambda: notifier.unsent() == 2)
    assert receiver.heard == []


def test_problems_are_told_to_those_who_want_them(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    with Heard(bell, live, webhook(receiver.port, events=("problem",)), quiet_hours="0:00-24:00"):
        for _ in range(3):
            live.announcer.announce(Problem(MORNING, "storage", "the disk is full"))
        until(lambda: len(receiver.heard) >= 1)
    assert [(one["event"], one["line"]) for one in said(receiver)] == [("problem", "the disk is full")]


def test_what_waits_at_the_end_is_sent(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    with Heard(bell, live, webhook(receiver.port)):
        live.ring("button")  # it waits for a name that does not come
    assert [one["line"] for one in said(receiver)] == ["Somebody rang"]


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
    assert "notify target phone needs the package apprise; install it with: pip install" in result.stderr
