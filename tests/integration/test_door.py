"""The door with a real doorbell and store: who comes in, what is written down, and what the lock hears."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from sqlite3 import IntegrityError

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from commands import peephole
from doorbell_parts import Actor, Frame, doorbell, paint, store_at, walk
from peephole.cli.services import door_opener
from peephole.door.actuator import Nothing, UnclearError
from peephole.door.opener import DoorOpener
from peephole.door.settings import DoorSettings
from peephole.door.webhook import Webhook
from peephole.doorbell.doorbell import Photo
from peephole.doorbell.events import Opened, Problem
from peephole.live import LiveDoorbell, Look, Message
from peephole.people.records import Rules
from peephole.settings.household import Settings
from peephole.store.retention import DAY, Forgotten, Retention
from peephole.store.store import Store
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams

ANNA, BEN = 1, 2
MORNING = 1_795_000_000.0
PARTS = Path(__file__).resolve().parent.parent


@dataclass
class Strike:
    """A lock that notes what it is told, and has a fault when it is to have one."""

    fault: Exception | None = None
    told: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        self.told.append("prepare")

    def release(self, seconds: float) -> None:
        self.told.append("release")
        if self.fault is not None:
            raise self.fault

    def secure(self) -> None:
        self.told.append("secure")

    def close(self) -> None:
        self.told.append("close")

    def connections(self) -> tuple[str, ...]:
        return ()

    @property
    def releases(self) -> int:
        return self.told.count("release")


class Home:
    """A doorbell that knows Anna, who may open, and a door that decides after each frame."""

    def __init__(self, store: Store, lock: object = None, checks: tuple[object, ...] = (), **settings: object) -> None:
        self.store = store
        self.bell = doorbell(store)
        self.bell.enrol("Anna", [Photo("a.jpg", paint([Actor(ANNA, noise=200)]).image)])
        self.bell.set_rules("Anna", Rules(may_open=True))
        self.live = LiveDoorbell(self.bell)
        self.heard: list[Message] = []
        self.now = MORNING
        self.actuator = lock or Strike()
        given = {"mode": "on", "actuator": "gpio", "pin": 17, "liveness": "off", "pulse_seconds": 0.2, **settings}
        self.opener = DoorOpener(
            DoorSettings(**given),
            self.bell,
            store.door,
            self.actuator,
            self.live.announcer,
            checks,
            clock=lambda: self.now,
        )
        self.live.announcer.listen(self.heard.append)
        self.live.announcer.listen(self.opener.hear)

    def see(self, frames: list[Frame], *, late: float = 0.0) -> None:
        """Show frames; `late`: so many seconds after they were taken the door decides."""
        for frame in frames:
            self.now = frame.time + late
            events = self.bell.process(frame)
            self.live.announcer.announce(Look(frame, self.bell.current()))
            for event in events:
                self.live.announcer.announce(event)
            self.opener.turn()

    def rows(self) -> list[tuple[str, str, str, str]]:
        """What is written down, the oldest first."""
        return [(row.verdict, row.reason, row.by, row.done) for row in reversed(self.store.door.recent())]

    def told(self, kind: type) -> list[Message]:
        return [message for message in self.heard if isinstance(message, kind)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


def long_walk(start: float = MORNING, looks: int = 12, **more: int) -> list[Frame]:
    return walk(ANNA, start, looks=looks, **more)


def beside(start: float, other: int, looks: int = 12) -> list[Frame]:
    """Anna comes, and somebody with her."""
    seen = [
        paint(
            [
                Actor(ANNA, x=20 + i, width=60 + 3 * i, noise=i + 1),
                Actor(other, x=160, y=20, width=60 + 2 * i, noise=i + 1),
            ],
            start + i / 5,
        )
        for i in range(looks)
    ]
    return [*seen, *(paint([], start + looks / 5 + i / 5) for i in range(20))]


def test_a_dry_run_writes_down_what_it_would_do_and_moves_nothing(store: Store) -> None:
    home = Home(store, mode="dry-run")
    home.see(long_walk())
    assert home.rows() == [("open", "all_hold", "face", "not_tried")]
    assert home.actuator.told == []
    [event] = home.told(Opened)
    assert (event.person, event.by, event.mode) == ("Anna", "face", "dry-run")
    assert event.as_json()["event"] == "opened"


def test_the_door_opens_once_a_visit_and_again_for_the_next(store: Store) -> None:
    home = Home(store)
    home.see(long_walk(looks=25))
    assert (home.actuator.releases, home.actuator.told[-1]) == (1, "secure")
    home.see(long_walk(MORNING + 60))
    assert home.actuator.releases == 2
    assert home.rows() == [("open", "all_hold", "face", "done")] * 2
    visits = {row.visit for row in store.door.recent()}
    assert visits == {visit.id for visit in home.bell.visits()}


def test_the_row_is_on_the_disk_before_the_lock_moves(store: Store) -> None:
    rows: list[object] = []

    class Watched(Strike):
        def release(self, seconds: float) -> None:
            rows.extend(home.rows())

    home = Home(store, Watched())
    home.see(long_walk())
    assert rows == [("open", "all_hold", "face", "not_known")]


@pytest.mark.parametrize(
    ("rules", "settings", "reason"),
    [
        ({}, {"least_looks": 9, "least_seconds": 10}, "too_short"),
        ({"hours": "mon-sun 0:00-0:01"}, {}, "persons_hours"),
        ({}, {"hours": "mon-sun 0:00-0:01"}, "house_hours"),
        ({}, {"liveness": "required"}, "liveness_not_done"),
    ],
)
def test_one_thing_that_does_not_hold_keeps_it_shut(store: Store, rules, settings, reason: str) -> None:
    home = Home(store, **settings)
    home.bell.set_rules("Anna", Rules(may_open=True, **rules))
    home.see(long_walk())
    assert home.actuator.told == []
    assert home.rows() == [("shut", reason, "face", "not_tried")]


def test_somebody_without_the_right_is_not_even_logged(store: Store) -> None:
    home = Home(store)
    home.bell.set_rules("Anna", Rules(may_open=False))
    home.see([*long_walk(), *walk(BEN, MORNING + 60)])
    assert (home.actuator.told, home.rows()) == ([], [])


def test_too_few_looks_keep_it_shut(store: Store) -> None:
    home = Home(store)
    home.see(long_walk(looks=4))
    assert (home.actuator.told, home.rows()) == ([], [("shut", "too_few_looks", "face", "not_tried")])


def test_near_enough_for_a_greeting_is_not_near_enough_for_the_door(store: Store) -> None:
    home = Home(store)
    home.see(long_walk(shift=26))
    assert home.bell.visits()[0].decision.kind == "known"
    assert (home.actuator.told, home.rows()) == ([], [("shut", "too_far", "face", "not_tried")])


def test_every_look_that_counts_is_near_enough_by_itself(store: Store) -> None:
    home = Home(store, least_looks=8)
    away, near = long_walk(looks=12, shift=26)[:5], long_walk(looks=12)[5:]
    home.see([*away, *near])
    assert home.bell.visits()[0].decision.distance < 60_000  # most looks that vote are the near ones
    assert (home.actuator.told, home.rows()) == ([], [("shut", "too_few_looks", "face", "not_tried")])


def test_looks_that_are_nearer_to_somebody_else_do_not_count(store: Store) -> None:
    """Anna's sister is 40,000 away from her; looks between the two are within the bar of both."""
    home = Home(store, least_looks=8)
    home.bell.enrol("Sister", [Photo("s.jpg", paint([Actor(ANNA, noise=200, shift=20)]).image)])
    between, own = long_walk(looks=12, shift=12)[:5], long_walk(looks=12)[5:]
    home.see([*between, *own])
    assert home.bell.visits()[0].person_name == "Anna"
    assert (home.actuator.told, home.rows()) == ([], [("shut", "too_few_looks", "face", "not_tried")])


