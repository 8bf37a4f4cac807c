"""What an image takes while it runs, measured in the emulator on frames of the demo."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from peephole.firmware.emulator import FirmwareError, run_image
from peephole.firmware.frames import WATCH, GreyFrame, Mode, camera_frames
from peephole.firmware.image import Image
from peephole.vision.sources.demo import DemoSource

# Of the demo: the garden alone, somebody at the door, and a walk to the door that makes a visit.
EMPTY, AT_DOOR, WALK = 0, 205, range(196, 210, 2)
SECONDS = 300


@dataclass(frozen=True)
class Measured:
    """What was counted.

    stack: bytes, the deepest that the painted stack was while looking, and in a visit up to its record in flash.
    watching: instructions of a frame without a face. recognition: of a frame with one face that is described, by stage:
    detect, landmarks, describe, rest.
    """

    stack: int
    watching: int
    recognition: dict[str, int]

    def as_json(self) -> dict[str, object]:
        """Return everything as one dictionary, the sum of the stages included."""
        recognition = self.recognition | {"all": sum(self.recognition.values())}
        return {
            "stack_used_bytes": self.stack,
            "instructions": {"frame_without_face": self.watching, "recognition": recognition},
        }

    def rows(self) -> list[tuple[str, str]]:
        """Return the table for people: what, and instructions."""
        rows = [("a frame without a face", self.watching), ("a recognition", sum(self.recognition.values()))]
        rows += [(f"  of it {stage}", count) for stage, count in self.recognition.items()]
        return [(what, f"{count:,}") for what, count in rows]


def measure(image: Image) -> Measured:
    """Run an image on frames of the demo and return what was counted, the same in every run.

    Raises what `run_image` does, and `ModuleNotFoundError` where the demo's portraits are not installed.
    """
    demo = list(islice(camera_frames(DemoSource(once=True, clock=lambda: 1000.0)), max(AT_DOOR, *WALK) + 1))
    empty, face, looked = _told(image, [demo[EMPTY], demo[AT_DOOR]], Mode.LOOKS)
    *_, watched = _told(image, [demo[number] for number in WALK], WATCH)
    if len(face["faces"]) != 1:
        raise FirmwareError(
            f"the image sees {len(face['faces'])} faces where one is; its detector is not the shipped one"
        )
    return Measured(
        max(looked["stack"], watched["stack"]), sum(empty["instructions"].values()), dict(face["instructions"])
    )


def _told(image: Image, frames: Iterable[GreyFrame], mode: Mode) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run_image(image, frames, seconds=SECONDS, mode=mode)]
