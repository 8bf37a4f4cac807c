"""The whole doorbell in the emulator sees the visits and makes the decisions of the host's, on the same frames."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.recogniser import Recogniser
from peephole.firmware.emulator import run_image
from peephole.firmware.events import Door, to_event
from peephole.firmware.frames import GreyFrame
from peephole.firmware.image import Image
from peephole.firmware.people import PEOPLE, Introduced, people_file, people_of_demo
from peephole.fixedpoint.program import IntegerProgram
from peephole.store.store import Store
from peephole.vision.sources import Frame
from peephole.weights import default_program

# What each tells in its own way: ids; and of visits, how many they were, which the device leaves to its list.
OWN = ("visit", "person_id", "stranger_id", "visits")


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return make_recogniser(IntegerProgram.load(default_program()))


@pytest.fixture(scope="module")
def people(recogniser: Recogniser) -> list[Introduced]:
    return people_of_demo(recogniser)


def on_the_host(
    recogniser: Recogniser, people: Iterable[Introduced], frames: Iterable[GreyFrame], folder: Path
) -> Iterator[dict[str, Any]]:
    with Store(folder) as store:
        for one in people:
            store.people.add_new(one.name, list(one.looks))
        doorbell = Doorbell(store, recogniser)
        for number, frame in enumerate(frames):
            for event in doorbell.process(Frame(frame.pixels, frame.time / 1000, number)):
                yield dict(event.as_json())
        for event in doorbell.flush():
            yield dict(event.as_json())


def on_the_board(
    image: Image, people: Iterable[Introduced], frames: Iterable[GreyFrame], flash: Path
) -> tuple[list[dict[str, Any]], list[Door], list[dict[str, Any]]]:
    """Events, what became of the door, and what it took."""
    known = {PEOPLE: people_file(people, image.values)}
    told = [json.loads(line) for line in run_image(image, frames, flash, 400, files=known)]
    found = [to_event(line) for line in told]
    events = [dict(event.as_json()) for event in found if event is not None and not isinstance(event, Door)]
    doors = [event for event in found if isinstance(event, Door)]
    return events, doors, [line for line in told if "event" not in line]


def without_ids(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in event.items() if name not in OWN} for event in events]


@pytest.fixture(scope="module")
def frames(demo: Callable[[int], GreyFrame]) -> list[GreyFrame]:
    """Six frames a second of the demo's two walks, without most of the empty garden before each."""
    return [demo(number) for number in (*range(36, 116, 2), *range(140, 230, 2))]


@pytest.mark.slow
def test_the_board_decides_as_the_host_does(
    image: Image, recogniser: Recogniser, people: list[Introduced], frames: list[GreyFrame], tmp_path: Path
) -> None:
    host = list(on_the_host(recogniser, people, frames, tmp_path / "host"))
    board, doors, took = on_the_board(image, people, frames, tmp_path / "kept.bin")
    assert without_ids(board) == without_ids(host)
    assert [(event["event"], event.get("decision")) for event in board] == [
        ("visit_started", None),
        ("decision", "known"),
        ("visit", "known"),
        ("visit_started", None),
        ("decision", "stranger"),
        ("visit", "stranger"),
    ]
    assert [event.get("person") for event in board[1:3]] == ["Eileen Collins"] * 2
    # The door opens when she is known and no earlier, and not for a stranger.
    assert [(door.open, door.time) for door in doors] == [(True, board[1]["time"]), (False, board[1]["time"] + 3)]
    known, summary, stack = took
    assert known == {"people": 1, "strangers": 0}
    assert summary["steps"] >= len(frames)
    assert stack["stack"] < 8 * 1024


@pytest.mark.slow
def test_a_stranger_is_known_again_after_a_restart(
    image: Image, recogniser: Recogniser, demo: Callable[[int], GreyFrame], tmp_path: Path
) -> None:
    """The flash outlives the emulator; the second visit comes before the cool-down is over."""
    walk = [demo(number) for number in range(180, 226, 3)]
    later = [dataclasses.replace(frame, time=frame.time + 30_000) for frame in walk]
    for frames, repeat in ((walk, False), (later, True)):
        host = list(on_the_host(recogniser, [], frames, tmp_path / "host"))
        board, doors, _ = on_the_board(image, [], frames, tmp_path / "kept.bin")
        assert without_ids(board) == without_ids(host)
        assert board[-1]["stranger"] == 1 and board[-1]["repeat"] is repeat
        assert doors == []
