"""A doorbell put together from a data folder and a program, for the commands that need one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from peephole.cli.programs import load_program

if TYPE_CHECKING:
    from peephole.doorbell.doorbell import Doorbell
    from peephole.doorbell.recogniser import Recogniser
    from peephole.fixedpoint.program import IntegerProgram


def make_recogniser(program: "IntegerProgram") -> "Recogniser":
    """Return detector, crop and network as one. Raises `ValueError` for a program that no doorbell can decide by."""
    from peephole.doorbell.recogniser import Recogniser
    from peephole.engine import Engine
    from peephole.vision.crop import crop_face
    from peephole.vision.detector import Detector

    calibration = program.thresholds(program.crop)
    if program.crop != "detect" or program.input.height != program.input.width:
        raise ValueError(f"program {program.name} is for crop {program.crop}; the doorbell cuts by the detector alone")
    return Recogniser(
        detect=Detector().detect,
        crop=lambda grey, box: crop_face(grey, box, program.input.height),
        describe=Engine(program).descriptor,
        model=program.model_id,
        calibration=calibration,
    )


@contextmanager
def opened_doorbell(data: Path, model: Path | None) -> Iterator["Doorbell"]:
    """Open the people and strangers in `data`, beside a running doorbell if there is one."""
    from peephole.doorbell.doorbell import Doorbell
    from peephole.store.store import Store

    recogniser = make_recogniser(load_program(model))
    with Store(data) as store:
        yield Doorbell(store, recogniser)
