"""The rule of the liveness check, and the challenge to turn the head."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from peephole.doorbell.visit import Trace
from peephole.liveness.challenge import LEAST_WIDTH, TurnChallenge
from peephole.liveness.evidence import BOUNDS, Evidence, judge, sum_up
from peephole.liveness.following import Observation
from peephole.liveness.parallax import Motion
from peephole.liveness.texture import regularity
from peephole.liveness.turning import STRAIGHT as STRAIGHT_AHEAD
from peephole.liveness.turning import TURNED, Turns, nose_offset
from peephole.liveness.watching import Watching
from peephole.vision.detector import Box
from peephole.vision.landmarks import Landmarks
from peephole.web.visit import liveness_words

HEAD = Evidence(frames=30, seconds=3.0, parallax=0.3, certainty=20.0, still=0.95, attached=0.0, regularity=1.8)
FACE = np.array([[-0.5, 0], [0.5, 0], [0, 0.6], [-0.4, 1.1], [0.4, 1.1]])
DEPTH = np.array([0, 0, 0.415, 0, 0])  # in distances between the eyes: the nose stands out


@pytest.mark.parametrize(
    ("change", "result", "reason"),
    [
        ({}, "passed", "head"),
        ({"frames": 11}, "not_done", "too_short"),
        ({"seconds": 1.9}, "not_done", "too_short"),
        ({"seconds": 1.9, "attached": 0.5}, "failed", "moves_along"),
        ({"attached": 0.4}, "failed", "moves_along"),
        ({"regularity": 3.6}, "failed", "pattern"),
        ({"still": 0.5}, "not_done", "restless"),
        ({"parallax": 0.04}, "not_done", "flat"),
        ({"certainty": 4.0}, "not_done", "flat"),
        ({"still": None, "attached": None, "regularity": None}, "passed", "head"),
    ],
)
def test_each_sign_has_its_say(change, result: str, reason: str) -> None:
    found = judge(dataclasses.replace(HEAD, **change))
    assert (found.result, found.reason) == (result, reason)


@pytest.mark.parametrize(
    ("liveness", "words"),
    [
        (None, ""),
        (("passed", "head"), "No picture: the face has moved as a head does and no flat picture can."),
        (("failed", "of a newer version"), "May be a picture: of a newer version."),
    ],
)
def test_the_page_of_a_visit_says_it_in_words(liveness, words: str) -> None:
    assert liveness_words(Trace((), None, 0, liveness)) == words


@pytest.mark.parametrize(
    ("change", "result", "reason"),
    [
        ({"frames": BOUNDS.frames}, "passed", "head"),
        ({"seconds": BOUNDS.long_enough}, "passed", "head"),
        ({"seconds": BOUNDS.seconds, "regularity": BOUNDS.regularity}, "failed", "pattern"),
        ({"attached": BOUNDS.attached}, "failed", "moves_along"),
        ({"still": BOUNDS.still}, "passed", "head"),
        ({"parallax": BOUNDS.parallax, "certainty": BOUNDS.certainty}, "passed", "head"),
    ],
)
def test_what_is_at_a_bound(change, result: str, reason: str) -> None:
    test_each_sign_has_its_say(change, result, reason)


def observed(time: float, shift: tuple[float, float], beside: int, still: int, telling: int, attached: int):
    motion = Motion(np.array(shift), error=0.01, residual=0.0, foreshortening=0.0, homography=np.eye(3))
    return Observation(time, motion, 0.0, beside, still, telling, attached)


def test_observations_are_summed_up() -> None:
    """Of six, four fifths stay below the fifth; shares are of all corners together."""
    walk = [
        observed(7.0 + 0.5 * number, (0.03 * number, 0.04 * number), beside=20, still=15, telling=10, attached=1)
        for number in range(6)
    ]
    found, length = sum_up(walk, [1.0, 2.0, 4.0]), math.sqrt(0.2**2 - 2 * 0.01**2)
    assert (found.frames, found.seconds, found.regularity) == (6, 2.5, 2.0)
    assert (found.parallax, found.certainty) == (pytest.approx(length), pytest.approx(length / 0.01))
    assert (found.still, found.attached) == (0.75, 0.1)
    few = sum_up(walk[:2], [])
    assert (few.frames, few.seconds, few.still, few.attached, few.regularity) == (2, 0.5, None, None, None)
    assert sum_up(walk[:3], []).still == 0.75  # of sixty corners


def test_what_is_older_than_six_seconds_says_nothing_any_more() -> None:
    grey = np.random.default_rng(3).integers(0, 255, (120, 160), np.uint8)
    watching = Watching()
    for half_second in range(30):
        watching.see(grey, Box(40, 20, 80, 80), half_second / 2)
    assert watching.evidence().seconds == 6.0


def test_without_anything_seen_nothing_is_said() -> None:
    assert judge(sum_up([], [])).result == "not_done"


def test_a_screen_that_is_seen_from_near_is_too_regular() -> None:
    random = np.random.default_rng(0)
    ramp = np.linspace(80, 160, 128)[:, None] + random.normal(0, 3, (128, 128))
    grid = ramp + 12 * np.cos(np.arange(128) * 2 * math.pi / 4.3)
    box = Box(20, 20, 80, 80)
    plain, screen = (regularity(np.clip(one, 0, 255).astype(np.uint8), box) for one in (ramp, grid))
    assert plain is not None and screen is not None
    assert plain < BOUNDS.regularity < screen
    assert regularity(np.zeros((100, 100), np.uint8), Box(0, 0, 40, 40)) is None


def seen(yaw: float) -> np.ndarray:
    """The five points of a head that is turned, under weak perspective; yaw in degrees, to the picture's right."""
    angle = math.radians(yaw)
    return np.column_stack([FACE[:, 0] * math.cos(angle) + DEPTH * math.sin(angle), FACE[:, 1]])


