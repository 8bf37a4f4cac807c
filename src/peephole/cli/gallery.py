"""A doorbell put together from a data folder and a program, for the commands that need one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from peephole.cli.programs import landmark_finder, load_program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from peephole.doorbell.doorbell import Doorbell
    from peephole.doorbell.recogniser import Recogniser
    from peephole.fixedpoint.program import IntegerProgram


def make_recogniser(program: "IntegerProgram") -> "Recogniser":
    """Return detector, cut and network as one. Raises `ValueError` for a program that no doorbell can decide by."""
    from peephole.doorbell.recogniser import Recogniser
    from peephole.engine import Engine
    from peephole.fixedpoint.program import RECOGNISE
    from peephole.vision.crop import cut_face
    from peephole.vision.detector import Box, Detector
    from peephole.vision.landmarks import FaceCut

    program.expect_task(RECOGNISE)
    calibration = program.thresholds(program.crop)
    size = program.input.height
    if program.crop == "center" or size != program.input.width:
        raise ValueError(f"program {program.name} is for crop {program.crop}; a doorbell cuts squares around faces")
    finder = landmark_finder()

    def cut(grey: "NDArray[np.uint8]", box: Box, tilt: int) -> FaceCut:
        if program.crop == "aligned":
            return finder.cut(grey, box, size, tilt)
        return FaceCut(cut_face(grey, box, size, tilt), finder.find(grey, box, tilt))

    return Recogniser(
        detect=Detector().detect,
        cut=cut,
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
