"""The whole way on recorded people: detector, crop, network, votes and database on clips of a door camera.

A woman and a man are enrolled from one clip each; in every other clip they are recognised, and nobody else is taken
for them. In one of the clips both lean their heads far to one side.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.events import VisitEnded
from peephole.store.store import Store
from peephole.vision.sources import Frame, open_source

HEAD = "head-pose-face-detection"
WOMAN_ALONE, MAN_ALONE, BOTH = f"{HEAD}-female", f"{HEAD}-male", f"{HEAD}-female-and-male"
THREE = "face-demographics-walking-and-pause"  # the woman on the left, and two others
OTHERS = ("classroom", "face-demographics-walking", "people-detection")

# Who is to be seen in a clip, and between which columns of the picture (480 wide).
EXPECTED: dict[str, dict[str, tuple[int, int]]] = {
    WOMAN_ALONE: {"woman": (0, 480)},
    MAN_ALONE: {"man": (0, 480)},
    BOTH: {"woman": (0, 190), "man": (220, 480)},
    THREE: {"woman": (0, 160)},
    **{clip: {} for clip in OTHERS},
}


@pytest.fixture(scope="module")
def clips(research_data: Path) -> dict[str, list[Frame]]:
    found = {}
    for clip in EXPECTED:
        source = open_source(str(research_data / "doorbell" / f"{clip}.gif"), report=print)
        found[clip] = list(source)
        source.close()
    return found


@pytest.fixture(scope="module")
def make_doorbell() -> Callable[[Store], Doorbell]:
    from peephole.doorbell.assembly import make_recogniser
    from peephole.fixedpoint.program import IntegerProgram
    from peephole.weights import default_program

    try:
        path = default_program()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    recogniser = make_recogniser(IntegerProgram.load(path))
    return lambda store: Doorbell(store, recogniser)


def photos(bell: Doorbell, frames: list[Frame], columns: slice, count: int = 5) -> list[Photo]:
    """Frames spread over a clip in which a face is found, cut to the columns where the person is."""
    pictures = [np.ascontiguousarray(frame.image[:, columns]) for frame in frames[::2]]
    usable = [picture for picture in pictures if bell.identify(picture)]
    return [Photo("clip", picture) for picture in usable[:: max(1, len(usable) // count)][:count]]


@pytest.mark.parametrize(
    ("woman_from", "woman_columns", "man_from", "man_columns"),
    [
        (WOMAN_ALONE, slice(0, 480), MAN_ALONE, slice(0, 480)),
        (THREE, slice(0, 160), MAN_ALONE, slice(0, 480)),
        (WOMAN_ALONE, slice(0, 480), BOTH, slice(220, 480)),
        (BOTH, slice(0, 190), MAN_ALONE, slice(0, 480)),
    ],
    ids=["each-alone", "woman-among-three", "man-leaning", "woman-leaning"],
)
def test_two_people_are_recognised_across_clips(
    clips, make_doorbell, tmp_path, woman_from, woman_columns, man_from, man_columns
):
    with Store(tmp_path / "data") as store:
        bell = make_doorbell(store)
        bell.enrol("woman", photos(bell, clips[woman_from], woman_columns))
        bell.enrol("man", photos(bell, clips[man_from], man_columns))
        for clip, expected in EXPECTED.items():
            events = []
            for frame in clips[clip]:
                events += bell.process(frame)
                for face in bell.current():
                    if face.kind == "known":
                        low, high = expected.get(face.label, (0, 0))
                        assert low <= face.box.x + face.box.width / 2 <= high, f"{clip}: {face.label} at {face.box}"
            events += bell.flush()
            visits = [event for event in events if isinstance(event, VisitEnded)]
            named = sorted(visit.person for visit in visits if visit.person is not None)
            assert named == sorted(expected), f"{clip}: {visits}"
