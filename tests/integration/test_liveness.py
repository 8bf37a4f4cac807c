"""Somebody of flesh and photos of the same person before the whole doorbell: whom would the door let in?"""

import io
import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from doorbell_parts import store_at
from liveness_parts import EVENING, Household, attack, photo_of, portrait_of_eileen
from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.doorbell import Photo
from peephole.doorbell.events import Challenge, Opened
from peephole.doorbell.pictures import to_grey
from peephole.doorbell.recogniser import Recogniser
from peephole.evaluation.attacks import visitor
from peephole.evaluation.replays import RATE, Camera, Portrait, Skull, Stance, draw_head
from peephole.fixedpoint.program import IntegerProgram
from peephole.live import View
from peephole.people.records import Rules
from peephole.store.store import Store
from peephole.vision.image import Image
from peephole.vision.sources import open_source
from peephole.vision.sources.frame import Frame
from peephole.weights import default_program


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    try:
        return make_recogniser(IntegerProgram.load(default_program()))
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def eileen() -> Portrait:
    return portrait_of_eileen()


def test_a_head_that_turns_is_let_in_and_the_visit_says_why(store, recogniser, eileen) -> None:
    home = Household(store, recogniser, photo_of(eileen))
    home.see(visitor(np.random.default_rng(7), eileen).frames)
    assert home.opened
    [visit] = home.bell.visits()
    assert home.bell.trace(visit.id).liveness == ("passed", "head")


@pytest.mark.parametrize("kind", ["print", "screen", "cut out"])
def test_a_photo_of_the_same_person_is_not(store, recogniser, eileen, kind: str) -> None:
    home = Household(store, recogniser, photo_of(eileen))
    home.see(attack(eileen, kind, 5).frames)
    [visit] = home.bell.visits()
    assert visit.decision.kind == "known"  # the network sees Eileen
    assert not home.opened
    assert home.reasons <= {"liveness_failed", "liveness_not_done"} and home.reasons


def turning(portrait: Portrait, degrees: list[float], flat: bool = False) -> list[Image]:
    """Frames of a head, or of one that is painted on paper, that is turned by so much from second to second."""
    random = np.random.default_rng(4)
    seconds = np.arange(len(degrees))
    camera, skull = Camera(240, 320, 0.6, 2.0, 85, False), None if flat else Skull.some(random)
    wall = np.full((240, 320, 3), 150, np.float32)
    wall[::16], wall[:, ::32] = 110, 110  # tiles, which keep still
    frames = []
    for time in np.arange(0, len(degrees) - 1, 1 / RATE):
        yaw = math.radians(float(np.interp(time, seconds, degrees)))
        picture = wall.copy()
        draw_head(picture, portrait, Stance(160, 105, 85, 0.0, yaw), skull)
        frames.append(camera.take(picture, random))
    return frames


TWICE_LEFT = [0, 0, 22, 22, 0, 0, 22, 22, 0, 0, 0]


@pytest.mark.parametrize(
    ("degrees", "flat", "said"),
    [
        (TWICE_LEFT, False, ("passed", "turned_as_asked")),
        ([-one for one in TWICE_LEFT], False, ("failed", "turned_otherwise")),
        (TWICE_LEFT, True, None),
    ],
)
def test_who_turns_as_asked_is_let_in_and_a_photo_that_is_turned_is_not(
    store, recogniser, eileen, degrees: list[float], flat: bool, said: tuple[str, str] | None
) -> None:
    home = Household(store, recogniser, photo_of(eileen), challenge="turn")
    home.see(turning(eileen, degrees, flat))
    tasks = [(one.state, one.turn) for one in home.heard if isinstance(one, Challenge)]
    assert tasks[0] == ("asked", "left")
    assert home.opened == (said == ("passed", "turned_as_asked"))
    if said == ("passed", "turned_as_asked"):
        assert tasks == [
            ("asked", "left"),
            ("asked", "straight"),
            ("asked", "left"),
            ("asked", "straight"),
            ("done", None),
        ]
    elif said is not None:
        assert tasks[-1] == ("wrong", None)
        assert home.reasons == {"liveness_failed"}
    else:
        assert ("done", None) not in tasks


def test_whoever_does_not_turn_as_asked_stays_outside(store, recogniser, eileen) -> None:
    home = Household(store, recogniser, photo_of(eileen), challenge="turn")
    home.see(visitor(np.random.default_rng(5), eileen).frames)
    asked = [one for one in home.heard if isinstance(one, Challenge)]
    assert (asked[0].turn, asked[0].text) == ("left", "turn your head to your left")
    assert asked[0].as_json()["camera"] == "front"
    assert not home.opened


