"""Messages of a doorbell to real servers on this machine: who is told what, and with which picture."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

import pytest

from doorbell_parts import ANNA, BEN, MORNING, Walks, walk
from messages import TOKEN, Heard, said, through_apprise, webhook
from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.events import LockedOut, Problem, Refused
from peephole.live import LiveDoorbell
from peephole.people.records import Rules
from receivers import Receiver
from waiting import until


def test_a_webhook_hears_of_a_person_and_of_a_stranger(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    with Heard(bell, live, webhook(receiver.port, key="text:shared"), link="http://door.lan:8642/") as notifier:
        live.watch(Walks((ANNA, BEN)), at_its_pace=False)
        until(lambda: len(receiver.heard) == 2)
        assert notifier.connections() == (
            f"webhook at 127.0.0.1:{receiver.port}: messages of stranger, ring, known, opened, suspicious"
            " (notify target mine)",
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


def test_the_count_is_that_of_the_visit_also_where_the_telling_lags_behind(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver
) -> None:
    live.watch(Walks((BEN,)), at_its_pace=False)
    lagging = Heard(bell, live, webhook(receiver.port))
    live.watch(Walks((BEN,), MORNING + 600), at_its_pace=False)
    with lagging:
        until(lambda: receiver.heard)
    assert [(one["visits"], one["ended"]) for one in said(receiver)] == [(2, False)]


def test_the_cool_down_counts_from_the_last_message_also_of_a_stranger_who_had_no_number_then(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver
) -> None:
    with Heard(bell, live, webhook(receiver.port)) as notifier:
        live.watch(Walks((BEN,)), at_its_pace=False)
        until(lambda: notifier.deliveries()["sent"] == 1)
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


def test_ntfy_shows_buttons_where_the_owner_wants_them(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    target = through_apprise(f"ntfy://user:pass@127.0.0.1:{receiver.port}/door", actions=True)
    with Heard(bell, live, target, link="http://door.lan") as notifier:
        live.watch(Walks((BEN, ANNA)), at_its_pace=False)
        until(lambda: len(receiver.heard) == 2)
    stranger, known = (request.headers for request in receiver.heard)
    buttons = [button.split(", ") for button in stranger["X-Actions"].split("; ")]
    assert [label for _, label, _ in buttons] == ["Open", "Who is this?", "Ignore"]
    token = buttons[2][2].removeprefix("http://door.lan/act/")
    assert notifier.links.visit(token) == bell.visits()[1].id
    assert known["X-Actions"].count("view, ") == 1
    assert stranger["Authorization"].startswith("Basic ")
    assert "act/" not in json.loads(receiver.heard[0].body)["message"]
    assert token not in str([notifier.noted, notifier.told, notifier.connections()])


def test_nobody_can_be_ignored_by_a_button_where_nothing_is_kept_of_strangers(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver
) -> None:
    with Heard(bell, live, webhook(receiver.port, actions=True), link="http://door.lan") as notifier:
        notifier.keeps_unknown = lambda: False
        live.watch(Walks((BEN,)), at_its_pace=False)
        until(lambda: receiver.heard)
    assert [one["label"] for one in said(receiver)[0]["actions"]] == ["Open", "Who is this?"]


def test_other_services_get_the_buttons_as_lines(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    targets = through_apprise(f"json://127.0.0.1:{receiver.port}", actions=True), webhook(receiver.port, actions=True)
    with Heard(bell, live, *targets, link="http://door.lan"):
        live.watch(Walks((BEN,)), at_its_pace=False)
        until(lambda: len(receiver.heard) == 2)
    by_path = {request.path: json.loads(request.body) for request in receiver.heard}
    assert "Ignore: http://door.lan/act/" in by_path["/"]["message"]
    assert [one["label"] for one in by_path["/hook"]["actions"]] == ["Open", "Who is this?", "Ignore"]


def test_a_held_photo_is_told_with_its_picture_beside_the_visit(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver
) -> None:
    anna = bell.people()[0].person.id
    with Heard(bell, live, webhook(receiver.port, pictures=True, actions=True), link="http://door.lan"):
        live.watch(Walks((ANNA,)), at_its_pace=False)
        visit = bell.visits()[0].id
        text = "the face may be a picture"
        live.announcer.announce(Refused(visit, MORNING, "Anna", anna, "liveness_failed", text, "on"))
        live.announcer.announce(LockedOut(MORNING, MORNING + 900, "faces", "faces do not open the door", "on"))
        until(lambda: len(receiver.heard) == 3)
    known, refused, locked_out = said(receiver)
    assert (known["event"], refused["event"], locked_out["event"]) == ("known", "suspicious", "suspicious")
    assert refused["line"] == "The door stays shut for Anna: the face may be a picture"
    assert (refused["visit"], refused["person"], refused["reason"]) == (visit, "Anna", "liveness_failed")
    assert base64.b64decode(refused["picture"])[:2] == b"\xff\xd8"
    assert [one["label"] for one in refused["actions"]] == ["Open"]
    assert (locked_out["line"], locked_out["visit"]) == ("Faces do not open the door", None)


def test_problems_are_told_to_those_who_want_them(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    with Heard(bell, live, webhook(receiver.port, events=("problem",)), quiet_hours="0:00-24:00"):
        for _ in range(3):
            live.announcer.announce(Problem(MORNING, "storage", "the disk is full"))
        until(lambda: len(receiver.heard) >= 1)
    assert [(one["event"], one["line"]) for one in said(receiver)] == [("problem", "the disk is full")]
