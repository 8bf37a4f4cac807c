"""People are changed in the midst of a frame, which another visit's end may bring to light."""

import dataclasses
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from doorbell_parts import ANNA, Actor, describe, doorbell, paint, portrait, recogniser, store_at, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.events import Decided, VisitEnded


def test_a_decision_names_whom_the_frame_was_compared_with(tmp_path: Path) -> None:
    with store_at(tmp_path) as store:
        others: list[str] = []
        looked = 0

        def meddled(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
            nonlocal looked
            looked += 1
            if looked == 5 and others:  # who stands before Anna goes: her number among the people is another one now
                bell.remove(others.pop())
                bell._watcher._visits.fresh_gallery()  # as the end of a visit does
            return describe(pixels)

        bell = Doorbell(store, dataclasses.replace(recogniser(), describe=meddled), None, portrait)
        anna = bell.enrol("Anna", [Photo("a.jpg", paint([Actor(ANNA, noise=200)]).image)]).person.id
        for number in count(10):
            if others:
                break
            one = bell.enrol(f"N{number}", [Photo("a.jpg", paint([Actor(number, noise=200)]).image)]).person.id
            if one < anna:
                others.append(one)
        looked = 0

        events = [event for frame in walk(ANNA, 1000.0) for event in bell.process(frame)]

        assert not others, "who was removed while she was looked at"
        assert {event.person for event in events if isinstance(event, Decided)} == {"Anna"}
        assert [event.person for event in events if isinstance(event, VisitEnded)] == ["Anna"]
        assert doorbell(store).visits(1)[0].decision.person == anna
