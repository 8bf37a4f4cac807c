"""Of faces that are not known nothing is kept where the owner wants it so, nor before there is an owner."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import pytest

import doorbell_parts as parts
from commands import peephole
from doorbell_parts import ANNA, BEN, MORNING
from peephole.accounts.accounts import Accounts
from peephole.cli.watching import keeping_unknown
from peephole.doorbell.doorbell import Photo
from peephole.doorbell.events import Decided, Event, VisitEnded
from peephole.doorbell.policy import Policy
from peephole.doorbell.watcher import Watcher
from peephole.settings.owner import OwnerSettings
from peephole.settings.reading import read_settings
from peephole.store.store import Store
from peephole.vision.sources.demo import PAUSE, RATE, DemoSource
from peephole.vision.sources.demo.walk import APPROACH
from running import OWNER, model_arguments, start_page
from waiting import until


def watch(watcher: Watcher, frames: Sequence[parts.Frame]) -> list[Event]:
    return [event for frame in frames for event in watcher.process(frame)] + watcher.flush()


def kept(store: Store) -> tuple[int, int, int, int]:
    """How many visits, single looks, pictures of visits and strangers there are."""
    visits = store.visits.recent(50, None)
    looks = store.visits.every_look(parts.MODEL)
    pictures = [one for one in visits if store.visits.picture(one.id) is not None]
    return len(visits), len(looks), len(pictures), len(store.strangers.all(("open", "ignored")))


@pytest.fixture
def store(tmp_path: Path):
    with parts.store_at(tmp_path) as opened:
        yield opened


def test_a_stranger_who_is_counted_is_decided_and_told_and_nothing_of_the_face_is_stored(store: Store) -> None:
    watcher = parts.doorbell(store).watcher()
    watcher.keep_unknown(lambda: False)
    during = list[tuple[int, int, int, int]]()
    events = list[Event]()
    for frame in parts.walk(BEN, MORNING):
        events += watcher.process(frame)
        during.append(kept(store))
    assert max(during) == (1, 0, 0, 0)  # not for a moment
    assert [one.decision for one in events if isinstance(one, Decided)] == ["stranger"]
    (ended,) = (one for one in events if isinstance(one, VisitEnded))
    assert (ended.decision, ended.stranger, ended.visits, ended.sightings) == ("stranger", None, None, 8)
    (visit,) = store.visits.recent(1, None)
    assert (visit.decision.kind, visit.decision.stranger, visit.stranger_number) == ("stranger", None, None)
    watcher.keep_unknown(lambda: True)
    watch(watcher, parts.walk(BEN, MORNING + 600))
    assert kept(store) == (2, 8, 1, 1)


def test_whoever_is_known_is_kept_as_ever_also_when_that_turns_out_late(store: Store) -> None:
    bell = parts.doorbell(store)
    bell.enrol("Anna", [Photo("a.jpg", parts.paint([parts.Actor(ANNA, noise=200)]).image)])
    watcher = bell.watcher()
    watcher.keep_unknown(lambda: False)
    watch(watcher, parts.walk(ANNA, MORNING))
    assert kept(store) == (1, 8, 1, 0)
    watch(watcher, parts.walk(ANNA, MORNING + 600, looks=2))  # too few looks: unsure
    assert kept(store) == (2, 8, 1, 0)


def test_what_was_stored_of_a_face_that_was_taken_for_somebody_goes_when_it_is_not(store: Store) -> None:
    bell = parts.doorbell(store)
    bell.enrol("Anna", [Photo("a.jpg", parts.paint([parts.Actor(ANNA, noise=200)]).image)])
    watcher = bell.watcher()
    watcher.keep_unknown(lambda: False)
    for frame in parts.walk(ANNA, MORNING)[:8]:
        watcher.process(frame)
    assert kept(store) == (1, 8, 1, 0)
    bell.remove("Anna")
    bell.enrol("Ben", [Photo("b.jpg", parts.paint([parts.Actor(BEN, noise=200)]).image)])
    for number in range(8, 30):
        watcher.process(parts.paint([parts.Actor(ANNA, noise=number + 1)], MORNING + number / 5))
    watcher.flush()
    assert kept(store)[1:] == (0, 0, 0)


def test_whoever_is_not_known_any_more_in_the_middle_of_a_visit_leaves_nothing(store: Store) -> None:
    bell = parts.doorbell(store)
    bell.enrol("Anna", [Photo("a.jpg", parts.paint([parts.Actor(ANNA, noise=200)]).image)])
    watcher = bell.watcher()
    watcher.keep_unknown(lambda: False)
    frames = parts.walk(ANNA, MORNING, looks=12, shift=28)  # nearer than the one bar, and not than the other
    for frame in frames[:6]:
        watcher.process(frame)
    assert kept(store) == (1, 6, 1, 0)
    watcher.decide_by(Policy(known_rate=2e-4))
    watch(watcher, frames[6:])
    (visit,) = store.visits.recent(1, None)
    assert visit.decision.kind == "unsure"
    assert kept(store) == (1, 0, 0, 0)


def test_a_stranger_from_before_is_recognised_and_gets_no_further_look(store: Store) -> None:
    watcher = parts.doorbell(store).watcher()
    watch(watcher, parts.walk(BEN, MORNING))
    (before,) = store.inbox.looks()[:1]
    looks = len(store.inbox.looks())
    watcher.keep_unknown(lambda: False)
    watch(watcher, parts.walk(BEN, MORNING + 600, looks=30))
    (stranger,) = store.strangers.all(("open",))
    assert (stranger.visits, len(store.inbox.looks()), store.inbox.looks()[0].id) == (2, looks, before.id)
    assert kept(store) == (2, 8, 1, 1)


def test_of_a_ring_no_picture_of_the_door_is_stored(store: Store) -> None:
    watcher = parts.doorbell(store).watcher()
    watcher.keep_unknown(lambda: False)
    watcher.ring(MORNING, "button", parts.paint([parts.Actor(BEN)]).image)
    assert kept(store) == (1, 0, 0, 0)
    watcher.flush()
    (visit,) = store.visits.recent(1, None)
    assert visit.rang and store.visits.picture(visit.id) is None


def test_before_there_is_an_owner_it_only_counts_and_afterwards_as_the_settings_say(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "peephole.toml").write_text("")
    owner = OwnerSettings(read_settings(tmp_path / "peephole.toml"), store.settings)
    accounts = Accounts(store.accounts)
    keeps, demo = keeping_unknown(owner, accounts, False), keeping_unknown(owner, accounts, True)
    assert (keeps(), demo()) == (False, True)
    accounts.found(OWNER["name"], OWNER["password"], accounts.code, "127.0.0.1")
    assert (keeps(), demo()) == (True, True)
    owner.change("Olga", {"retention.unknown_faces": "count"})
    assert (keeps(), demo()) == (False, False)
    owner.change("Olga", {}, ["retention.unknown_faces"])
    assert (keeps(), demo()) == (True, True)


def test_a_doorbell_that_nobody_owns_yet_keeps_no_face_and_a_run_in_a_terminal_does(tmp_path: Path) -> None:
    film = tmp_path / "film"
    film.mkdir()
    standing = round((PAUSE + APPROACH) * RATE)
    for frame in itertools.islice(DemoSource(), standing, standing + 12):
        cv2.imwrite(str(film / f"{frame.number}.png"), frame.image)
    data = ("--data", tmp_path / "data")

    def shown(what: str) -> list[dict[str, Any]]:
        done = peephole(what, "list", *data, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    with start_page("run", "--port", 0, *model_arguments(), "--source", film, *data) as running:
        until(lambda: [one["decision"]["kind"] for one in shown("visits") if one["closed"]] == ["stranger"])
        assert running.stop() == 0
    assert shown("strangers") == []
    assert peephole("run", "--once", *model_arguments(), "--source", film, *data).returncode == 0
    assert len(shown("visits")) == 2 and len(shown("strangers")) == 1
