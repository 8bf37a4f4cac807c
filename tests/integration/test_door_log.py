"""What is written down of the door, and what becomes of it when something fails."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import IntegrityError

import pytest
from pydantic import ValidationError

from commands import peephole
from door_parts import Home, Strike, long_walk
from doorbell_parts import ANNA, BEN, MORNING, Actor, Frame, paint, store_at, walk
from peephole.door.actuator import UnclearError
from peephole.doorbell.doorbell import Photo
from peephole.doorbell.events import Opened, Problem
from peephole.live import Message, View
from peephole.store.retention import DAY, Forgotten, Retention
from peephole.store.store import Store
from waiting import until

PARTS = Path(__file__).resolve().parent.parent


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


def test_a_lock_that_is_away_is_told_and_not_tried_again_within_the_visit(store: Store) -> None:
    home = Home(store, Strike(OSError("the relay is gone")))
    home.see(long_walk(looks=20))
    assert (home.actuator.releases, home.actuator.told[-1]) == (1, "secure")
    assert home.rows() == [("open", "all_hold", "face", "failed")]
    assert [problem.text for problem in home.told(Problem)] == ["the door: the relay is gone"]
    assert home.opener.trouble() == "the door: the relay is gone"
    assert home.told(Opened) == []
    home.actuator.fault = None
    home.see(long_walk(MORNING + 60))
    assert (home.opener.trouble(), home.rows()[-1][3]) == (None, "done")


def test_a_listener_that_breaks_leaves_no_door_open_and_no_false_row(store: Store) -> None:
    home = Home(store)

    def broken(message: Message) -> None:
        if isinstance(message, Opened):
            raise RuntimeError("a page went away")

    home.live.announcer.listen(broken)
    home.see(long_walk())
    assert (home.actuator.releases, home.actuator.told[-1], home.opener.state()) == (1, "secure", "locked")
    assert home.rows() == [("open", "all_hold", "face", "done")]


def test_a_lock_that_gives_no_answer_leaves_the_row_open(store: Store) -> None:
    home = Home(store, Strike(UnclearError("no answer")))
    home.see(long_walk())
    assert home.rows() == [("open", "all_hold", "face", "not_known")]


def test_without_a_log_the_door_stays_shut(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(store)

    def full(*_: object) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(home.store.door, "note_opening", full)
    home.see(long_walk())
    assert home.actuator.told == []
    assert [problem.text for problem in home.told(Problem)] == ["the door: no space left"]


def test_a_disk_that_is_slow_opens_nothing_late(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(store)
    write = store.door.note_opening

    def slowly(*row: object) -> int | None:
        home.now += 3
        return write(*row)

    monkeypatch.setattr(store.door, "note_opening", slowly)
    home.see(long_walk())
    assert (home.actuator.told, home.rows()) == ([], [("open", "all_hold", "face", "failed")])


def test_the_log_is_only_added_to(store: Store) -> None:
    home = Home(store)
    home.see(long_walk())
    number = store.door.recent()[0].id
    ben = home.bell.enrol("Ben", [Photo("b.jpg", paint([Actor(BEN, noise=200)]).image)]).person.id
    for change, value in (
        ("UPDATE door_log SET reason = ? WHERE id = ?", "nobody"),
        ("UPDATE door_log SET done = ? WHERE id = ?", "failed"),
        ("UPDATE door_log SET person = ? WHERE id = ?", ben),
        ("UPDATE door_log SET account = ? WHERE id = ?", "Olga"),
        ("UPDATE door_log SET changed = ? WHERE id = ?", "mode = on"),
        ("UPDATE door_log SET live = ? WHERE id = ?", 1),
        ("UPDATE door_log SET liveness = ? WHERE id = ?", "off"),
    ):
        with pytest.raises((OSError, ValueError, IntegrityError)), store._database.change() as connection:
            connection.execute(change, (value, number))
    with pytest.raises((OSError, ValueError, IntegrityError)), store._database.change() as connection:
        connection.execute("DELETE FROM door_log WHERE id = ?", (number,))
    assert home.rows() == [("open", "all_hold", "face", "done")]


def test_the_row_of_somebody_who_is_erased_names_nobody(store: Store) -> None:
    home = Home(store)
    home.see(long_walk())
    assert store.door.recent()[0].person_name == "Anna"
    home.bell.remove("Anna")
    assert (store.door.recent()[0].person, store.door.recent()[0].person_name) == (None, None)


def test_rows_older_than_the_settings_say_are_forgotten(store: Store) -> None:
    home = Home(store)
    long_ago = MORNING - 400 * DAY
    home.see([*long_walk(long_ago), *long_walk()])
    keep = Retention(strangers=0, visits=0, looks=0)
    assert store.forget_old(keep, MORNING - 40 * DAY) == Forgotten()
    assert store.forget_old(keep, MORNING) == Forgotten(door=1)
    assert [row.time > long_ago + DAY for row in store.door.recent()] == [True]
    with pytest.raises(ValidationError, match="30 days at least"):
        Retention(door=29)


def test_the_owner_opens_and_whoever_asks_meanwhile_is_told(store: Store) -> None:
    home = Home(store, pulse_seconds=10)
    answers = []
    first = threading.Thread(target=lambda: answers.append(home.opener.open("owner")))
    with home.opener:  # leaving it shuts the door
        first.start()
        until(lambda: home.opener.state() == "unlocked")
        assert home.opener.open("mqtt").text == "the door is being opened already"
    first.join()
    assert [answer.opened for answer in answers] == [True]
    assert home.opener.state() == "locked"
    assert home.actuator.told[:3] == ["prepare", "release", "secure"]
    assert home.rows() == [("open", "wished", "owner", "done")]


def test_a_door_that_is_off_hears_nobody(store: Store) -> None:
    home = Home(store, mode="off", actuator="none")
    home.see(long_walk())
    assert not home.opener.open("owner").opened
    assert (home.rows(), home.actuator.told, home.opener.connections()) == ([], [], ())


def test_stopping_shuts_an_open_door_at_once(store: Store) -> None:
    home = Home(store, pulse_seconds=10)
    with home.opener:
        opening = threading.Thread(target=lambda: home.opener.open("owner"))
        opening.start()
        until(lambda: home.opener.state() == "unlocked")
        begun = time.monotonic()
    opening.join()
    assert time.monotonic() - begun < 8
    assert home.actuator.told[0] == "prepare"
    assert home.actuator.told[-1] in ("secure", "close")


def test_the_thread_opens_while_frames_go_on(store: Store) -> None:
    """As in the running household: real time, and the door decides beside the frames."""
    home = Home(store, least_seconds=0.5)
    home.opener._clock = time.time
    begun, opened = time.time(), [("open", "all_hold", "face", "done")]
    with home.opener:
        for frame in walk(ANNA, begun, looks=60, rate=20.0)[:60]:
            if home.rows() == opened:
                break
            time.sleep(max(0.0, frame.time - time.time()))
            events = home.bell.process(Frame(frame.image, time.time()))
            home.live.announcer.announce(View(frame, home.bell.current()))
            for event in events:
                home.live.announcer.announce(event)
        until(lambda: home.rows() == opened)
    assert home.actuator.releases == 1


KILLED = """
import os, sys
sys.path.insert(0, {parts!r})
from pathlib import Path
from peephole.door.opener import DoorOpener
from peephole.door.settings import DoorSettings
from peephole.live import Announcer
from peephole.store.store import Store