def test_a_stranger_beside_keeps_it_shut(store: Store) -> None:
    home = Home(store)
    home.see(beside(MORNING, BEN))
    assert (home.actuator.told, home.rows()) == ([], [("shut", "stranger_near", "face", "not_tried")])


def test_a_friend_beside_does_not(store: Store) -> None:
    home = Home(store)
    home.bell.enrol("Ben", [Photo("b.jpg", paint([Actor(BEN, noise=200)]).image)])
    home.see(beside(MORNING, BEN))
    assert home.actuator.releases == 1


def test_what_was_true_a_while_ago_opens_nothing(store: Store) -> None:
    home = Home(store)
    home.see(long_walk(), late=3)
    assert (home.actuator.told, home.rows()) == ([], [("shut", "old_picture", "face", "not_tried")])


class Check:
    """A check whose results are given, one after the other; the last one stays."""

    def __init__(self, *results: str) -> None:
        self.results = list(results)

    def result(self, visit: str) -> str:
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


def test_a_face_that_passes_every_check_comes_in(store: Store) -> None:
    home = Home(store, checks=(Check("passed"), Check("not_done", "not_done", "passed")), liveness="required")
    home.see(long_walk())
    assert home.actuator.releases == 1


def test_a_face_that_failed_a_check_once_stays_out_for_the_visit(store: Store) -> None:
    home = Home(store, checks=(Check("failed", "passed"),), liveness="required")
    home.see(long_walk())
    assert (home.actuator.told, home.rows()) == ([], [("shut", "liveness_failed", "face", "not_tried")])


