"""What messages say, and when there is something to say."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from pydantic import ValidationError

from peephole.doorbell.events import Decided, LockedOut, Opened, Problem, Rang, Refused, VisitEnded, VisitStarted
from peephole.live import Status
from peephole.notify.occasions import LOST_SECONDS, RING_PATIENCE_SECONDS, Occasions
from peephole.notify.rules import Occasion
from peephole.notify.senders import at_home, sender_of
from peephole.notify.settings import Notify, Target
from peephole.notify.words import body, line, notification, webhook_json

ANNA = Occasion("known", "v1", 1e9, who="person:p1", person="Anna", person_id="p1", decision="known")
STRANGER = Occasion("stranger", "v2", 1e9, who="stranger:12", stranger=12, decision="stranger")
UNSURE = Occasion("unsure", "v3", 1e9, decision="unsure", ended=True)
RING = Occasion("ring", "v4", 1e9)


@pytest.mark.parametrize(
    ("occasion", "words"),
    [
        (ANNA, "Anna is at the door"),
        (replace(ANNA, ended=True), "Anna was at the door"),
        (replace(ANNA, happening="ring"), "Anna rang"),
        (replace(STRANGER, visits=4), "Somebody you do not know is at the door (Stranger 12, 4th visit)"),
        (replace(STRANGER, visits=111), "Somebody you do not know is at the door (Stranger 12, 111th visit)"),
        (replace(STRANGER, visits=22), "Somebody you do not know is at the door (Stranger 12, 22nd visit)"),
        (replace(STRANGER, ended=True, visits=1), "Somebody you do not know was at the door (Stranger 12)"),
        (replace(STRANGER, stranger=None), "Somebody you do not know is at the door"),
        (replace(STRANGER, happening="ring", visits=3), "Somebody you do not know rang (Stranger 12, 3rd visit)"),
        (RING, "Somebody rang"),
        (UNSURE, "Somebody was at the door, and could not be made out"),
        (Occasion("problem", None, 1e9, text="the disk is full"), "the disk is full"),
    ],
)
def test_one_line_says_it(occasion: Occasion, words: str) -> None:
    assert line(occasion, named=True) == words


FOR_ANNA = Opened("v1", 1e9, "Anna", "p1", "face", "on")


@pytest.mark.parametrize(
    ("opened", "words"),
    [
        (FOR_ANNA, "The door was opened for Anna"),
        (replace(FOR_ANNA, camera="Front"), "Front: The door was opened for Anna"),
        (replace(FOR_ANNA, mode="dry-run"), "The door would have been opened for Anna, this is a dry run"),
        (replace(FOR_ANNA, visit=None, person=None, person_id=None, by="owner"), "The door was opened by the owner"),
    ],
)
def test_an_opening_is_told_in_one_line(opened: Opened, words: str) -> None:
    [occasion] = Occasions(lambda: 0.0).hear(opened, 0.0)
    assert line(occasion, named=True) == words
    assert "Anna" not in line(occasion, named=False)


PHOTO = Refused("v1", 1e9, "Anna", "p1", "liveness_failed", "the face may be a picture", "on")
CODES = LockedOut(1e9, 1e9 + 900, "codes", "codes do not open the door until 14:20", "on", "Front")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (PHOTO, "The door stays shut for Anna: the face may be a picture"),
        (replace(PHOTO, mode="dry-run"), "The door stays shut for Anna: the face may be a picture (a dry run)"),
        (CODES, "Front: Codes do not open the door until 14:20"),
    ],
)
def test_what_is_suspicious_is_told_in_one_line(told: Refused | LockedOut, words: str) -> None:
    [occasion] = Occasions(lambda: 0.0).hear(told, 0.0)
    assert line(occasion, named=True) == words
    assert "Anna" not in line(occasion, named=False)


def test_the_camera_begins_the_line_where_it_has_a_name() -> None:
    at_the_garage = replace(ANNA, camera="Garage")
    assert line(at_the_garage, named=True) == "Garage: Anna is at the door"
    assert json.loads(webhook_json(notification(at_the_garage, True, ""), 1.0))["camera"] == "Garage"


def test_each_camera_that_stays_away_is_told() -> None:
    occasions = Occasions(lambda: 5.0)
    occasions.hear(Status("lost", "no picture", "Front"), 0.0)
    occasions.hear(Status("lost", "no picture", "Garage"), 10.0)
    occasions.hear(Status("watching", "Watching", "Front"), 20.0)
    assert occasions.next_due() == 10.0 + LOST_SECONDS
    assert [one.who for one in occasions.due(1000.0)] == ["problem:camera:Garage"]


def test_a_message_that_may_not_name_names_nobody() -> None:
    ring = replace(ANNA, happening="ring")
    message = notification(ring, named=False, link="", picture=b"\xff\xd8")
    said = webhook_json(message, 1e9).decode()
    assert message.line == "Somebody rang"
    assert message.picture is None
    assert "Anna" not in said and "p1" not in said and '"decision": null' in said


def test_a_message_tells_when_and_leads_to_the_visit() -> None:
    message = notification(ANNA, named=True, link="https://door.lan/bell/")
    at = datetime.fromtimestamp(1e9)
    assert message.link == "https://door.lan/bell/?visit=v1"
    assert body(message, at) == f"{at:%H:%M}\nhttps://door.lan/bell/?visit=v1"
    assert body(notification(ANNA, named=True, link=""), at) == f"{at:%H:%M}"


def test_a_webhook_is_told_in_json() -> None:
    message = notification(replace(STRANGER, visits=4), named=True, link="", picture=b"\xff\xd8")
    assert json.loads(webhook_json(message, 1e9 + 1)) == {
        "v": 1,
        "id": "v2-stranger",
        "event": "stranger",
        "line": "Somebody you do not know is at the door (Stranger 12, 4th visit)",
        "visit": "v2",
        "person": None,
        "person_id": None,
        "stranger": 12,
        "visits": 4,
        "decision": "stranger",
        "camera": None,
        "reason": "",
        "text": "",
        "ended": False,
        "time": "2001-09-09T01:46:40.000Z",
        "sent": "2001-09-09T01:46:41.000Z",
        "link": None,
        "actions": [],
        "picture": "/9g=",
    }


def decided(kind: str, person: str | None = None, stranger: int | None = None) -> Decided:
    return Decided("v1", 2.0, kind, person, person and "p1", stranger, 1, 1, "voted", "so it is", False)  # type: ignore[arg-type]


def ended(kind: str, person: str | None = None, stranger: int | None = None, reason: str = "voted") -> VisitEnded:
    return VisitEnded(
        "v1", kind, person, person and "p1", stranger, stranger and "s1", 1, 1, reason, "so it is", 5, 1.0, 3.0,  # type: ignore[arg-type]
        repeat=False, silent=False,
    )  # fmt: skip


def heard(*messages, at: float = 0.0) -> list[tuple[str, str | None]]:
    """What a visit of these messages leads to: happening and whom it is about."""
    occasions = Occasions(lambda: 0.0)
    found = occasions.hear(VisitStarted("v1", 1.0), at)
    for message in messages:
        found += occasions.hear(message, at)
    return [(one.happening, one.who) for one in found]


def test_a_visit_is_news_when_it_is_decided_and_not_once_more_at_its_end() -> None:
    assert heard(decided("known", "Anna"), ended("known", "Anna")) == [("known", "person:p1")]
    assert heard(decided("stranger"), ended("stranger", stranger=12)) == [("stranger", None)]


def test_a_visit_that_turns_out_to_be_of_another_is_news_again() -> None:
    assert heard(decided("stranger"), ended("known", "Anna")) == [("stranger", None), ("known", "person:p1")]
    assert heard(decided("known", "Anna"), ended("unsure")) == [("known", "person:p1"), ("unsure", None)]


def test_a_ring_that_nobody_was_seen_after_is_told_at_the_end_as_one_that_is_over() -> None:
    occasions = Occasions(lambda: 0.0)
    occasions.hear(VisitStarted("v1", 1.0), 0.0)
    occasions.hear(Rang("v1", 1.0, "button"), 0.0)
    (ring,) = occasions.hear(ended("unsure", reason="nobody_seen"), 1.0)
    assert (ring.happening, ring.decision, ring.ended) == ("ring", None, True)


def test_who_could_not_be_made_out_is_news_at_the_end_only() -> None:
    assert heard(decided("unsure")) == []
    assert heard(decided("unsure"), ended("unsure")) == [("unsure", None)]


@pytest.mark.parametrize("reason", ["nobody_seen", "person_removed"])
def test_a_visit_of_nobody_is_no_news(reason: str) -> None:
    assert heard(ended("unsure", reason=reason)) == []


def test_a_visit_that_an_earlier_process_began_is_no_news() -> None:
    occasions = Occasions(lambda: 0.0)
    assert occasions.hear(ended("known", "Anna"), 0.0) == occasions.hear(Rang("v1", 1.0, "button"), 0.0) == []


def test_a_ring_waits_a_moment_for_a_name() -> None:
    ring = Rang("v1", 1.5, "button")
    assert heard(ring) == []
    assert heard(ring, ring, decided("known", "Anna")) == [("ring", "person:p1"), ("known", "person:p1")]
    assert heard(decided("known", "Anna"), ring) == [("known", "person:p1"), ("ring", "person:p1")]
    assert heard(ring, ended("unsure", reason="nobody_seen")) == [("ring", None)]
    occasions = Occasions(lambda: 0.0)
    occasions.hear(VisitStarted("v1", 1.0), 10.0)
    occasions.hear(ring, 10.0)
    assert occasions.next_due() == 10.0 + RING_PATIENCE_SECONDS
    assert occasions.due(10.0) == []
    assert [one.happening for one in occasions.due(10.0 + RING_PATIENCE_SECONDS)] == ["ring"]
    assert occasions.next_due() is None


def test_a_camera_that_stays_away_is_a_problem_once() -> None:
    occasions = Occasions(lambda: 1e9)
    lost = Status("lost", "camera:0 gives no picture")
    for at in (5.0, 20.0):
        assert occasions.hear(lost, at) == []
    assert occasions.due(5.0 + LOST_SECONDS - 1) == []
    (problem,) = occasions.due(5.0 + LOST_SECONDS)
    assert (problem.happening, problem.text, problem.who) == ("problem", lost.text, "problem:camera")
    assert occasions.due(1e6) == []
    occasions.hear(lost, 100.0)
    occasions.hear(Status("watching", "Watching camera:0"), 101.0)
    assert occasions.due(1e6) == []


def test_problems_are_news_at_once() -> None:
    (problem,) = Occasions(lambda: 0.0).hear(Problem(1e9, "storage", "the disk is full"), 0.0)
    assert (problem.who, problem.text, problem.time) == ("problem:storage", "the disk is full", 1e9)


@pytest.mark.parametrize(
    ("host", "home"),
    [
        ("127.0.0.1", True), ("192.168.1.5", True), ("fd00::1", True), ("10.0.0.1", True), ("nas", True),
        ("nas.local", True), ("ntfy.home.arpa", True), ("8.8.8.8", False), ("ntfy.sh", False), ("2606:4700::1", False),
    ],
)  # fmt: skip
def test_what_leaves_the_house_is_told_by_the_address(host: str, home: bool) -> None:
    assert at_home(host) is home


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("ntfy://user:geheim@192.168.1.5:8080/geheim", "ntfy at 192.168.1.5:8080"),
        ("ntfy://geheim", "ntfy, on the Internet"),
        ("ntfys://ntfy.sh/geheim", "ntfy at ntfy.sh, on the Internet"),
        ("notica://geheim", "Notica, on the Internet"),
        ("pushdeer://geheim", "PushDeer, on the Internet"),
        ("syslog://", "Syslog"),
        ("gotify://push.example.org/geheim", "Gotify at push.example.org, on the Internet"),
        ("tgram://123456789:abcdefg_hijklmnop-geheim/12315544/", "Telegram, on the Internet"),
        ("discord://4174216298/geheimgeheim", "Discord, on the Internet"),
        ("pover://uuuuuuuuuuuuuuuuuuuuuuuuuugeheim@bbbbbbbbbbbbbbbbbbbbbbbbgeheim", "Pushover, on the Internet"),
        ("mailto://me:geheim@gmail.com", "E-Mail at smtp.gmail.com:587, on the Internet"),
        ("https://discord.com/api/webhooks/4174216298/geheimgeheim", "Discord, on the Internet"),
    ],
)
def test_apprise_targets_are_shown_without_their_tokens(url: str, where: str) -> None:
    pytest.importorskip("apprise", reason="needs the extra notify")
    assert str(sender_of(Target(name="a", url=f"text:{url}")).peer) == where


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("http://me:geheim@[fd00::1]:8123/api/webhook/geheim", "webhook at [fd00::1]:8123"),
        ("https://hooks.example.org/geheim", "webhook at hooks.example.org:443, on the Internet"),
    ],
)
def test_webhooks_are_shown_without_path_and_password(url: str, where: str) -> None:
    assert str(sender_of(Target(name="a", service="webhook", url=f"text:{url}")).peer) == where


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"quiet_hours": "at night"}, "hours are written as"),
        ({"targets": [{"name": "a", "url": "text:x"}, {"name": "A", "url": "text:y"}]}, "the same name"),
        ({"targets": [{"name": "a", "url": "text:x", "key": "text:k"}]}, "service = 'webhook'"),
        ({"targets": [{"name": "a\nb", "url": "text:x"}]}, "pattern"),
        ({"targets": [{"name": "a", "url": "text:x", "events": []}]}, "at least 1 item"),
        ({"targets": [{"name": "a", "url": "ntfy://host/topic"}]}, "a secret is file:/PATH"),
        ({"link": "door.lan"}, "pattern"),
    ],
)
def test_settings_that_cannot_work_are_refused(changed: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Notify.model_validate(changed)


def test_a_camera_that_was_told_of_is_told_of_when_it_is_back() -> None:
    occasions = Occasions(lambda: 77.0)
    lost, back = Status("lost", "no picture", "Front"), Status("watching", "the picture is back", "Front")
    assert occasions.hear(back, 0.0) == []
    occasions.hear(lost, 0.0)
    assert occasions.hear(back, 30.0) == []  # nobody was told that it was away
    occasions.hear(lost, 40.0)
    assert len(occasions.due(40.0 + LOST_SECONDS)) == 1
    assert occasions.hear(Status("watching", "the picture is back", "Garage"), 120.0) == []
    (told,) = occasions.hear(back, 130.0)
    assert (told.happening, told.reason, told.text, told.camera) == (
        "problem",
        "camera_back",
        "the picture is back",
        "Front",
    )
    assert occasions.hear(back, 140.0) == []
