"""What the page draws and says."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import numpy as np
import pytest

from peephole.doorbell.doorbell import LiveFace
from peephole.doorbell.events import Event
from peephole.doorbell.visit import Kind
from peephole.live import Announcer, Changed, LiveDoorbell, Look, Presence, State, Status
from peephole.time_words import duration, moment
from peephole.vision.detector import Box
from peephole.vision.sources import Frame
from peephole.web.lists import STATES, count, lost_line, present_line, sentence, state_word
from peephole.web.overlay import MOST_WIDTH, Painter, draw, plain
from peephole.web.streams import Streams, faces_json, presence_json, status_json


class NobodyWatches:
    """A doorbell that is never asked."""

    def recover(self) -> list[Event]:
        return []

    def process(self, frame: Frame) -> list[Event]:
        return []

    def flush(self) -> list[Event]:
        return []

    def current(self) -> tuple[LiveFace, ...]:
        return ()


FACE = LiveFace("v1", Box(20, 30, 40, 40), "Alice", "known")


def test_box_is_drawn_on_a_copy() -> None:
    image = np.zeros((120, 160, 3), np.uint8)
    drawn = draw(image, (FACE,), names=False)
    assert not image.any()
    assert drawn[30, 40].any() and drawn[70, 40].any() and not drawn[50, 40].any()
    assert draw(image, (FACE,), names=True)[:28].any() and not drawn[:28].any()


def test_grey_and_large_frames() -> None:
    assert draw(np.zeros((120, 160), np.uint8), (), names=False).shape == (120, 160, 3)
    large = draw(np.zeros((1000, 4000, 3), np.uint8), (LiveFace("v", Box(2000, 500, 400, 400), "", "unsure"),), False)
    assert large.shape == (320, MOST_WIDTH, 3)
    assert large[160, 700].any()


def test_names_in_letters_that_can_be_drawn() -> None:
    assert plain("Žofie Nováková", "known") == "Zofie Novakova"
    assert plain("花子", "known") == "known"
    assert plain("", "unsure") == ""


def test_encoded_once_a_frame() -> None:
    painter = Painter()
    look = Look(Frame(np.zeros((8, 8, 3), np.uint8), 0.0, 1), ())
    first = painter.jpeg(look, names=False)
    assert painter.jpeg(look, names=False) is first and first.startswith(b"\xff\xd8")
    assert painter.jpeg(Look(Frame(look.frame.image, 0.1, 2), ()), names=False) is not first


def test_times_in_words() -> None:
    now = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    said = [moment((now - timedelta(**back)).timestamp(), now) for back in ({"minutes": 9}, {"days": 1}, {"days": 40})]
    assert said == ["10:21", "yesterday 10:30", "13 Oct 10:30"]
    assert moment(datetime(2025, 1, 2, 3, 4, tzinfo=UTC).timestamp(), now) == "2 Jan 2025 03:04"
    assert (duration(0.2), duration(6.4), duration(300)) == ("1 s", "6 s", "5 min")
    assert (count(1, "visit"), count(0, "visit")) == ("1 visit", "0 visits")
    assert sentence("not enough looks") == "Not enough looks."


@pytest.mark.parametrize(
    ("labels", "line"),
    [
        ([], "Nobody is at the door"),
        ([("Alice", "known")], "Alice is at the door"),
        ([("Alice", "known"), ("Stranger 2", "stranger")], "Alice and Stranger 2 are at the door"),
        ([("Alice", "known"), ("", "unsure")], "Alice and somebody are at the door"),
        ([("", "unsure")], "Somebody is at the door"),
    ],
)
def test_who_is_there_in_the_page_and_in_its_events(labels: list[tuple[str, Kind]], line: str) -> None:
    faces = tuple(LiveFace("v", Box(0, 0, 4, 4), label, kind) for label, kind in labels)
    look = Look(Frame(np.zeros((8, 8, 3), np.uint8), 0.0, 1), faces)
    assert present_line(look.present) == faces_json(look)["line"] == presence_json(look.present)["line"] == line


def test_without_a_picture_nobody_is_said_to_be_away() -> None:
    lost = status_json(Status("lost", "camera 1: the picture stopped"))
    assert lost == {
        "state": "lost", "text": "camera 1: the picture stopped", "word": "Lost", "line": "No picture of the door",
    }  # fmt: skip
    assert lost_line(pictures=True) == lost["line"]
    assert status_json(Status("watching", "Watching"))["line"] is None


def test_a_door_without_pictures_is_connected_and_never_live() -> None:
    assert status_json(Status("watching", "x"), pictures=False)["word"] == "Connected"
    lost = status_json(Status("lost", "x"), pictures=False)
    assert (lost["word"], lost["line"]) == ("Lost", "No word from the door")
    assert [state_word(state, False) for state in STATES] == ["Starting", "Connected", "Lost", "Ended"]


def test_every_state_of_a_source_has_a_word() -> None:
    assert set(STATES) == set(get_args(State))


def run(told: Coroutine[Any, Any, list[str]]) -> list[str]:
    # In a thread of its own: after the browser tests this one has an event loop already, playwright's.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, told).result(timeout=10)


def test_faces_of_the_last_frame_do_not_outlive_the_source() -> None:
    async def told() -> list[str]:
        live = LiveDoorbell(NobodyWatches())
        events = Streams(live).events(faces=True)
        lines = [await anext(events)]
        live.announcer.announce(Look(Frame(np.zeros((80, 80, 3), np.uint8), 0.0, 1), (FACE,)))
        live.announcer.announce(Status("ended", "the recording has ended"))
        lines += [await anext(events) for _ in range(2)]
        await events.aclose()  # type: ignore[attr-defined]
        return [line.split("\n")[0] for line in lines]

    assert run(told()) == ["event: status", "event: faces", "event: status"]


class Pictureless:
    """A door that tells who is there and sends no pictures."""

    pictures, newest, newest_at = False, None, 1.0

    def __init__(self, state: State) -> None:
        self.announcer = Announcer()
        self.status = Status(state, "text")
        self.present = ("Alice",)


def told_of_a_pictureless_door(state: State, faces: bool) -> list[str]:
    async def told() -> list[str]:
        live = Pictureless(state)
        events = Streams(live).events(faces)
        lines = [await anext(events)]
        live.announcer.announce(Presence(("Bob",)))
        live.announcer.announce(Changed("people"))
        while not lines[-1].startswith("event: changed"):
            lines.append(await anext(events))
        await events.aclose()  # type: ignore[attr-defined]
        return [line.split("\n")[0] + line.split("data: ")[1].strip() for line in lines[1:-1]]

    return run(told())


def test_who_is_there_is_told_at_once_of_a_door_without_pictures() -> None:
    nobody_drawn = 'event: faces{"line": "%s is at the door", "faces": []}'
    assert told_of_a_pictureless_door("watching", faces=True) == [nobody_drawn % "Alice", nobody_drawn % "Bob"]
    assert told_of_a_pictureless_door("lost", faces=True) == [nobody_drawn % "Bob"]
    assert told_of_a_pictureless_door("watching", faces=False) == []