def test_suspicious_refusals_lock_faces_out_and_not_the_owner(store: Store) -> None:
    home = Home(store, lock_out_after=2, lock_out_minutes=15)
    for minute in range(2):
        home.see(long_walk(MORNING + 60 * minute, shift=26))
    home.see(long_walk(MORNING + 120))
    assert [reason for _, reason, _, _ in home.rows()] == ["too_far", "too_far", "locked_out"]
    assert home.opener.status().locked_until == pytest.approx(MORNING + 60 + 15 * 60, abs=10)
    assert home.opener.open("owner").opened
    home.see(long_walk(MORNING + 20 * 60))
    assert home.rows()[-1] == ("open", "all_hold", "face", "done")


def test_openings_within_an_hour_are_limited_for_everybody_and_after_a_restart(store: Store) -> None:
    home = Home(store, most_openings=2)
    home.see([*long_walk(), *long_walk(MORNING + 60), *long_walk(MORNING + 120)])
    assert home.actuator.releases == 2
    assert home.rows()[-1][:3] == ("shut", "too_many_openings", "face")
    again = DoorOpener(
        home.opener.settings, home.bell, store.door, home.actuator, home.live.announcer, clock=lambda: MORNING + 180
    )
    answer = again.open("mqtt")
    assert (answer.opened, "too often" in answer.text) == (False, True)
    assert home.rows()[-1][:3] == ("shut", "too_many_openings", "mqtt")
    assert home.actuator.releases == 2


def test_the_limit_holds_where_two_ask_at_the_same_moment(store: Store) -> None:
    first, *_ = (row := Home(store).opener._entry(MORNING, "owner", "open", "wished"),)
    assert [store.door.note_opening(row, 1, MORNING - 3600) is None for _ in range(2)] == [False, True]
    assert first.done == "not_known"


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
    for change in (
        "UPDATE door_log SET reason = 'nobody' WHERE id = ?",
        "UPDATE door_log SET done = 'failed' WHERE id = ?",
        "UPDATE door_log SET person = 'p2' WHERE id = ?",
    ):
        with pytest.raises((OSError, ValueError, IntegrityError)), store._database.change() as connection:
            connection.execute(change, (number,))
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
    home = Home(store, pulse_seconds=0.5)
    answers = []
    first = threading.Thread(target=lambda: answers.append(home.opener.open("owner")))
    first.start()
    deadline = time.monotonic() + 5
    while home.opener.state() != "unlocked" and time.monotonic() < deadline:
        time.sleep(0.005)
    assert home.opener.state() == "unlocked"
    assert home.opener.open("mqtt").text == "the door is being opened already"
    first.join()
    assert [answer.opened for answer in answers] == [True]
    assert home.opener.state() == "locked"
    assert home.actuator.told[:2] == ["release", "secure"]
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
        while home.opener.state() != "unlocked":
            time.sleep(0.005)
        begun = time.monotonic()
    opening.join()
    assert time.monotonic() - begun < 5
    assert home.actuator.told[0] == "prepare"
    assert home.actuator.told[-1] in ("secure", "close")


def test_the_thread_opens_while_frames_go_on(store: Store) -> None:
    """As in the running household: real time, and the door decides beside the frames."""
    home = Home(store, least_seconds=0.5)
    home.opener._clock = time.time
    begun = time.time()
    with home.opener:
        for frame in walk(ANNA, begun, looks=20, rate=20.0)[:24]:
            time.sleep(max(0.0, frame.time - time.time()))
            events = home.bell.process(Frame(frame.image, time.time()))
            home.live.announcer.announce(Look(frame, home.bell.current()))
            for event in events:
                home.live.announcer.announce(event)
        deadline = time.monotonic() + 5
        while home.rows()[-1:] != [("open", "all_hold", "face", "done")] and time.monotonic() < deadline:
            time.sleep(0.01)
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


