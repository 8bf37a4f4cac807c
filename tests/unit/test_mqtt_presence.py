"""Who is there, by the looks of every camera; and whether a machine is alone with its name."""

import re

import pytest

from mqtt_household import STARTED
from peephole.doorbell.doorbell import LiveFace
from peephole.live import Presence, Status, View
from peephole.mqtt.claim import Claim, this_machine
from peephole.mqtt.presence import Occupied
from peephole.vision.detector import Box
from peephole.vision.sources import Frame


def test_somebody_is_present_until_the_face_is_away_for_three_seconds() -> None:
    empty = View(Frame(None, 0.0, 1), ())
    face = View(Frame(None, 0.0, 1), (LiveFace("v1", Box(0, 0, 9, 9), "Anna", "known"),))
    occupied = Occupied()

    seen = [(empty, 0), (face, 1), (face, 2), (empty, 4.9), (empty, 5.0), (empty, 6)]
    assert [occupied.change(look, at) for look, at in seen] == [None, True, None, None, False, None]
    assert [occupied.change(Presence(names), 7) for names in (("Anna",), ("Anna", "Ben"), ())] == [True, None, False]
    assert [occupied.change(message, 8) for message in (face, STARTED, Status("ended", "over"))] == [True, None, False]


def test_somebody_is_there_while_one_of_several_cameras_sees_a_face() -> None:
    def look(camera: str, *faces: LiveFace) -> View:
        return View(Frame(None, 0.0, 1), faces, camera=camera)

    face = LiveFace("v1", Box(0, 0, 9, 9), "Anna", "known")
    occupied = Occupied()
    seen = [look("front", face), look("garden"), look("garden", face), look("front"), look("garden")]
    assert [occupied.change(one, at) for one, at in zip(seen, (1, 2, 3, 4.5, 6.5), strict=True)] == [
        True, None, None, None, False,
    ]  # fmt: skip
    both = [occupied.change(look(camera, face), 8) for camera in ("front", "garden")]
    lost = [occupied.change(Status("lost", "gone", camera), 9) for camera in ("front", "garden")]
    assert both + lost == [True, None, None, False]


def test_two_machines_of_one_name_hear_of_each_other_until_one_is_gone() -> None:
    now = [0.0]
    claim = Claim("a1", lambda: now[0])
    claim.hear("a1", retained=False)  # our own words
    claim.hear("b2", retained=True)  # the machine that was here before
    assert not claim.contested and not claim.due()

    claim.hear("b2", retained=False)
    assert claim.contested
    assert [claim.due(), claim.due()] == [True, False]
    now[0] = 60.0
    assert claim.due()
    now[0] = 150.0
    assert not claim.contested and not claim.due()


def test_a_machine_is_the_same_after_a_restart_and_its_name_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch("[0-9a-f]{12}", this_machine())
    monkeypatch.setattr("uuid.getnode", iter((1 << 40, 3 << 40, 5)).__next__)  # two of them made up
    first, second, third = this_machine(), this_machine(), this_machine()
    assert first == second != third
