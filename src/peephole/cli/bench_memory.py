"""`peephole bench memory`: what each pipeline takes in a process of its own."""

import json as plain_json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.bench_pipeline import ModelsOption, opened
from peephole.cli.bench_rows import QuickOption, print_notes, setting
from peephole.cli.options import JsonOption
from peephole.cli.output import print_json, print_table

if TYPE_CHECKING:
    from peephole.vision.image import Image

TITLES = ("pipeline", "MiB at work", "MiB at most", "above Python with NumPy and OpenCV")
PACKAGES = {
    "ONNX Runtime": "onnxruntime",
    "LiteRT": "ai-edge-litert",
    "TensorFlow Lite Micro": "tflite-micro",
    "dlib": "dlib-bin",
    "face_recognition": "face_recognition",
}
PATIENCE = 120.0  # seconds for one of them
FRAMES = 60
BASE = "base"
NAMES = {
    BASE: "Python with NumPy and OpenCV, and a frame",
    "peephole": "peephole, the doorbell with its store",
    "opencv-cascade": "OpenCV, the detector alone",
    "opencv": "OpenCV, YuNet and SFace",
    "face-recognition": "face_recognition",
    "own-int16": "the network alone: peephole, 16 bits",
    "own-int8": "the network alone: peephole, 8 bits",
    "onnxruntime": "the network alone: ONNX Runtime float32",
    "onnxruntime-int8": "the network alone: ONNX Runtime int8",
    "litert-int8": "the network alone: LiteRT int8",
    "tflm-int8": "the network alone: TensorFlow Lite Micro int8",
}


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process in MiB, at the end and at most, or why it was not measured."""

    now: float | None = None
    most: float | None = None
    why_not: str = ""


def memory(models: ModelsOption = None, quick: QuickOption = False, json: JsonOption = False) -> None:
    """Measure the resident memory of each pipeline, in a process of its own that looks at frames of 320x240.

    Ours is the doorbell of `peephole bench pipeline`, without page, camera and network. In the last rows ours and
    others run the recogniser's network, on the same weights, and nothing else. A peer that is not installed or has no
    models gets a row that says so.
    """
    if models is not None and not models.is_dir():
        raise FileNotFoundError(f"{models}: no such folder of models")
    with tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder))
        found = {name: _measured(name, Path(folder), models, 3 if quick else FRAMES) for name in NAMES}
    base, told = found[BASE].now or 0.0, setting(PACKAGES)
    if json:
        print_json({"rows": [_as_json(name, one, base) for name, one in found.items()], "setting": told})
        return
    print_table(TITLES, [(NAMES[name], *_cells(one, base)) for name, one in found.items()])
    print_notes(told, {NAMES[name]: one.why_not for name, one in found.items() if one.now is None})


def resident(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    models: ModelsOption = None,
    frames: Annotated[int, typer.Option("--frames", metavar="N", min=1)] = FRAMES,
) -> None:
    """Use one pipeline on the frames of a folder, and print as JSON what memory this process takes, or why it cannot.

    For `peephole bench memory`, which makes the folder.
    """
    try:
        _use(name, folder, models, frames)
        print(plain_json.dumps({"now": _status("VmRSS"), "most": _status("VmHWM")}))
    except ModuleNotFoundError as error:
        print(plain_json.dumps({"why_not": f"the package {error.name} is not installed"}))
    except (Exception, SystemExit) as error:
        print(plain_json.dumps({"why_not": str(error) or type(error).__name__}))


def _prepare(folder: Path) -> None:
    """Write what the processes are given: frames, the portrait, and our network for others where it can be written."""
    import logging

    import numpy as np

    from peephole.cli.programs import load_program, program_path
    from peephole.evaluation.peers.frames import demo_frames
    from peephole.evaluation.peers.networks_alone import write_models
    from peephole.fixedpoint.program import IntegerProgram
    from peephole.vision.sources.demo import EILEEN, head_of

    np.save(folder / "frames.npy", np.stack(demo_frames()[1]))
    np.save(folder / "portrait.npy", head_of(EILEEN))
    logging.disable(logging.WARNING)  # a peer's advice about its own quantizer
    try:
        write_models(load_program(None), IntegerProgram.load(program_path(None, 8)), folder)
    finally:
        logging.disable(logging.NOTSET)


def _measured(name: str, folder: Path, models: Path | None, frames: int) -> Memory:
    named = ["--models", str(models)] if models is not None else []
    arguments = ["bench", "resident", name, str(folder), "--frames", str(frames), *named]
    command = [sys.executable, "-m", "peephole", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603
        return Memory(**plain_json.loads(done.stdout.splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return Memory(why_not=f"not done within {PATIENCE:.0f} s")
    except (IndexError, ValueError, TypeError):
        return Memory(why_not=f"its process ended with {done.returncode}")


def _use(name: str, folder: Path, models: Path | None, times: int) -> None:
    """Make a pipeline and let it look at frames, until all that it needs is in memory."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    stored, portrait = np.load(folder / "frames.npy"), np.load(folder / "portrait.npy")
    frames = [stored[place % len(stored)] for place in range(times)]
    if name == "peephole":
        _doorbell(folder / name, portrait, frames)
    elif name != BASE:
        _other(name, folder, models, portrait, frames[: min(times, 5)])


def _doorbell(folder: Path, portrait: "Image", frames: "Sequence[Image]") -> None:
    from peephole.cli.programs import load_program
    from peephole.doorbell.assembly import make_recogniser
    from peephole.doorbell.policy import Policy
    from peephole.evaluation.peers.own_pipeline import own_pipeline

    with opened(folder) as store:
        own_pipeline(store, make_recogniser(load_program(None)), Policy(), portrait, frames, len(frames)).work()


def _other(name: str, folder: Path, models: Path | None, portrait: "Image", frames: "Sequence[Image]") -> None:
    from peephole.cli.programs import load_program, program_path
    from peephole.evaluation.peers import networks_alone, pipelines
    from peephole.fixedpoint.program import IntegerProgram

    makers: dict[str, Callable[[], Callable[[Image], object]]] = {
        "opencv-cascade": pipelines.opencv_cascade,
        "opencv": lambda: pipelines.opencv_networks(models, portrait),
        "face-recognition": lambda: pipelines.face_recognition(portrait),
        "own-int16": lambda: networks_alone.own_network(load_program(None)),
        "own-int8": lambda: networks_alone.own_network(IntegerProgram.load(program_path(None, 8))),
        "onnxruntime": lambda: networks_alone.onnx_network(folder / networks_alone.FLOAT_ONNX),
        "onnxruntime-int8": lambda: networks_alone.onnx_network(folder / networks_alone.INT8_ONNX),
        "litert-int8": lambda: networks_alone.litert_network(folder / networks_alone.INT8_TFLITE),
        "tflm-int8": lambda: networks_alone.micro_network(folder / networks_alone.INT8_TFLITE),
    }
    look = makers[name]()
    for frame in frames:
        look(frame)


def _status(field: str) -> float:
    """Return a number of this process's memory in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


def _cells(one: Memory, base: float) -> tuple[str, ...]:
    if one.now is None or one.most is None:
        return ("none", "", "")
    return (f"{one.now:.0f}", f"{one.most:.0f}", f"{one.now - base:.0f}")


def _as_json(name: str, one: Memory, base: float) -> dict[str, Any]:
    if one.now is None or one.most is None:
        return {"name": NAMES[name], "mib": None, "most_mib": None, "above_base_mib": None, "why_not": one.why_not}
    return {"name": NAMES[name], "mib": one.now, "most_mib": one.most, "above_base_mib": one.now - base}
