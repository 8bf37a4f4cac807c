"""Loading what commands name: integer programs, float networks, and the pieces that cut and describe faces."""

import dataclasses
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from peephole.cli.options import Arithmetic, Crop
from peephole.extras import missing

if TYPE_CHECKING:
    from peephole.evaluation.embedding import Cutter, Embedder
    from peephole.fixedpoint.float_network import FloatNetwork
    from peephole.fixedpoint.program import IntegerProgram


def threads() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def program_path(model: Path | None, bits: int = 16) -> Path:
    """Return the program that is meant: the one named, else the shipped one of so many bits."""
    from peephole.weights import default_program

    if model is not None and not model.is_file():
        there = "not a program file" if model.exists() else "no such program file"
        raise FileNotFoundError(f"{model}: {there}; name a .safetensors of peephole quantize")
    if model is not None and _is_checkpoint(model):
        raise ValueError(
            f"{model}: a float checkpoint, not an integer program; make one of it with peephole quantize "
            "(embed and evaluate lfw also take it as it is, with --arithmetic float)"
        )
    if model is not None and model.suffix in (".pt2", ".onnx"):
        raise ValueError(f"{model}: a network in floats, not an integer program; make one of it with peephole quantize")
    return model or default_program(bits)


def _is_checkpoint(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as members:
        return any(name.endswith("/data.pkl") for name in members.namelist())


def load_program(model: Path | None) -> "IntegerProgram":
    """Read the integer program named, else the shipped one."""
    from peephole.fixedpoint.program import IntegerProgram

    return IntegerProgram.load(program_path(model))


def needs_training_packages(error: ModuleNotFoundError) -> ValueError:
    """Say how to get what training needs."""
    return ValueError(missing("this", error.name, "train"))


def load_float(path: Path) -> "FloatNetwork":
    """Read a float network: a checkpoint of `peephole train`, or a float network saved as .safetensors.

    A checkpoint's network says in its card who was held out of its training: `seed` and `held_out_identities`; that of
    a landmark network says `task` too.
    """
    from peephole.fixedpoint.float_network import FloatNetwork

    if path.suffix == ".safetensors" and path.is_file():
        return FloatNetwork.load(path)
    try:
        from peephole.training.checkpoints import held_out_of_checkpoint, read_checkpoint, weights_must_fit

        checkpoint = read_checkpoint(path)
        from peephole.fixedpoint.importer import import_network
        from peephole.models.landmarks import SIDE
        from peephole.training import landmarks
        from peephole.training.landmark_config import TASK
        from peephole.training.module import network_of_checkpoint, use_of_checkpoint
    except ModuleNotFoundError as error:
        raise needs_training_packages(error) from error
    with weights_must_fit(path):
        held_out = held_out_of_checkpoint(checkpoint)
        if checkpoint.get("task") == TASK:
            points = import_network(landmarks.network_of_checkpoint(checkpoint), path.stem, (SIDE, SIDE))
            return dataclasses.replace(points, card=held_out | {"task": TASK})
        network, use = network_of_checkpoint(checkpoint), use_of_checkpoint(checkpoint)
    imported = import_network(network, path.stem, (use.size, use.size))
    return dataclasses.replace(imported, card=held_out, mirrored=use.mirrored)


def _load_program_of(model: Path | None, bits: int) -> "IntegerProgram":
    from peephole.fixedpoint.program import IntegerProgram

    path = program_path(model, bits)
    program = IntegerProgram.load(path)
    if program.input.bits != bits:
        raise ValueError(f"{path}: computes in {program.input.bits} bits; say --arithmetic int{program.input.bits}")
    return program


def load_embedder(model: Path | None, arithmetic: Arithmetic) -> "Embedder":
    """Return what describes faces: the integer program, or the float network of a checkpoint."""
    from peephole.evaluation.embedding import float_embedder, integer_embedder

    if arithmetic != Arithmetic.FLOAT:
        return integer_embedder(_load_program_of(model, 8 if arithmetic == Arithmetic.INT8 else 16))
    if model is None:
        raise typer.BadParameter("--arithmetic float needs --model CHECKPOINT: the package ships integers only")
    return float_embedder(load_float(model), threads())


def make_cutter(crop: Crop, size: int, landmarks: Path | None, smallest_face: int) -> "Cutter":
    """Return what cuts faces of size x size out of pictures."""
    from peephole.doorbell.assembly import landmark_finder
    from peephole.evaluation.embedding import AlignedCut, CentreCut, DetectedCut, FoundCut, read_landmarks
    from peephole.vision.detector import Detector

    if landmarks is not None and crop != Crop.ALIGNED:
        raise typer.BadParameter("--landmarks is for --crop aligned")
    if landmarks is not None:
        return AlignedCut(size, read_landmarks(landmarks))
    if crop == Crop.CENTER:
        return CentreCut(size)
    detector = Detector(min_size=smallest_face)
    return DetectedCut(size, detector) if crop == Crop.DETECT else FoundCut(size, detector, landmark_finder())