class LockServer:
    """A lock on the network; `answers` are its statuses, `slow` what it waits for before it answers."""

    def __init__(self, status: int = 200, slow: float = 0.0, location: str = "") -> None:
        self.bodies: list[object] = []
        self.paths: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.paths.append(self.path)
                outer.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                time.sleep(slow)
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/open?token=s3cret"

    def __enter__(self) -> "LockServer":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_the_webhook_is_hit_exactly_once_a_visit(store: Store) -> None:
    with LockServer() as lock:
        home = Home(store, Webhook(f"text:{lock.address}"), actuator="webhook", webhook=f"text:{lock.address}")
        home.see(long_walk(looks=25))
        assert (lock.paths, lock.bodies) == (["/open?token=s3cret"], [{"open_seconds": 0.2}])
        assert home.rows() == [("open", "all_hold", "face", "done")]
        assert "s3cret" not in str(home.opener.connections())
        assert home.opener.connections()[0].startswith("http://127.0.0.1:")


def test_redirects_are_not_followed_and_the_secret_is_not_told() -> None:
    with LockServer() as other, LockServer(302, location=other.address) as lock:
        with pytest.raises(OSError, match="redirects are not followed") as told:
            Webhook(f"text:{lock.address}").release(1.0)
        assert (other.paths, "s3cret" in str(told.value)) == ([], False)


def test_a_lock_that_does_not_answer_in_time_is_unclear_and_one_that_is_away_is_not() -> None:
    with LockServer(slow=2.0) as lock:
        begun = time.monotonic()
        with pytest.raises(UnclearError, match="not known"):
            Webhook(f"text:{lock.address}", limit=0.2).release(1.0)
        assert time.monotonic() - begun < 1.5
        address = lock.address
    with pytest.raises(OSError, match="cannot be reached") as away:
        Webhook(f"text:{address}").release(1.0)
    assert not isinstance(away.value, UnclearError)
    with LockServer(500) as lock, pytest.raises(OSError, match="answered 500"):
        Webhook(f"text:{lock.address}").release(1.0)