class Cut:
    def release(self, seconds): os._exit(9)
    def secure(self): pass

settings = DoorSettings(mode="on", actuator="gpio", pin=17)
DoorOpener(settings, None, Store(Path(sys.argv[1])).door, Cut(), Announcer()).open("owner")
"""


def test_a_power_cut_between_log_and_lock_leaves_a_row_that_says_not_known(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    killed = subprocess.run([sys.executable, "-c", KILLED.format(parts=str(PARTS)), folder], check=False, timeout=60)
    assert killed.returncode == 9
    with Store(folder) as store:
        assert [(row.verdict, row.done) for row in store.door.recent()] == [("open", "not_known")]
    listed = peephole("door", "log", "--data", str(folder))
    assert "not known" in listed.stdout


def test_a_lock_that_cannot_be_made_ready_is_told(store: Store) -> None:
    class Absent(Strike):
        def prepare(self) -> None:
            raise OSError("there is no such line")

    home = Home(store, Absent())
    with home.opener:
        assert home.opener.trouble() == "the door: there is no such line"


def test_that_nobody_can_say_who_is_there_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(rate: float) -> None:
        raise OSError("the gallery is away")

    home = Home(store)
    monkeypatch.setattr(home.bell, "candidates", broken)
    home.see(long_walk())
    assert home.actuator.told == []
    assert {problem.text for problem in home.told(Problem)} == {"the door: the gallery is away"}
