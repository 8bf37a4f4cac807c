"""What the page draws and says."""

import asyncio
import dataclasses
import json
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import cv2
import numpy as np
import pytest

from peephole.doorbell.doorbell import LiveFace
from peephole.doorbell.events import Challenge, Event, VisitEnded
from peephole.doorbell.visit import Kind
from peephole.live import Announcer, Changed, LiveDoorbell, Presence, State, Status, View
from peephole.time_words import duration, moment
from peephole.vision.detector import Box
from peephole.vision.sources import Frame
from peephole.web.lists import STATES, count, lost_line, present_line, sentence, state_word
from peephole.web.overlay import MOST_WIDTH, Painter, draw, plain
from peephole.web.streams import Challenges, Streams, faces_json, message_sse, presence_json, status_json


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


def test_how_near_somebody_known_is_stands_beside_the_name() -> None:
    image, near = np.zeros((120, 160, 3), np.uint8), dataclasses.replace(FACE, near="0.43")
    assert draw(image, (near,), names=True)[:28].sum() > draw(image, (FACE,), names=True)[:28].sum()
    told = [faces_json(View(Frame(image, 0.0, 1), (face,)))["faces"][0] for face in (near, FACE)]
    assert [(face["label"], face["near"]) for face in told] == [("Alice", "0.43"), ("Alice", "")]


def test_a_browser_without_scripts_reads_in_the_picture_what_the_visitor_is_told() -> None:
    live = LiveDoorbell(NobodyWatches())
    streams = Streams(live)
    live.newest = View(Frame(np.full((180, 320, 3), 60, np.uint8), 9.0, 0), ())

    def lower_edge(names: bool = True, small: bool = False) -> bool:
        """Tell whether something bright is written there."""
        data = asyncio.run(streams.picture(live, names, small))
        assert data is not None
        return bool((cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[150:] > 180).any())

    assert not lower_edge()
    live.announcer.announce(Challenge("v1", 9.0, "asked", "left", "turn your head to your left"))
    assert (lower_edge(), lower_edge(names=False), lower_edge(small=True)) == (True, False, False)
    live.announcer.announce(Challenge("v1", 9.0, "asked", "left", "turn your head to your left", "Garden"))
    live.announcer.announce(
        VisitEnded("v2", "known", "Anna", "p1", None, None, 9, 5, "", "", 8, 9.0, 13.0, False, False)
    )
    assert lower_edge()
    live.announcer.announce(
        VisitEnded("v1", "known", "Anna", "p1", None, None, 9, 5, "", "", 8, 9.0, 13.0, False, False)
    )
    assert not lower_edge()


def test_a_challenge_that_is_said_no_more_goes_from_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    challenges = Challenges()
    challenges.hear(Challenge("v1", 9.0, "done", None, "thank you"))
    assert challenges.line("") == "To the visitor: thank you"
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 60)
    assert challenges.line("") == ""


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
    look = View(Frame(np.zeros((8, 8, 3), np.uint8), 0.0, 1), ())
    first = painter.jpeg(look, names=False)
    assert painter.jpeg(look, names=False) is first and first.startswith(b"\xff\xd8")
    assert painter.jpeg(View(Frame(look.frame.image, 0.1, 2), ()), names=False) is not first


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
    look = View(Frame(np.zeros((8, 8, 3), np.uint8), 0.0, 1), faces)
    assert present_line(look.present) == faces_json(look)["line"] == presence_json(look.present)["line"] == line


def test_what_a_visitor_is_asked_to_do_is_said_at_the_picture_too() -> None:
    said = message_sse(Challenge("v1", 9.0, "asked", "left", "turn your head to your left", "Front"))
    name, data = said.split("\n")[:2]
    told = json.loads(data.removeprefix("data: "))
    assert (name, told["camera"], told["turn"]) == ("event: challenge", "Front", "left")
    assert told["line"] == "To the visitor: turn your head to your left"


def test_without_a_picture_nobody_is_said_to_be_away() -> None:
    lost = status_json(Status("lost", "camera 1: the picture stopped"))
    assert lost == {
        "state": "lost", "text": "camera 1: the picture stopped", "camera": "", "word": "Lost",
        "line": "No picture of the door",
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
        live.announcer.announce(View(Frame(np.zeros((80, 80, 3), np.uint8), 0.0, 1), (FACE,)))
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
        self.camera = ""

    @property
    def cameras(self) -> tuple["Pictureless"]:
        return (self,)


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
    nobody_drawn = 'event: faces{"camera": "", "line": "%s is at the door", "faces": []}'
    assert told_of_a_pictureless_door("watching", faces=True) == [nobody_drawn % "Alice", nobody_drawn % "Bob"]
    assert told_of_a_pictureless_door("lost", faces=True) == [nobody_drawn % "Bob"]
    assert told_of_a_pictureless_door("watching", faces=False) == []


def test_a_sentence_leaves_the_name_of_a_file_as_it_is() -> None:
    assert sentence("choose a photo") == "Choose a photo."
    assert sentence("zero.jpg: not a photo") == "zero.jpg: not a photo."
    assert sentence("at the door.jpg: not a photo") == "at the door.jpg: not a photo."
    assert sentence("p9cb57: nobody has this id") == "p9cb57: nobody has this id."
    assert sentence("no camera: it is off") == "No camera: it is off."
    assert sentence("nobody comes. ever") == "Nobody comes. ever."
    assert sentence("") == ""