@given(st.lists(st.floats(-2, 2), min_size=6, max_size=6))
def test_a_photo_turned_or_stretched_in_any_way_leaves_the_nose_where_it_is(values: list[float]) -> None:
    a, b, c, d, *shift = values
    assume(abs(a * d - b * c) > 0.05)  # seen from the edge it is no face any more
    matrix = np.array([[a, b], [c, d]])
    for yaw in (0, 20):
        before, after = nose_offset(seen(yaw)), nose_offset(seen(yaw) @ matrix.T + shift)
        assert before is not None and after is not None
        assert abs(after - before) < 1e-6


@pytest.mark.parametrize("yaw", [-30, -20, 20, 30])
def test_a_head_that_turns_moves_the_nose_far_enough(yaw: float) -> None:
    offset = nose_offset(seen(yaw))
    assert offset is not None
    assert offset == pytest.approx(0.415 * math.tan(math.radians(yaw)))
    assert abs(offset) > TURNED


def test_points_on_a_line_are_no_face() -> None:
    assert nose_offset(np.zeros((5, 2))) is None


def follow(turns: Turns, offsets: list[float], rate: float = 10.0) -> str:
    for number, offset in enumerate(offsets, start=1):
        turns.see(number / rate, offset)
    return turns.state


LEFT, RIGHT, STRAIGHT = [0.2] * 8, [-0.2] * 8, [0.0] * 8


@pytest.mark.parametrize(
    ("offsets", "state"),
    [
        (LEFT + STRAIGHT + RIGHT + STRAIGHT, "done"),
        (LEFT + STRAIGHT + RIGHT, "asked"),
        (LEFT + RIGHT, "asked"),
        (RIGHT, "wrong"),
        (LEFT + STRAIGHT + LEFT, "wrong"),
        ([0.09] * 70, "late"),
        (LEFT + STRAIGHT + [0.0] * 65, "late"),
        ([0.2, 0.0] * 20, "asked"),
        (([TURNED] * 8 + [STRAIGHT_AHEAD] * 8 + [-TURNED] * 8 + [-STRAIGHT_AHEAD] * 8), "done"),
        ([-TURNED], "wrong"),
    ],
)
def test_the_head_is_turned_in_the_right_order_and_in_time(offsets: list[float], state: str) -> None:
    assert follow(Turns(["left", "right"], 0.0, 0.0), offsets) == state


def points(offset: float) -> Landmarks:
    at = FACE + np.array([[0, 0], [0, 0], [offset, 0], [0, 0], [0, 0]])
    return Landmarks(np.rint(at * 40 * 256).astype(np.int32), "")


