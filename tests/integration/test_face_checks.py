"""The check of faces beside the doorbell: which frames it looks at, what stays with a visit, what its faults do."""

import numpy as np
import pytest

from liveness_parts import EVENING, attack, portrait_of_eileen
from peephole.doorbell.doorbell import LiveFace
from peephole.doorbell.events import VisitEnded
from peephole.evaluation.attacks import visitor
from peephole.evaluation.replays import RATE, Clip, Portrait
from peephole.live import View
from peephole.liveness.checks import FaceChecks
from peephole.vision.detector import Box
from peephole.vision.sources.frame import Frame


@pytest.fixture(scope="module")
def eileen() -> Portrait:
    return portrait_of_eileen()


def test_where_nobody_asks_no_frame_is_looked_at(eileen) -> None:
    face = LiveFace("v1", eileen.box, "Eileen", "known")
    for wanted, reason in ((False, "not_seen"), (True, "too_short")):
        checks = FaceChecks(wanted=lambda wanted=wanted: wanted)
        checks.hear(View(Frame(eileen.image, EVENING, 0), (face,)))
        checks.turn()
        assert checks.finding("v1").reason == reason


def test_only_the_camera_at_the_door_is_looked_at(eileen) -> None:
    checks = FaceChecks(camera="front")
    for visit, camera in (("v1", "garden"), ("v2", ""), ("v3", "front")):
        face = LiveFace(visit, eileen.box, "Eileen", "known")
        checks.hear(View(Frame(eileen.image, EVENING, 0), (face,), camera=camera))
    checks.turn()
    assert [checks.finding(visit).reason for visit in ("v1", "v2", "v3")] == ["not_seen", "not_seen", "too_short"]


def test_what_has_passed_counts_no_more_while_newer_pictures_wait(eileen) -> None:
    checks = FaceChecks()
    clip = visitor(np.random.default_rng(7), eileen)

    def hear(number: int, time: float) -> None:
        x, y, width = clip.faces[number]
        box = Box(round(x - width / 2), round(y - width / 2), round(width), round(width))
        face = LiveFace("v1", box, "Eileen", "known")
        checks.hear(View(Frame(clip.frames[number], EVENING + time, number), (face,)))

    for number in range(len(clip.frames)):
        hear(number, number / RATE)
        checks.turn()
    assert checks.result("v1") == "passed"
    last = len(clip.frames) - 1
    hear(last, last / RATE + 0.9)
    assert checks.result("v1") == "passed"
    hear(last, last / RATE + 1.1)  # and the thread is busy
    assert (checks.result("v1"), checks.finding("v1").reason) == ("not_done", "behind")
    checks.turn()
    assert checks.finding("v1").reason != "behind"


def test_a_photo_that_was_seen_counts_for_the_visit_whatever_comes_after_it(eileen) -> None:
    """It is shaken away, so that the face is lost, and somebody of flesh follows; then the check breaks."""
    said: list[tuple[str, ...]] = []
    checks = FaceChecks(lambda *row: said.append(row))
    time = EVENING

    def show(clip: Clip) -> list[str]:
        nonlocal time
        results = []
        for image, (x, y, width) in zip(clip.frames, clip.faces, strict=True):
            time += 1 / RATE
            face = LiveFace(
                "v1", Box(round(x - width / 2), round(y - width / 2), round(width), round(width)), "", "unsure"
            )
            checks.hear(View(Frame(image, time, 0), (face,)))
            checks.turn()
            results.append(checks.result("v1"))
        return results

    assert show(attack(eileen, "print", 5))[-1] == "failed"
    reason = checks.finding("v1").reason
    time += 5.0
    assert set(show(visitor(np.random.default_rng(7), eileen))) == {"failed"}
    checks.hear(View(Frame(np.zeros((9, 9), object), time + 1, 0), (LiveFace("v1", Box(0, 0, 50, 50), "", "known"),)))
    checks.turn()
    assert (checks.finding("v1").result, checks.finding("v1").reason) == ("failed", reason)
    checks.hear(ended("v1"))
    checks.turn()
    assert said == [("v1", "failed", reason)]


def test_of_too_many_visits_one_that_has_failed_is_forgotten_last(eileen) -> None:
    checks = FaceChecks()
    clip = attack(eileen, "print", 5)
    for number, (image, (x, y, width)) in enumerate(zip(clip.frames, clip.faces, strict=True)):
        box = Box(round(x - width / 2), round(y - width / 2), round(width), round(width))
        checks.hear(View(Frame(image, EVENING + number / RATE, number), (LiveFace("photo", box, "", "unsure"),)))
        checks.turn()
    for number in range(40):
        face = LiveFace(f"v{number}", eileen.box, "", "unsure")
        checks.hear(View(Frame(eileen.image, EVENING + 10 + number / RATE, number), (face,)))
        checks.turn()
    assert checks.result("photo") == "failed"


def test_a_fault_of_the_check_passes_nobody_and_is_told() -> None:
    checks = FaceChecks()
    nothing = Frame(np.zeros((9, 9), object), EVENING, 0)
    checks.hear(View(nothing, (LiveFace("v1", Box(0, 0, 50, 50), "Eileen", "known"),)))
    checks.turn()
    assert checks.result("v1") == "not_done"
    assert "liveness: unexpected" in (checks.trouble() or "")


def test_a_fault_at_one_face_or_on_the_disk_leaves_the_other_visits_alone(eileen) -> None:
    noted: list[str] = []

    def note(visit: str, result: str, reason: str) -> None:
        if visit == "full":
            raise OSError("no space left")
        noted.append(visit)

    checks = FaceChecks(note)
    broken = LiveFace("broken", Box(9000, 9000, 50, 50), "Ben", "known")  # in no picture
    for number in range(30):
        faces = (broken, *(LiveFace(visit, eileen.box, "Eileen", "known") for visit in ("full", "good")))
        checks.hear(View(Frame(eileen.image, EVENING + number / RATE, number), faces))
        checks.turn()
    assert checks.finding("broken").reason == "not_seen"
    assert checks.finding("good").reason == "flat"
    for visit in ("full", "broken", "good"):
        checks.hear(ended(visit))
    checks.turn()
    assert noted == ["broken", "good"]
    assert checks.trouble() == "liveness: no space left"
    checks.hear(ended("good"))
    checks.turn()
    assert checks.trouble() is None


def test_visits_whose_end_is_never_told_do_not_pile_up(eileen) -> None:
    noted: list[str] = []
    checks = FaceChecks(lambda visit, result, reason: noted.append(visit))
    for number in range(40):
        face = LiveFace(f"v{number}", eileen.box, "Eileen", "known")
        checks.hear(View(Frame(eileen.image, EVENING + number / RATE, number), (face,)))
        checks.turn()
    for number in range(40):
        checks.hear(ended(f"v{number}"))
    checks.turn()
    assert noted == [f"v{number}" for number in range(24, 40)]


def ended(visit: str) -> VisitEnded:
    return VisitEnded(visit, "known", "Eileen", "p1", None, None, 90, 50, "", "", 8, EVENING, EVENING, False, False)
