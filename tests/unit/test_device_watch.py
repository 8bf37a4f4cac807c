"""A device that is watched: what it tells reaches whoever listens, and a line that is lost is found again."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from device_line import PROBLEM, SIDE, MadeUpDevice, SpoiltLine, session_on, stranger
from device_watch_parts import Watched
from peephole.device.client import Device
from peephole.device.errors import CommandError, LostAnswerError
from peephole.doorbell.events import Problem, VisitEnded, VisitStarted
from peephole.live import Changed, Presence, Status
from waiting import until


@pytest.fixture
def watched() -> Iterator[Watched]:
    with Watched(MadeUpDevice()) as running:
        running.connected()
        yield running


@pytest.fixture
def unhurried() -> Iterator[Watched]:
    """One that does nothing of itself for a minute."""
    with Watched(MadeUpDevice(), heartbeat=60, pauses=(60, 60)) as running:
        running.connected()
        yield running


def ids(running: Watched) -> list[str]:
    return [visit.id for visit in running.watch.memory.book.visits]


def test_what_the_device_remembers_is_read_at_once_and_pictures_follow() -> None:
    device = MadeUpDevice()
    stranger(device, 100)
    stranger(device, 200, picture=False)
    with Watched(device) as running:
        until(lambda: len(running.watch.memory.strangers) == 2)
        memory = running.watch.memory
        assert [(row.number, row.width, row.number in memory.pictures) for row in memory.strangers] == [
            (1, SIDE, True), (2, 0, False),
        ]  # fmt: skip
        assert memory.pictures[1][:2] == b"\xff\xd8"
        assert running.watch.status.text == "Connected to the device on cable: 0 of 4 people, 2 of 3 strangers"


def test_a_visit_is_told_as_it_goes_on(watched: Watched) -> None:
    watched.watch.ask(lambda device: device.assign(stranger(watched.device), "Ada"))
    watched.heard.clear()
    watched.comes(7)
    until(lambda: watched.watch.present == ("somebody",))
    watched.is_known(7, person=1)
    until(lambda: watched.watch.present == ("Ada",))
    watched.leaves(7, person=1)
    until(lambda: watched.watch.present == ())
    until(lambda: Presence(()) in watched.heard)
    assert [message for message in watched.heard if isinstance(message, Presence)] == [
        Presence(("somebody",)), Presence(("Ada",)), Presence(()),
    ]  # fmt: skip
    (ended,) = [message for message in watched.heard if isinstance(message, VisitEnded)]
    assert (ended.visit, ended.decision, ended.person, ended.person_id) == ("1-7", "known", "Ada", "1")


def test_the_stranger_is_there_before_the_visit_is_told_of(watched: Watched) -> None:
    seen: list[int] = []

    def look(message: object) -> None:
        if isinstance(message, VisitEnded):
            seen.extend(row.number for row in watched.watch.memory.strangers)

    watched.watch.announcer.listen(look)
    with watched.device.lock:
        number = stranger(watched.device, picture=False)
        watched.leaves(3, stranger=number)
    until(lambda: seen == [number])


def test_a_line_that_was_lost_is_found_again_with_what_happened_meanwhile(watched: Watched) -> None:
    watched.comes(1)
    until(lambda: ids(watched) == ["1-1"])
    watched.unplug()
    assert watched.watch.status.text.startswith("The device on cable has not answered since ")
    assert watched.watch.present == ()  # nobody knows any more
    watched.leaves(1, person=0, stranger=0)
    watched.comes(2)
    opened = watched.cable.opened
    until(lambda: watched.cable.opened > opened + 3)  # it goes on trying
    watched.plug_in()
    until(lambda: ids(watched) == ["1-1", "1-2"])
    assert [visit.closed for visit in watched.watch.memory.book.visits] == [True, False]
    started = [message.visit for message in watched.heard if isinstance(message, VisitStarted)]
    assert started == ["1-1", "1-2"]  # each was told once


def test_a_device_that_was_switched_off_and_on_counts_its_visits_anew(watched: Watched) -> None:
    watched.comes(1)
    until(lambda: ids(watched) == ["1-1"])
    watched.device.switch_off_and_on()
    watched.comes(1)
    until(lambda: ids(watched) == ["1-1", "2-1"])
    assert [visit.closed for visit in watched.watch.memory.book.visits] == [True, False]


def test_a_visit_that_a_power_cut_interrupted_is_ended_after_it(watched: Watched) -> None:
    watched.comes(1)
    until(lambda: ids(watched) == ["1-1"])
    watched.unplug()
    watched.device.switch_off_and_on()
    watched.leaves(1, stranger=3)
    watched.plug_in()
    until(lambda: [visit.decision.kind for visit in watched.watch.memory.book.visits] == ["stranger"])
    assert ids(watched) == ["1-1"]


def test_visits_at_the_same_time_stay_in_their_order(watched: Watched) -> None:
    watched.comes(1)
    watched.comes(2)
    watched.leaves(1)
    until(lambda: [visit.closed for visit in watched.watch.memory.book.visits] == [True, False])


def test_a_device_that_falls_silent_is_missed_within_a_heartbeat(watched: Watched) -> None:
    watched.cable.silent = True
    until(lambda: watched.watch.status.state == "lost")
    watched.cable.silent = False
    watched.connected()


def test_a_loss_is_told_once_however_often_it_is_tried(watched: Watched) -> None:
    watched.unplug()
    opened = watched.cable.opened
    until(lambda: watched.cable.opened > opened + 3)
    lost = [message for message in watched.heard if isinstance(message, Status) and message.state == "lost"]
    assert len(set(lost)) == len(lost) <= 2  # a minute may end meanwhile


def test_a_device_that_was_never_heard_is_told_with_the_cause() -> None:
    running = Watched(MadeUpDevice())
    running.cable.plugged = False
    with running:
        until(lambda: running.watch.status.state == "lost")
        assert running.watch.status.text == "cable: unplugged; trying again"
        assert running.watch.newest_at is None


def test_another_key_is_said_to_be_one(watched: Watched) -> None:
    watched.unplug()
    with watched.device.lock:
        watched.device.core.press()
    session_on(SpoiltLine(watched.device)).pair()
    watched.cable.plugged = True
    until(lambda: watched.watch.status == Status("lost", "no such key; trying again"))


def test_another_device_on_the_same_line_is_not_taken_for_the_first(watched: Watched) -> None:
    watched.comes(1)
    number = stranger(watched.device)
    until(lambda: ids(watched) == ["1-1"] and number in watched.watch.memory.pictures)
    watched.unplug()
    watched.connect_another(MadeUpDevice())
    watched.connected()
    assert watched.watch.memory.strangers == () and watched.watch.memory.pictures == {} and ids(watched) == []


def test_not_even_where_the_line_never_was_lost(watched: Watched) -> None:
    watched.comes(1)
    until(lambda: ids(watched) == ["1-1"])
    watched.connect_another(MadeUpDevice())
    until(lambda: ids(watched) == [] and watched.watch.status.state == "watching")


def test_what_is_asked_is_done_by_the_thread_that_owns_the_line(watched: Watched) -> None:
    assert watched.watch.ask(lambda device: device.info.people) == 4
    with pytest.raises(CommandError, match="there is no such thing"):
        watched.watch.ask(lambda device: device.remove(9))
    with pytest.raises(ValueError, match="mine"):
        watched.watch.ask(_fails)
    assert watched.watch.status.state == "watching"


def _fails(device: Device) -> None:
    raise ValueError("mine")


def test_the_lists_are_new_when_an_answer_comes(unhurried: Watched) -> None:
    number = stranger(unhurried.device)
    unhurried.watch.ask(lambda device: device.assign(number, "Ada"))
    assert [row.name for row in unhurried.watch.memory.people] == ["Ada"]
    assert Changed("people") in unhurried.heard


def test_of_a_lost_answer_the_lists_tell_what_was_done(unhurried: Watched) -> None:
    number = stranger(unhurried.device)
    losses = iter([True])

    def assign(device: Device) -> int:
        unhurried.cable.to_owner = lambda content: b"" if next(losses, False) else content
        return device.assign(number, "Ada")

    with pytest.raises(LostAnswerError, match="its answer was lost"):
        unhurried.watch.ask(assign)
    assert [row.name for row in unhurried.watch.memory.people] == ["Ada"]


def test_more_may_happen_while_nobody_listens_than_the_device_remembers(watched: Watched) -> None:
    watched.comes(1)
    until(lambda: ids(watched) == ["1-1"])
    watched.unplug()
    for visit in range(2, 40):
        watched.leaves(visit)
    watched.plug_in()
    until(lambda: ids(watched)[-1] == "1-39")
    assert ids(watched)[0] == "1-1" and watched.watch.memory.book.visits[0].closed


def test_while_the_device_is_away_nobody_waits(unhurried: Watched) -> None:
    unhurried.unplug()
    before = time.monotonic()
    with pytest.raises(ConnectionError, match="has not answered since"):
        unhurried.watch.ask(lambda device: device.people())
    assert time.monotonic() - before < 15


def test_when_the_device_falls_silent_all_who_wait_are_told(unhurried: Watched) -> None:
    unhurried.cable.silent = True
    before = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(unhurried.watch.ask, Device.people) for _ in range(4)]
        for one in waiting:
            assert isinstance(one.exception(), ConnectionError)
    assert time.monotonic() - before < 15  # before their patience is over


def test_a_device_that_goes_while_it_is_asked_is_told_as_such(watched: Watched) -> None:
    def unplugged(device: Device) -> None:
        watched.cable.plugged = False
        device.people()

    with pytest.raises(ConnectionError, match="look at the lists before you try again"):
        watched.watch.ask(unplugged)
    until(lambda: watched.watch.status.state == "lost")


def test_whoever_waits_too_long_is_told_whether_anything_was_changed() -> None:
    with Watched(MadeUpDevice(), patience=0.3) as running:
        running.connected()
        with pytest.raises(ConnectionError, match=r"0\.3 seconds; look at the lists"):
            running.watch.ask(lambda device: time.sleep(0.8))
        running.connected()


def test_a_problem_stays_until_it_is_over(watched: Watched) -> None:
    for on, problems in ((True, 1), (False, 0)):
        with watched.device.lock:
            watched.device.core.tell(PROBLEM, 0, on, 0, 0, 0, 0, 3, 4)
        until(lambda expected=problems: len(watched.watch.memory.problems) == expected)  # type: ignore[misc]
    told = [message for message in watched.heard if isinstance(message, Problem)]
    assert [one.reason for one in told] == ["strangers_full", "strangers_full_back"]
    assert told[0].text.startswith("there is no room for another stranger")


def test_a_device_that_speaks_in_riddles_is_lost_and_no_crash(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Device, "people", lambda self: [None + 1])  # type: ignore[operator]
    until(lambda: "does not understand" in watched.watch.status.text)
    monkeypatch.undo()
    watched.connected()
