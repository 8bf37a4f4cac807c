"""A recogniser put together from an integer program, the shipped landmark program and the detector."""

import numpy as np
from numpy.typing import NDArray

from peephole.doorbell.recogniser import Recogniser
from peephole.engine import Engine
from peephole.fixedpoint.program import RECOGNISE, IntegerProgram
from peephole.vision.crop import cut_face
from peephole.vision.detector import GLANCE, Box, Detector
from peephole.vision.landmarks import FaceCut, LandmarkFinder
from peephole.weights import landmark_program


def landmark_finder() -> LandmarkFinder:
    """Return what finds the five points that faces are aligned by: the shipped landmark program."""
    return LandmarkFinder(IntegerProgram.load(landmark_program()))


def make_recogniser(program: IntegerProgram) -> Recogniser:
    """Return detector, cut and network as one. Raises `ValueError` for a program that no doorbell can decide by."""
    program.expect_task(RECOGNISE)
    calibration = program.thresholds(program.crop)
    size = program.input.height
    if program.crop == "center" or size != program.input.width:
        raise ValueError(f"program {program.name} is for crop {program.crop}; a doorbell cuts squares around faces")
    finder = landmark_finder()

    def cut(grey: NDArray[np.uint8], box: Box, tilt: int) -> FaceCut:
        if program.crop == "aligned":
            return finder.cut(grey, box, size, tilt)
        return FaceCut(cut_face(grey, box, size, tilt), finder.find(grey, box, tilt))

    return Recogniser(
        detect=Detector(glance=GLANCE).detect,
        cut=cut,
        describe=Engine(program).descriptor,
        model=program.model_id,
        calibration=calibration,
    )