def test_an_answer_that_drips_is_broken_off() -> None:
    """Each piece comes in time; all of them would take a minute."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def drip() -> None:
        with listener, listener.accept()[0] as peer, suppress(OSError):
            for byte in b"HTTP/1.1 200 OK" * 40:
                peer.sendall(bytes([byte]))
                time.sleep(0.1)

    threading.Thread(target=drip, daemon=True).start()
    begun = time.monotonic()
    with pytest.raises(UnclearError, match="no answer in time"):
        Webhook(f"text:http://127.0.0.1:{port}/open", limit=0.5).release(1.0)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "address",
    ["ftp://lock/open", "lock.local/open", "http:///open", "http://a b/", "http://me:pass@lock/", "http://lock:x/"],
)
def test_addresses_that_are_none_are_refused_without_being_told(address: str) -> None:
    with pytest.raises(ValueError, match="webhook of the door") as told:
        Webhook(f"text:{address}").prepare()
    assert address not in str(told.value)


def test_the_relay_is_active_for_the_pulse_alone() -> None:
    mock = pytest.importorskip("gpiozero.pins.mock", reason="needs the extra gpio")
    from peephole.door.gpio import GpioRelay

    for active_high in (True, False):
        factory = mock.MockFactory()
        relay = GpioRelay(17, active_high, factory)
        pin = factory.pin(17)
        relay.prepare()
        assert pin.state == (not active_high)
        relay.release(1.0)
        assert pin.state == active_high
        relay.secure()
        assert pin.state == (not active_high)
        relay.release(1.0)
        relay.close()
        with pytest.raises(OSError, match="given back"):
            relay.release(1.0)


def test_a_line_that_is_in_use_is_a_sentence() -> None:
    mock = pytest.importorskip("gpiozero.pins.mock", reason="needs the extra gpio")
    from peephole.door.gpio import GpioRelay

    factory = mock.MockFactory()
    relay = GpioRelay(17, True, factory)
    relay.prepare()
    with pytest.raises(OSError, match="GPIO line 17 cannot be had"):
        GpioRelay(17, True, factory).prepare()
    relay.close()


def test_nothing_opens_nothing() -> None:
    with pytest.raises(ValueError, match="name an actuator"):
        Nothing().release(1.0)


def page(home: Home | None, store: Store) -> TestClient:
    bell = home.bell if home is not None else doorbell(store)
    live = home.live if home is not None else LiveDoorbell(bell)
    door = Door(bell, "the demo", opener=home.opener if home is not None else None)
    return TestClient(create_app(door, live, Streams(live), names=["testserver"]), follow_redirects=False)


def test_the_page_opens_and_shows_the_log(store: Store) -> None:
    home = Home(store)
    client = page(home, store)
    answer = client.post("/api/door/open", headers={"origin": "http://testserver"})
    assert (answer.status_code, answer.json()["opened"]) == (200, True)
    state = client.get("/api/door").json()
    assert (state["mode"], state["state"], state["openings"]) == ("on", "locked", 1)
    assert state["log"][0]["by"] == "owner"
    assert client.post("/api/door/open", headers={"origin": "http://elsewhere"}).status_code == 403
    assert home.actuator.releases == 1


def test_the_page_of_a_door_without_a_lock_says_so(store: Store) -> None:
    client = page(None, store)
    assert client.get("/api/door").json() == {"mode": "off", "log": []}
    answer = client.post("/api/door/open", headers={"origin": "http://testserver"})
    assert (answer.status_code, "see [door] in the settings" in answer.json()["error"]) == (400, True)


def test_the_command_line_opens_and_tells(tmp_path: Path) -> None:
    config = tmp_path / "peephole.toml"
    with LockServer() as lock:
        config.write_text(
            f'[door]\nmode = "on"\nactuator = "webhook"\nwebhook = "text:{lock.address}"\npulse_seconds = 0.2\n'
        )
        where = ("--data", str(tmp_path / "data"))
        opened = peephole("door", "open", *where, "--config", str(config))
        assert (opened.returncode, opened.stdout) == (0, "the door: opened\n")
        assert len(lock.paths) == 1
    status = peephole("door", "status", *where, "--config", str(config))
    assert "opened 1 of at most 6 times within the last hour" in status.stdout
    log = json.loads(peephole("door", "log", *where, "--json").stdout)
    assert [(row["by"], row["done"]) for row in log] == [("owner", "done")]
    away = peephole("door", "open", *where, "--config", str(config))
    assert (away.returncode, "cannot be reached" in away.stderr, "s3cret" in away.stderr) == (1, True, False)


@pytest.mark.parametrize(("camera", "mode"), [(True, "on"), (False, "dry-run")])
def test_what_is_no_camera_at_the_door_opens_nothing(store: Store, camera: bool, mode: str) -> None:
    settings = Settings(door={"mode": "on", "actuator": "webhook", "webhook": "text:http://127.0.0.1:9/open"})
    opener = door_opener(settings, store, doorbell(store), LiveDoorbell(doorbell(store)), at_the_door=camera)
    assert opener.settings.mode == mode
    assert bool(opener.connections()) == camera


def test_the_broker_asks_and_the_door_decides(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aiomqtt", reason="needs the extra mqtt")
    from broker import Broker, Ear, until
    from peephole.mqtt import commands
    from peephole.mqtt.link import BrokerLink
    from peephole.mqtt.settings import Mqtt

    monkeypatch.setattr(commands, "SETTLE_SECONDS", 0.0)
    home = Home(store, most_openings=1)
    with Broker(tmp_path) as broker, Ear(broker) as ear:
        settings = Mqtt(host="127.0.0.1", port=broker.port, device="front", allow_lock=True)
        with BrokerLink(settings, home.bell, home.live, home.opener, tell=print):
            ear.wait_for("doorbell/front/lock/state", "LOCKED")
            for _ in range(2):
                said = len(ear.on("doorbell/front/lock/answer"))
                ear.say("doorbell/front/lock/set", "OPEN")
                until(lambda said=said: len(ear.on("doorbell/front/lock/answer")) > said)
        answers = [json.loads(one) for one in ear.on("doorbell/front/lock/answer")]
    assert [one["opened"] for one in answers] == [True, False]
    assert home.actuator.releases == 1
    assert [row[:3] for row in home.rows()] == [("open", "wished", "mqtt"), ("shut", "too_many_openings", "mqtt")]