def test_whoever_may_not_open_is_not_asked_to_turn_the_head(store, recogniser, eileen) -> None:
    home = Household(store, recogniser, photo_of(eileen), "turn", Rules(may_open=False))
    home.see(turning(eileen, [0, 0, 0, 0]))
    [visit] = home.bell.visits()
    assert visit.decision.kind == "known"
    assert not any(isinstance(one, Challenge) for one in home.heard)
    home.bell.set_rules("Eileen", Rules(may_open=True, hours="mon-sun 0:00-0:01"))
    home.now += 60
    home.see(turning(eileen, [0, 0, 0, 0]))
    assert home.reasons == {"persons_hours"}
    assert not any(isinstance(one, Challenge) for one in home.heard)


def test_once_the_door_was_opened_nobody_is_asked_again_in_that_visit(store, recogniser, eileen) -> None:
    home = Household(store, recogniser, photo_of(eileen), "turn")
    home.see(turning(eileen, [*TWICE_LEFT, *[0] * 24]))
    [opened] = [one.time for one in home.heard if isinstance(one, Opened)]
    told = [(one.time, one.state) for one in home.heard if isinstance(one, Challenge)]
    assert (told[-1][1], len(told)) == ("done", 5)
    [visit] = home.bell.visits()
    assert visit.last_seen > opened + 22
    assert home.bell.trace(visit.id).liveness == ("passed", "head")


def test_where_nothing_is_to_be_gained_any_more_the_challenge_is_withdrawn_and_that_is_told_once(
    store, recogniser, eileen
) -> None:
    home = Household(store, recogniser, photo_of(eileen), "turn")
    frames = turning(eileen, [0] * 6)
    begin = home.now
    for number, image in enumerate(frames):
        if number == 40:
            assert [one.state for one in home.heard if isinstance(one, Challenge)] == ["asked"]
            home.bell.set_rules("Eileen", Rules())
        home.now = begin + number / RATE
        events = home.bell.process(Frame(image, home.now, number))
        home.tell(View(Frame(image, home.now, number), home.bell.current(), camera="front"), *events)
    told = [(one.state, one.turn) for one in home.heard if isinstance(one, Challenge)]
    assert told == [("asked", "left"), ("late", None)]


def test_visits_that_end_are_written_down_by_a_thread_of_their_own(store, recogniser, eileen) -> None:
    home = Household(store, recogniser, photo_of(eileen))
    with home.checks:
        for number in range(15):
            frame = Frame(eileen.image, EVENING + number / RATE, number)
            events = home.bell.process(frame)
            for message in (View(frame, home.bell.current(), camera="front"), *events):
                home.announcer.announce(message)
        for event in home.bell.flush():
            home.announcer.announce(event)
    [visit] = home.bell.visits()
    said = home.bell.trace(visit.id).liveness
    assert said is not None
    with zipfile.ZipFile(io.BytesIO(home.bell.dossiers.export("Eileen"))) as archive:  # everything about her
        [row] = json.loads(archive.read("visits.json"))
    assert row["liveness"] == {"result": said[0], "reason": said[1]}


@pytest.fixture(scope="module")
def three(research_data: Path) -> list[Image]:
    """Three people walk to a camera and stand there; the one on the right turns the head."""
    clip = research_data / "doorbell" / "face-demographics-walking-and-pause.gif"
    return [frame.image for frame in open_source(str(clip), report=print)]


def faces_of(recogniser: Recogniser, frames: list[Image]) -> list[list[Photo]]:
    """Photos of the three, from left to right."""
    people: list[list[Photo]] = [[], [], []]
    for image in frames[18::4]:
        boxes = sorted((face.box for face in recogniser.detect(to_grey(image))), key=lambda box: box.x)
        for photos, box in zip(people, boxes if len(boxes) == 3 else (), strict=False):
            margin = box.width // 2
            rows = slice(max(0, box.y - margin), box.y + box.height + margin)
            columns = slice(max(0, box.x - margin), box.x + box.width + margin)
            photos.append(Photo("frame.png", np.ascontiguousarray(image[rows, columns])))
    return people


@pytest.mark.research
def test_a_recorded_woman_is_let_in(store, recogniser, three) -> None:
    left, middle, right = faces_of(recogniser, three)
    home = Household(store, recogniser, right)
    home.bell.enrol("Anna", left)
    home.bell.enrol("Ben", middle)  # nobody of the three is a stranger
    home.see(three, rate=12)
    assert home.opened


@pytest.mark.research
@pytest.mark.parametrize("kind", ["print", "screen"])
def test_a_photo_of_the_recorded_woman_is_not(store, recogniser, three, kind: str) -> None:
    home = Household(store, recogniser, faces_of(recogniser, three)[2])
    box = max((face.box for face in recogniser.detect(to_grey(three[30]))), key=lambda box: box.x)
    home.see(attack(Portrait(three[30], box), kind, 3).frames)
    assert "known" in {visit.decision.kind for visit in home.bell.visits()}
    assert not home.opened
    assert home.reasons & {"liveness_failed", "liveness_not_done"}