def given_challenge(**change) -> TurnChallenge:
    challenge = TurnChallenge(lambda: "left")
    for number in range(6):
        challenge.see(
            **({"found": points(0.0), "width": 100, "time": number / 10, "breaks": 1, "who": "Anna"} | change)
        )
    return challenge


def test_whoever_is_known_and_near_is_asked_and_passes() -> None:
    challenge = given_challenge()
    assert (challenge.wanted, challenge.text, challenge.finding.reason) == (
        "left",
        "turn your head to your left",
        "asked",
    )
    for number, offset in enumerate((LEFT + STRAIGHT) * 2):
        challenge.see(points(offset), 100, 1 + number / 10, 1, "Anna")
    assert (challenge.finding.result, challenge.wanted) == ("passed", None)


@pytest.mark.parametrize("change", [{"who": None}, {"width": LEAST_WIDTH - 1}, {"found": points(0.3)}])
def test_a_stranger_one_far_away_and_one_who_looks_aside_are_not_asked(change) -> None:
    assert given_challenge(**change).finding.reason == "not_asked"


@pytest.mark.parametrize("change", [{"breaks": 2}, {"who": "Ben"}, {"who": None}])
def test_a_face_that_may_be_another_one_has_not_done_the_task(change) -> None:
    challenge = given_challenge()
    for number, offset in enumerate((LEFT + STRAIGHT) * 2):
        challenge.see(points(offset), 100, 1 + number / 10, 1, "Anna")
    challenge.see(**({"found": points(0.0), "width": 100, "time": 5.0, "breaks": 1, "who": "Anna"} | change))
    assert challenge.finding.result == "not_done"


def test_the_state_of_a_task_is_told_at_each_step() -> None:
    challenge = given_challenge()
    seen = [(challenge.state, challenge.wanted, challenge.text)]
    for number, offset in enumerate((LEFT + STRAIGHT) * 2):
        if challenge.see(points(offset), 100, 1 + number / 10, 1, "Anna"):
            seen.append((challenge.state, challenge.wanted, challenge.text))
    left, straight = ("left", "turn your head to your left"), ("straight", "look straight ahead again")
    assert seen == [*(("asked", *step) for step in (left, straight, left, straight)), ("done", None, "thank you")]
    other = given_challenge()
    assert [other.see(points(-0.2), 100, 1 + number / 10, 1, "Anna") for number in range(3)] == [False, True, False]
    assert (other.state, other.text, other.finding.result) == ("wrong", "that was the other side", "failed")


def test_what_was_done_counts_for_twenty_seconds_and_then_is_asked_for_anew() -> None:
    challenge = given_challenge()
    for number, offset in enumerate((LEFT + STRAIGHT) * 2):
        challenge.see(points(offset), 100, 1 + number / 10, 1, "Anna")
    done = 1 + 3.1  # at the last but one of the steps it was done
    results = []
    for after in (19.0, 21.5):
        challenge.see(points(0.0), 100, done + after, 1, "Anna")
        results.append(challenge.finding.reason)
    assert results == ["turned_as_asked", "not_asked"]
    assert any(challenge.see(points(0.0), 100, done + 22 + number / 10, 1, "Anna") for number in range(6))
    assert (challenge.state, challenge.finding.reason) == ("asked", "asked")


def test_that_nobody_is_asked_any_more_is_told_once() -> None:
    challenge = given_challenge()
    assert challenge.see(points(0.0), 100, 1.0, 2, "Anna") and challenge.state == "late"
    assert not challenge.see(points(0.0), 100, 1.1, 3, "Anna")
    done = given_challenge()
    for number, offset in enumerate((LEFT + STRAIGHT) * 2):
        done.see(points(offset), 100, 1 + number / 10, 1, "Anna")
    assert not done.see(points(0.0), 100, 5.0, 2, "Anna") and done.finding.result == "not_done"


def test_who_is_too_slow_is_asked_again_but_not_for_ever() -> None:
    challenge = given_challenge()
    for number in range(1, 700):
        challenge.see(points(0.0), 100, 0.5 + number / 10, 1, "Anna")
    assert (challenge.finding.reason, challenge._tries) == ("not_turned", 3)
