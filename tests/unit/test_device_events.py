"""What a device tells of, in which order and how much of it is kept."""

import pytest

from device_line import (
    BUTTON,
    DECIDED,
    DOOR,
    MODEL,
    PROBLEM,
    VISIT_ENDED,
    VISIT_STARTED,
    SpoiltLine,
    keys_of,
    paired,
    session_on,
)
from peephole.device.client import Device
from peephole.device.events import followed_events, past_events
from peephole.device.framing import packed


def test_of_a_visit_that_begins_nothing_is_decided(line: SpoiltLine, device: Device) -> None:
    line.device.core.tell(VISIT_STARTED, 7, True, 0, 0, 0, 0, 0, 0)
    details = past_events(device)[-1].details
    assert details["visit"] == 7 and set(details) == {"visit", "first_seen"}


def test_events_say_what_happened(line: SpoiltLine, device: Device) -> None:
    device.add("Ada", [], MODEL)
    core = line.device.core
    core.tell(BUTTON, 0, True, 0, 0, 0, 0, 0, 0)
    core.tell(DECIDED, 7, True, 1, 0, 1, 0, 0, 0)
    core.tell(DOOR, 7, True, 0, 0, 0, 0, 0, 0)
    core.tell(VISIT_ENDED, 8, True, 2, 1, 0, 3, 0, 0)
    core.tell(PROBLEM, 0, True, 0, 0, 0, 0, 3, 4)
    events = past_events(device)
    assert [event.kind for event in events] == [
        "started",
        "paired",
        "session",
        "button",
        "decided",
        "door",
        "visit_ended",
        "problem",
    ]
    assert [event.sequence for event in events] == list(range(1, 9))
    known, door, unknown, problem = (event.details for event in events[4:])
    assert (known["visit"], known["decision"], known["reason"], known["person"], known["distance"]) == (
        7,
        "known",
        "looks_agree",
        1,
        1234,
    )
    assert door == {"visit": 7, "open": True}
    assert (unknown["decision"], unknown["stranger"], unknown["distance"]) == ("stranger", 3, None)
    assert problem == {"problem": "strangers_full", "status": 4, "over": False}


def test_old_events_make_room_and_the_count_says_so(line: SpoiltLine, device: Device) -> None:
    for _ in range(100):
        line.device.core.tell(VISIT_ENDED, 8, True, 2, 1, 0, 3, 0, 0)
    events = past_events(device)
    assert [event.sequence for event in events] == list(range(80, 104))
    assert device.statistics()["events"] == 103


def test_sessions_one_after_the_other_are_one_event(line: SpoiltLine) -> None:
    device, key = paired(line)
    line.device.core.tell(BUTTON, 0, True, 0, 0, 0, 0, 0, 0)
    for _ in range(30):
        line.device.core.pass_time(60_000)
        device = Device(session_on(line), keys_of(key))
    events = past_events(device)
    assert [event.kind for event in events] == ["started", "paired", "session", "button", "session"]
    assert events[-1].time - events[-2].time == pytest.approx(30 * 60, abs=1)


def test_noise_on_the_line_pushes_no_event_out(line: SpoiltLine, device: Device) -> None:
    line.device.core.tell(BUTTON, 0, True, 0, 0, 0, 0, 0, 0)
    for _ in range(100):
        line.device.take(b"\0noise\0" + packed(0x42))
    events = past_events(device)
    assert "button" in [event.kind for event in events]
    assert [event.details for event in events if event.kind == "refused"] == [
        {"reason": "damaged", "frames": 100},
        {"reason": "unknown type", "frames": 100},
    ]


def test_events_are_followed_over_a_lost_session(line: SpoiltLine, device: Device) -> None:
    followed = followed_events(device, 0, wait=0.05)
    assert [next(followed).kind for _ in range(3)] == ["started", "paired", "session"]  # type: ignore[union-attr]
    assert next(followed) is None
    line.device.switch_off_and_on()
    device.people()  # which begins a new session; nobody is told of events in it
    assert next(followed) is None
